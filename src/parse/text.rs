//! Markup becomes plain text, and HTML from strangers becomes harmless HTML. Strings
//! come in, strings go out; every adapter cleans its text here and nowhere else.

mod quoted;

use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use url::Url;

pub use quoted::quoted_parts;

/// Elements whose content is never something a person wrote to be read.
const UNREAD_ELEMENTS: [&str; 8] = [
    "script", "style", "noscript", "template", "head", "title", "svg", "select",
];

/// Elements that begin and end a line.
const BLOCK_ELEMENTS: [&str; 41] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "details",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "tr",
    "ul",
    "br",
];

/// The text a reader sees: tags removed, references decoded once, block elements turned
/// into line breaks, scripts and styles left out, whitespace folded.
///
/// A text without any tag keeps its own line breaks: people who write plain text into an
/// HTML field mean them.
pub fn plain_from_html(html: &str) -> String {
    let mut scanner = Scanner::new(html);
    let has_tags = has_markup(html);
    let mut raw = String::with_capacity(html.len());
    let mut n_open_pre = 0_usize;
    while let Some(piece) = scanner.next_piece() {
        match piece {
            Piece::Text(text) => {
                if has_tags && n_open_pre == 0 {
                    // In markup a line break is a space; only elements break lines.
                    push_decoded(&mut raw, &text.replace(['\n', '\r'], " "));
                } else {
                    push_decoded(&mut raw, text);
                }
            }
            Piece::Verbatim(text) => raw.push_str(text),
            Piece::Tag { name, closing } => {
                let name = name.to_ascii_lowercase();
                if name == "pre" || name == "textarea" {
                    n_open_pre = if closing {
                        n_open_pre.saturating_sub(1)
                    } else {
                        n_open_pre + 1
                    };
                }
                if !closing && UNREAD_ELEMENTS.contains(&name.as_str()) {
                    scanner.skip_element(&name);
                }
                if BLOCK_ELEMENTS.contains(&name.as_str()) {
                    raw.push('\n');
                } else if name == "td" || name == "th" {
                    raw.push(' ');
                }
            }
        }
    }
    fold_whitespace(&raw)
}

/// Folds runs of spaces into one and runs of line breaks into one, and removes control
/// characters and the spaces around line breaks.
pub fn fold_whitespace(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut pending_break = false;
    let mut pending_space = false;
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                pending_break = true
            }
            _ if character.is_whitespace() => pending_space = true,
            // Byte-order marks and controls are remains of transport, not text.
            '\u{feff}' => (),
            _ if character.is_control() => (),
            _ => {
                if !folded.is_empty() {
                    if pending_break {
                        folded.push('\n');
                    } else if pending_space {
                        folded.push(' ');
                    }
                }
                pending_break = false;
                pending_space = false;
                folded.push(character);
            }
        }
    }
    folded
}

/// A title on one line. A text title keeps what looks like markup (`<b>` in a title about
/// HTML is part of it); an HTML title loses its tags.
pub fn plain_title(title: &str, is_html: bool) -> String {
    let plain = if is_html {
        plain_from_html(title)
    } else {
        fold_whitespace(title)
    };
    plain.replace('\n', " ")
}

/// Whether a text that may be either is HTML: it closes a known element, holds one that is
/// never closed, or holds a reference. `a < b` and `the <b> tag` are not.
pub fn looks_like_html(text: &str) -> bool {
    if text.contains('&') && first_reference(text).is_some() {
        return true;
    }
    let mut scanner = Scanner::new(text);
    while let Some(piece) = scanner.next_piece() {
        if let Piece::Tag { name, closing } = piece {
            let name = name.to_ascii_lowercase();
            let is_void = matches!(name.as_str(), "br" | "img" | "hr" | "wbr");
            if (closing || is_void) && is_known_element(&name) {
                return true;
            }
        }
    }
    false
}

/// Whether a text holds at least one tag of HTML.
pub fn has_markup(text: &str) -> bool {
    if !text.contains('<') {
        return false;
    }
    let mut scanner = Scanner::new(text);
    while let Some(piece) = scanner.next_piece() {
        if matches!(piece, Piece::Tag { name, .. } if is_known_element(&name.to_ascii_lowercase()))
        {
            return true;
        }
    }
    false
}

