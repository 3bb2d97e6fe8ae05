//! Reads XML the way it is really published: what a strict parser rejects (naked `&`,
//! unclosed or crossed tags, controls, undeclared entities and prefixes) is repaired and
//! noted. The result is a tree with namespaces, base addresses and languages resolved.

use std::collections::BTreeMap;
use std::rc::Rc;

use url::Url;

use super::names::{Ns, conventional};
use super::references::Entities;
use super::tag::Tag;

/// Deeper elements are flattened into their ancestor: no feed needs more, and the tree
/// must be walked and dropped without exhausting the stack.
const DEEPEST: usize = 100;

/// An element with everything that its surroundings say about it.
#[derive(Debug)]
pub(super) struct Element {
    /// The namespace its name belongs to.
    pub(super) ns: Ns,
    /// The name without prefix, as written.
    pub(super) local: String,
    /// Attributes as written, prefix included, values decoded.
    pub(super) attributes: Vec<(String, String)>,
    /// Text and elements in document order.
    pub(super) children: Vec<Node>,
    /// What relative links in it are relative to.
    pub(super) base: Option<Rc<Url>>,
    /// The language of its text.
    pub(super) lang: Option<Rc<str>>,
    /// Whether its end was missing when the document ended.
    pub(super) cut: bool,
}

/// A child of an element.
#[derive(Debug)]
pub(super) enum Node {
    /// Decoded characters.
    Text(String),
    /// An element.
    Element(Element),
}

impl Element {
    /// The value of an attribute by its name as written.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(written, _)| written.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether it is `local` in `ns`, whatever the case of its letters.
    pub(super) fn is(&self, ns: Ns, local: &str) -> bool {
        self.ns == ns && self.local.eq_ignore_ascii_case(local)
    }

    /// The elements directly in it.
    pub(super) fn elements(&self) -> impl DoubleEndedIterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// All the characters in it, those of its elements included.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.push_text(&mut text);
        text
    }

    fn push_text(&self, target: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(text) => target.push_str(text),
                Node::Element(element) => element.push_text(target),
            }
        }
    }

    /// Its content as HTML: what was written as elements, written again.
    pub(super) fn inner_html(&self) -> String {
        let mut html = String::new();
        self.push_html(&mut html);
        html
    }

    fn push_html(&self, target: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(text) => target.push_str(&html_escape::encode_text(text)),
                Node::Element(element) => {
                    target.push('<');
                    target.push_str(&element.local);
                    for (name, value) in &element.attributes {
                        if !name.starts_with("xmlns") {
                            target.push(' ');
                            target.push_str(name);
                            target.push_str("=\"");
                            target.push_str(&html_escape::encode_double_quoted_attribute(value));
                            target.push('"');
                        }
                    }
                    target.push('>');
                    element.push_html(target);
                    let is_void = matches!(
                        element.local.as_str(),
                        "br" | "hr" | "img" | "wbr" | "input"
                    );
                    if !is_void {
                        target.push_str("</");
                        target.push_str(&element.local);
                        target.push('>');
                    }
                }
            }
        }
    }

    /// Whether any element is directly in it.
    pub(super) fn has_elements(&self) -> bool {
        self.elements().next().is_some()
    }
}

/// The tree and what had to be done to get it.
#[derive(Debug)]
pub(super) struct Tree {
    /// Holds the root element, and whatever else stood beside it.
    pub(super) document: Element,
    /// Sentences for people, each once.
    pub(super) repairs: Vec<&'static str>,
    /// The name after `<!DOCTYPE`, in lower case.
    pub(super) doctype: Option<String>,
}

/// Reads a document; relative links in it are relative to `base`.
pub(super) fn read(text: &str, base: Option<&Url>) -> Tree {
    let mut builder = Builder {
        rest: text,
        open: vec![Open {
            element: Element {
                ns: Ns::None,
                local: String::new(),
                attributes: Vec::new(),
                children: Vec::new(),
                base: base.cloned().map(Rc::new),
                lang: None,
                cut: false,
            },
            written: String::new(),
            prefixes: Rc::new(BTreeMap::new()),
        }],
        n_flattened: 0,
        repairs: Vec::new(),
        doctype: None,
        entities: Entities::default(),
    };
    builder.run();
    builder.finish()
}

/// An element whose end has not been read yet.
struct Open {
    element: Element,
    /// Its name as written, which its end tag must repeat.
    written: String,
    prefixes: Rc<BTreeMap<String, Ns>>,
}

