//! An OPML list becomes the addresses of its feeds.

use std::collections::HashSet;

use url::Url;

use super::feed::opml::{self, Outline};
use super::{Answer, ParseError};

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

/// The feeds of a list in its order, each once; addresses that nobody can fetch are left
/// out.
///
/// # Errors
/// It is no OPML.
pub fn read(answer: &Answer<'_>) -> Result<Vec<ListedFeed>, ParseError> {
    let mut seen = HashSet::new();
    let absolute = |written: &str| match answer.url {
        Some(base) => base.join(written),
        None => Url::parse(written),
    };
    Ok(opml::read(answer)?
        .into_iter()
        .filter_map(|Outline { title, url, .. }| {
            let url = absolute(&url)
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https"))
                .map(String::from)?;
            seen.insert(url.clone())
                .then_some(ListedFeed { url, title })
        })
        .take(MOST_FEEDS)
        .collect())
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
