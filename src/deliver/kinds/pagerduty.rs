//! PagerDuty: Events API v2. One incident a story, by its deduplication key: triggered when
//! a mention is flagged, acknowledged when somebody takes the case, resolved when it is
//! settled. Texts are plain.

use serde_json::{Value as Json, json};

use crate::deliver::message::{Message, Severity};
use crate::deliver::text::{Marked, one_line};
use crate::domain::CaseState;

/// The longest summary.
const SUMMARY_LIMIT: usize = 1_000;
/// The text among the details; an event takes 512 KB.
const TEXT_LIMIT_BYTES: usize = 8_000;

/// The event as the API takes it.
pub(super) fn body(message: &Message, routing_key: &str) -> Json {
    let key = match &message.case {
        Some(case) => format!("hearken-{}", case.story),
        None => format!("hearken-{}", message.event),
    };
    let action = match message.case.as_ref().map(|case| case.state) {
        Some(CaseState::Replied | CaseState::Verified | CaseState::Dismissed) => "resolve",
        // An overdue case must be heard again although somebody has it.
        Some(CaseState::Claimed) if message.event_type != "case.overdue" => "acknowledge",
        _ => "trigger",
    };
    let mut details = serde_json::Map::new();
    for fact in &message.facts {
        details.insert(fact.label.to_owned(), fact.value.plain().into());
    }
    if let Some(title) = &message.title {
        details.insert("Title".to_owned(), title.as_str().into());
    }
    if let Some(text) = &message.text {
        let text = text.fit(TEXT_LIMIT_BYTES, 0, str::len).text();
        details.insert("Text".to_owned(), text.into());
    }
    if !message.lines.is_empty() {
        let lines: Vec<Json> = message
            .lines
            .iter()
            .map(|line| line.headline.as_str().into())
            .collect();
        details.insert("Entries".to_owned(), lines.into());
    }
    let links: Vec<Json> = message
        .links
        .iter()
        .map(|link| json!({"href": link.url, "text": link.label}))
        .collect();
    json!({
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": Marked::plain(&key).fit(255, 0, str::len).text(),
        "client": "Hearken",
        "payload": {
            "summary": one_line(&message.headline, SUMMARY_LIMIT),
            "source": "hearken",
            "severity": severity(message.severity),
            "timestamp": message.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            "class": message.event_type,
            "custom_details": details,
        },
        "links": links,
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Good | Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}