struct Builder<'a> {
    rest: &'a str,
    open: Vec<Open>,
    /// Open elements beyond [`DEEPEST`], which have no place in the tree.
    n_flattened: usize,
    repairs: Vec<&'static str>,
    doctype: Option<String>,
    entities: Entities,
}

impl<'a> Builder<'a> {
    fn run(&mut self) {
        while !self.rest.is_empty() {
            let Some(start) = self.rest.find('<') else {
                let text = self.take(self.rest.len());
                self.text(text);
                return;
            };
            if start > 0 {
                let text = self.take(start);
                self.text(text);
            }
            self.markup();
        }
    }

    fn finish(mut self) -> Tree {
        if self.open.len() > 1 {
            self.repaired("elements that never end were closed");
        }
        while self.open.len() > 1 {
            if let Some(open) = self.open.last_mut() {
                open.element.cut = true;
            }
            self.close_last();
        }
        let document = self
            .open
            .pop()
            .expect("the document itself is never closed")
            .element;
        let mut repairs = self.repairs;
        if self.entities.is_hostile() {
            repairs.push("entity definitions that blow up were left out");
        }
        if self.entities.is_repaired() {
            repairs
                .push("character references that XML does not know were decoded or kept as text");
        }
        Tree {
            document,
            repairs,
            doctype: self.doctype,
        }
    }

    fn repaired(&mut self, what: &'static str) {
        if !self.repairs.contains(&what) {
            self.repairs.push(what);
        }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    /// Characters between tags, with references.
    fn text(&mut self, text: &str) {
        let decoded = self.entities.decode(text);
        self.push_characters(&decoded);
    }

    /// Characters without references. Controls are no characters of XML.
    fn push_characters(&mut self, text: &str) {
        let is_wrong = |character: char| matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}');
        let cleaned;
        let text = if text.contains(is_wrong) {
            self.repaired("control characters were left out");
            cleaned = text.replace(is_wrong, "");
            cleaned.as_str()
        } else {
            text
        };
        let children = &mut self.last().element.children;
        if let Some(Node::Text(before)) = children.last_mut() {
            before.push_str(text);
        } else if !text.is_empty() {
            children.push(Node::Text(text.to_owned()));
        }
    }

    fn last(&mut self) -> &mut Open {
        self.open
            .last_mut()
            .expect("the document itself is never closed")
    }

