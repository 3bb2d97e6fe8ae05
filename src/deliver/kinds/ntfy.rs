//! ntfy: plain text with a title, a priority and buttons that open addresses. Nothing in it
//! is read as markup.

use serde_json::{Value as Json, json};

use crate::deliver::message::{Message, Severity};
use crate::deliver::text::{Marked, one_line};

/// A longer message becomes a file that nobody opens on a telephone.
const MESSAGE_LIMIT_BYTES: usize = 3_900;
/// The longest title that telephones show.
const TITLE_LIMIT: usize = 240;
/// A message has three buttons at most.
const N_ACTIONS: usize = 3;

/// The message as the server takes it at its root address.
pub(super) fn body(message: &Message, topic: &str) -> Json {
    let mut parts = Vec::new();
    if let Some(title) = &message.title {
        parts.push(title.clone());
    }
    parts.extend(message.text.as_ref().map(Marked::text));
    for line in &message.lines {
        parts.push(format!("• {}\n  {}", line.headline, line.text));
    }
    let facts: Vec<String> = message
        .facts
        .iter()
        .map(|fact| format!("{}: {}", fact.label, fact.value.plain()))
        .collect();
    parts.push(facts.join("\n"));
    let text = Marked::plain(&parts.join("\n\n")).fit(MESSAGE_LIMIT_BYTES, 0, str::len);
    let text = if text.is_blank() {
        message.headline.clone()
    } else {
        text.text()
    };
    let actions: Vec<Json> = message
        .links
        .iter()
        .take(N_ACTIONS)
        .map(|link| json!({"action": "view", "label": link.label, "url": link.url}))
        .collect();
    let mut body = json!({
        "topic": topic,
        "title": one_line(&message.headline, TITLE_LIMIT),
        "message": text,
        "priority": priority(message.severity),
        "tags": [tag(message.severity)],
        "actions": actions,
    });
    if let Some(link) = message.links.last() {
        body["click"] = link.url.as_str().into();
    }
    body
}

fn priority(severity: Severity) -> u8 {
    match severity {
        Severity::Good | Severity::Info => 3,
        Severity::Warning => 4,
        Severity::Critical => 5,
    }
}

/// The names of signs, as ntfy knows them.
fn tag(severity: Severity) -> &'static str {
    match severity {
        Severity::Good => "white_check_mark",
        Severity::Info => "information_source",
        Severity::Warning => "large_orange_circle",
        Severity::Critical => "red_circle",
    }
}
