//! OPML, the lists of feeds that readers exchange: read as leniently as feeds are, nested
//! outlines included, and written.

use std::fmt::Write as _;

use super::dialect::shortened;
use super::tree::{self, Element};
use crate::parse::{Answer, ParseError, encoding, text};

/// A feed of a list, as it is written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// What the list calls it.
    pub title: Option<String>,
    /// Where it is, as written.
    pub url: String,
    /// The folders around it, the outermost first.
    pub folders: Vec<String>,
}

/// Reads the feeds of a list in document order; outlines without an address are folders.
///
/// # Errors
/// `Empty`, or `NotAFeed` for something that is no OPML.
pub fn read(answer: &Answer<'_>) -> Result<Vec<Outline>, ParseError> {
    let decoded = encoding::decode(answer.bytes, answer.content_type);
    if decoded.text.trim().is_empty() {
        return Err(ParseError::Empty);
    }
    let tree = tree::read(&decoded.text, None);
    let Some(opml) = tree
        .document
        .elements()
        .find(|element| element.local.eq_ignore_ascii_case("opml"))
    else {
        let first = tree.document.elements().next();
        let found = first.map_or_else(
            || format!("text that begins with '{}'", shortened(decoded.text.trim())),
            |element| format!("'{}'", shortened(&element.local)),
        );
        return Err(ParseError::NotAFeed(format!(
            "this is no OPML list: it should start with <opml>, and here is {found}"
        )));
    };
    let mut feeds = Vec::new();
    collect(opml, &mut Vec::new(), &mut feeds);
    Ok(feeds)
}

fn collect(parent: &Element, folders: &mut Vec<String>, feeds: &mut Vec<Outline>) {
    for element in parent.elements() {
        if !element.local.eq_ignore_ascii_case("outline") {
            // `body`, and whatever wraps it by mistake.
            collect(element, folders, feeds);
            continue;
        }
        let title = ["title", "text"].iter().find_map(|name| {
            let title = text::fold_whitespace(element.attribute(name)?);
            (!title.is_empty()).then_some(title)
        });
        let url = element
            .attribute("xmlUrl")
            .map(str::trim)
            .filter(|url| !url.is_empty());
        if let Some(url) = url {
            feeds.push(Outline {
                title: title.clone(),
                url: url.to_owned(),
                folders: folders.clone(),
            });
        }
        // Even a feed may have outlines below it.
        let is_folder = url.is_none();
        if is_folder {
            folders.push(title.unwrap_or_default());
        }
        collect(element, folders, feeds);
        if is_folder {
            folders.pop();
        }
    }
}

/// Writes a list that every feed reader imports.
pub fn write(title: &str, feeds: &[Outline]) -> String {
    let escaped = |text: &str| {
        let allowed: String = text.chars().filter(|c| !c.is_control()).collect();
        html_escape::encode_double_quoted_attribute(&allowed).into_owned()
    };
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n  <head>\n    <title>{}</title>\n  </head>\n  <body>\n",
        escaped(title)
    );
    for feed in feeds {
        let name = escaped(feed.title.as_deref().unwrap_or(&feed.url));
        // Writing to a text cannot fail.
        let _ = writeln!(
            out,
            "    <outline type=\"rss\" text=\"{name}\" title=\"{name}\" xmlUrl=\"{}\"/>",
            escaped(&feed.url)
        );
    }
    out.push_str("  </body>\n</opml>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<Outline>, ParseError> {
        super::read(&Answer {
            bytes,
            content_type: None,
            url: None,
            at: None,
        })
    }

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str, &str)]) {
        let feeds = read(text.as_bytes()).expect("a list");
        let found: Vec<(&str, &str, String)> = feeds
            .iter()
            .map(|feed| {
                let title = feed.title.as_deref().unwrap_or("-");
                (title, feed.url.as_str(), feed.folders.join("/"))
            })
            .collect();
        let expected: Vec<(&str, &str, String)> = expected
            .iter()
            .map(|(title, url, folders)| (*title, *url, (*folders).to_owned()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn lists_are_read_as_they_are_really_written() {
        check(
            r#"<?xml version="1.0"?><opml version="2.0"><head><title>x</title></head><body>
            <outline text="News"><outline text="Inner"><outline type="rss" text="A" title="A &amp; B" xmlUrl="https://a.org/f?x=1&amp;y=2" htmlUrl="https://a.org"/></outline>
            <outline text="C" xmlUrl=" https://c.org/feed "/></outline><outline xmlurl="https://d.org/feed"/></body></opml>"#,
            &[
                ("A & B", "https://a.org/f?x=1&y=2", "News/Inner"),
                ("C", "https://c.org/feed", "News"),
                ("-", "https://d.org/feed", ""),
            ],
        );
        // Naked `&`, an unclosed outline, the list cut off, no body.
        check(
            r#"<opml><outline text="Tom & Co" xmlUrl="https://t.org/?a=1&b=2"><outline text="U" xmlUrl="https://u.org/"#,
            &[("Tom & Co", "https://t.org/?a=1&b=2", "")],
        );
        check(
            "\u{feff}<OPML><BODY><OUTLINE TEXT='Çay' XMLURL='https://ç.org/'/></BODY></OPML>",
            &[("Çay", "https://ç.org/", "")],
        );
        check("<opml version='1.0'><body/></opml>", &[]);
    }

    #[test]
    fn what_is_no_list_is_said() {
        assert_eq!(read(b" \n"), Err(ParseError::Empty));
        for text in ["<rss><channel/></rss>", "hello", "{\"a\":1}"] {
            let error = read(text.as_bytes()).expect_err("no list");
            assert_eq!(error.kind(), "not_a_feed", "{text}");
        }
    }

    #[test]
    fn a_written_list_reads_back() {
        let feeds = vec![
            Outline {
                title: Some("A \"quoted\" & <odd> title".to_owned()),
                url: "https://a.org/f?x=1&y=2".to_owned(),
                folders: Vec::new(),
            },
            Outline {
                title: Some("https://b.org/".to_owned()),
                url: "https://b.org/".to_owned(),
                folders: Vec::new(),
            },
        ];
        let written = write("Hearken", &feeds);
        assert_eq!(read(written.as_bytes()), Ok(feeds));
    }
}
