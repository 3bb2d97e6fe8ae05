//! Microdata as the same tree that JSON-LD gives: an object per `itemscope`, with `@type`,
//! `@id` and its properties in document order.

use std::collections::HashSet;

use scraper::{ElementRef, Html, Selector};
use serde_json::{Map, Value};

use crate::parse::text;

/// Deeper nesting is not followed, so that hostile pages cannot exhaust the stack.
const MAX_DEPTH: usize = 400;

/// References are followed this often in a whole page: each may lead to further ones.
const MAX_REFERENCES: usize = 500;

/// Values that are copied in a whole page because an item has several names. Items with two
/// names each, one inside the other, would double at every level.
const MAX_COPIED: usize = 10_000;

/// The items that belong to no other item, in document order.
pub(in crate::parse) fn items(page: &Html) -> Vec<Value> {
    let referring = Selector::parse("[itemref]").expect("the selector is fixed");
    let mut walk = Walk {
        page,
        referred: page
            .select(&referring)
            .filter_map(|element| element.attr("itemref"))
            .flat_map(str::split_ascii_whitespace)
            .collect(),
        top: Vec::new(),
        n_references: 0,
        n_copied: 0,
    };
    walk.children(page.root_element(), None, 0);
    walk.top
}

struct Walk<'p> {
    page: &'p Html,
    /// Ids of elements that belong to an item elsewhere.
    referred: HashSet<&'p str>,
    top: Vec<Value>,
    n_references: usize,
    n_copied: usize,
}

impl Walk<'_> {
    /// Properties go into `item`; without one, a property is nobody's and an item stands
    /// for itself.
    fn children(
        &mut self,
        element: ElementRef<'_>,
        mut item: Option<&mut Map<String, Value>>,
        depth: usize,
    ) {
        if depth > MAX_DEPTH {
            return;
        }
        for child in element.child_elements() {
            self.visit(child, item.as_deref_mut(), depth + 1);
        }
    }

    fn visit(
        &mut self,
        element: ElementRef<'_>,
        item: Option<&mut Map<String, Value>>,
        depth: usize,
    ) {
        let is_elsewhere = element
            .attr("id")
            .is_some_and(|id| self.referred.contains(id));
        if item.is_none() && is_elsewhere {
            return;
        }
        let properties: Vec<&str> = element
            .attr("itemprop")
            .map(|names| names.split_ascii_whitespace().collect())
            .unwrap_or_default();
        if element.attr("itemscope").is_some() {
            let value = self.item(element, depth);
            match item {
                Some(item) if !properties.is_empty() => {
                    let (others, last) = properties.split_at(properties.len() - 1);
                    for name in others {
                        self.n_copied = self.n_copied.saturating_add(n_values(&value));
                        if self.n_copied > MAX_COPIED {
                            break;
                        }
                        add(item, name, value.clone());
                    }
                    add(item, last[0], value);
                }
                _ => self.top.push(value),
            }
            return;
        }
        match item {
            Some(item) => {
                for name in properties {
                    add(item, name, property_value(element, name));
                }
                self.children(element, Some(item), depth);
            }
            None => self.children(element, None, depth),
        }
    }

    fn item(&mut self, element: ElementRef<'_>, depth: usize) -> Value {
        let mut map = Map::new();
        if let Some(types) = element.attr("itemtype") {
            let types: Vec<Value> = types.split_ascii_whitespace().map(Value::from).collect();
            map.insert("@type".to_owned(), Value::Array(types));
        }
        if let Some(id) = element.attr("itemid") {
            map.insert("@id".to_owned(), Value::from(id.trim()));
        }
        self.children(element, Some(&mut map), depth);
        let elsewhere = element.attr("itemref").unwrap_or_default();
        for id in elsewhere.split_ascii_whitespace() {
            self.n_references += 1;
            if self.n_references > MAX_REFERENCES {
                break;
            }
            // Ids are compared by hand: any text may be an id, but not a selector.
            let with_id = Selector::parse("[id]").expect("the selector is fixed");
            let mut others = self.page.select(&with_id);
            if let Some(referred) = others.find(|other| other.attr("id") == Some(id))
                && !is_inside(element, referred)
            {
                self.visit(referred, Some(&mut map), depth + 20);
            }
        }
        Value::Object(map)
    }
}

/// How many values a value is made of.
fn n_values(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(n_values).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(n_values).sum::<usize>(),
        _ => 1,
    }
}

/// An item that refers to what it stands in would go round in circles.
fn is_inside(element: ElementRef<'_>, outer: ElementRef<'_>) -> bool {
    element.id() == outer.id() || element.ancestors().any(|node| node.id() == outer.id())
}

/// Adds a value to a property, which becomes a list with its second.
pub(super) fn add(item: &mut Map<String, Value>, name: &str, value: Value) {
    // Full addresses name the same property.
    let name = name.rsplit(['/', '#']).next().unwrap_or(name).to_owned();
    match item.get_mut(&name) {
        None => {
            item.insert(name, value);
        }
        Some(Value::Array(list)) => list.push(value),
        Some(first) => {
            let first_value = first.take();
            *first = Value::Array(vec![first_value, value]);
        }
    }
}

/// The value of a property by the kind of its element. A link gives its address, except
/// where a reader is meant to read its words.
pub(in crate::parse) fn property_value(element: ElementRef<'_>, name: &str) -> Value {
    const READ_ALOUD: [&str; 6] = [
        "name",
        "author",
        "reviewBody",
        "description",
        "headline",
        "text",
    ];
    let attribute = |name: &str| element.attr(name).map(|value| value.trim().to_owned());
    let shown = || text::plain_from_html(&element.inner_html());
    if let Some(content) = attribute("content") {
        return Value::from(content);
    }
    match element.value().name() {
        "a" | "area" | "link" => {
            let address = attribute("href").unwrap_or_default();
            if name == "author" {
                let mut author = Map::new();
                author.insert("name".to_owned(), Value::from(shown()));
                author.insert("url".to_owned(), Value::from(address));
                return Value::Object(author);
            }
            if READ_ALOUD.contains(&name) {
                return Value::from(shown());
            }
            Value::from(address)
        }
        "audio" | "embed" | "iframe" | "img" | "source" | "track" | "video" => {
            Value::from(attribute("src").unwrap_or_default())
        }
        "object" => Value::from(attribute("data").unwrap_or_default()),
        "data" | "meter" => Value::from(attribute("value").unwrap_or_else(shown)),
        "time" => Value::from(attribute("datetime").unwrap_or_else(shown)),
        _ => Value::from(shown()),
    }
}
