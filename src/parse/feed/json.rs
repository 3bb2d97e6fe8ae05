//! JSON Feed: what writers get wrong (numeric ids, one object instead of a list, null
//! items) is put right, feed-rs reads it, and what it leaves out is added.

use std::rc::Rc;

use serde_json::{Map, Value, json};
use url::Url;

use super::dialect::shortened;
use super::links::{absolute, non_empty};
use super::{Reader, people};
use crate::domain::{Author, Item};
use crate::parse::text::{self, Sanitiser};
use crate::parse::{ParseError, Parsed, dates};

/// Reads a JSON Feed.
pub(super) fn read(reader: &Reader<'_>, text: &str) -> Result<Parsed, ParseError> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        ParseError::Broken(format!(
            "the JSON is broken at line {}, column {}: {error}",
            error.line(),
            error.column()
        ))
    })?;
    let mut notes = Vec::new();
    let feed = match value {
        Value::Object(feed) if is_feed(&feed) => feed,
        Value::Object(other) => return Err(ParseError::NotAFeed(describe(&other))),
        _ => {
            return Err(ParseError::NotAFeed(
                "this is a JSON list, not a feed".to_owned(),
            ));
        }
    };
    let items: Vec<Map<String, Value>> = match feed.get("items") {
        Some(Value::Array(items)) => {
            let objects: Vec<_> = items.iter().filter_map(Value::as_object).cloned().collect();
            if objects.len() < items.len() {
                notes.push("items that are no objects were left out".to_owned());
            }
            objects
        }
        Some(Value::Object(item)) => {
            notes.push("the only item was no list".to_owned());
            vec![item.clone()]
        }
        _ => Vec::new(),
    };
    let entries = read_with_feed_rs(&feed, &items);
    if entries.is_none() {
        notes.push("feed-rs could not read it; it was read without".to_owned());
    }
    let base = reader.answer.url.cloned().map(Rc::new);
    let sanitiser = Sanitiser::new(reader.answer.url);
    let language = string(&feed, "language");
    let feed_author = authors(&feed, base.as_ref());
    let items = items
        .iter()
        .enumerate()
        .map(|(place, item)| {
            let entry = entries.as_ref().and_then(|entries| entries.get(place));
            let mut item = read_item(reader, item, entry, base.as_ref(), &sanitiser);
            item.lang = item.lang.or_else(|| language.clone());
            item.author = item.author.or_else(|| feed_author.clone());
            item
        })
        .collect();
    Ok(Parsed {
        items,
        min_interval_secs: None,
        next_page: string(&feed, "next_url").and_then(|next| absolute(&next, base.as_ref())),
        deleted: Vec::new(),
        notes,
    })
}

/// A feed says its version, or at least has items.
fn is_feed(feed: &Map<String, Value>) -> bool {
    let says_so = feed
        .get("version")
        .and_then(Value::as_str)
        .is_some_and(|version| version.contains("jsonfeed"));
    let has_items = matches!(feed.get("items"), Some(Value::Array(_) | Value::Object(_)));
    says_so
        || (has_items
            && feed.keys().any(|key| {
                matches!(
                    key.as_str(),
                    "title" | "version" | "home_page_url" | "feed_url"
                )
            }))
}

fn describe(other: &Map<String, Value>) -> String {
    let keys: Vec<&str> = other.keys().take(5).map(String::as_str).collect();
    format!(
        "this is a JSON document with {}, not a feed",
        shortened(&keys.join(", "))
    )
}

/// A text, also where a number stands for it.
fn string(object: &Map<String, Value>, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::String(text) => non_empty(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The feed in the form that feed-rs accepts: only members of the right type.
fn read_with_feed_rs(
    feed: &Map<String, Value>,
    items: &[Map<String, Value>],
) -> Option<Vec<feed_rs::model::Entry>> {
    const TEXTS: [&str; 9] = [
        "id",
        "url",
        "external_url",
        "title",
        "content_html",
        "content_text",
        "summary",
        "date_published",
        "date_modified",
    ];
    let items: Vec<Value> = items
        .iter()
        .map(|item| {
            let texts = TEXTS
                .iter()
                .filter_map(|key| Some(((*key).to_owned(), Value::String(string(item, key)?))));
            Value::Object(texts.collect())
        })
        .collect();
    let n_items = items.len();
    let clean = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": string(feed, "title").unwrap_or_default(),
        "items": items,
    });
    let parser = feed_rs::parser::Builder::new()
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(dates::parse)
        .build();
    let entries = parser.parse(clean.to_string().as_bytes()).ok()?.entries;
    (entries.len() == n_items).then_some(entries)
}

fn read_item(
    reader: &Reader<'_>,
    object: &Map<String, Value>,
    entry: Option<&feed_rs::model::Entry>,
    base: Option<&Rc<Url>>,
    sanitiser: &Sanitiser,
) -> Item {
    let mut item = reader.empty_item();
    item.native_id = match entry {
        Some(entry) => non_empty(&entry.id),
        None => string(object, "id"),
    };
    item.url = string(object, "url")
        .or_else(|| string(object, "external_url"))
        .and_then(|address| absolute(&address, base))
        .or_else(|| {
            item.native_id
                .clone()
                .filter(|id| id.starts_with("http://") || id.starts_with("https://"))
        });
    // The specification says plain text, so that references are meant as written.
    item.title =
        string(object, "title").and_then(|title| non_empty(&text::plain_title(&title, false)));
    if let Some(html) = string(object, "content_html") {
        item.text = text::plain_from_html(&html);
        item.html = text::has_markup(&html)
            .then(|| sanitiser.clean(&html))
            .filter(|html| !html.is_empty());
    }
    for key in ["content_text", "summary"] {
        if item.text.is_empty() {
            item.text = string(object, key)
                .map(|text| text::fold_whitespace(&text))
                .unwrap_or_default();
        }
    }
    item.author = authors(object, base);
    item.lang = string(object, "language").map(|lang| lang.replace('_', "-"));
    item.published_at = match entry {
        Some(entry) => entry.published,
        None => string(object, "date_published").and_then(|date| dates::parse(&date)),
    };
    item.updated_at = match entry {
        Some(entry) => entry.updated,
        None => string(object, "date_modified").and_then(|date| dates::parse(&date)),
    };
    item
}

/// `authors` of version 1.1, `author` of version 1, either of them also as plain text.
fn authors(object: &Map<String, Value>, base: Option<&Rc<Url>>) -> Option<Author> {
    let one = |value: &Value| match value {
        Value::String(text) => people::from_text(text),
        Value::Object(author) => {
            let url = string(author, "url").and_then(|url| absolute(&url, base));
            let name = string(author, "name");
            people::from_parts(name.as_deref(), None, url.clone()).or(url.map(|url| Author {
                url: Some(url),
                ..Author::default()
            }))
        }
        _ => None,
    };
    let listed = match object.get("authors") {
        Some(Value::Array(authors)) => people::together(authors.iter().map(one)),
        Some(single) => one(single),
        None => None,
    };
    listed.or_else(|| object.get("author").and_then(one))
}
