//! Opens an answer as a web page, within limits, and finds the base of its links.

use scraper::{Html, Selector};
use url::Url;

use super::{Answer, ParseError, encoding, nesting};

/// A page with the base of its relative links.
pub(super) struct Page {
    pub(super) html: Html,
    pub(super) base: Option<Url>,
}

/// Opens a page.
///
/// # Errors
/// The answer is empty, no web page, or nested so deep that walking it would be unsafe.
pub(super) fn open(answer: &Answer<'_>) -> Result<Page, ParseError> {
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
    Ok(Page { html, base })
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
