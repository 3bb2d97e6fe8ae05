//! Mail: a subject, the message as plain text and as HTML, and the ids that make mail
//! programs show a case as one conversation.

use maud::{DOCTYPE, html};

use crate::deliver::message::{Message, Value};
use crate::deliver::text::{Marked, one_line};

/// Longer subjects are cut by mail programs.
const SUBJECT_LIMIT: usize = 150;
/// Mail has room for the whole of what the message carries.
const TEXT_LIMIT_BYTES: usize = 60_000;
/// The right half of our message ids; a name that nobody can own (RFC 2606).
const ID_HOST: &str = "hearken.invalid";

/// A mail before it is addressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deliver) struct Mail {
    /// The subject, on one line.
    pub(in crate::deliver) subject: String,
    /// The text for programs without HTML.
    pub(in crate::deliver) text: String,
    /// The text with marks and links.
    pub(in crate::deliver) html: String,
    /// `Message-ID`: the same at every attempt, so that a repeat is recognised.
    pub(in crate::deliver) message_id: String,
    /// `In-Reply-To` and `References`: the first mail of the case.
    pub(in crate::deliver) in_reply_to: Option<String>,
}

/// The mail of a message; `is_follow_up` when the case had one before.
pub(super) fn mail(message: &Message, is_follow_up: bool) -> Mail {
    let first = message
        .case
        .as_ref()
        .map(|case| format!("<story-{}@{ID_HOST}>", case.story));
    let own = format!("<{}@{ID_HOST}>", message.event);
    let (message_id, in_reply_to) = match first {
        Some(first) if is_follow_up => (own, Some(first)),
        Some(first) => (first, None),
        None => (own, None),
    };
    Mail {
        subject: one_line(&message.headline, SUBJECT_LIMIT),
        text: text(message),
        html: page(message),
        message_id,
        in_reply_to,
    }
}

fn text(message: &Message) -> String {
    let mut parts = vec![message.headline.clone()];
    let facts: Vec<String> = message
        .facts
        .iter()
        .map(|fact| format!("{}: {}", fact.label, fact.value.plain()))
        .collect();
    parts.push(facts.join("\n"));
    parts.extend(message.title.clone());
    if let Some(text) = &message.text {
        let text = text.fit(TEXT_LIMIT_BYTES, 0, str::len).text();
        let quoted: Vec<String> = text.lines().map(|line| format!("> {line}")).collect();
        parts.push(quoted.join("\n"));
    }
    for line in &message.lines {
        let url = line.url.as_deref().unwrap_or_default();
        parts.push(
            format!("{}\n{}\n{url}", line.headline, line.text)
                .trim_end()
                .to_owned(),
        );
    }
    let links: Vec<String> = message
        .links
        .iter()
        .map(|link| format!("{}: {}", link.label, link.url))
        .collect();
    parts.push(links.join("\n"));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

fn page(message: &Message) -> String {
    let text = message
        .text
        .as_ref()
        .map(|text| text.fit(TEXT_LIMIT_BYTES, 13, str::len))
        .unwrap_or_default();
    let colour = format!("#{:06x}", message.severity.colour());
    html! {
        (DOCTYPE)
        html {
            head { meta charset="utf-8"; title { (message.headline) } }
            body style="font-family:sans-serif;max-width:40rem" {
                h2 style=(format!("border-left:6px solid {colour};padding-left:12px")) { (message.headline) }
                @if !message.facts.is_empty() {
                    table cellpadding="3" {
                        @for fact in &message.facts {
                            tr {
                                td style="color:#555;vertical-align:top" { (fact.label) }
                                td dir="auto" { (shown(&fact.value)) }
                            }
                        }
                    }
                }
                @if let Some(title) = &message.title { h3 dir="auto" { (title) } }
                @if !text.pieces.is_empty() {
                    blockquote dir="auto" style="white-space:pre-line;border-left:3px solid #ccc;margin-left:0;padding-left:12px" {
                        (marked(&text))
                    }
                }
                @if !message.lines.is_empty() {
                    ul {
                        @for line in &message.lines {
                            li {
                                @match &line.url {
                                    Some(url) => { a href=(url) { (line.headline) } }
                                    None => { b { (line.headline) } }
                                }
                                @if !line.text.is_empty() { br; span dir="auto" { (line.text) } }
                            }
                        }
                    }
                }
                @if !message.links.is_empty() {
                    p {
                        @for (place, link) in message.links.iter().enumerate() {
                            @if place > 0 { " · " }
                            a href=(link.url) { (link.label) }
                        }
                    }
                }
            }
        }
    }
    .into_string()
}

fn shown(value: &Value) -> String {
    value.plain()
}

fn marked(text: &Marked) -> maud::Markup {
    html! {
        @for piece in &text.pieces {
            @if piece.is_marked { mark { (piece.text) } } @else { (piece.text) }
        }
    }
}
