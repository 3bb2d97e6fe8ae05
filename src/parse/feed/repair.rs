//! Writes a tree as the feed that feed-rs reads best: well-formed UTF-8, one dialect a
//! family, known prefixes, one level of escaping, absolute addresses for its bases.

use url::Url;

use super::dialect::{Dialect, Document};
use super::names::Ns;
use super::tree::{Element, Node};

/// The document as RSS 2.0 or Atom 1.0, entries in the order of `document.entries`.
pub(super) fn write(document: &Document<'_>) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    match document.dialect {
        Dialect::Atom => {
            xml.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\"");
            push_declarations(&mut xml);
            xml.push('>');
            for entry in &document.entries {
                xml.push_str("\n<entry");
                push_base(&mut xml, entry.base.as_deref());
                xml.push('>');
                push_children(&mut xml, entry, Dialect::Atom);
                xml.push_str("</entry>");
            }
            xml.push_str("\n</feed>\n");
        }
        Dialect::Rss => {
            xml.push_str("<rss version=\"2.0\"");
            push_declarations(&mut xml);
            xml.push_str("><channel>");
            for entry in &document.entries {
                xml.push_str("\n<item");
                push_base(&mut xml, entry.base.as_deref());
                xml.push('>');
                push_children(&mut xml, entry, Dialect::Rss);
                xml.push_str("</item>");
            }
            xml.push_str("\n</channel></rss>\n");
        }
    }
    xml
}

fn push_declarations(xml: &mut String) {
    for ns in [Ns::Atom, Ns::Content, Ns::Dc, Ns::Media, Ns::Itunes] {
        if let Some((prefix, uri)) = ns.for_feed_rs() {
            xml.push_str(&format!(" xmlns:{prefix}=\"{uri}\""));
        }
    }
}

fn push_base(xml: &mut String, base: Option<&Url>) {
    if let Some(base) = base {
        push_attribute(xml, "xml:base", base.as_str());
    }
}

fn push_attribute(xml: &mut String, name: &str, value: &str) {
    xml.push(' ');
    xml.push_str(name);
    xml.push_str("=\"");
    xml.push_str(&html_escape::encode_double_quoted_attribute(value));
    xml.push('"');
}

fn push_children(xml: &mut String, parent: &Element, dialect: Dialect) {
    for child in parent.elements() {
        push_element(xml, child, dialect);
    }
}

/// Authors of RSS are free text, which the tree reads. feed-rs 3.0 cuts such a text one byte
/// after an address and panics when a character of several bytes stands there
/// (`ann@example.org—Ann`), so it does not get to see them.
fn is_free_text_contact(element: &Element, dialect: Dialect) -> bool {
    dialect == Dialect::Rss
        && matches!(element.ns, Ns::None | Ns::Rss)
        && ["author", "managingEditor", "webMaster"]
            .iter()
            .any(|name| element.local.eq_ignore_ascii_case(name))
}

/// Writes one element of a vocabulary that feed-rs reads; the others are left out, since
/// an unknown `title` or `link` must never stand for the entry's own.
fn push_element(xml: &mut String, element: &Element, dialect: Dialect) {
    let name = match (element.ns, dialect) {
        (Ns::Atom, Dialect::Atom) | (Ns::None | Ns::Rss, _) => element.local.clone(),
        (ns, _) => match ns.for_feed_rs() {
            Some((prefix, _)) => format!("{prefix}:{}", element.local),
            None => return,
        },
    };
    if !is_plain_name(&element.local) || is_free_text_contact(element, dialect) {
        return;
    }
    xml.push('<');
    xml.push_str(&name);
    let is_text = is_text_element(element);
    let is_markup = is_text && element.has_elements();
    for (attribute, value) in &element.attributes {
        let is_of_form = matches!(attribute.as_str(), "type" | "mode" | "src");
        let is_twice = element
            .attributes
            .iter()
            .find(|(first, _)| first == attribute)
            .is_some_and(|(_, first)| !std::ptr::eq(first, value));
        let is_settled = is_twice || (is_text && is_of_form) || attribute.starts_with("xmlns");
        if !is_settled && is_plain_name(attribute) {
            push_attribute(xml, attribute, value);
        }
    }
    if is_text && element.ns == Ns::Atom {
        let says_html = element
            .attribute("type")
            .is_some_and(|kind| kind.contains("html"));
        push_attribute(
            xml,
            "type",
            if is_markup || says_html {
                "html"
            } else {
                "text"
            },
        );
    }
    xml.push('>');
    if is_markup {
        xml.push_str(&html_escape::encode_text(&element.inner_html()));
    } else if element.has_elements() {
        push_children(xml, element, dialect);
    } else {
        for node in &element.children {
            if let Node::Text(text) = node {
                xml.push_str(&html_escape::encode_text(text));
            }
        }
    }
    xml.push_str("</");
    xml.push_str(&name);
    xml.push('>');
}

/// Elements whose elements are markup of a text, not structure.
fn is_text_element(element: &Element) -> bool {
    matches!(element.ns, Ns::None | Ns::Rss | Ns::Atom | Ns::Content)
        && matches!(
            element.local.as_str(),
            "title"
                | "description"
                | "summary"
                | "content"
                | "encoded"
                | "rights"
                | "subtitle"
                | "tagline"
        )
}

/// Whether XML accepts a name; what was repaired may hold anything.
fn is_plain_name(name: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    // Attributes of undeclared prefixes other than `xml` would make the whole unreadable.
    let bare = name.strip_prefix("xml:").unwrap_or(name);
    bare.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && bare.bytes().all(is_of_name)
        && name != "xml:base"
}
