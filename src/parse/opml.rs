//! An OPML list becomes the addresses of its feeds. Lists are written by many programs and by
//! hand, so they are read as leniently as web pages are.

use scraper::{Html, Selector};
use url::Url;

use super::{Answer, ParseError, encoding};

/// More feeds than this in one list are a directory, not a list of ours.
const MOST_FEEDS: usize = 2_000;

/// One feed of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFeed {
    /// Its address.
    pub url: String,
    /// What the list calls it.
    pub title: Option<String>,
}

/// The feeds of a list in its order, each once.
///
/// # Errors
/// It is no OPML.
pub fn read(answer: &Answer<'_>) -> Result<Vec<ListedFeed>, ParseError> {
    let decoded = encoding::decode(answer.bytes, answer.content_type);
    if !decoded.text.to_ascii_lowercase().contains("<opml") {
        return Err(ParseError::NotAFeed("this is no OPML list".to_owned()));
    }
    let Ok(outlines) = Selector::parse("outline") else {
        return Ok(Vec::new());
    };
    let mut feeds: Vec<ListedFeed> = Vec::new();
    for outline in Html::parse_document(&decoded.text).select(&outlines) {
        // Attribute names lose their capitals in HTML.
        let Some(written) = outline.attr("xmlurl") else {
            continue;
        };
        let absolute = match answer.url {
            Some(base) => base.join(written.trim()),
            None => Url::parse(written.trim()),
        };
        let Some(url) = absolute
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
        else {
            continue;
        };
        let url = String::from(url);
        if feeds.len() >= MOST_FEEDS || feeds.iter().any(|feed| feed.url == url) {
            continue;
        }
        let title = outline
            .attr("title")
            .or_else(|| outline.attr("text"))
            .map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|title| !title.is_empty());
        feeds.push(ListedFeed { url, title });
    }
    Ok(feeds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_found_at_any_depth_and_only_once() {
        let text = r#"<?xml version="1.0"?><opml version="2.0"><head><title>x</title></head><body>
          <outline text="News"><outline type="rss" text="A &amp; B" xmlUrl="https://a.example/feed?x=1&amp;y=2"/>
          <outline xmlUrl="/relative.xml"/></outline>
          <outline title="Again" xmlUrl="https://a.example/feed?x=1&amp;y=2"></outline>
          <outline xmlUrl="javascript:alert(1)"/><outline text="no feed"/></body></opml>"#;
        let base = Url::parse("https://lists.example/all.opml").expect("a URL");
        let answer = Answer {
            bytes: text.as_bytes(),
            content_type: None,
            url: Some(&base),
            at: None,
        };
        let feeds = read(&answer).expect("a list");
        let urls: Vec<&str> = feeds.iter().map(|feed| feed.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "https://a.example/feed?x=1&y=2",
                "https://lists.example/relative.xml"
            ]
        );
        assert_eq!(feeds[0].title.as_deref(), Some("A & B"));
        let page = Answer {
            bytes: b"<html></html>",
            ..answer
        };
        assert!(read(&page).is_err());
    }
}
