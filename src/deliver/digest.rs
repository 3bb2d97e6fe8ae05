//! One event that stands for many: a digest, or the rest of a burst. What was put off
//! comes in, one event with its delivery goes out; its id comes from its parts, so that a
//! repeated attempt makes the same one again.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::domain::{Delivery, Event, EventId, EventType, PutOff, hex_digest};
use crate::store::{Bundle, Outgoing};

/// Parts that are told in full; the rest is counted, so that no receiver refuses it.
const TOLD: usize = 50;

/// The event of a bundle, to its destination.
pub(super) fn build(bundle: &Bundle, now: DateTime<Utc>) -> Outgoing {
    let ids: Vec<&str> = bundle
        .parts
        .iter()
        .map(|(delivery, _)| delivery.id.as_str())
        .collect();
    let kind = EventType::Digest;
    let id = EventId::of(kind.as_str(), &[&hex_digest("digest", &ids)]);
    let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let since = bundle.parts.first().map(|(_, event)| moment(event.at));
    let told: Vec<Value> = bundle
        .parts
        .iter()
        .take(TOLD)
        .map(|(_, event)| told(event))
        .collect();
    let n_events = bundle.parts.len();
    let data = json!({
        "digest": {
            "kind": if bundle.put_off == PutOff::Burst { "burst" } else { "digest" },
            "headline": headline(bundle, now),
            "since": since,
            "until": moment(now),
            "n_events": n_events,
            "n_more": n_events.saturating_sub(TOLD),
            "events": told,
        }
    });
    let mut event = Event::new(id, kind, now, data);
    // It concerns whatever its parts concern.
    for (_, part) in &bundle.parts {
        for brand in &part.brands {
            if !event.brands.contains(brand) {
                event.brands.push(brand.clone());
            }
        }
    }
    let delivery = Delivery::due(&event, &bundle.destination);
    (event, vec![delivery])
}

/// A part as its own message would have told it.
fn told(event: &Event) -> Value {
    let mut body: Value = serde_json::from_str(&event.body).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("id".to_owned(), json!(event.id));
    }
    body
}

/// "23 more like this in 10 min", "3 flagged mentions and 2 other events".
fn headline(bundle: &Bundle, now: DateTime<Utc>) -> String {
    let n_events = bundle.parts.len();
    if bundle.put_off == PutOff::Burst {
        let since = bundle.parts.first().map_or(now, |(_, event)| event.at);
        let minutes = (now - since).num_minutes().max(1);
        return format!("{n_events} more like this in {minutes} min");
    }
    let n_flagged = bundle
        .parts
        .iter()
        .filter(|(_, event)| event.event_type == EventType::MentionFlagged)
        .count();
    let counted =
        |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let flagged = counted(n_flagged, "flagged mention", "flagged mentions");
    match n_events - n_flagged {
        0 => flagged,
        others if n_flagged == 0 => counted(others, "event", "events"),
        others => format!(
            "{flagged} and {}",
            counted(others, "other event", "other events")
        ),
    }
}
