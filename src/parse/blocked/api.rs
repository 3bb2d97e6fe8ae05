//! Error bodies of JSON interfaces, which often come with HTTP 200.

use serde_json::{Map, Value};

/// Why this JSON is an error rather than an answer.
pub(super) fn detect(text: &str) -> Option<String> {
    // A list is an answer; a wall that is JSON is an object.
    if !text.starts_with('{') || !may_be_error(text) {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let object = value.as_object()?;
    let reason = named_error(object)
        .or_else(|| bad_status(object))
        .or_else(|| problem_details(object))
        .or_else(|| only_bridge_errors(object))?;
    if has_content(object) && only_bridge_errors(object).is_none() {
        return None;
    }
    Some(format!("the site answered with an error: {reason}"))
}

/// Cheap look before parsing: none of these words, no error.
fn may_be_error(text: &str) -> bool {
    [
        "\"error",
        "\"status\"",
        "\"message\"",
        "\"success\"",
        "Bridge returned error",
    ]
    .iter()
    .any(|word| text.contains(word))
}

/// `error`, `errors`, `error_message` …, in the shapes in which interfaces write them.
fn named_error(object: &Map<String, Value>) -> Option<String> {
    const KEYS: [&str; 7] = [
        "error_message",
        "error_description",
        "error",
        "errors",
        "error_name",
        "error_id",
        "errorMessage",
    ];
    let (key, found) = KEYS
        .iter()
        .filter_map(|key| object.get_key_value(*key))
        .find(|(_, value)| is_set(value))?;
    // {"message":"Forbidden","error":403}
    let said = match found {
        Value::Number(_) | Value::Bool(_) => object.get("message").and_then(sentence),
        _ => None,
    };
    Some(
        said.or_else(|| sentence(found))
            .unwrap_or_else(|| format!("{key} is set")),
    )
}

fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// The sentence inside an error value: a text, or what stands under `message` and the like.
fn sentence(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(list) => list.first().and_then(sentence),
        Value::Object(map) => [
            "message",
            "detail",
            "description",
            "reason",
            "title",
            "status",
            "code",
        ]
        .iter()
        .find_map(|key| map.get(*key).and_then(sentence)),
        Value::Null | Value::Bool(_) => None,
    }
}

/// Google writes quota errors as a status inside a good answer; others write `success: false`.
fn bad_status(object: &Map<String, Value>) -> Option<String> {
    const BAD: [&str; 9] = [
        "OVER_QUERY_LIMIT",
        "OVER_DAILY_LIMIT",
        "REQUEST_DENIED",
        "INVALID_REQUEST",
        "UNKNOWN_ERROR",
        "NOT_FOUND",
        "error",
        "fail",
        "failure",
    ];
    let status = object.get("status").and_then(Value::as_str);
    if let Some(status) = status.filter(|status| BAD.contains(status)) {
        let message = object.get("message").and_then(sentence);
        return Some(message.unwrap_or_else(|| status.to_owned()));
    }
    if object.get("success") == Some(&Value::Bool(false)) {
        let message = object.get("message").and_then(sentence);
        return Some(message.unwrap_or_else(|| "it reports no success".to_owned()));
    }
    None
}

/// RFC 9457: `type`, `title`, `status`, `detail`; and `{"message": …, "code": …}`.
fn problem_details(object: &Map<String, Value>) -> Option<String> {
    let number = ["status", "statusCode", "code"]
        .iter()
        .find_map(|key| object.get(*key).and_then(Value::as_u64))?;
    let said = ["detail", "message", "title"]
        .iter()
        .find_map(|key| object.get(*key).and_then(sentence))?;
    (400..600).contains(&number).then_some(said)
}

/// Something besides the error: partial errors accompany good data.
fn has_content(object: &Map<String, Value>) -> bool {
    const BESIDES: [&str; 8] = [
        "error",
        "errors",
        "html_attributions",
        "meta",
        "request",
        "detail",
        "details",
        "links",
    ];
    object.iter().any(|(key, value)| {
        !BESIDES.contains(&key.as_str())
            && match value {
                Value::Array(list) => !list.is_empty(),
                Value::Object(map) => !map.is_empty(),
                _ => false,
            }
    })
}

/// A JSON Feed in which a bridge reports nothing but its own failure.
fn only_bridge_errors(object: &Map<String, Value>) -> Option<String> {
    let items = object.get("items")?.as_array()?;
    let titles: Vec<&str> = items
        .iter()
        .filter_map(|item| item.get("title")?.as_str())
        .filter(|title| title.trim_start().starts_with("Bridge returned error"))
        .collect();
    let first = titles.first()?;
    (titles.len() == items.len()).then(|| (*first).to_owned())
}