/// Harmless HTML: an allow-list of elements and attributes, no scripts, styles, event
/// handlers or addresses other than web and mail.
pub fn sanitise(html: &str) -> String {
    static SANITISER: LazyLock<Sanitiser> = LazyLock::new(|| Sanitiser::new(None));
    SANITISER.clean(html)
}

/// [`sanitise`] for many texts whose relative links have the same base.
pub struct Sanitiser(Builder<'static>);

impl Sanitiser {
    /// Relative links become absolute against `base`, or stay when there is none.
    pub fn new(base: Option<&Url>) -> Self {
        let mut builder = Builder::default();
        builder
            .url_schemes(["http", "https", "mailto"].into_iter().collect())
            .add_clean_content_tags(&["noscript", "template", "iframe", "object"])
            .link_rel(Some("noopener noreferrer nofollow ugc"));
        if let Some(base) = base.filter(|base| !base.cannot_be_a_base()) {
            builder.url_relative(UrlRelative::RewriteWithBase(base.clone()));
        }
        Self(builder)
    }

    /// The harmless form of one text.
    pub fn clean(&self, html: &str) -> String {
        self.0.clean(html).to_string().trim().to_owned()
    }
}

/// Escapes a plain text so that HTML shows it as it is.
pub fn escape(text: &str) -> String {
    html_escape::encode_safe(text).into_owned()
}

/// Decodes character references once; what is no reference stays as it is.
pub fn decode_references(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    push_decoded(&mut decoded, text);
    decoded
}

/// What a reference between `&` and `;` stands for, by the rules of HTML: numbers in the
/// C1 range mean windows-1252, and forbidden numbers mean nothing.
pub fn resolve_reference(name: &str) -> Option<std::borrow::Cow<'static, str>> {
    let Some(number) = name.strip_prefix('#') else {
        return html_escape::NAMED_ENTITIES
            .binary_search_by(|(known, _)| (*known).cmp(name.as_bytes()))
            .ok()
            .map(|place| html_escape::NAMED_ENTITIES[place].1.into());
    };
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    // A number too large for u32 is as forbidden as any other above U+10FFFF.
    let code = u32::from_str_radix(digits, radix).unwrap_or(u32::MAX);
    let character = match code {
        0x80..=0x9f => {
            let byte = [u8::try_from(code).unwrap_or(b'?')];
            let (decoded, _, _) = encoding_rs::WINDOWS_1252.decode(&byte);
            decoded.chars().next()
        }
        _ => char::from_u32(code),
    };
    Some(match character {
        Some(character) if !is_forbidden(character) => character.to_string().into(),
        _ => "".into(),
    })
}

/// Characters that no text of ours may hold: controls other than tab and line ends.
fn is_forbidden(character: char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// The first reference of a text: its place, its length with `&` and `;`, what it means.
fn first_reference(text: &str) -> Option<(usize, usize, std::borrow::Cow<'static, str>)> {
    /// The longest name HTML knows has 31 letters.
    const LONGEST_NAME: usize = 32;
    let mut from = 0;
    while let Some(found) = text[from..].find('&') {
        let start = from + found;
        let rest = &text.as_bytes()[start + 1..];
        let end = rest
            .iter()
            .take(LONGEST_NAME)
            .position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'#'));
        if let Some(end) = end.filter(|end| rest[*end] == b';')
            && let Some(meaning) = resolve_reference(&text[start + 1..start + 1 + end])
        {
            return Some((start, end + 2, meaning));
        }
        from = start + 1;
    }
    None
}

fn push_decoded(target: &mut String, mut text: &str) {
    while let Some((start, length, meaning)) = first_reference(text) {
        target.push_str(&text[..start]);
        target.push_str(&meaning);
        text = &text[start + length..];
    }
    target.push_str(text);
}

/// The element names that make a text HTML rather than text with angle brackets.
fn is_known_element(name: &str) -> bool {
    const INLINE: [&str; 56] = [
        "applet", "iframe", "object", "param", "a", "abbr", "acronym", "b", "bdi", "bdo", "big",
        "button", "cite", "code", "col", "colgroup", "data", "del", "dfn", "em", "embed", "font",
        "i", "img", "input", "ins", "kbd", "label", "link", "map", "mark", "meta", "q", "rp", "rt",
        "ruby", "s", "samp", "small", "source", "span", "strike", "strong", "sub", "sup", "td",
        "tfoot", "th", "thead", "time", "tt", "u", "var", "video", "audio", "wbr",
    ];
    BLOCK_ELEMENTS.contains(&name) || UNREAD_ELEMENTS.contains(&name) || INLINE.contains(&name)
}

