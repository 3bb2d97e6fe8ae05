//! A JSON answer becomes items by the rules of its definition: a value, or one that a site
//! printed into its page. Only an answer without the
//! promised list is an error.

use scraper::ElementRef;
use serde_json::Value;

use super::mapping::{self, Context, Entry, Found};
use super::{Answer, ParseError, Parsed, encoding, html, number, page};
use crate::domain::{
    Condition, CssPlace, Definition, Filtered, JsonMapping, JsonPath, JsonReading, ListRule, Take,
};

/// Reads a JSON answer with a definition's rules.
///
/// # Errors
/// The answer is no JSON, is cut off, or does not hold the list that the rules name.
pub fn read(
    answer: &Answer<'_>,
    definition: &Definition,
    reading: &JsonReading,
) -> Result<Parsed, ParseError> {
    let decoded = encoding::decode(answer.bytes, answer.content_type);
    let source = decoded.text.trim_start_matches('\u{feff}').trim();
    if source.is_empty() {
        return Err(ParseError::Empty);
    }
    let value = match &reading.inside {
        Some(inside) if source.starts_with('<') => {
            value_in_page(answer, inside, &Context::new(answer, definition))?
        }
        _ => parse(source)?,
    };
    read_value(&value, answer, definition, &reading.mapping)
}

/// [`read`] for an answer that is nothing but JSON.
///
/// # Errors
/// As [`read`].
pub fn read_plain(
    answer: &Answer<'_>,
    definition: &Definition,
    mapping: &JsonMapping,
) -> Result<Parsed, ParseError> {
    let decoded = encoding::decode(answer.bytes, answer.content_type);
    let source = decoded.text.trim_start_matches('\u{feff}').trim();
    if source.is_empty() {
        return Err(ParseError::Empty);
    }
    read_value(&parse(source)?, answer, definition, mapping)
}

fn read_value(
    value: &Value,
    answer: &Answer<'_>,
    definition: &Definition,
    mapping: &JsonMapping,
) -> Result<Parsed, ParseError> {
    let context = Context::new(answer, definition);
    let Some(entries) = entries(value, &mapping.list) else {
        let empty = mapping
            .empty_if
            .as_ref()
            .is_some_and(|condition| condition.holds(value));
        if empty {
            return Ok(Parsed::default());
        }
        return Err(missing_list(definition));
    };
    items(entries, mapping, &context)
}

fn missing_list(definition: &Definition) -> ParseError {
    ParseError::NotAFeed(format!(
        "the JSON is not an answer of {}: the list of entries is missing",
        definition.title
    ))
}

fn parse(source: &str) -> Result<Value, ParseError> {
    if source.starts_with('<') {
        return Err(ParseError::NotAFeed(
            "a page or an XML document came instead of JSON".to_owned(),
        ));
    }
    serde_json::from_str(source).map_err(|error| {
        if source.starts_with(['{', '[']) {
            ParseError::Broken(format!("the JSON is broken: {error}"))
        } else {
            ParseError::NotAFeed("the answer is not JSON".to_owned())
        }
    })
}

/// The first JSON value in the elements that the rule names: `<script>{…}</script>`,
/// `window.data = {…};` or an attribute.
fn value_in_page(
    answer: &Answer<'_>,
    inside: &Filtered<CssPlace>,
    context: &Context<'_>,
) -> Result<Value, ParseError> {
    let opened = page::open(answer)?;
    let root = opened.html.root_element();
    let elements: Vec<ElementRef<'_>> = match &inside.place.selector {
        Some(selector) => root.select(selector).collect(),
        None => vec![root],
    };
    elements
        .into_iter()
        .filter_map(|element| match &inside.place.take {
            // The text of a script is no text that a reader sees.
            Take::Text => Some(element.text().collect::<String>()),
            take => html::taken(element, take),
        })
        .filter_map(|text| mapping::filtered(text, &inside.filters, context))
        .find_map(|text| {
            let start = text.find(['{', '['])?;
            serde_json::Deserializer::from_str(&text[start..])
                .into_iter::<Value>()
                .next()?
                .ok()
        })
        .ok_or_else(|| {
            ParseError::NotAFeed(format!(
                "the page is not one of {}: it does not hold the data",
                context.definition.title
            ))
        })
}

/// An entry with the answer around it.
struct JsonEntry<'v> {
    entry: &'v Value,
    whole: &'v Value,
}

impl Entry<JsonPath> for JsonEntry<'_> {
    fn find(&self, place: &JsonPath) -> Option<Found> {
        let texts: Vec<String> = place
            .find_all(self.entry, self.whole)
            .into_iter()
            .filter_map(scalar)
            .collect();
        (!texts.is_empty()).then(|| Found::raw(texts.join("\n")))
    }

    fn number(&self, place: &JsonPath) -> Option<f64> {
        match place.find_all(self.entry, self.whole).first()? {
            Value::Number(number) => number.as_f64(),
            Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
            Value::String(text) => number::first_number(text),
            _ => None,
        }
    }

    fn holds(&self, condition: &Condition<JsonPath>) -> bool {
        condition.holds_in(self.entry, self.whole)
    }
}

/// The entries of the first alternative that is there.
fn entries<'v>(whole: &'v Value, list: &[ListRule<JsonPath>]) -> Option<Vec<JsonEntry<'v>>> {
    list.iter().find_map(|alternative| {
        let mut found = Vec::new();
        let mut any = false;
        for path in &alternative.0 {
            for value in path.find_all(whole, whole) {
                match value {
                    Value::Array(list) => {
                        any = true;
                        found.extend(list);
                    }
                    // Apple writes a single review without the list around it.
                    Value::Object(_) => {
                        any = true;
                        found.push(value);
                    }
                    _ => (),
                }
            }
        }
        any.then(|| {
            found
                .into_iter()
                .map(|entry| JsonEntry { entry, whole })
                .collect()
        })
    })
}

/// Values that are no objects are no entries.
fn items(
    entries: Vec<JsonEntry<'_>>,
    mapping: &JsonMapping,
    context: &Context<'_>,
) -> Result<Parsed, ParseError> {
    let n_entries = entries.len();
    let usable: Vec<JsonEntry<'_>> = entries
        .into_iter()
        .filter(|entry| entry.entry.is_object())
        .collect();
    let n_odd = n_entries - usable.len();
    mapping::items(&usable, n_odd, mapping, context)
}

/// A text, a number or a truth as text; lists of texts are joined with line breaks.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Array(list) => {
            let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            (!texts.is_empty()).then(|| texts.join("\n"))
        }
        Value::Null | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests;
