//! What people are told, as events whose ids come from their content: a poll that is
//! repeated after a crash makes the same ones again.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::PlannedSource;
use crate::domain::{Event, EventId, EventType, Gap, Mention, SourceStatus, hex_digest};
use crate::fetch::Voice;

pub(super) fn mention_event(mention: &Mention, was_known: bool, now: DateTime<Utc>) -> Event {
    let (event_type, id) = if was_known {
        // An edit is told once, however often the edited text is read.
        let text = hex_digest(
            "text",
            &[
                mention.item.title.as_deref().unwrap_or(""),
                &mention.item.text,
            ],
        );
        let event_type = EventType::MentionUpdated;
        (
            event_type,
            EventId::of(event_type.as_str(), &[mention.id.as_str(), &text]),
        )
    } else {
        let event_type = EventType::MentionFlagged;
        (
            event_type,
            // One story, one alert: a reprint makes the id that is stored already.
            EventId::of(event_type.as_str(), &[mention.story.as_str()]),
        )
    };
    Event::new(id, event_type, now, json!({ "mention": mention })).about(mention)
}

/// A flagged mention spreads: told once per score that it reaches.
pub(super) fn spread_event(mention: &Mention, now: DateTime<Utc>) -> Event {
    let event_type = EventType::MentionUpdated;
    let score = mention.flag.as_ref().map_or(0.0, |flag| flag.score);
    let id = EventId::of(
        event_type.as_str(),
        &[mention.id.as_str(), "spreads", &format!("{score:.2}")],
    );
    Event::new(id, event_type, now, json!({ "mention": mention })).about(mention)
}

/// A flagged mention was taken away where it stood.
pub(super) fn deleted_event(mention: &Mention, now: DateTime<Utc>) -> Event {
    let event_type = EventType::MentionUpdated;
    let at = mention.deleted_at.unwrap_or(now).to_rfc3339();
    let id = EventId::of(event_type.as_str(), &[mention.id.as_str(), "deleted", &at]);
    Event::new(id, event_type, now, json!({ "mention": mention })).about(mention)
}

pub(super) fn backlog_event(
    source: &PlannedSource,
    ids: &[String],
    before: &SourceStatus,
    now: DateTime<Utc>,
) -> Event {
    let event_type = EventType::MentionBacklog;
    let subject = if before.cursor.polled_before {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        hex_digest("backlog", &ids)
    } else {
        // Repeated after a crash, the first poll is still the first poll.
        "first".to_owned()
    };
    Event::new(
        EventId::of(event_type.as_str(), &[source.name.as_str(), &subject]),
        event_type,
        now,
        json!({ "source": { "name": source.name }, "n_mentions": ids.len() }),
    )
}

/// `source.silent`, or `source.recovered` when it speaks again.
pub(super) fn voice_event(
    voice: Voice,
    status: &SourceStatus,
    now: DateTime<Utc>,
) -> Option<Event> {
    let (event_type, since) = match voice {
        Voice::Usual => return None,
        Voice::FellSilent(since) => (EventType::SourceSilent, since),
        Voice::SpeaksAgain(since) => (EventType::SourceRecovered, since),
    };
    let id = EventId::of(
        event_type.as_str(),
        &[status.name.as_str(), "silent", &since.to_rfc3339()],
    );
    let data = json!({
        "source": { "name": status.name, "health": status.health },
        "silent_since": since,
    });
    Some(Event::new(id, event_type, now, data))
}

pub(super) fn gap_event(gap: &Gap, status: &SourceStatus, now: DateTime<Utc>) -> Event {
    let event_type = EventType::SourceGap;
    let (from, to) = (gap.from.to_rfc3339(), gap.to.to_rfc3339());
    Event::new(
        EventId::of(event_type.as_str(), &[status.name.as_str(), &from, &to]),
        event_type,
        now,
        json!({ "source": { "name": status.name, "health": status.health }, "gap": gap }),
    )
}

pub(super) fn source_event(
    event_type: EventType,
    status: &SourceStatus,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Event {
    let outage = since.map_or_else(|| "never".to_owned(), |at| at.to_rfc3339());
    Event::new(
        EventId::of(event_type.as_str(), &[status.name.as_str(), &outage]),
        event_type,
        now,
        json!({ "source": { "name": status.name, "health": status.health } }),
    )
    .in_story(format!("source {}", status.name))
}
