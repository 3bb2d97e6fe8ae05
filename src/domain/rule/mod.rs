//! The small closed language in which a definition says where an item's fields stand in
//! an answer: places, text filters, templates and conditions. Reading the language is
//! here; walking a whole answer is the parse stage's work. A place is a path into JSON
//! ([`JsonPath`]) or a CSS selector on a page ([`CssPlace`]); all else is the same.

mod css;
mod filter;
mod json_path;

use std::str::FromStr;

use serde_json::Value;

pub use css::{CssPlace, Take};
pub use filter::{Filter, Pattern};
pub use json_path::{JsonPath, Step};

/// One or more lists that are read one after the other: `posts + comments`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ListRule<P>(pub Vec<P>);

impl FromStr for ListRule<JsonPath> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        split_outside(text, " + ")
            .into_iter()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl FromStr for ListRule<CssPlace> {
    type Err = String;

    /// A page needs no `+`, which means something else in selectors: `.post, .comment`.
    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(|place| Self(vec![place]))
    }
}

/// A place and what is done to the text found there.
#[derive(Clone, Debug, PartialEq)]
pub struct Filtered<P> {
    /// Where it stands.
    pub place: P,
    /// Applied in order.
    pub filters: Vec<Filter>,
}

impl<P: FromStr<Err = String>> FromStr for Filtered<P> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = split_outside(text, "|").into_iter();
        Ok(Self {
            place: parts.next().unwrap_or_default().trim().parse()?,
            filters: parts.map(str::parse).collect::<Result<_, _>>()?,
        })
    }
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece<P> {
    /// Taken as it stands.
    Literal(String),
    /// Replaced by what stands at the place.
    Value(Filtered<P>),
}

/// How one value is found: a place with filters (`content | html`) or a template
/// (`https://example.org/{id}`), which gives nothing when one of its places does.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueRule<P> {
    /// `place | filter | filter 'text'`.
    Value(Filtered<P>),
    /// Text with `{place}` in it.
    Template(Vec<Piece<P>>),
    /// Always the same: a text in 'single quotes' or a number.
    Constant(Value),
}

impl<P: FromStr<Err = String>> FromStr for ValueRule<P> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let quoted = text
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''));
        if let Some(inner) = quoted {
            return Ok(Self::Constant(Value::from(inner)));
        }
        // A brace inside quotes belongs to a filter, such as match '\d{4}'.
        if split_outside(text, "{").len() == 1 {
            return text.parse().map(Self::Value);
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let place = *split_outside(after, "}")
                .first()
                .filter(|place| place.len() < after.len())
                .ok_or_else(|| format!("`{text}` has a `{{` that is not closed"))?;
            if !before.is_empty() {
                pieces.push(Piece::Literal(before.to_owned()));
            }
            pieces.push(Piece::Value(place.parse()?));
            rest = &after[place.len() + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(Self::Template(pieces))
    }
}

/// A question about an entry: `place`, `!place`, `place = value`, `place != value`.
/// A place is true when something stands there that is not empty, 0 or `false`;
/// `=` on a list asks whether the list contains the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition<P = JsonPath> {
    /// Where to look.
    pub place: P,
    /// What it is compared with; `None` asks whether anything is there.
    pub value: Option<String>,
    /// Whether the answer is turned round.
    pub negated: bool,
}

impl Condition<JsonPath> {
    /// Whether it is true of a whole answer.
    pub fn holds(&self, whole: &Value) -> bool {
        self.holds_in(whole, whole)
    }

    /// Whether it is true of one entry of a whole answer.
    pub fn holds_in(&self, entry: &Value, whole: &Value) -> bool {
        let found = self.place.find_all(entry, whole);
        let answer = match &self.value {
            None => found.into_iter().any(says_something),
            Some(wanted) => found.into_iter().any(|value| match value {
                Value::Array(list) => list.iter().any(|element| equals(element, wanted)),
                other => equals(other, wanted),
            }),
        };
        answer != self.negated
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn equals(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text == wanted,
        Value::Number(number) => number.to_string() == wanted,
        Value::Bool(truth) => truth.to_string() == wanted,
        _ => false,
    }
}

impl<P: FromStr<Err = String>> FromStr for Condition<P> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let value_of = |value: &str| {
            let value = value.trim();
            value
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''))
                .unwrap_or(value)
                .to_owned()
        };
        for (sign, negated) in [("!=", true), ("=", false)] {
            if let [place, _, ..] = split_outside(text, sign).as_slice() {
                return Ok(Self {
                    place: place.trim().parse()?,
                    value: Some(value_of(&text[place.len() + sign.len()..])),
                    negated,
                });
            }
        }
        let trimmed = text.trim();
        let (place, negated) = match trimmed.strip_prefix('!') {
            Some(place) => (place, true),
            None => (trimmed, false),
        };
        Ok(Self {
            place: place.trim().parse()?,
            value: None,
            negated,
        })
    }
}

/// Splits at `sign`, but not inside 'quotes', "quotes", [brackets] or (parentheses), where
/// selectors, paths and the arguments of filters may hold one.
fn split_outside<'t>(text: &'t str, sign: &str) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut quote = None;
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        if quote.is_none() && depth == 0 && at >= start && text[at..].starts_with(sign) {
            parts.push(&text[start..at]);
            start = at + sign.len();
        }
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            _ => (),
        }
    }
    parts.push(&text[start.min(text.len())..]);
    parts
}

#[cfg(test)]
mod tests;
