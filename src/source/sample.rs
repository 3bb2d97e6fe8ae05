//! Whether a definition reads its own sample as it says it does. Reading is the parse
//! stage's work and is handed in, since a stage does not call another.

use chrono::{DateTime, Utc};
use serde_json::Value;
use url::Url;

use super::Definitions;
use crate::domain::{Definition, Item};

/// A sample as it is handed to the reader.
#[derive(Clone, Debug)]
pub struct Saved<'a> {
    /// The saved answer.
    pub bytes: &'a [u8],
    /// Where it would have come from.
    pub url: Option<Url>,
    /// When it was saved.
    pub at: Option<DateTime<Utc>>,
}

/// Reads every sample with `read` and compares. Each problem is one sentence with the
/// definition's name in front; an empty list means that all samples read as they should.
pub fn check_samples(
    definitions: &Definitions,
    read: impl Fn(&Definition, &Saved<'_>) -> Result<Vec<Item>, String>,
) -> Vec<String> {
    let mut problems = Vec::new();
    for loaded in definitions.loaded() {
        let Some(sample) = &loaded.definition.sample else {
            continue;
        };
        let name = &loaded.definition.name;
        let Some(bytes) = &loaded.sample else {
            problems.push(format!(
                "{name}: the sample samples/{} is missing",
                sample.file
            ));
            continue;
        };
        let definition = match super::fill_rules(&loaded.definition, &sample.params) {
            Ok(definition) => definition,
            Err(wrong) => {
                problems.extend(
                    wrong
                        .iter()
                        .map(|wrong| format!("{name}: the sample's {wrong}")),
                );
                continue;
            }
        };
        let saved = Saved {
            bytes,
            url: sample.url.as_deref().and_then(|url| Url::parse(url).ok()),
            at: sample.at,
        };
        match read(&definition, &saved) {
            Err(why) => problems.push(format!("{name}: the sample cannot be read: {why}")),
            Ok(items) => problems.extend(
                differences(sample.n, &sample.items, &items)
                    .into_iter()
                    .map(|difference| format!("{name}: {difference}")),
            ),
        }
    }
    problems
}

fn differences(n: usize, expected: &[Value], items: &[Item]) -> Vec<String> {
    let mut found = Vec::new();
    if items.len() != n {
        found.push(format!(
            "the sample gives {} items, expected {n}",
            items.len()
        ));
    }
    for (place, expected) in expected.iter().enumerate() {
        let Some(item) = items.get(place) else {
            found.push(format!("item {} is missing", place + 1));
            continue;
        };
        match serde_json::to_value(item) {
            Ok(actual) => compare(
                expected,
                &actual,
                &format!("item {}", place + 1),
                &mut found,
            ),
            Err(error) => found.push(format!("item {} cannot be written: {error}", place + 1)),
        }
    }
    found
}

/// Every field that is expected must be there with that value; others do not matter.
fn compare(expected: &Value, actual: &Value, place: &str, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, value) in expected {
                let there = actual.get(key).unwrap_or(&Value::Null);
                compare(value, there, &format!("{place}, {key}"), found);
            }
        }
        // A definition cannot write `null`, so an empty text stands for "nothing".
        (Value::String(text), Value::Null) if text.is_empty() => (),
        _ => {
            let same = match (expected.as_f64(), actual.as_f64()) {
                (Some(left), Some(right)) => left == right,
                _ => expected == actual,
            };
            if !same {
                found.push(format!("{place} is {actual}, expected {expected}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;
    use serde_json::json;

    #[test]
    fn differences_name_item_field_and_both_values() {
        let mut item = Item::empty("x", Kind::Post);
        item.text = "there".to_owned();
        let expected = [json!({"text": "here", "title": "", "engagement": {"likes": 0.0}})];
        assert_eq!(
            differences(2, &expected, &[item]),
            [
                "the sample gives 1 items, expected 2",
                "item 1, text is \"there\", expected \"here\""
            ]
        );
    }
}
