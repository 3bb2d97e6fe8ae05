//! Answers become items: one adapter per wire format, text and dates cleaned in one
//! place. Bytes come in, items in document order go out; nothing here asks the network,
//! the store or the clock.

pub mod blocked;
pub mod dates;
pub mod discover;
pub mod email;
pub mod encoding;
pub mod feed;
pub mod html;
pub mod inbound;
pub mod json;
pub mod lines;
mod mapping;
mod nesting;
mod number;
pub mod opml;
mod page;
pub mod paging;
pub mod structured;
#[cfg(test)]
mod testing;
pub mod text;

use chrono::{DateTime, Utc};
use url::Url;

use crate::domain::{Definition, Format, Item};

/// What a site answered, as bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer<'a> {
    /// The body, decompressed but not decoded.
    pub bytes: &'a [u8],
    /// The `Content-Type` header, where there was one.
    pub content_type: Option<&'a str>,
    /// Where it came from: the base of relative links.
    pub url: Option<&'a Url>,
    /// When it was given: what relative times ("3 days ago") count back from.
    pub at: Option<DateTime<Utc>>,
}

/// What an answer held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// One per top-level entry, in document order, never deduplicated.
    pub items: Vec<Item>,
    /// How often the site wants to be asked at most (RSS `ttl`, `sy:updatePeriod`), in seconds.
    pub min_interval_secs: Option<u64>,
    /// The next page, where the answer names one.
    pub next_page: Option<String>,
    /// The ids of entries that the answer says were deleted (RFC 6721).
    pub deleted: Vec<String>,
    /// What had to be repaired or left out, for people.
    pub notes: Vec<String>,
}

impl Parsed {
    /// Takes out entries that only say that a bridge or a generator failed: they stand
    /// beside real news, so the answer is one, but they are nobody's words.
    pub fn drop_error_items(&mut self) {
        let notes = &mut self.notes;
        self.items.retain(|item| match blocked::error_item(item) {
            Some(reason) => {
                notes.push(format!("an entry was left out: {reason}"));
                false
            }
            None => true,
        });
    }
}

/// Why an answer gave no items. The kinds are those of `extract --json`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A login wall, consent, bot-check or error page.
    #[error("{0}")]
    Blocked(String),
    /// Something else than the format asked for.
    #[error("{0}")]
    NotAFeed(String),
    /// The right format, broken beyond repair.
    #[error("{0}")]
    Broken(String),
    /// Nothing at all.
    #[error("the answer is empty")]
    Empty,
    /// More than we read.
    #[error("the answer is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// A format that this definition cannot read.
    #[error("{0}")]
    Unsupported(String),
}

impl ParseError {
    /// The word for `error.kind` in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Blocked(_) => "blocked",
            Self::NotAFeed(_) => "not_a_feed",
            Self::Broken(_) => "broken",
            Self::Empty => "empty",
            Self::TooLarge { .. } => "too_large",
            Self::Unsupported(_) => "unsupported",
        }
    }
}

/// Reads an answer as its definition says. Walls and error pages are recognised first,
/// whatever the format: they must never look like a site with nothing new.
///
/// # Errors
/// The answer is a wall, empty, broken, or not what the definition expects.
pub fn read(definition: &Definition, answer: &Answer<'_>) -> Result<Parsed, ParseError> {
    if answer.bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ParseError::Empty);
    }
    if let Some(reason) = blocked::detect(answer) {
        return Err(ParseError::Blocked(reason));
    }
    match &definition.format {
        Format::Feed => feed::read(answer, &definition.name, definition.kind),
        Format::Html(reading) => html::read(answer, definition, reading),
        Format::Json(reading) => json::read(answer, definition, reading),
        Format::JsonLines(mapping) => lines::read(answer, definition, mapping),
        Format::Stream(stream, mapping) => lines::read_saved(answer, definition, stream, mapping),
        Format::Inbound(mapping) => inbound::read(answer, definition, mapping.as_deref()),
        Format::Email => email::read(answer, definition),
        Format::Opml => opml::read(answer).map(|feeds| Parsed {
            notes: vec![format!("the list names {} feed(s)", feeds.len())],
            ..Parsed::default()
        }),
    }
}
