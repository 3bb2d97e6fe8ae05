//! Mentions, events and polls to try the store with.

use std::ops::Deref;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::{
    domain::{
        BrandMatch, BrandName, Case, CaseAct, CaseAction, Delivery, Event, EventId, EventType,
        Flag, Item, Kind, Label, Mention, MentionId, Sentiment, SourceName, SourceStatus, StoryId,
    },
    store::{NewMention, Outgoing, PollOutcome, Recorded, Store},
};

/// A store in a folder that goes away with it.
pub(super) struct Opened {
    pub(super) store: Store,
    pub(super) folder: tempfile::TempDir,
}

impl Deref for Opened {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

pub(super) fn opened() -> Opened {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = Store::open(&folder.path().join("data"), at(0)).expect("a new store opens");
    Opened { store, folder }
}

/// `secs` seconds after the start of these tests' time.
pub(super) fn at(secs: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a valid time") + TimeDelta::seconds(secs)
}

pub(super) fn mention(name: &str, source: &str, label: Label, seen_at: DateTime<Utc>) -> Mention {
    let text = format!("{name}: Acme lost my parcel and nobody answers");
    let posted = seen_at - TimeDelta::minutes(5);
    let is_flagged = label == Label::Negative;
    Mention {
        item: Item {
            native_id: Some(name.to_owned()),
            url: Some(format!("https://example.org/{name}")),
            text,
            published_at: Some(posted),
            ..Item::empty("feed", Kind::Post)
        },
        id: MentionId::new(crate::domain::hex_digest("mention", &[name])),
        source: SourceName::new(source),
        seen_at,
        brands: vec![BrandMatch {
            name: BrandName::new("Acme"),
            rule: "acme".into(),
            spans: vec![[0, 4]],
            sentiment: None,
        }],
        story: StoryId::new(format!("story-{name}")),
        sentiment: Sentiment {
            label,
            negative: 0.5,
            neutral: 0.25,
            positive: 0.25,
            model: "test/1".into(),
            sentence: None,
        },
        flag: is_flagged.then(|| Flag {
            score: 0.75,
            reasons: vec!["negative".into()],
            goal_by: posted + TimeDelta::hours(1),
            reply_by: posted + TimeDelta::hours(24),
            estimated: false,
        }),
        case: is_flagged.then(Case::open),
        stars_against_text: false,
        backlog: false,
        own: false,
        corrections: Vec::new(),
        earlier: Vec::new(),
        deleted_at: None,
        reach_before: None,
    }
}

/// An event of this type about a mention, with a delivery to each destination.
pub(super) fn about(
    event_type: EventType,
    mention: &Mention,
    subject: &str,
    destinations: &[&str],
) -> Outgoing {
    let id = EventId::of(event_type.as_str(), &[mention.id.as_str(), subject]);
    let mut event = Event::new(
        id,
        event_type,
        mention.seen_at,
        json!({ "mention": mention }),
    );
    event.mention = Some(mention.id.clone());
    with_deliveries(event, destinations)
}

pub(super) fn with_deliveries(event: Event, destinations: &[&str]) -> Outgoing {
    let deliveries = destinations
        .iter()
        .map(|destination| Delivery::due(&event, destination))
        .collect();
    (event, deliveries)
}

/// A test event of its own, with a delivery to each destination.
pub(super) fn test_event(name: &str, at: DateTime<Utc>, destinations: &[&str]) -> Outgoing {
    let id = EventId::of("test", &[name]);
    let event = Event::new(id, EventType::Test, at, json!({})).in_story(name);
    with_deliveries(event, destinations)
}

/// A mention as a poll brings it: flagged when negative, then with an event to `chat`.
pub(super) fn found(name: &str, source: &str, label: Label, seen_at: DateTime<Utc>) -> NewMention {
    let mention = mention(name, source, label, seen_at);
    let events = match &mention.flag {
        Some(_) => vec![about(EventType::MentionFlagged, &mention, "", &["chat"])],
        None => Vec::new(),
    };
    NewMention {
        keys: vec![format!("url:https://example.org/{name}")],
        mention,
        events,
    }
}

pub(super) fn negative(name: &str, seen_at: DateTime<Utc>) -> NewMention {
    found(name, "feed", Label::Negative, seen_at)
}

/// A poll of `source` that brought these mentions and moves the cursor to `etag`.
pub(super) fn poll(source: &str, etag: &str, mentions: Vec<NewMention>) -> PollOutcome {
    let mut status = SourceStatus::new(SourceName::new(source));
    status.cursor.etag = Some(etag.to_owned());
    status.cursor.polled_before = true;
    PollOutcome {
        source: SourceName::new(source),
        status: Some(status),
        mentions,
        events: Vec::new(),
    }
}

pub(super) fn record(store: &Store, source: &str, mentions: Vec<NewMention>) -> Recorded {
    store
        .record_poll(&poll(source, "etag", mentions))
        .expect("the poll can be stored")
}

pub(super) fn act(action: CaseAction, at: DateTime<Utc>) -> CaseAct {
    CaseAct {
        at,
        action,
        by: "cli".into(),
        note: None,
        until: None,
    }
}

#[track_caller]
pub(super) fn assert_sound(store: &Store) {
    let report = store.verify().expect("the store can be checked");
    assert_eq!(report.problems, Vec::<String>::new());
}

#[track_caller]
pub(super) fn get(store: &Store, id: &MentionId) -> Mention {
    store
        .mention(id)
        .expect("mentions can be read")
        .expect("the mention exists")
}
