//! Which of an entry's links is its own page, and what its address is.

use std::rc::Rc;

use url::Url;

use super::dialect::Dialect;
use super::tree::Element;

/// Links of this rank and above are not the entry's own page for certain.
pub(super) const WEAK_LINK: u8 = 4;

/// How well a link stands for the entry, and its address; the smallest rank wins.
pub(super) fn rank_of_link(link: &Element, dialect: Dialect) -> Option<(u8, String)> {
    let text = link.text();
    let Some(href) = link.attribute("href").and_then(non_empty) else {
        let address = non_empty(&text.lines().map(str::trim).collect::<String>())?;
        return Some((0, address));
    };
    let rel = link
        .attribute("rel")
        .unwrap_or("alternate")
        .trim()
        .to_ascii_lowercase();
    let is_page = link
        .attribute("type")
        .is_none_or(|kind| kind.trim().is_empty() || kind.contains("html"));
    let rank = match (rel.as_str(), is_page, dialect) {
        (
            "alternate" | "" | "http://www.iana.org/assignments/relation/alternate",
            true,
            Dialect::Atom,
        ) => 0,
        (
            "alternate" | "" | "http://www.iana.org/assignments/relation/alternate",
            true,
            Dialect::Rss,
        ) => 1,
        ("alternate" | "", false, _) => 3,
        ("self", _, _) => 5,
        ("related" | "via", _, _) => 4,
        _ => return None,
    };
    Some((rank, href))
}

/// The address made absolute; addresses that run code are none.
pub(super) fn absolute(address: &str, base: Option<&Rc<Url>>) -> Option<String> {
    let address = address.trim();
    if address.is_empty() {
        return None;
    }
    match Url::parse(address) {
        Ok(url) if matches!(url.scheme(), "javascript" | "data" | "vbscript") => None,
        // As the site gives it: parsing would add slashes and encode letters.
        Ok(_) => Some(address.to_owned()),
        Err(_) => match base.map(|base| base.join(address)) {
            Some(Ok(joined)) => Some(joined.into()),
            _ => Some(address.to_owned()),
        },
    }
}

/// An id that is the address of a page.
pub(super) fn web_address(text: &str) -> Option<String> {
    let text = text.trim();
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let is_web = lower.starts_with("http://") || lower.starts_with("https://");
    (is_web && !text.contains(char::is_whitespace)).then(|| text.to_owned())
}

/// The text without the space around it, when there is any.
pub(super) fn non_empty(text: &str) -> Option<String> {
    let trimmed = text.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}
