//! Character and entity references in XML text: predefined, HTML's, and those a DOCTYPE
//! declares, which may neither call themselves nor grow without bound.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use crate::parse::text;

/// All the text that declared entities may expand to in one document.
const MOST_EXPANDED_BYTES: usize = 1_000_000;
/// How deep entities may refer to each other.
const DEEPEST: usize = 8;

/// The entities of one document.
#[derive(Debug, Default)]
pub(super) struct Entities {
    declared: HashMap<String, String>,
    n_expanded_bytes: Cell<usize>,
    is_hostile: Cell<bool>,
    is_repaired: Cell<bool>,
}

impl Entities {
    /// Whether definitions had to be ignored because they blow up.
    pub(super) fn is_hostile(&self) -> bool {
        self.is_hostile.get()
    }

    /// Whether references were met that XML does not know.
    pub(super) fn is_repaired(&self) -> bool {
        self.is_repaired.get()
    }

    /// Reads the internal subset of a DOCTYPE up to its `]`; says how long it is.
    /// External and parameter entities are never followed.
    pub(super) fn declare(&mut self, subset: &str) -> usize {
        let mut at = 0;
        loop {
            let rest = &subset[at..];
            let Some(next) = rest.find(['<', ']']) else {
                return subset.len();
            };
            if rest[next..].starts_with(']') {
                return at + next + 1;
            }
            let declaration = &rest[next..];
            if declaration.starts_with("<!--") {
                at += next
                    + declaration
                        .find("-->")
                        .map_or(declaration.len(), |end| end + 3);
                continue;
            }
            let length = declaration_length(declaration);
            if let Some(inside) = declaration[..length].strip_prefix("<!ENTITY") {
                self.declare_one(inside.trim_end_matches('>'));
            }
            at += next + length;
        }
    }

    fn declare_one(&mut self, inside: &str) {
        let inside = inside.trim();
        let Some((name, value)) = inside.split_once(char::is_whitespace) else {
            return;
        };
        let value = value.trim();
        let Some(quote) = value
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''))
        else {
            return;
        };
        if let Some(value) = value[1..].strip_suffix(quote) {
            self.declared
                .entry(name.to_owned())
                .or_insert_with(|| value.to_owned());
        }
    }

    /// Decodes the references of a text once.
    pub(super) fn decode<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !text.contains('&') {
            return Cow::Borrowed(text);
        }
        let mut decoded = String::with_capacity(text.len());
        self.push_decoded(&mut decoded, text, 0);
        Cow::Owned(decoded)
    }

    fn push_decoded(&self, target: &mut String, mut text: &str, depth: usize) {
        /// Longer names are not names but text between an `&` and some later `;`.
        const LONGEST_NAME: usize = 64;
        while let Some(start) = text.find('&') {
            target.push_str(&text[..start]);
            let rest = &text[start + 1..];
            let end = rest.bytes().take(LONGEST_NAME).position(|byte| {
                !(byte.is_ascii_alphanumeric() || matches!(byte, b'#' | b'_' | b'-' | b'.'))
            });
            let name = match end {
                Some(end) if end > 0 && rest.as_bytes()[end] == b';' => &rest[..end],
                _ => {
                    self.is_repaired.set(true);
                    target.push('&');
                    text = rest;
                    continue;
                }
            };
            text = &rest[name.len() + 1..];
            self.push_meaning(target, name, depth);
        }
        target.push_str(text);
    }

    fn push_meaning(&self, target: &mut String, name: &str, depth: usize) {
        if let Some(value) = self.declared.get(name) {
            let expanded = self.n_expanded_bytes.get() + value.len();
            if depth >= DEEPEST || expanded > MOST_EXPANDED_BYTES {
                self.is_hostile.set(true);
                return;
            }
            self.n_expanded_bytes.set(expanded);
            self.push_decoded(target, value, depth + 1);
            return;
        }
        match text::resolve_reference(name) {
            Some(meaning) => {
                if !name.starts_with('#') && !matches!(name, "amp" | "lt" | "gt" | "quot" | "apos")
                {
                    self.is_repaired.set(true);
                }
                target.push_str(&meaning);
            }
            None => {
                self.is_repaired.set(true);
                target.push('&');
                target.push_str(name);
                target.push(';');
            }
        }
    }
}

/// The length of a declaration with its `>`, which may also stand in a quoted value.
fn declaration_length(declaration: &str) -> usize {
    let mut quote = None;
    for (place, byte) in declaration.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return place + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => (),
        }
    }
    declaration.len()
}
