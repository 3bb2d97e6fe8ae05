//! Mattermost: one message attachment. Markdown is escaped, and since a backslash does not
//! keep Mattermost from calling people, an invisible joiner stands behind every `@`.

use serde_json::{Value as Json, json};

use crate::deliver::message::{Line, Message};
use crate::deliver::text::{Marked, markdown, utf16, without_calls};

/// A post takes 16,383 characters; nobody reads that much in a chat.
const TEXT_LIMIT: usize = 6_000;
/// What a fact, a title or a headline may take.
const SHORT_LIMIT: usize = 700;

/// The message as an incoming webhook takes it.
pub(super) fn body(message: &Message) -> Json {
    let headline = escaped(
        &format!("{} {}", message.severity.sign(), message.headline),
        SHORT_LIMIT,
    );
    let fields: Vec<Json> = message
        .facts
        .iter()
        .map(|fact| {
            let value = fact.value.plain();
            json!({
                "title": fact.label,
                "value": escaped(&value, SHORT_LIMIT),
                "short": utf16(&value) < 40,
            })
        })
        .collect();
    let mut attachment = json!({
        "fallback": headline,
        "color": format!("#{:06x}", message.severity.colour()),
        "title": headline,
        "text": text(message),
        "fields": fields,
    });
    if let Some(link) = message.links.first() {
        attachment["title_link"] = link.url.as_str().into();
    }
    json!({"attachments": [attachment]})
}

fn escape(text: &str) -> String {
    markdown(&without_calls(text))
}

fn escaped(text: &str, limit: usize) -> String {
    let cost = |text: &str| utf16(&escape(text));
    escape(&Marked::plain(text).fit(limit, 0, cost).text())
}

fn text(message: &Message) -> String {
    let mut parts = Vec::new();
    if let Some(title) = &message.title {
        parts.push(format!("**{}**", escaped(title, SHORT_LIMIT)));
    }
    if let Some(text) = &message.text {
        let cost = |text: &str| utf16(&escape(text));
        let shown: String = text
            .fit(TEXT_LIMIT, 4, cost)
            .pieces
            .iter()
            .map(|piece| {
                let text = escape(&piece.text);
                if piece.is_marked {
                    format!("**{text}**")
                } else {
                    text
                }
            })
            .collect();
        let quoted: Vec<String> = shown.lines().map(|line| format!("> {line}")).collect();
        parts.push(quoted.join("\n"));
    }
    if !message.lines.is_empty() {
        parts.push(lines(&message.lines));
    }
    if !message.links.is_empty() {
        let links: Vec<String> = message
            .links
            .iter()
            .map(|link| format!("[{}]({})", link.label, link.url))
            .collect();
        parts.push(links.join(" · "));
    }
    parts.join("\n\n")
}

fn lines(lines: &[Line]) -> String {
    let mut left = TEXT_LIMIT;
    let mut shown = Vec::new();
    for line in lines {
        let headline = escaped(&line.headline, SHORT_LIMIT);
        let headline = match &line.url {
            Some(url) => format!("[{headline}]({url})"),
            None => headline,
        };
        let entry = format!("- {headline} {}", escaped(&line.text, SHORT_LIMIT));
        if utf16(&entry) > left {
            break;
        }
        left -= utf16(&entry);
        shown.push(entry);
    }
    shown.join("\n")
}
