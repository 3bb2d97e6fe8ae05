//! A page that announces its feed: `<link rel="alternate">`, so that a user may give the
//! address that stands in the browser.

use scraper::{Html, Selector};
use url::Url;

use super::{Answer, encoding};

/// Feeds, as pages announce them.
const FEED_TYPES: [&str; 4] = [
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
];

/// The feed that a page announces; nothing when the answer is no page or announces none.
/// Of several the first counts that is not about comments.
pub fn announced_feed(answer: &Answer<'_>) -> Option<Url> {
    let decoded = encoding::decode(answer.bytes, answer.content_type);
    let start: String = decoded.text.chars().take(2_000).collect();
    let start = start.to_ascii_lowercase();
    if !start.contains("<html") && !start.contains("<!doctype html") && !start.contains("<head") {
        return None;
    }
    let links = Selector::parse("link[rel][type][href]").ok()?;
    let document = Html::parse_document(&decoded.text);
    let announced: Vec<(Url, bool)> = document
        .select(&links)
        .filter(|link| {
            let is_alternate = link.attr("rel").is_some_and(|rel| {
                rel.split_whitespace()
                    .any(|word| word.eq_ignore_ascii_case("alternate"))
            });
            let kind = link.attr("type").unwrap_or_default();
            let kind = kind.split(';').next().unwrap_or_default().trim();
            is_alternate
                && FEED_TYPES
                    .iter()
                    .any(|known| kind.eq_ignore_ascii_case(known))
        })
        .filter_map(|link| {
            let href = link.attr("href")?.trim();
            let url = match answer.url {
                Some(base) => base.join(href).ok()?,
                None => Url::parse(href).ok()?,
            };
            let title = link.attr("title").unwrap_or_default().to_lowercase();
            let is_about_comments = title.contains("comment") || url.path().contains("comments");
            matches!(url.scheme(), "http" | "https").then_some((url, is_about_comments))
        })
        .collect();
    let chosen = announced
        .iter()
        .find(|(_, is_about_comments)| !is_about_comments)
        .or(announced.first())?;
    Some(chosen.0.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(page: &str, expected: Option<&str>) {
        let base = Url::parse("https://a.example/blog/").expect("a URL");
        let answer = Answer {
            bytes: page.as_bytes(),
            content_type: Some("text/html"),
            url: Some(&base),
            at: None,
        };
        let found = announced_feed(&answer).map(String::from);
        assert_eq!(found.as_deref(), expected, "{page}");
    }

    #[test]
    fn the_feed_of_a_page_is_found() {
        check(
            "<!doctype html><link rel=alternate type='text/html' hreflang=de href=/de><link rel='alternate' type='application/rss+xml' title='Comments' href='/comments/feed/'><link REL=Alternate TYPE='application/atom+xml; charset=utf-8' href='feed.xml'>",
            Some("https://a.example/blog/feed.xml"),
        );
        check(
            "<html><head><link rel=alternate type=application/rss+xml href=/comments/feed></head>",
            Some("https://a.example/comments/feed"),
        );
        check("<html><link rel=stylesheet type=text/css href=a.css>", None);
        check(
            "<html><link rel=alternate type=application/rss+xml href='javascript:x'>",
            None,
        );
        check(
            "<?xml version='1.0'?><rss><channel><link rel='alternate' type='application/rss+xml' href='x'/></channel></rss>",
            None,
        );
    }
}
