//! Discord: one embed. Nobody can be called (`allowed_mentions`), and every sign that could
//! begin markup or an address is escaped.

use serde_json::{Value as Json, json};

use crate::deliver::message::{Fact, Line, Message, Value};
use crate::deliver::text::{Marked, markdown, one_line, utf16};

/// `content` takes 2,000 characters; a headline needs few of them.
const CONTENT_LIMIT: usize = 400;
/// The title of an embed.
const TITLE_LIMIT: usize = 256;
/// The description of an embed takes 4,096, all texts of the embeds together 6,000.
const DESCRIPTION_LIMIT: usize = 2_400;
/// The value of a field takes 1,024.
const FIELD_LIMIT: usize = 400;
/// Fields together, so that the limit of 6,000 holds.
const FIELDS_LIMIT: usize = 3_000;
/// An embed has 25 fields at most.
const N_FIELDS: usize = 24;

/// The message as a webhook takes it, for posting and for editing.
pub(super) fn body(message: &Message) -> Json {
    let mut embed = json!({
        "color": message.severity.colour(),
        "timestamp": message.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
    });
    if let Some(title) = &message.title {
        embed["title"] = escaped(title, TITLE_LIMIT).into();
    }
    let description = description(message);
    if !description.is_empty() {
        embed["description"] = description.into();
    }
    let fields = fields(message);
    if !fields.is_empty() {
        embed["fields"] = fields.into();
    }
    let headline = format!("{} {}", message.severity.sign(), message.headline);
    json!({
        "content": escaped(&headline, CONTENT_LIMIT),
        "allowed_mentions": {"parse": []},
        "embeds": [embed],
    })
}

fn escaped(text: &str, limit: usize) -> String {
    let cost = |text: &str| utf16(&markdown(text));
    markdown(&Marked::plain(text).fit(limit, 0, cost).text())
}

fn description(message: &Message) -> String {
    if !message.lines.is_empty() {
        return lines(&message.lines);
    }
    let Some(text) = &message.text else {
        return String::new();
    };
    let cost = |text: &str| utf16(&markdown(text));
    // Four stars around every mark.
    text.fit(DESCRIPTION_LIMIT, 4, cost)
        .pieces
        .iter()
        .map(|piece| {
            let text = markdown(&piece.text);
            if piece.is_marked {
                format!("**{text}**")
            } else {
                text
            }
        })
        .collect()
}

fn lines(lines: &[Line]) -> String {
    let mut description = String::new();
    for line in lines {
        let headline = escaped(&line.headline, TITLE_LIMIT);
        let mut entry = match &line.url {
            Some(url) => format!("[{headline}]({url})"),
            None => format!("**{headline}**"),
        };
        if !line.text.is_empty() {
            entry.push('\n');
            entry.push_str(&escaped(&line.text, FIELD_LIMIT));
        }
        if utf16(&description) + utf16(&entry) + 1 > DESCRIPTION_LIMIT {
            description.push('…');
            break;
        }
        if !description.is_empty() {
            description.push('\n');
        }
        description.push_str(&entry);
    }
    description
}

fn fields(message: &Message) -> Vec<Json> {
    let mut left = FIELDS_LIMIT;
    let mut fields = Vec::new();
    for fact in message.facts.iter().take(N_FIELDS) {
        let value = value(fact);
        let taken = utf16(&value) + utf16(fact.label);
        if taken > left {
            break;
        }
        left -= taken;
        fields.push(json!({
            "name": fact.label,
            "value": value,
            "inline": utf16(&fact.value.plain()) < 40,
        }));
    }
    let links: Vec<String> = message
        .links
        .iter()
        .filter(|link| utf16(&link.url) <= 480)
        .map(|link| format!("[{}]({})", link.label, link.url))
        .collect();
    if !links.is_empty() {
        fields.push(json!({"name": "Links", "value": links.join(" · "), "inline": false}));
    }
    fields
}

fn value(fact: &Fact) -> String {
    match &fact.value {
        Value::Text(text) => escaped(text, FIELD_LIMIT),
        // Discord shows the moment in the reader's own time zone.
        Value::Time { at, note, .. } => {
            let note = escaped(&one_line(note, FIELD_LIMIT / 2), FIELD_LIMIT / 2);
            format!("<t:{}:t> ({note})", at.timestamp())
        }
    }
}
