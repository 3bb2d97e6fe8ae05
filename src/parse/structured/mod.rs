//! Any web page that marks its reviews up with schema.org (in JSON-LD, microdata or RDFa)
//! or with microformats becomes items; what it says about all ratings becomes notes.

mod jsonld;
mod lenient;
pub(super) mod microdata;
mod microformats;
mod rdfa;
mod review;

use super::{Answer, ParseError, Parsed, page};
use crate::domain::{Definition, Item};

/// What a page says about all ratings of one thing. Reviews have words, ratings may have
/// stars only: the two counts differ and are kept apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aggregate {
    /// What was rated.
    pub of: Option<String>,
    /// The mean.
    pub value: Option<f64>,
    /// The most that can be given.
    pub best: Option<f64>,
    /// The least that can be given.
    pub worst: Option<f64>,
    /// How many reviews there are.
    pub n_reviews: Option<u64>,
    /// How many ratings there are.
    pub n_ratings: Option<u64>,
}

/// Everything that a page marks up about reviews.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The reviews, each followed by the brand's replies to it.
    pub items: Vec<Item>,
    /// The figures about all ratings.
    pub aggregates: Vec<Aggregate>,
    /// How many blocks of JSON-LD had to be repaired.
    pub n_repaired: usize,
}

/// Reads the reviews of a page.
///
/// # Errors
/// The answer is empty or no web page. A page without marked-up reviews is no error: it
/// gives no items and a note.
pub fn read(answer: &Answer<'_>, definition: &Definition) -> Result<Parsed, ParseError> {
    read_page(answer, definition).map(with_notes)
}

/// The items of a page, with what else it says as notes for people.
pub(super) fn with_notes(page: Page) -> Parsed {
    let mut notes: Vec<String> = page.aggregates.iter().filter_map(describe).collect();
    notes.dedup();
    if page.n_repaired > 0 {
        notes.push(format!(
            "{} blocks of JSON-LD were broken and had to be repaired",
            page.n_repaired
        ));
    }
    if page.items.is_empty() {
        notes.push("the page marks up no reviews".to_owned());
    }
    Parsed {
        items: page.items,
        deleted: Vec::new(),
        notes,
        ..Parsed::default()
    }
}

/// [`read`] with the figures about all ratings as figures.
///
/// # Errors
/// As [`read`].
pub fn read_page(answer: &Answer<'_>, definition: &Definition) -> Result<Page, ParseError> {
    let page::Page { html, base } = page::open(answer)?;
    let kind = definition.kind;
    let (blocks, n_repaired) = jsonld::blocks(&html);
    let from_blocks = review::find(&blocks, &definition.name, kind, base.as_ref());
    let mut items: Vec<Item> = Vec::new();
    for item in from_blocks.items {
        // Templates print some reviews twice, word for word with author and date; ratings
        // without words may well be equal and still be two.
        let repeats = !item.text.is_empty() && item.author.is_some();
        if !(repeats && items.contains(&item)) {
            items.push(item);
        }
    }
    let mut aggregates = from_blocks.aggregates;
    let others = [
        microdata::items(&html),
        rdfa::items(&html),
        microformats::items(&html),
    ];
    for marked in &others {
        let found = review::find(marked, &definition.name, kind, base.as_ref());
        let n_before = items.len();
        for item in found.items {
            // Pages often write the same reviews in several notations.
            if !items[..n_before].iter().any(|other| is_same(other, &item)) {
                items.push(item);
            }
        }
        for aggregate in found.aggregates {
            if !aggregates.contains(&aggregate) {
                aggregates.push(aggregate);
            }
        }
    }
    Ok(Page {
        items,
        aggregates,
        n_repaired,
    })
}

/// One review in two notations: the same words, or the same author at the same time.
fn is_same(left: &Item, right: &Item) -> bool {
    let name = |item: &Item| item.author.as_ref().and_then(|author| author.name.clone());
    let words = |item: &Item| item.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let same_author = name(left) == name(right);
    let same_words = !left.text.is_empty() && words(left) == words(right);
    let same_day = left.published_at.is_some()
        && left.published_at.map(|at| at.date_naive())
            == right.published_at.map(|at| at.date_naive());
    (same_words && (same_author || name(left).is_none() || name(right).is_none()))
        || (same_author && name(left).is_some() && same_day && left.rating == right.rating)
}

fn describe(aggregate: &Aggregate) -> Option<String> {
    let value = aggregate.value?;
    let of = aggregate.of.as_deref().unwrap_or("the page");
    let best = aggregate
        .best
        .map(|best| format!(" of {best}"))
        .unwrap_or_default();
    let counts: Vec<String> = [
        aggregate.n_reviews.map(|n| format!("{n} reviews")),
        aggregate.n_ratings.map(|n| format!("{n} ratings")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let counts = if counts.is_empty() {
        String::new()
    } else {
        format!(" from {}", counts.join(" and "))
    };
    Some(format!("{of} is rated {value}{best}{counts}"))
}

#[cfg(test)]
mod tests;
