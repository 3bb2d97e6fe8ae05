//! What a query means once it is read: a tree of conditions, each with its place in the
//! text that the user wrote.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use regex::Regex;

use crate::domain::{CaseState, Kind, Label};

/// A condition and where it stands in the query, in bytes.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) what: What,
    pub(super) place: Range<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    /// All of them.
    And(Vec<Node>),
    /// At least one of them.
    Or(Vec<Node>),
    /// Not that one.
    Not(Box<Node>),
    /// Both, with at most so many words between them, in either order.
    Near(Box<Node>, Box<Node>, usize),
    /// Something in the title or the text.
    Term(Term),
    /// Something about the item or the mention.
    Test(Test),
}

/// Something to find in words.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) what: Pattern,
    /// Only the title is looked at.
    pub(super) title_only: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Words(Words),
    /// The beginning of a word, folded.
    Prefix(String),
    Handle {
        folded: String,
        is_prefix: bool,
    },
    Tag {
        folded: String,
        is_prefix: bool,
    },
    Regex(Regex),
}

/// A word or a phrase.
#[derive(Clone, Debug)]
pub(super) struct Words {
    pub(super) words: Vec<PhraseWord>,
    /// Signs that must follow the last word at once: the `++` of `C++`.
    pub(super) tail: String,
    /// Set when no ending may follow and accents count; holds the text with case folded.
    pub(super) exact: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct PhraseWord {
    pub(super) folded: String,
    /// Signs that must stand between this word and the one before: the `&` of `AT&T`.
    pub(super) joint: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Below,
    AtMost,
    Equal,
    AtLeast,
    Above,
}

impl Compare {
    pub(super) fn holds(self, actual: f64, limit: f64) -> bool {
        // Stars of 4.0 of 5 and scores that were written with two digits are "equal" to
        // what a person types.
        const EPSILON: f64 = 1e-6;
        match self {
            Self::Below => actual < limit - EPSILON,
            Self::AtMost => actual <= limit + EPSILON,
            Self::Equal => (actual - limit).abs() <= EPSILON,
            Self::AtLeast => actual >= limit - EPSILON,
            Self::Above => actual > limit + EPSILON,
        }
    }
}

/// Text compared as a whole: folded, perhaps with a star at its end.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    pub(super) folded: String,
    pub(super) is_prefix: bool,
}

impl Whole {
    pub(super) fn fits(&self, folded: &str) -> bool {
        if self.is_prefix {
            folded.starts_with(&self.folded)
        } else {
            folded == self.folded
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Is {
    Flagged,
    Overdue,
    Backlog,
    Own,
    Unsure,
    Contradicted,
}

#[derive(Clone, Debug)]
pub(super) enum Moment {
    /// So long before now.
    Ago(TimeDelta),
    At(DateTime<Utc>),
}

impl Moment {
    pub(super) fn at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Ago(span) => now
                .checked_sub_signed(*span)
                .unwrap_or(DateTime::<Utc>::MIN_UTC),
            Self::At(moment) => *moment,
        }
    }
}

/// A condition on fields.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// The author's handle as a whole, or words of the name.
    Author {
        handle: Whole,
        name: Words,
    },
    /// A host (with its subdomains) and the beginning of a path.
    Site {
        host: String,
        path: String,
    },
    Lang(String),
    Kind(Kind),
    Source(Whole),
    Stars(Compare, f64),
    /// A domain that the text speaks of or links to, also written `acme[.]com`.
    Domain {
        host: String,
        pattern: Regex,
    },
    Brand(Whole),
    Verdict(Label),
    Score(Compare, f64),
    Is(Is),
    Since(Moment),
    Until(Moment),
    State(CaseState),
}
