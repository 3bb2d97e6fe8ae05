//! What feeds of every format become.

use url::Url;

use super::*;

fn items(xml: &str) -> Vec<Item> {
    parsed(xml).items
}

fn parsed(xml: &str) -> Parsed {
    let url = Url::parse("https://example.org/blog/feed.xml").expect("a valid address");
    let answer = Answer {
        bytes: xml.as_bytes(),
        content_type: None,
        url: Some(&url),
    };
    read(&answer, "feed", Kind::Article).expect("a feed")
}

fn error(bytes: &[u8]) -> ParseError {
    let answer = Answer {
        bytes,
        content_type: None,
        url: None,
    };
    read(&answer, "feed", Kind::Article).expect_err("no feed")
}

#[test]
fn it_compiles() {
    assert_eq!(items("<rss><channel/></rss>").len(), 0);
    assert_eq!(error(b""), ParseError::Empty);
}
