//! Does this item speak about a brand, by which rule, and where? A query is read once and
//! asked about many items; nothing here knows what the answer is used for.
//!
//! The language: words and `"phrases"` (AND between them), `OR`, `NOT` or `-`,
//! parentheses, `acme*`, `@handle`, `#tag`, `NEAR/5`, `/pattern/`, fields, and `'exact'`.
//! Case folds, the Turkish i's too; accents fold in Latin, Greek and Cyrillic. A name is
//! found with the endings of its language (`Acme'nin`, `Acmeలో`), never inside another
//! word. `'Exact'` takes no ending and minds accents; its case folds as well, because
//! nobody can rely on capitals in posts — `/(?-i)Acme/` can. Patterns fold case too.

mod conditions;
mod explain;
mod field;
mod find;
mod fold;
mod lex;
mod matcher;
mod own;
mod parse;
mod suffix;
mod tongue;
mod tree;

use chrono::{DateTime, Utc};

use crate::domain::{Item, Mention};

pub use explain::Explanation;
pub use matcher::Matcher;
pub use own::is_own;

use find::Document;
use tree::{Node, What};

/// Where a query is used, which decides the fields it may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A brand rule: asked before anything is judged or stored.
    Brand,
    /// A search or the `when` of a webhook: asked about stored mentions.
    Search,
}

/// What is wrong with a query, where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {}: {what}; {mend}", offset + 1)]
pub struct QueryError {
    /// Where, in Unicode characters from the beginning of the query.
    pub offset: usize,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub mend: String,
}

impl QueryError {
    /// `byte` is a place in `text`.
    fn at(text: &str, byte: usize, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            offset: text.char_indices().take_while(|(at, _)| *at < byte).count(),
            what: what.into(),
            mend: mend.into(),
        }
    }
}

/// What a query is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The item.
    pub item: &'a Item,
    /// Its language, when it was found out; otherwise what the site states counts.
    pub lang: Option<&'a str>,
    /// The configured source it came from.
    pub source: Option<&'a str>,
    /// The mention it became; fields of mentions hold for nothing else.
    pub mention: Option<&'a Mention>,
    /// The time that `since:7d` and `is:overdue` count from.
    pub now: DateTime<Utc>,
}

impl<'a> Subject<'a> {
    /// A stored mention, for searches.
    pub fn of_mention(mention: &'a Mention, now: DateTime<Utc>) -> Self {
        Self {
            item: &mention.item,
            lang: mention.item.lang.as_deref(),
            source: Some(mention.source.as_str()),
            mention: Some(mention),
            now,
        }
    }
}

/// What a query found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The part of the query that hit, as the user wrote it: of `a OR b` the one that did.
    pub rule: String,
    /// `[start, end)` in Unicode characters of the item's text, in order, without the
    /// endings of names; empty when only the title or a field matched.
    pub spans: Vec<[usize; 2]>,
}

/// A query, read and checked.
#[derive(Clone, Debug)]
pub struct Query {
    text: String,
    root: Node,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// The first mistake, with its place and how to mend it. Hostile queries (too long,
    /// too deep, patterns that grow) are mistakes like any other.
    pub fn parse(text: &str, scope: Scope) -> Result<Self, QueryError> {
        Ok(Self {
            text: text.to_owned(),
            root: parse::parse(text, scope)?,
        })
    }

    /// The query as the user wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Asks the query about a subject.
    pub fn find(&self, subject: &Subject<'_>) -> Option<Hit> {
        self.find_in(subject, &Document::new(subject))
    }

    fn find_in(&self, subject: &Subject<'_>, document: &Document<'_>) -> Option<Hit> {
        let alternatives = match &self.root.what {
            What::Or(parts) => parts.as_slice(),
            _ => std::slice::from_ref(&self.root),
        };
        let mut first = None;
        for part in alternatives {
            let Some(spans) = find::find(part, subject, document) else {
                continue;
            };
            let is_shown = !spans.is_empty();
            let hit = Hit {
                rule: self.text[part.place.clone()].to_owned(),
                spans: find::tidy(spans),
            };
            // A rule that can be shown in the text explains more than one that cannot.
            if is_shown {
                return Some(hit);
            }
            first.get_or_insert(hit);
        }
        first
    }
}

#[cfg(test)]
mod tests;
