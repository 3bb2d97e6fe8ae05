//! Why a query matched or did not: one line per term, with near misses. For people who
//! write rules; the pipeline never asks.

use super::find::{Document, find, tidy};
use super::tree::{Node, Pattern, Term, What};
use super::{Query, Subject};

/// What became of one part of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The part, as the user wrote it.
    pub rule: String,
    /// Whether it holds.
    pub matched: bool,
    /// Where it shows in the text.
    pub spans: Vec<[usize; 2]>,
    /// Why, as a sentence.
    pub why: String,
}

impl Query {
    /// Explains every term of the query, in the order they are written.
    pub fn explain(&self, subject: &Subject<'_>) -> Vec<Explanation> {
        let document = Document::new(subject);
        let mut lines = Vec::new();
        self.explain_node(&self.root, false, subject, &document, &mut lines);
        lines
    }

    fn explain_node(
        &self,
        node: &Node,
        is_negated: bool,
        subject: &Subject<'_>,
        document: &Document<'_>,
        lines: &mut Vec<Explanation>,
    ) {
        match &node.what {
            What::And(parts) | What::Or(parts) => {
                for part in parts {
                    self.explain_node(part, is_negated, subject, document, lines);
                }
            }
            What::Not(inner) => self.explain_node(inner, !is_negated, subject, document, lines),
            What::Near(left, right, distance) => {
                let found = find(node, subject, document);
                let missing: Vec<&str> = [left, right]
                    .into_iter()
                    .filter(|side| find(side, subject, document).is_none())
                    .map(|side| &self.text[side.place.clone()])
                    .collect();
                let why = match (&found, missing.is_empty()) {
                    (Some(_), _) => format!("both are there, at most {distance} words apart"),
                    (None, true) => format!("both are there, but more than {distance} words apart"),
                    (None, false) => format!("{} is not there", missing.join(" and ")),
                };
                lines.push(self.line(node, is_negated, found, why));
            }
            What::Term(term) => {
                let found = find(node, subject, document);
                let why = match &found {
                    Some(spans) if spans.is_empty() => "found in the title".to_owned(),
                    Some(spans) => format!("found {}", times(tidy(spans.clone()).len())),
                    None => near_miss(term, document),
                };
                lines.push(self.line(node, is_negated, found, why));
            }
            What::Test(_) => {
                let found = find(node, subject, document);
                let why = match found {
                    Some(_) => "holds",
                    None => "does not hold",
                };
                lines.push(self.line(node, is_negated, found, why.to_owned()));
            }
        }
    }

    fn line(
        &self,
        node: &Node,
        is_negated: bool,
        found: super::find::Found,
        why: String,
    ) -> Explanation {
        let why = match (is_negated, &found) {
            (true, Some(_)) => format!("{why}, which the rule excludes"),
            (true, None) => format!("{why}, as the rule wants"),
            (false, _) => why,
        };
        Explanation {
            rule: self.text[node.place.clone()].to_owned(),
            matched: found.is_some() != is_negated,
            spans: found.map(tidy).unwrap_or_default(),
            why,
        }
    }
}

fn times(number: usize) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

/// What stands in the text instead: the word inside another one, as an ordinary word
/// where an account was asked for, or with one letter different.
fn near_miss(term: &Term, document: &Document<'_>) -> String {
    let wanted: Vec<&str> = match &term.what {
        Pattern::Words(words) => words
            .words
            .iter()
            .map(|word| word.folded.as_str())
            .collect(),
        Pattern::Prefix(folded) | Pattern::Handle { folded, .. } | Pattern::Tag { folded, .. } => {
            vec![folded]
        }
        Pattern::Regex(_) => Vec::new(),
    };
    let there = wanted
        .iter()
        .find(|wanted| document.words().any(|word| word.folded == **wanted));
    if let Some(there) = there {
        return is_there_but(there, term);
    }
    for word in document.words() {
        for wanted in &wanted {
            if word.folded.contains(wanted) {
                return format!(
                    "not found, but “{wanted}” is part of “{}”; {wanted}* would find words that begin with it",
                    word.folded
                );
            }
            if is_one_letter_off(&word.folded, wanted) {
                return format!("not found, but “{}” is one letter different", word.folded);
            }
        }
    }
    "not found".to_owned()
}

fn is_there_but(word: &str, term: &Term) -> String {
    let but = match &term.what {
        _ if term.title_only => "not in the title".to_owned(),
        Pattern::Handle { .. } => format!("not as the account @{word}"),
        Pattern::Tag { .. } => format!("not as the tag #{word}"),
        Pattern::Words(words) if words.words.len() > 1 => "not the whole phrase".to_owned(),
        Pattern::Words(words) if words.exact.is_some() => {
            "with an ending or other accents, and the rule is exact".to_owned()
        }
        _ => "with other signs or inside another word".to_owned(),
    };
    format!("“{word}” is there, but {but}")
}

/// One letter changed, missing, added or swapped with its neighbour, in words that are
/// long enough for that to be a slip.
fn is_one_letter_off(a: &str, b: &str) -> bool {
    const SHORTEST: usize = 4;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() {
        (&a, &b)
    } else {
        (&b, &a)
    };
    if short.len() < SHORTEST || long.len() - short.len() > 1 {
        return false;
    }
    let same_start = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let same_end = short
        .iter()
        .rev()
        .zip(long.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let is_swapped = short.len() == long.len()
        && same_start + same_end + 2 == short.len()
        && short[same_start] == long[same_start + 1]
        && short[same_start + 1] == long[same_start];
    same_start + same_end + 1 >= long.len() || is_swapped
}
