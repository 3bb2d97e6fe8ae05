//! RDFa as the same tree that JSON-LD gives: an object per `typeof`, with `@type`, `@id`
//! and its properties in document order. The names of Google's old vocabulary
//! (`v:Review`, `v:dtreviewed`) are said in those of schema.org.

use scraper::{ElementRef, Html};
use serde_json::{Map, Value};

use super::microdata::{add, property_value};

/// Deeper nesting is not followed, so that hostile pages cannot exhaust the stack.
const MAX_DEPTH: usize = 400;

/// The nodes that belong to no other node, in document order.
pub(super) fn items(page: &Html) -> Vec<Value> {
    let mut top = Vec::new();
    children(page.root_element(), None, &[], 0, &mut top);
    top
}

/// Properties go into `node`. Names of `rel` wait for the nodes below the element.
fn children(
    element: ElementRef<'_>,
    mut node: Option<&mut Map<String, Value>>,
    waiting: &[String],
    depth: usize,
    top: &mut Vec<Value>,
) {
    if depth > MAX_DEPTH {
        return;
    }
    for child in element.child_elements() {
        visit(child, node.as_deref_mut(), waiting, depth + 1, top);
    }
}

fn visit(
    element: ElementRef<'_>,
    node: Option<&mut Map<String, Value>>,
    waiting: &[String],
    depth: usize,
    top: &mut Vec<Value>,
) {
    let names = |attribute: &str| -> Vec<String> {
        element
            .attr(attribute)
            .into_iter()
            .flat_map(str::split_ascii_whitespace)
            .map(name_of)
            .collect()
    };
    let properties = names("property");
    // `rel="nofollow"` says nothing about a node; names with a vocabulary do.
    let related: Vec<String> = element
        .attr("rel")
        .into_iter()
        .flat_map(str::split_ascii_whitespace)
        .filter(|name| name.contains(':'))
        .map(name_of)
        .collect();
    if element.attr("typeof").is_some() {
        let value = node_of(element, depth, top);
        let names: Vec<&String> = properties.iter().chain(&related).chain(waiting).collect();
        match node {
            Some(node) if !names.is_empty() => {
                for name in names {
                    add(node, name, value.clone());
                }
            }
            _ => top.push(value),
        }
        return;
    }
    match node {
        Some(node) => {
            for name in &properties {
                add(node, name, value_of(element, name));
            }
            let waiting = if related.is_empty() {
                waiting
            } else {
                &related
            };
            children(element, Some(node), waiting, depth, top);
        }
        None => children(element, None, &[], depth, top),
    }
}

fn node_of(element: ElementRef<'_>, depth: usize, top: &mut Vec<Value>) -> Value {
    let mut node = Map::new();
    let types: Vec<Value> = element
        .attr("typeof")
        .into_iter()
        .flat_map(str::split_ascii_whitespace)
        .map(|name| match name.rsplit([':', '/', '#']).next() {
            Some("Review-aggregate") => Value::from("AggregateRating"),
            _ => Value::from(name),
        })
        .collect();
    node.insert("@type".to_owned(), Value::Array(types));
    if let Some(id) = element.attr("about").or_else(|| element.attr("resource")) {
        node.insert("@id".to_owned(), Value::from(id.trim()));
    }
    children(element, Some(&mut node), &[], depth, top);
    lift_old_ratings(&mut node);
    Value::Object(node)
}

/// The old vocabulary puts the figures of an aggregate into a rating inside it.
fn lift_old_ratings(node: &mut Map<String, Value>) {
    let is_aggregate = node["@type"]
        .as_array()
        .is_some_and(|types| types.iter().any(|name| name == "AggregateRating"));
    if !is_aggregate {
        return;
    }
    if let Some(Value::Object(rating)) = node.get("reviewRating").cloned() {
        for (name, value) in rating {
            if !name.starts_with('@') {
                node.entry(name).or_insert(value);
            }
        }
    }
}

fn value_of(element: ElementRef<'_>, name: &str) -> Value {
    match element.attr("resource") {
        Some(address) if element.attr("content").is_none() => Value::from(address.trim()),
        _ => property_value(element, name),
    }
}

/// The name without its vocabulary, in the words of schema.org.
fn name_of(name: &str) -> String {
    let is_old = name.starts_with("v:") || name.contains("data-vocabulary.org");
    let bare = name.rsplit([':', '/', '#']).next().unwrap_or(name);
    if !is_old {
        return bare.to_owned();
    }
    match bare {
        "reviewer" => "author",
        "dtreviewed" => "datePublished",
        "summary" => "name",
        "itemreviewed" => "itemReviewed",
        "rating" => "reviewRating",
        "value" | "average" => "ratingValue",
        "best" => "bestRating",
        "worst" => "worstRating",
        "count" => "reviewCount",
        "votes" => "ratingCount",
        other => other,
    }
    .to_owned()
}
