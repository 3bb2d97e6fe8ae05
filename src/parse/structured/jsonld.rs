//! The JSON-LD blocks of a page as values, repaired where templates broke them, with
//! references inside the page resolved.

use std::collections::HashMap;

use scraper::{Html, Selector};
use serde_json::{Map, Value};

use super::lenient;
use crate::parse::text;

/// The blocks in document order, and how many of them had to be repaired.
pub(super) fn blocks(page: &Html) -> (Vec<Value>, usize) {
    let scripts = Selector::parse("script[type]").expect("the selector is fixed");
    let mut found = Vec::new();
    let mut n_repaired = 0;
    for script in page.select(&scripts) {
        let is_json_ld = script
            .attr("type")
            .is_some_and(|kind| kind.to_ascii_lowercase().contains("ld+json"));
        if !is_json_ld {
            continue;
        }
        let source: String = script.text().collect();
        let source = source.trim_start_matches('\u{feff}').trim();
        match serde_json::from_str(source) {
            Ok(value) => found.push(value),
            Err(_) if source.is_empty() => (),
            Err(_) => {
                n_repaired += 1;
                found.extend(repaired(source));
            }
        }
    }
    let found = found.into_iter().map(unwrapped).collect();
    (found, n_repaired)
}

/// Blocks whose quotes were written as `&quot;` have none left.
fn repaired(source: &str) -> Vec<Value> {
    if !source.contains('"') && source.contains("&quot;") {
        lenient::values(&text::decode_references(source))
    } else {
        lenient::values(source)
    }
}

/// Some plugins put the whole object into a text.
fn unwrapped(value: Value) -> Value {
    match &value {
        Value::String(inner) if inner.trim_start().starts_with(['{', '[']) => {
            serde_json::from_str(inner).unwrap_or(value)
        }
        _ => value,
    }
}

/// The nodes that say something, by their `@id`: `{"@id": "#x"}` elsewhere means them.
#[derive(Debug, Default)]
pub(super) struct References<'v> {
    nodes: HashMap<&'v str, &'v Map<String, Value>>,
}

impl<'v> References<'v> {
    pub(super) fn of(values: &'v [Value]) -> Self {
        let mut references = Self::default();
        for value in values {
            references.collect(value);
        }
        references
    }

    fn collect(&mut self, value: &'v Value) {
        match value {
            Value::Array(list) => list.iter().for_each(|element| self.collect(element)),
            Value::Object(map) => {
                if let Some(id) = map.get("@id").and_then(Value::as_str)
                    && map.len() > 1
                {
                    self.nodes.entry(id).or_insert(map);
                }
                map.values().for_each(|inner| self.collect(inner));
            }
            _ => (),
        }
    }

    /// The node itself, or the one that it only points to.
    pub(super) fn resolve(&self, map: &'v Map<String, Value>) -> &'v Map<String, Value> {
        match map.get("@id").and_then(Value::as_str) {
            Some(id) if map.len() == 1 => self.nodes.get(id).copied().unwrap_or(map),
            _ => map,
        }
    }
}
