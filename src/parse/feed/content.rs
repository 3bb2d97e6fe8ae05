//! What a text element holds: text or markup, by its declared type where there is one,
//! by its look where there is none.

use base64::Engine as _;

use super::dialect::Dialect;
use super::names::Ns;
use super::tree::Element;
use crate::parse::text;

/// What an element holds, by its declared or evident type.
pub(super) enum Content {
    /// Characters as they are meant.
    Text(String),
    /// Markup.
    Html(String),
}

/// Titles are text unless they say or show otherwise, bodies the other way round.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// One line.
    Title,
    /// Everything else.
    Body,
}

/// Decodes what an element holds; `None` when that is nothing to read.
pub(super) fn content_of(element: &Element, dialect: Dialect, role: Role) -> Option<Content> {
    let kind = element
        .attribute("type")
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let mode = element
        .attribute("mode")
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if mode == "base64" {
        let text = unpacked(&element.text())?;
        return Some(by_look(text, &kind));
    }
    let is_atom = element.ns == Ns::Atom || dialect == Dialect::Atom;
    // RFC 4287, 4.1.3.3: any other media type is base64.
    let is_binary = kind.contains('/') && !kind.starts_with("text/") && !kind.contains("xml");
    if is_atom
        && is_binary
        && mode.is_empty()
        && let Some(text) = unpacked(&element.text())
    {
        return Some(by_look(text, &kind));
    }
    if element.has_elements() {
        let is_data = kind.ends_with("xml") && !kind.contains("html");
        return Some(if is_data {
            Content::Text(element.text())
        } else {
            Content::Html(element.inner_html())
        });
    }
    let text = element.text();
    if text.trim().is_empty() {
        return None;
    }
    Some(match kind.as_str() {
        "html" | "text/html" | "xhtml" | "application/xhtml+xml" => Content::Html(text),
        "text" if is_atom => Content::Text(text),
        "text/plain" if is_atom && mode != "escaped" => Content::Text(text),
        "" if is_atom && mode.is_empty() => Content::Text(text),
        _ if is_atom => by_look(text, &kind),
        _ if role == Role::Title => by_look(text, &kind),
        _ => Content::Html(text),
    })
}

/// A text packed as base64.
fn unpacked(packed: &str) -> Option<String> {
    let packed: String = packed.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(packed)
        .ok()?;
    String::from_utf8(bytes).ok()
}

/// For texts that may be either.
fn by_look(text: String, kind: &str) -> Content {
    if kind.contains("html") || text::looks_like_html(&text) {
        Content::Html(text)
    } else {
        Content::Text(text)
    }
}
