//! Google Chat: a card (cards v2). Texts of cards know a little HTML, which is escaped; the
//! plain `text` of a message, in which people can be called, is not used at all.

use serde_json::{Value as Json, json};

use crate::deliver::message::{Line, Message};
use crate::deliver::text::{Marked, html, inert, json_bytes, one_line, utf16};

/// A message takes 32,000 bytes.
const TEXT_LIMIT_BYTES: usize = 9_000;
/// The lines of a digest together.
const LINES_LIMIT_BYTES: usize = 14_000;
/// What a fact may take.
const FACT_LIMIT_BYTES: usize = 1_200;
/// The line that notifications show.
const FALLBACK_LIMIT: usize = 300;

/// The message as a webhook takes it; messages with the same thread key stand together.
pub(super) fn body(message: &Message, thread_key: Option<&str>) -> Json {
    let headline = format!("{} {}", message.severity.sign(), message.headline);
    let mut widgets: Vec<Json> = message
        .facts
        .iter()
        .map(|fact| {
            json!({"decoratedText": {
                "topLabel": fact.label,
                "text": escaped(&fact.value.plain(), FACT_LIMIT_BYTES),
                "wrapText": true,
            }})
        })
        .collect();
    if let Some(title) = &message.title {
        let title = escaped(title, FACT_LIMIT_BYTES);
        widgets.push(json!({"textParagraph": {"text": format!("<b>{title}</b>")}}));
    }
    if let Some(text) = &message.text {
        let cost = |text: &str| json_bytes(&escape(text));
        let shown: String = text
            .fit(TEXT_LIMIT_BYTES, 7, cost)
            .pieces
            .iter()
            .map(|piece| {
                let text = escape(&piece.text);
                if piece.is_marked {
                    format!("<b>{text}</b>")
                } else {
                    text
                }
            })
            .collect();
        widgets.push(json!({"textParagraph": {"text": shown}}));
    }
    if !message.lines.is_empty() {
        widgets.push(json!({"textParagraph": {"text": lines(&message.lines)}}));
    }
    if !message.links.is_empty() {
        let buttons: Vec<Json> = message
            .links
            .iter()
            .map(|link| json!({"text": link.label, "onClick": {"openLink": {"url": link.url}}}))
            .collect();
        widgets.push(json!({"buttonList": {"buttons": buttons}}));
    }
    if widgets.is_empty() {
        widgets.push(json!({"textParagraph": {"text": escaped(&headline, FACT_LIMIT_BYTES)}}));
    }
    let mut body = json!({
        "fallbackText": one_line(&headline, FALLBACK_LIMIT),
        "cardsV2": [{
            "cardId": message.event.as_str(),
            "card": {
                "header": {"title": one_line(&headline, FALLBACK_LIMIT)},
                "sections": [{"widgets": widgets}],
            },
        }],
    });
    if let Some(key) = thread_key {
        body["thread"] = json!({"threadKey": key});
    }
    body
}

/// Cards turn addresses into links by themselves.
fn escape(text: &str) -> String {
    html(&inert(text))
}

fn escaped(text: &str, limit_bytes: usize) -> String {
    let cost = |text: &str| json_bytes(&escape(text));
    escape(&Marked::plain(text).fit(limit_bytes, 0, cost).text())
}

fn lines(lines: &[Line]) -> String {
    let mut left = LINES_LIMIT_BYTES;
    let mut shown = Vec::new();
    for line in lines {
        let headline = escaped(&line.headline, FACT_LIMIT_BYTES);
        let headline = match &line.url {
            Some(url) => format!("<a href=\"{}\">{headline}</a>", html(url)),
            None => format!("<b>{headline}</b>"),
        };
        let entry = format!("{headline}\n{}", escaped(&line.text, FACT_LIMIT_BYTES));
        if utf16(&entry) > left || json_bytes(&entry) > left {
            break;
        }
        left -= json_bytes(&entry);
        shown.push(entry);
    }
    shown.join("\n")
}
