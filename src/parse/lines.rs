//! Many JSON answers in a row become items: one object a line, or the events of a saved
//! stream. A line that cannot be read is left out with a note; the others still count.

use serde_json::Value;

use super::{Answer, ParseError, Parsed, encoding, json};
use crate::domain::{Carrier, Definition, JsonMapping, JsonPath, SseReader, StreamKind};

/// Reads JSON Lines: each line is an answer of its own.
///
/// # Errors
/// No line at all could be read.
pub fn read(
    answer: &Answer<'_>,
    definition: &Definition,
    mapping: &JsonMapping,
) -> Result<Parsed, ParseError> {
    let decoded = encoding::decode(answer.bytes, answer.content_type);
    let lines = decoded
        .text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    together(lines, answer, definition, mapping)
}

/// Reads what a stream sent, saved to a file.
///
/// # Errors
/// No event at all could be read.
pub fn read_saved(
    answer: &Answer<'_>,
    definition: &Definition,
    stream: &StreamKind,
    mapping: &JsonMapping,
) -> Result<Parsed, ParseError> {
    if stream.carrier != Carrier::Sse {
        return read(answer, definition, mapping);
    }
    let mut reader = SseReader::default();
    let mut events = reader.push(answer.bytes);
    // A file may end without the empty line that ends an event.
    events.extend(reader.push(b"\n\n"));
    let wanted: Vec<String> = events
        .into_iter()
        .filter(|event| stream.wants(event.name.as_deref()))
        .map(|event| event.data)
        .collect();
    together(
        wanted.iter().map(String::as_str),
        answer,
        definition,
        mapping,
    )
}

/// Reads one event of a stream.
///
/// # Errors
/// It is not what the definition expects.
pub fn read_event(
    data: &str,
    definition: &Definition,
    mapping: &JsonMapping,
) -> Result<Parsed, ParseError> {
    let answer = Answer {
        bytes: data.as_bytes(),
        content_type: Some("application/json; charset=utf-8"),
        url: None,
        at: None,
    };
    json::read_plain(&answer, definition, mapping)
}

/// A text or a number of an event, such as its position in the stream.
pub fn text_at(data: &str, path: &JsonPath) -> Option<String> {
    let value: Value = serde_json::from_str(data).ok()?;
    match path.find(&value)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn together<'l>(
    lines: impl Iterator<Item = &'l str>,
    answer: &Answer<'_>,
    definition: &Definition,
    mapping: &JsonMapping,
) -> Result<Parsed, ParseError> {
    let mut all = Parsed::default();
    let mut first_error = None;
    let mut n_broken = 0;
    let mut n_lines = 0;
    for line in lines {
        n_lines += 1;
        let answer = Answer {
            bytes: line.as_bytes(),
            content_type: Some("application/json; charset=utf-8"),
            url: answer.url,
            at: answer.at,
        };
        match json::read_plain(&answer, definition, mapping) {
            Ok(parsed) => {
                all.items.extend(parsed.items);
                all.notes.extend(parsed.notes);
            }
            Err(error) => {
                n_broken += 1;
                first_error.get_or_insert((n_lines, error));
            }
        }
    }
    match first_error {
        Some((_, error)) if n_broken == n_lines => Err(error),
        Some((line, error)) => {
            all.notes.push(format!(
                "{n_broken} of {n_lines} lines were left out; the first is line {line}: {error}"
            ));
            Ok(all)
        }
        None => Ok(all),
    }
}
