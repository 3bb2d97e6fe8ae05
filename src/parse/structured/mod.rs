//! Any web page that marks its reviews up with schema.org, in JSON-LD or microdata,
//! becomes items; what the page says about all ratings together becomes notes.

mod jsonld;
mod lenient;
mod microdata;
mod nesting;
mod review;

use scraper::{Html, Selector};
use url::Url;

use super::{Answer, ParseError, Parsed, encoding};
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
    let page = read_page(answer, definition)?;
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
    Ok(Parsed {
        items: page.items,
        deleted: Vec::new(),
        notes,
        ..Parsed::default()
    })
}

/// [`read`] with the figures about all ratings as figures.
///
/// # Errors
/// As [`read`].
pub fn read_page(answer: &Answer<'_>, definition: &Definition) -> Result<Page, ParseError> {
    let decoded = encoding::decode(answer.bytes, answer.content_type);
    let source = decoded.text.trim_start_matches('\u{feff}').trim();
    if source.is_empty() {
        return Err(ParseError::Empty);
    }
    if !source.contains('<') || source.starts_with(['{', '[']) {
        return Err(ParseError::NotAFeed(
            "the answer is not a web page".to_owned(),
        ));
    }
    if nesting::is_too_deep(source) {
        return Err(ParseError::Broken(
            "the page nests thousands of elements in each other".to_owned(),
        ));
    }
    let html = Html::parse_document(source);
    let base = base_of(&html, answer.url);
    let kind = definition.kind;
    let (blocks, n_repaired) = jsonld::blocks(&html);
    let from_blocks = review::find(&blocks, &definition.name, kind, base.as_ref());
    let marked = microdata::items(&html);
    let from_marks = review::find(&marked, &definition.name, kind, base.as_ref());
    let mut items: Vec<Item> = Vec::new();
    for item in from_blocks.items {
        // Templates print some reviews twice, word for word with author and date; ratings
        // without words may well be equal and still be two.
        let repeats = !item.text.is_empty() && item.author.is_some();
        if !(repeats && items.contains(&item)) {
            items.push(item);
        }
    }
    let n_from_blocks = items.len();
    for item in from_marks.items {
        // Pages often write the same reviews in both notations.
        if !items[..n_from_blocks]
            .iter()
            .any(|other| is_same(other, &item))
        {
            items.push(item);
        }
    }
    let mut aggregates = from_blocks.aggregates;
    for aggregate in from_marks.aggregates {
        if !aggregates.contains(&aggregate) {
            aggregates.push(aggregate);
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

/// The base of relative links: `<base>`, where the answer came from, or the address that
/// the page gives as its own.
fn base_of(html: &Html, url: Option<&Url>) -> Option<Url> {
    let first = |selector: &str, attribute: &str| {
        let selector = Selector::parse(selector).expect("the selectors are fixed");
        html.select(&selector)
            .find_map(|element| element.attr(attribute))
            .map(|address| address.trim().to_owned())
    };
    let own = || {
        first("link[rel=canonical]", "href")
            .or_else(|| first("meta[property=\"og:url\"]", "content"))
            .and_then(|address| Url::parse(&address).ok())
    };
    let here = url.cloned().or_else(own);
    match first("base", "href") {
        Some(address) => match &here {
            Some(here) => here.join(&address).ok().or_else(|| Some(here.clone())),
            None => Url::parse(&address).ok(),
        },
        None => here,
    }
    .filter(|base| matches!(base.scheme(), "http" | "https"))
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
