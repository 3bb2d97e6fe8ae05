//! Slack: Block Kit. What strangers wrote stands in rich text, where nothing is read as
//! markup, a link or a call; only the fallback line is a text that Slack parses.

use serde_json::{Value as Json, json};

use crate::deliver::message::{Message, Value};
use crate::deliver::text::{Marked, one_line, utf16, without_calls};

/// A header block takes 150 characters.
const HEADER_LIMIT: usize = 150;
/// What a text of blocks may take; Slack counts all blocks of a message together and
/// refuses somewhere above 13,000.
const TEXT_LIMIT: usize = 3_000;
/// The lines of a digest together.
const LINES_LIMIT: usize = 9_000;
/// The line that notifications show.
const FALLBACK_LIMIT: usize = 300;

/// The message as `chat.postMessage` and incoming webhooks take it.
pub(super) fn body(message: &Message, has_buttons: bool) -> Json {
    let headline = format!("{} {}", message.severity.sign(), message.headline);
    let mut blocks = vec![json!({
        "type": "header",
        "text": {"type": "plain_text", "text": one_line(&headline, HEADER_LIMIT), "emoji": false},
    })];
    let mut parts = Vec::new();
    if !message.facts.is_empty() {
        parts.push(section(facts(message)));
    }
    if let Some(title) = &message.title {
        parts.push(section(vec![bold(title)]));
    }
    if let Some(text) = &message.text {
        parts.push(json!({"type": "rich_text_quote", "elements": marked(text)}));
    }
    if !message.lines.is_empty() {
        parts.push(lines(message));
    }
    if !message.links.is_empty() {
        let mut links = Vec::new();
        for link in &message.links {
            if !links.is_empty() {
                links.push(plain("  ·  "));
            }
            links.push(json!({"type": "link", "url": link.url, "text": link.label}));
        }
        parts.push(section(links));
    }
    if !parts.is_empty() {
        blocks.push(json!({"type": "rich_text", "elements": parts}));
    }
    if let (true, false, Some(case)) = (has_buttons, message.actions.is_empty(), &message.case) {
        let buttons: Vec<Json> = message
            .actions
            .iter()
            .map(|action| {
                json!({
                    "type": "button",
                    "action_id": action.word(),
                    "text": {"type": "plain_text", "text": action.label()},
                    "value": case.mention.as_str(),
                })
            })
            .collect();
        blocks.push(json!({"type": "actions", "elements": buttons}));
    }
    json!({
        "text": fallback(&headline),
        "mrkdwn": false,
        "parse": "none",
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": blocks,
    })
}

/// The line for notifications: Slack reads `<!here>` and the like in it, and nothing else
/// that it would act upon.
fn fallback(headline: &str) -> String {
    let cost = |text: &str| utf16(&escape(text));
    let fitted = Marked::plain(headline).fit(FALLBACK_LIMIT, 0, cost);
    escape(&fitted.text())
}

fn escape(text: &str) -> String {
    without_calls(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn section(elements: Vec<Json>) -> Json {
    json!({"type": "rich_text_section", "elements": elements})
}

fn plain(text: &str) -> Json {
    json!({"type": "text", "text": text})
}

fn bold(text: &str) -> Json {
    json!({"type": "text", "text": text, "style": {"bold": true}})
}

fn facts(message: &Message) -> Vec<Json> {
    let mut elements = Vec::new();
    for fact in &message.facts {
        if !elements.is_empty() {
            elements.push(plain("\n"));
        }
        elements.push(bold(fact.label));
        elements.push(plain("  "));
        match &fact.value {
            Value::Text(text) => elements.push(plain(text)),
            Value::Time { at, shown, note } => {
                elements.push(json!({
                    "type": "date",
                    "timestamp": at.timestamp(),
                    "format": "{date_short_pretty} {time}",
                    "fallback": shown,
                }));
                elements.push(plain(&format!(" ({note})")));
            }
        }
    }
    elements
}

fn marked(text: &Marked) -> Vec<Json> {
    text.fit(TEXT_LIMIT, 0, utf16)
        .pieces
        .iter()
        .map(|piece| {
            if piece.is_marked {
                bold(&piece.text)
            } else {
                plain(&piece.text)
            }
        })
        .collect()
}

fn lines(message: &Message) -> Json {
    let mut left = LINES_LIMIT;
    let mut items = Vec::new();
    for line in &message.lines {
        let taken = utf16(&line.headline) + utf16(&line.text);
        if taken > left {
            break;
        }
        left -= taken;
        let mut elements = vec![match &line.url {
            Some(url) => json!({"type": "link", "url": url, "text": line.headline}),
            None => bold(&line.headline),
        }];
        if !line.text.is_empty() {
            elements.push(plain(&format!("\n{}", line.text)));
        }
        items.push(section(elements));
    }
    json!({"type": "rich_text_list", "style": "bullet", "elements": items})
}
