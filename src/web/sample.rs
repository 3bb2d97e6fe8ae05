//! Mentions for tests, in the languages that come first.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{
    Author, BrandMatch, BrandName, Case, Flag, Item, Kind, Label, Mention, MentionId, Sentiment,
    SourceName, StoryId,
};

/// The moment at which every test happens.
pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_445_600, 0).expect("a valid time")
}

/// A flagged mention, posted 40 minutes and seen 35 minutes before [`now`].
pub(super) fn mention(id: &str) -> Mention {
    let posted = now() - TimeDelta::minutes(40);
    let mut item = Item::empty("mastodon-tag", Kind::Post);
    item.url = Some(format!("https://social.example/@jane/{id}"));
    item.text = "Acme never delivered my order and nobody answers. Third week!".to_owned();
    item.author = Some(Author {
        name: Some("Jane Doe".to_owned()),
        handle: Some("@jane@social.example".to_owned()),
        url: Some("https://social.example/@jane".to_owned()),
        followers: Some(1_240),
    });
    item.lang = Some("en".to_owned());
    item.published_at = Some(posted);
    Mention {
        item,
        id: MentionId::new(id),
        source: SourceName::new("mastodon"),
        seen_at: now() - TimeDelta::minutes(35),
        brands: vec![BrandMatch {
            name: BrandName::new("Acme"),
            rule: "acme".to_owned(),
            spans: vec![[0, 4]],
            sentiment: None,
        }],
        story: StoryId::new(format!("story-{id}")),
        sentiment: Sentiment {
            label: Label::Negative,
            negative: 0.94,
            neutral: 0.05,
            positive: 0.01,
            model: "hearken-en/1".to_owned(),
            sentence: None,
        },
        flag: Some(Flag {
            score: 0.91,
            reasons: vec![
                "94 % likely negative".to_owned(),
                "complaint words: never delivered, nobody answers".to_owned(),
            ],
            goal_by: posted + TimeDelta::hours(1),
            reply_by: posted + TimeDelta::hours(24),
            estimated: false,
        }),
        case: Some(Case::open()),
        stars_against_text: false,
        backlog: false,
        own: false,
        corrections: Vec::new(),
        earlier: Vec::new(),
        deleted_at: None,
        reach_before: None,
    }
}
