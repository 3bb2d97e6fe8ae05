//! What people see in each tool, and that no tool refuses what strangers wrote.

mod answers;
mod bodies;
mod nasty;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::*;
use crate::domain::{
    Author, AuthorHistory, BrandMatch, BrandName, Case, CaseAct, CaseAction, CaseState, Email,
    EventId, EventType, Flag, Item, Kind, Label, Mention, MentionId, Rating, Secret, Sentiment,
    Slack, SlackBot, SourceName, StoryId, Telegram,
};

const PAGE: &str = "https://hearken.example.org";

/// A repeat customer.
const HISTORY: Option<AuthorHistory> = Some(AuthorHistory {
    n_mentions_before: 3,
    n_negative_before: 2,
});

/// 2 March 2026, 10:00 UTC.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_445_600, 0).expect("a valid time")
}

/// A flagged review, posted 40 minutes ago.
fn mention() -> Mention {
    let posted = now() - TimeDelta::minutes(40);
    let mut item = Item::empty("review-page", Kind::Review);
    item.url = Some("https://www.reviews.example/acme/17?page=(2)".to_owned());
    item.title = Some("Never again <b>Acme</b>".to_owned());
    item.text =
        "Acme never delivered my order & nobody answers. @channel [refund](http://evil.example)"
            .to_owned();
    item.author = Some(Author {
        name: Some("Ayşe *Y*".to_owned()),
        handle: Some("@ayse".to_owned()),
        url: None,
        followers: Some(1_240),
    });
    item.lang = Some("en".to_owned());
    item.rating = Some(Rating {
        value: 1.0,
        best: 5.0,
    });
    item.published_at = Some(posted);
    Mention {
        item,
        id: MentionId::new("a0b1c2d3e4f5a0b1c2d3e4f5a0b1c2d3"),
        source: SourceName::new("reviews"),
        seen_at: now() - TimeDelta::minutes(1),
        brands: vec![BrandMatch {
            name: BrandName::new("Acme"),
            rule: "acme".to_owned(),
            spans: vec![[0, 4]],
            sentiment: None,
        }],
        story: StoryId::new("5707a0b1c2d3e4f5a0b1c2d3e4f5a0b1"),
        sentiment: Sentiment {
            label: Label::Negative,
            negative: 0.943,
            neutral: 0.05,
            positive: 0.007,
            model: "hearken-en/1".to_owned(),
            sentence: None,
        },
        flag: Some(Flag {
            score: 0.91,
            reasons: vec![
                "1 of 5 stars".to_owned(),
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

fn event_about(event_type: EventType, mention: &Mention) -> Event {
    let data = json!({ "mention": mention });
    let id = EventId::of(event_type.as_str(), &[mention.id.as_str()]);
    Event::new(id, event_type, now(), data).about(mention)
}

fn flagged() -> Event {
    event_about(EventType::MentionFlagged, &mention())
}

fn dismissed() -> Event {
    let mut mention = mention();
    let case = mention.case.as_mut().expect("it has a case");
    case.state = CaseState::Dismissed;
    let act: CaseAct = serde_json::from_value(json!({
        "at": now(), "action": CaseAction::Dismiss, "by": "Jane", "note": "not us",
    }))
    .expect("an act");
    case.history.push(act);
    event_about(EventType::CaseDismissed, &mention)
}

fn bot() -> DestinationKind {
    DestinationKind::Slack(Slack {
        bot: Some(SlackBot {
            token: Secret::new("xoxb-very-secret"),
            channel: "#support".to_owned(),
        }),
        signing_secret: Some(Secret::new("signing-secret")),
    })
}

fn telegram_bot() -> DestinationKind {
    DestinationKind::Telegram(Telegram {
        token: Secret::new("42:very-secret"),
        chat_id: "-100".to_owned(),
        secret_token: Some(Secret::new("secret-token")),
    })
}

/// Every kind that has a body of its own, with its name and an address.
fn chat_kinds() -> Vec<(&'static str, DestinationKind, &'static str)> {
    vec![
        ("slack", bot(), "https://slack.com/api"),
        (
            "discord",
            DestinationKind::Discord,
            "https://discord.example/api/webhooks/1/token",
        ),
        (
            "teams",
            DestinationKind::Teams,
            "https://teams.example/hook",
        ),
        (
            "mattermost",
            DestinationKind::Mattermost,
            "https://mattermost.example/hooks/x",
        ),
        (
            "gchat",
            DestinationKind::GoogleChat,
            "https://chat.example/v1/spaces/x/messages?key=k",
        ),
        ("telegram", telegram_bot(), "https://api.telegram.example"),
        (
            "ntfy",
            DestinationKind::Ntfy { token: None },
            "https://ntfy.example/acme-alerts",
        ),
        (
            "pagerduty",
            DestinationKind::PagerDuty {
                routing_key: Secret::new("routing-key"),
            },
            "https://pagerduty.example/v2/enqueue",
        ),
    ]
}

fn destination(kind: DestinationKind, url: &str) -> Destination {
    Destination {
        name: "chat".to_owned(),
        kind,
        url: Secret::new(url),
        secrets: Vec::new(),
        page: Some(PAGE.to_owned()),
        events: Vec::new(),
        brands: Vec::new(),
        min_score: 0.6,
        noise: Default::default(),
    }
}

fn call_of(kind: DestinationKind, url: &str, event: &Event, step: &Step) -> Call {
    match outgoing(&destination(kind, url), event, step, HISTORY) {
        Ok(Outgoing::Call(call)) => call,
        Ok(_) => panic!("not a request"),
        Err(why) => panic!("{why}"),
    }
}

fn body_for(kind: DestinationKind, url: &str, event: &Event) -> Json {
    serde_json::from_slice(&call_of(kind, url, event, &Step::Post).body).expect("JSON")
}

fn mail_of(event: &Event, step: &Step) -> Mail {
    let kind = DestinationKind::Email(Email {
        from: "hearken@example.org".to_owned(),
        to: vec!["support@example.org".to_owned()],
    });
    match outgoing(
        &destination(kind, "smtp://mail.example.org"),
        event,
        step,
        HISTORY,
    ) {
        Ok(Outgoing::Mail(mail)) => mail,
        Ok(_) => panic!("not a mail"),
        Err(why) => panic!("{why}"),
    }
}

fn posted(message: &str, place: Option<&str>) -> Posted {
    Posted {
        story: mention().story,
        message: message.to_owned(),
        place: place.map(str::to_owned),
        n_follow_ups: 0,
    }
}