    /// Whatever starts with `<`.
    fn markup(&mut self) {
        if let Some(inside) = self.rest.strip_prefix("<!--") {
            let end = inside
                .find("-->")
                .map_or(self.rest.len(), |end| 4 + end + 3);
            self.take(end);
        } else if let Some(inside) = self.rest.strip_prefix("<![CDATA[") {
            let end = inside.find("]]>");
            let content = &inside[..end.unwrap_or(inside.len())];
            self.push_characters(content);
            self.take(end.map_or(self.rest.len(), |end| 9 + end + 3));
        } else if self.rest.starts_with("<?") {
            let end = self.rest.find("?>").map(|end| end + 2);
            let end = end.or_else(|| self.rest.find('>').map(|end| end + 1));
            self.take(end.unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("<!") {
            self.declaration();
        } else if self.rest.starts_with("</") {
            self.end_tag();
        } else {
            self.start_tag();
        }
    }

    /// `<!DOCTYPE …>`, of which only the names of entities matter.
    fn declaration(&mut self) {
        let end_of_head = self.rest.find(['[', '>']).unwrap_or(self.rest.len());
        let head = &self.rest[..end_of_head];
        let is_doctype = head
            .get(..9)
            .is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"));
        if is_doctype && self.doctype.is_none() {
            let name = head[9..].split_whitespace().next().unwrap_or_default();
            self.doctype = Some(name.to_ascii_lowercase());
        }
        if is_doctype && self.rest[end_of_head..].starts_with('[') {
            let subset = &self.rest[end_of_head + 1..];
            let length = self.entities.declare(subset);
            self.take(end_of_head + 1 + length);
            let end = self.rest.find('>').map_or(self.rest.len(), |end| end + 1);
            self.take(end);
        } else {
            let end = self.rest.find('>').map_or(self.rest.len(), |end| end + 1);
            self.take(end);
        }
    }

    fn end_tag(&mut self) {
        let end = self.rest.find(['>', '<'].as_slice()).filter(|end| *end > 0);
        let end = self.rest[2..]
            .find(['>', '<'])
            .map(|end| end + 2)
            .or(end)
            .unwrap_or(self.rest.len());
        let name = self.rest[2..end].trim().to_owned();
        let is_closed = self.rest[end..].starts_with('>');
        self.take(if is_closed { end + 1 } else { end });
        if self.n_flattened > 0 {
            self.n_flattened -= 1;
            return;
        }
        let matching = self
            .open
            .iter()
            .rposition(|open| open.written == name)
            .or_else(|| {
                self.open
                    .iter()
                    .rposition(|open| open.written.eq_ignore_ascii_case(&name))
            })
            .filter(|place| *place > 0);
        let Some(matching) = matching else {
            self.repaired("end tags without a start were left out");
            return;
        };
        // Markup inside a text must not end the entry around it: `</channel>` may close
        // what is open in it, `</p>` only what is open since.
        if matching + 1 < self.open.len() {
            self.repaired("elements that never end were closed");
        }
        while self.open.len() > matching {
            self.close_last();
        }
    }

    fn close_last(&mut self) {
        if let Some(open) = self.open.pop() {
            self.last()
                .element
                .children
                .push(Node::Element(open.element));
        }
    }

    fn start_tag(&mut self) {
        let Some(tag) = Tag::at_start_of(self.rest) else {
            self.repaired("angle brackets that open no tag were kept as text");
            self.take(1);
            self.push_characters("<");
            return;
        };
        self.take(tag.length);
        if tag.is_odd {
            self.repaired("tags with wrongly written attributes were read as well as possible");
        }
        if self.open.len() > DEEPEST {
            if !tag.is_empty {
                self.n_flattened += 1;
            }
            return;
        }
        self.close_forgotten_entry(&tag.name);
        let attributes: Vec<(String, String)> = tag
            .attributes
            .into_iter()
            .map(|(name, value)| (name.to_owned(), self.entities.decode(value).into_owned()))
            .collect();
        let open = self.opened(&tag.name, attributes);
        self.open.push(open);
        if tag.is_empty {
            self.close_last();
        }
    }

    /// An `<item>` inside an item means that the end of the first was forgotten.
    fn close_forgotten_entry(&mut self, name: &str) {
        if !matches!(name, "item" | "entry" | "atom:entry" | "rss:item") {
            return;
        }
        let is_frame = |open: &Open| {
            let local = open.element.local.to_ascii_lowercase();
            matches!(local.as_str(), "channel" | "feed" | "rss" | "rdf" | "items")
        };
        let inside = self.open.iter().rposition(|open| open.written == name);
        // What the head of the feed forgot to close must not hold its entries.
        let frame = self.open.iter().rposition(is_frame).map(|frame| frame + 1);
        let Some(keep) = inside.max(frame).filter(|keep| *keep < self.open.len()) else {
            return;
        };
        self.repaired("elements that never end were closed");
        while self.open.len() > keep {
            self.close_last();
        }
    }

    /// Resolves namespace, base and language of an element that starts here.
    fn opened(&mut self, written: &str, attributes: Vec<(String, String)>) -> Open {
        let parent = self.last();
        let mut prefixes = Rc::clone(&parent.prefixes);
        let mut base = parent.element.base.clone();
        let mut lang = parent.element.lang.clone();
        for (name, value) in &attributes {
            let value = value.trim();
            if name == "xmlns" {
                Rc::make_mut(&mut prefixes).insert(String::new(), Ns::of_uri(value));
            } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                Rc::make_mut(&mut prefixes).insert(prefix.to_owned(), Ns::of_uri(value));
            } else if name == "xml:base" {
                let joined = match &base {
                    Some(base) => base.join(value),
                    None => Url::parse(value),
                };
                if let Ok(joined) = joined {
                    base = Some(Rc::new(joined));
                }
            } else if name == "xml:lang" {
                lang = (!value.is_empty()).then(|| Rc::from(value));
            }
        }
        let (prefix, local) = written.split_once(':').unwrap_or(("", written));
        let ns = match prefixes.get(prefix) {
            Some(ns) => *ns,
            None => conventional(prefix),
        };
        Open {
            element: Element {
                ns,
                local: local.to_owned(),
                attributes,
                children: Vec::new(),
                base,
                lang,
                cut: false,
            },
            written: written.to_owned(),
            prefixes,
        }
    }
}

#[cfg(test)]
mod tests;