/// One piece of an HTML text.
enum Piece<'a> {
    /// Characters with references.
    Text(&'a str),
    /// Characters without references, from a CDATA section.
    Verbatim(&'a str),
    Tag {
        name: &'a str,
        closing: bool,
    },
}

/// Reads HTML the way browsers forgive it, without building a tree: feeds hold fragments,
/// and a tree of each would cost more than all the rest.
struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn new(html: &'a str) -> Self {
        Self { rest: html }
    }

    fn next_piece(&mut self) -> Option<Piece<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(start) = self.rest.find('<') else {
                return Some(Piece::Text(self.take(self.rest.len())));
            };
            if start > 0 {
                return Some(Piece::Text(self.take(start)));
            }
            if let Some(inside) = self.rest.strip_prefix("<!--") {
                let end = inside
                    .find("-->")
                    .map_or(self.rest.len(), |end| 4 + end + 3);
                self.take(end);
                continue;
            }
            if let Some(inside) = self.rest.strip_prefix("<![CDATA[") {
                let (content, after) = inside.split_once("]]>").unwrap_or((inside, ""));
                self.rest = after;
                return Some(Piece::Verbatim(content));
            }
            let second = self.rest.as_bytes().get(1).copied().unwrap_or(b' ');
            if second == b'!' || second == b'?' {
                let end = self.rest.find('>').map_or(self.rest.len(), |end| end + 1);
                self.take(end);
                continue;
            }
            if let Some((name, closing, length)) = tag_at_start(self.rest) {
                self.take(length);
                return Some(Piece::Tag { name, closing });
            }
            // A bracket that opens no tag is text: "a < b", "<john@example.org>".
            let next = self.rest[1..]
                .find('<')
                .map_or(self.rest.len(), |next| next + 1);
            return Some(Piece::Text(self.take(next)));
        }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    /// Leaves out everything up to the end tag of `name`, or nothing when it never ends:
    /// an unclosed script must not swallow the whole text behind it.
    fn skip_element(&mut self, name: &str) {
        let mut from = 0;
        while let Some(found) = self.rest[from..].find("</") {
            let at = from + found;
            let candidate = self.rest.as_bytes().get(at + 2..at + 2 + name.len());
            if candidate.is_some_and(|candidate| candidate.eq_ignore_ascii_case(name.as_bytes())) {
                let end = self.rest[at..]
                    .find('>')
                    .map_or(self.rest.len(), |end| at + end + 1);
                self.take(end);
                return;
            }
            from = at + 2;
        }
        if name == "script" || name == "style" {
            self.take(self.rest.len());
        }
    }
}

/// The tag a text starts with: name, whether it closes, length.
fn tag_at_start(text: &str) -> Option<(&str, bool, usize)> {
    let bytes = text.as_bytes();
    let closing = bytes.get(1) == Some(&b'/');
    let name_start = if closing { 2 } else { 1 };
    if !bytes.get(name_start)?.is_ascii_alphabetic() {
        return None;
    }
    let name_length = bytes[name_start..]
        .iter()
        .position(|byte| {
            !(byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'_' | b'.'))
        })
        .unwrap_or(bytes.len() - name_start);
    let name_end = name_start + name_length;
    let name = &text[name_start..name_end];
    match bytes.get(name_end) {
        Some(b'>') => return Some((name, closing, name_end + 1)),
        Some(b'/') if bytes.get(name_end + 1) != Some(&b'/') => (),
        Some(byte) if byte.is_ascii_whitespace() => (),
        // No tag at all (`<http://…>`, `a <b`).
        _ => return None,
    }
    let mut quote = None;
    for (place, byte) in bytes.iter().enumerate().skip(name_end) {
        match (quote, byte) {
            (None, b'>') => return Some((name, closing, place + 1)),
            (None, b'"' | b'\'') if text[..place].trim_end().ends_with('=') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => (),
        }
    }
    // No end: a quote that never closes, or a text cut inside a tag.
    match text.find('>') {
        Some(end) if quote.is_some() => Some((name, closing, end + 1)),
        _ if text.contains('=') && is_known_element(&name.to_ascii_lowercase()) => {
            Some((name, closing, text.len()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
