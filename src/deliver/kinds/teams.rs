//! Microsoft Teams ("Workflows" webhooks): an Adaptive Card. Texts stand in text runs, which
//! know no markup; only our own labels stand elsewhere.

use serde_json::{Value as Json, json};

use crate::deliver::message::{Message, Severity};
use crate::deliver::text::{Marked, json_bytes};

/// Teams refuses more than 28 KB in all.
const TEXT_LIMIT_BYTES: usize = 8_000;
/// The lines of a digest together.
const LINES_LIMIT_BYTES: usize = 12_000;
/// What a fact may take.
const FACT_LIMIT_BYTES: usize = 900;

/// The message as the workflow takes it.
pub(super) fn body(message: &Message) -> Json {
    let mut items = vec![json!({
        "type": "RichTextBlock",
        "inlines": [{
            "type": "TextRun",
            "text": shown(&format!("{} {}", message.severity.sign(), message.headline), FACT_LIMIT_BYTES),
            "size": "Large",
            "weight": "Bolder",
            "color": colour(message.severity),
        }],
    })];
    for fact in &message.facts {
        items.push(json!({
            "type": "RichTextBlock",
            "spacing": "Small",
            "inlines": [
                {"type": "TextRun", "text": format!("{}  ", fact.label), "weight": "Bolder"},
                {"type": "TextRun", "text": shown(&fact.value.plain(), FACT_LIMIT_BYTES)},
            ],
        }));
    }
    let mut quoted = Vec::new();
    if let Some(title) = &message.title {
        quoted.push(json!({
            "type": "RichTextBlock",
            "inlines": [{"type": "TextRun", "text": shown(title, FACT_LIMIT_BYTES), "weight": "Bolder"}],
        }));
    }
    if let Some(text) = &message.text {
        // What surrounds each run in the JSON counts as well.
        let runs: Vec<Json> = text
            .fit(TEXT_LIMIT_BYTES, 120, json_bytes)
            .pieces
            .iter()
            .map(|piece| {
                let mut run = json!({"type": "TextRun", "text": without_macros(&piece.text)});
                if piece.is_marked {
                    run["weight"] = "Bolder".into();
                    run["highlight"] = true.into();
                }
                run
            })
            .collect();
        quoted.push(json!({"type": "RichTextBlock", "inlines": runs}));
    }
    if !quoted.is_empty() {
        items.push(json!({"type": "Container", "style": "emphasis", "items": quoted}));
    }
    items.extend(lines(message));
    let actions: Vec<Json> = message
        .links
        .iter()
        .map(|link| json!({"type": "Action.OpenUrl", "title": link.label, "url": link.url}))
        .collect();
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "fallbackText": shown(&message.headline, FACT_LIMIT_BYTES),
        "body": items,
    });
    if !actions.is_empty() {
        card["actions"] = actions.into();
    }
    json!({
        "type": "message",
        "summary": shown(&message.headline, FACT_LIMIT_BYTES),
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

fn lines(message: &Message) -> Vec<Json> {
    let mut left = LINES_LIMIT_BYTES;
    let mut items = Vec::new();
    for line in &message.lines {
        let headline = shown(&line.headline, FACT_LIMIT_BYTES);
        let text = shown(&line.text, FACT_LIMIT_BYTES);
        let url = line.url.as_deref().unwrap_or_default();
        let taken = json_bytes(&headline) + json_bytes(&text) + url.len() + 300;
        if taken > left {
            break;
        }
        left -= taken;
        let mut run = json!({"type": "TextRun", "text": headline, "weight": "Bolder"});
        if !url.is_empty() {
            run["selectAction"] = json!({"type": "Action.OpenUrl", "url": url});
        }
        let mut inlines = vec![run];
        if !text.is_empty() {
            inlines.push(json!({"type": "TextRun", "text": format!("\n{text}")}));
        }
        items.push(json!({"type": "RichTextBlock", "inlines": inlines}));
    }
    items
}

fn shown(text: &str, limit_bytes: usize) -> String {
    without_macros(&Marked::plain(text).fit(limit_bytes, 0, json_bytes).text())
}

/// Clients replace `{{DATE(…)}}` and `{{TIME(…)}}` wherever they stand.
fn without_macros(text: &str) -> String {
    text.replace("{{", "{\u{2060}{")
}

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Good => "Good",
        Severity::Info => "Default",
        Severity::Warning => "Warning",
        Severity::Critical => "Attention",
    }
}
