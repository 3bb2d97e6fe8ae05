//! Finds the feed in a tree: its root, its head and its entries, or says what the
//! document is instead.

use super::names::Ns;
use super::tree::{Element, Tree};
use crate::parse::{ParseError, text};

/// The two families; RDF is RSS with another frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// RSS 0.9x, 1.0 and 2.0.
    Rss,
    /// Atom 0.3 and 1.0.
    Atom,
}

/// A feed found in a tree.
#[derive(Debug)]
pub(super) struct Document<'t> {
    /// Its family.
    pub(super) dialect: Dialect,
    /// Elements that describe the feed as a whole: `channel`, `feed`, the root.
    pub(super) heads: Vec<&'t Element>,
    /// Top-level entries in document order.
    pub(super) entries: Vec<&'t Element>,
    /// The name of the root as written.
    pub(super) root: &'t Element,
}

/// Finds the feed.
///
/// # Errors
/// `NotAFeed` with what the document seems to be, for a person to see.
pub(super) fn find(tree: &Tree) -> Result<Document<'_>, ParseError> {
    let Some(root) = root_of(&tree.document, 0) else {
        return Err(ParseError::NotAFeed(describe(tree)));
    };
    let is_atom = matches!(root.local.to_ascii_lowercase().as_str(), "feed" | "entry");
    let mut document = Document {
        dialect: if is_atom { Dialect::Atom } else { Dialect::Rss },
        heads: vec![root],
        entries: Vec::new(),
        root,
    };
    if is_entry(root, root) {
        document.heads.clear();
        document.entries.push(root);
        return Ok(document);
    }
    collect(root, root, &mut document);
    Ok(document)
}

/// The ids of entries that the feed says were deleted (RFC 6721), in document order.
pub(super) fn tombstones(document: &Document<'_>) -> Vec<String> {
    document
        .heads
        .iter()
        .flat_map(|head| head.elements())
        .filter(|element| element.local.eq_ignore_ascii_case("deleted-entry"))
        .filter_map(|element| element.attribute("ref"))
        .map(|id| id.trim().to_owned())
        .filter(|id| !id.is_empty())
        .collect()
}

fn collect<'t>(parent: &'t Element, root: &Element, document: &mut Document<'t>) {
    for child in parent.elements() {
        if is_entry(child, root) {
            document.entries.push(child);
        } else if is_core(child, root)
            && ["channel", "items"]
                .iter()
                .any(|name| child.local.eq_ignore_ascii_case(name))
        {
            document.heads.push(child);
            collect(child, root, document);
        }
    }
}

fn is_entry(element: &Element, root: &Element) -> bool {
    is_core(element, root)
        && ["item", "entry"]
            .iter()
            .any(|name| element.local.eq_ignore_ascii_case(name))
}

/// Whether an element belongs to the feed's own vocabulary rather than to an extension.
pub(super) fn is_core(element: &Element, root: &Element) -> bool {
    matches!(element.ns, Ns::None | Ns::Rss | Ns::Atom)
        || (element.ns == root.ns && root.ns != Ns::Xhtml)
}

/// The first element that can be the root of a feed, not deep below something else.
fn root_of(parent: &Element, depth: usize) -> Option<&Element> {
    const DEEPEST_ROOT: usize = 3;
    let is_root = |element: &&Element| {
        let name = element.local.to_ascii_lowercase();
        // A page may hold an element `item`; only one that says what it is is a feed.
        let in_page = parent.ns == Ns::Xhtml || parent.local.eq_ignore_ascii_case("body");
        match name.as_str() {
            "rss" => !in_page || element.attribute("version").is_some(),
            "feed" => !in_page || element.ns == Ns::Atom,
            "rdf" | "channel" => !in_page,
            "entry" | "item" => depth == 0,
            _ => false,
        }
    };
    if let Some(root) = parent.elements().find(is_root) {
        return Some(root);
    }
    if depth == DEEPEST_ROOT {
        return None;
    }
    parent
        .elements()
        .find_map(|element| root_of(element, depth + 1))
}

/// What a document that is no feed seems to be.
fn describe(tree: &Tree) -> String {
    let mut elements = tree.document.elements();
    let first = elements.next();
    let name = first.map(|element| element.local.to_ascii_lowercase());
    let is_html = tree.doctype.as_deref() == Some("html")
        || matches!(
            name.as_deref(),
            Some(
                "html"
                    | "head"
                    | "body"
                    | "meta"
                    | "script"
                    | "div"
                    | "p"
                    | "title"
                    | "center"
                    | "h1"
            )
        );
    if is_html {
        return match find_title(&tree.document) {
            Some(title) => format!(
                "this is an HTML page titled '{}', not a feed",
                shortened(&title)
            ),
            None => "this is an HTML page, not a feed".to_owned(),
        };
    }
    match name.as_deref() {
        Some("opml") => "this is an OPML list of feeds, not a feed".to_owned(),
        Some("urlset" | "sitemapindex") => "this is a sitemap, not a feed".to_owned(),
        Some("error" | "fault" | "envelope") => {
            let said = text::fold_whitespace(&tree.document.text());
            format!(
                "this is an error message ('{}'), not a feed",
                shortened(&said)
            )
        }
        Some(_) => format!(
            "this is an XML document with the root '{}', not a feed",
            shortened(first.map_or("", |element| &element.local))
        ),
        None => {
            let said = text::fold_whitespace(&tree.document.text());
            if said.is_empty() {
                "this document holds no element, so it is not a feed".to_owned()
            } else {
                format!(
                    "this is text that begins with '{}', not a feed",
                    shortened(&said)
                )
            }
        }
    }
}

fn find_title(parent: &Element) -> Option<String> {
    parent.elements().find_map(|element| {
        if element.local.eq_ignore_ascii_case("title") {
            Some(text::fold_whitespace(&element.text())).filter(|title| !title.is_empty())
        } else {
            find_title(element)
        }
    })
}

/// The start of a text, for a message.
pub(super) fn shortened(text: &str) -> String {
    /// Enough to recognise a page by.
    const MOST_CHARACTERS: usize = 80;
    let line = text.replace('\n', " ");
    if line.chars().count() <= MOST_CHARACTERS {
        return line;
    }
    let start: String = line.chars().take(MOST_CHARACTERS).collect();
    format!("{}…", start.trim_end())
}
