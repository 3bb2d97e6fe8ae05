//! Telegram: one message in HTML with everything else escaped and inert, since Telegram
//! finds accounts, addresses, tags and commands in any text; no preview of links.

use serde_json::{Value as Json, json};

use crate::deliver::message::{Line, Message};
use crate::deliver::text::{Marked, html, inert, utf16};

/// A message takes 4,096 UTF-16 units; what surrounds the text has to fit as well.
const MESSAGE_LIMIT: usize = 4_096;
/// The text at most, so that facts and links keep their place.
const TEXT_LIMIT: usize = 1_900;
/// What a fact or a headline may take.
const SHORT_LIMIT: usize = 260;

/// The message as `sendMessage` takes it, without the chat.
pub(super) fn body(message: &Message, has_buttons: bool) -> Json {
    let mut body = json!({
        "text": text(message),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": true},
    });
    if let (true, false, Some(case)) = (has_buttons, message.actions.is_empty(), &message.case) {
        let buttons: Vec<Json> = message
            .actions
            .iter()
            .map(|action| {
                json!({
                    "text": action.label(),
                    "callback_data": format!("{}:{}", action.word(), case.mention),
                })
            })
            .collect();
        body["reply_markup"] = json!({"inline_keyboard": [buttons]});
    }
    body
}

fn escape(text: &str) -> String {
    html(&inert(text))
}

fn escaped(text: &str, limit: usize) -> String {
    let cost = |text: &str| utf16(&escape(text));
    escape(&Marked::plain(text).fit(limit, 0, cost).text())
}

/// Headline, text, facts and links, in this order of importance: what no longer fits is
/// left out whole, so that no tag stays open.
fn text(message: &Message) -> String {
    let headline = escaped(
        &format!("{} {}", message.severity.sign(), message.headline),
        SHORT_LIMIT * 2,
    );
    let headline = format!("<b>{headline}</b>");
    let links: Vec<String> = message
        .links
        .iter()
        .filter(|link| utf16(&link.url) <= 400)
        .map(|link| format!("<a href=\"{}\">{}</a>", html(&link.url), link.label))
        .collect();
    let links = links.join(" · ");
    let quoted = quoted(message);
    let fixed = [&headline, &quoted, &links]
        .iter()
        .map(|part| utf16(part) + 2)
        .sum::<usize>();
    let mut left = MESSAGE_LIMIT.saturating_sub(fixed);
    let mut facts = String::new();
    for fact in &message.facts {
        let entry = format!(
            "<b>{}</b>  {}\n",
            fact.label,
            escaped(&fact.value.plain(), SHORT_LIMIT)
        );
        if utf16(&entry) > left {
            break;
        }
        left -= utf16(&entry);
        facts.push_str(&entry);
    }
    let parts = [headline, facts.trim_end().to_owned(), quoted, links];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}

fn quoted(message: &Message) -> String {
    if !message.lines.is_empty() {
        return lines(&message.lines);
    }
    let mut quoted = String::new();
    if let Some(title) = &message.title {
        quoted.push_str(&format!("<b>{}</b>\n", escaped(title, SHORT_LIMIT)));
    }
    if let Some(text) = &message.text {
        let cost = |text: &str| utf16(&escape(text));
        for piece in &text.fit(TEXT_LIMIT, 7, cost).pieces {
            let text = escape(&piece.text);
            if piece.is_marked {
                quoted.push_str(&format!("<b>{text}</b>"));
            } else {
                quoted.push_str(&text);
            }
        }
    }
    if quoted.is_empty() {
        quoted
    } else {
        format!("<blockquote>{}</blockquote>", quoted.trim_end())
    }
}

fn lines(lines: &[Line]) -> String {
    let mut left = TEXT_LIMIT + 1_000;
    let mut shown = Vec::new();
    for line in lines {
        let headline = escaped(&line.headline, SHORT_LIMIT);
        let headline = match &line.url {
            Some(url) if utf16(url) <= 400 => format!("<a href=\"{}\">{headline}</a>", html(url)),
            _ => format!("<b>{headline}</b>"),
        };
        let entry = format!("• {headline} {}", escaped(&line.text, SHORT_LIMIT));
        if utf16(&entry) > left {
            break;
        }
        left -= utf16(&entry);
        shown.push(entry);
    }
    shown.join("\n")
}
