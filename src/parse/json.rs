//! A JSON answer becomes items by the rules of its definition. An entry that cannot be
//! used is left out with a note; only an answer without the promised list is an error.

use chrono::{DateTime, Utc};
use serde_json::Value;
use url::Url;

use super::{Answer, ParseError, Parsed, dates, encoding, number, text};
use crate::domain::{
    Alternatives, Author, Definition, Engagement, FieldRules, Filter, Item, JsonMapping, Kind,
    Piece, Rating, ValueRule,
};

/// Reads a JSON answer with a definition's mapping.
///
/// # Errors
/// The answer is no JSON, is cut off, or does not hold the list that the mapping names.
pub fn read(
    answer: &Answer<'_>,
    definition: &Definition,
    mapping: &JsonMapping,
) -> Result<Parsed, ParseError> {
    let decoded = encoding::decode(answer.bytes, answer.content_type);
    let source = decoded.text.trim_start_matches('\u{feff}').trim();
    if source.is_empty() {
        return Err(ParseError::Empty);
    }
    if source.starts_with('<') {
        return Err(ParseError::NotAFeed(
            "a page or an XML document came instead of JSON".to_owned(),
        ));
    }
    let value: Value = serde_json::from_str(source).map_err(|error| {
        if source.starts_with(['{', '[']) {
            ParseError::Broken(format!("the JSON is broken: {error}"))
        } else {
            ParseError::NotAFeed("the answer is not JSON".to_owned())
        }
    })?;
    let Some(entries) = entries(&value, mapping) else {
        let empty = mapping
            .empty_if
            .as_ref()
            .is_some_and(|condition| condition.holds(&value));
        if empty {
            return Ok(Parsed::default());
        }
        return Err(ParseError::NotAFeed(format!(
            "the JSON is not an answer of {}: the list of entries is missing",
            definition.title
        )));
    };
    let mut parsed = Parsed::default();
    let n_entries = entries.len();
    let mut n_unusable = 0;
    for entry in entries {
        if !entry.is_object() {
            n_unusable += 1;
            continue;
        }
        if mapping
            .skip_if
            .iter()
            .any(|condition| condition.holds(entry))
        {
            continue;
        }
        let kind = mapping
            .kinds
            .iter()
            .find(|(condition, _)| condition.holds(entry))
            .map_or(definition.kind, |(_, kind)| *kind);
        let mut item = item_of(entry, &mapping.fields, &definition.name, kind, answer.url);
        if !is_usable(&item) {
            n_unusable += 1;
            continue;
        }
        item.is_brand_reply = mapping
            .brand_reply_if
            .as_ref()
            .is_some_and(|condition| condition.holds(entry));
        let reply = mapping
            .reply
            .as_ref()
            .map(|rules| item_of(entry, rules, &definition.name, Kind::Comment, answer.url))
            .filter(|reply| !reply.text.is_empty());
        let answered = item.native_id.clone().or_else(|| item.url.clone());
        parsed.items.push(item);
        if let Some(mut reply) = reply {
            reply.is_brand_reply = true;
            reply.in_reply_to = reply.in_reply_to.or(answered);
            parsed.items.push(reply);
        }
    }
    if n_unusable > 0 && parsed.items.is_empty() && n_unusable == n_entries {
        return Err(ParseError::NotAFeed(format!(
            "the JSON is not an answer of {}: none of its {n_entries} entries has the fields",
            definition.title
        )));
    }
    if n_unusable > 0 {
        parsed.notes.push(format!(
            "{n_unusable} of {n_entries} entries had neither text nor title and were left out"
        ));
    }
    Ok(parsed)
}

/// The entries of the first alternative that is there.
fn entries<'v>(value: &'v Value, mapping: &JsonMapping) -> Option<Vec<&'v Value>> {
    mapping.list.iter().find_map(|alternative| {
        let mut found = Vec::new();
        let mut any = false;
        for path in &alternative.0 {
            match path.find(value) {
                Some(Value::Array(list)) => {
                    any = true;
                    found.extend(list);
                }
                // Apple writes a single review without the list around it.
                Some(single @ Value::Object(_)) => {
                    any = true;
                    found.push(single);
                }
                _ => (),
            }
        }
        any.then_some(found)
    })
}

/// Something to read, and something that tells it from other entries.
fn is_usable(item: &Item) -> bool {
    let says_something = !item.text.is_empty() || item.title.is_some() || item.rating.is_some();
    says_something || (item.native_id.is_some() && item.url.is_some())
}

fn item_of(
    entry: &Value,
    rules: &FieldRules,
    definition: &str,
    kind: Kind,
    base: Option<&Url>,
) -> Item {
    let text_of = |rules: &Alternatives| plain_value(entry, rules).filter(|text| !text.is_empty());
    let line_of = |rules: &Alternatives| {
        text_of(rules)
            .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|text| !text.is_empty())
    };
    let count_of = |rules: &Alternatives| number_value(entry, rules).map_or(0, whole);
    let url_of = |rules: &Alternatives| line_of(rules).and_then(|url| absolute(&url, base));
    let author = Author {
        name: line_of(&rules.author_name),
        handle: line_of(&rules.author_handle),
        url: url_of(&rules.author_url),
        followers: number_value(entry, &rules.author_followers).map(whole),
    };
    let rating = number_value(entry, &rules.rating_value).and_then(|value| {
        let best = number_value(entry, &rules.rating_best).unwrap_or(5.0);
        (value >= 0.0 && best > 0.0 && value <= best).then_some(Rating { value, best })
    });
    Item {
        native_id: line_of(&rules.native_id),
        url: url_of(&rules.url),
        title: line_of(&rules.title),
        text: text_of(&rules.text).unwrap_or_default(),
        html: raw_value(entry, &rules.html)
            .map(|html| text::sanitise(&html))
            .filter(|html| !html.is_empty()),
        author: (author != Author::default()).then_some(author),
        lang: line_of(&rules.lang),
        rating,
        published_at: date_value(entry, &rules.published_at),
        updated_at: date_value(entry, &rules.updated_at),
        engagement: Engagement {
            likes: count_of(&rules.likes),
            shares: count_of(&rules.shares),
            replies: count_of(&rules.replies),
        },
        in_reply_to: line_of(&rules.in_reply_to),
        ..Item::empty(definition, kind)
    }
}

/// Counts below zero (votes) are none.
fn whole(number: f64) -> u64 {
    // The conversion saturates, so neither a negative nor a huge figure can wrap round.
    number.max(0.0) as u64
}

fn absolute(link: &str, base: Option<&Url>) -> Option<String> {
    match Url::parse(link) {
        Ok(_) => Some(link.to_owned()),
        Err(_) => base
            .and_then(|base| base.join(link).ok())
            .map(|url| url.to_string()),
    }
}

/// The first alternative's text, cleaned.
fn plain_value(entry: &Value, rules: &Alternatives) -> Option<String> {
    rules.iter().find_map(|rule| {
        let (raw, was_html) = apply(entry, rule)?;
        // `plain_from_html` has folded the whitespace already.
        let clean = if was_html {
            raw
        } else {
            text::fold_whitespace(&raw)
        };
        (!clean.trim().is_empty()).then_some(clean)
    })
}

/// The first alternative's text as it stands in the answer.
fn raw_value(entry: &Value, rules: &Alternatives) -> Option<String> {
    rules
        .iter()
        .find_map(|rule| apply(entry, rule).map(|(raw, _)| raw))
        .filter(|raw| !raw.trim().is_empty())
}

fn number_value(entry: &Value, rules: &Alternatives) -> Option<f64> {
    rules.iter().find_map(|rule| {
        let found = match rule {
            ValueRule::Constant(value) => Some(value),
            ValueRule::Path(path, filters) if filters.is_empty() => path.find(entry),
            _ => None,
        };
        match found {
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::Bool(truth)) => Some(f64::from(u8::from(*truth))),
            Some(Value::String(text)) => number::first_number(text),
            Some(_) => None,
            None => apply(entry, rule).and_then(|(raw, _)| number::first_number(&raw)),
        }
    })
}

fn date_value(entry: &Value, rules: &Alternatives) -> Option<DateTime<Utc>> {
    rules.iter().find_map(|rule| {
        let (raw, _) = apply(entry, rule)?;
        let raw = raw.trim();
        match raw.parse::<f64>() {
            Ok(epoch) => from_epoch(epoch),
            Err(_) => dates::parse(raw),
        }
    })
}

/// Seconds since 1970; what is too large for seconds of this millennium is milliseconds.
fn from_epoch(epoch: f64) -> Option<DateTime<Utc>> {
    const YEAR_3000_SECS: f64 = 32_503_680_000.0;
    let millis = if epoch.abs() < YEAR_3000_SECS {
        epoch * 1_000.0
    } else {
        epoch
    };
    // Zero is how APIs write "never".
    (millis > 0.0)
        .then(|| DateTime::from_timestamp_millis(millis as i64))
        .flatten()
}

/// The text that a rule gives, and whether it has been made plain from HTML.
fn apply(entry: &Value, rule: &ValueRule) -> Option<(String, bool)> {
    match rule {
        ValueRule::Constant(value) => scalar(value).map(|text| (text, false)),
        ValueRule::Template(pieces) => {
            let mut whole = String::new();
            for piece in pieces {
                match piece {
                    Piece::Literal(literal) => whole.push_str(literal),
                    Piece::Path(path) => {
                        let value = scalar(path.find(entry)?)?;
                        if value.is_empty() {
                            return None;
                        }
                        whole.push_str(&value);
                    }
                }
            }
            Some((whole, false))
        }
        ValueRule::Path(path, filters) => {
            let mut value = scalar(path.find(entry)?)?;
            let mut was_html = false;
            for filter in filters {
                value = match filter {
                    Filter::Html => {
                        was_html = true;
                        text::plain_from_html(&value)
                    }
                    Filter::Entities => text::decode_references(&value),
                    Filter::Lower => value.to_lowercase(),
                    Filter::Strip(start) => value
                        .strip_prefix(start.as_str())
                        .unwrap_or(&value)
                        .to_owned(),
                    Filter::Before(end) => value
                        .split_once(end.as_str())
                        .map_or(value.as_str(), |(before, _)| before)
                        .to_owned(),
                    Filter::After(start) => value.split_once(start.as_str())?.1.to_owned(),
                    Filter::Prefix(start) => format!("{start}{value}"),
                };
            }
            Some((value, was_html))
        }
    }
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
mod tests {
    use super::*;
    use crate::domain::{Format, JsonList, Limits, Request, Verified};

    fn rules(texts: &[&str]) -> Alternatives {
        texts
            .iter()
            .map(|text| text.parse().expect("a rule"))
            .collect()
    }

    fn definition() -> Definition {
        let mapping = JsonMapping {
            list: vec!["data.list".parse::<JsonList>().expect("a list")],
            empty_if: Some("data".parse().expect("a condition")),
            skip_if: vec!["boost".parse().expect("a condition")],
            kinds: vec![("parent".parse().expect("a condition"), Kind::Comment)],
            fields: FieldRules {
                native_id: rules(&["id"]),
                url: rules(&["link", "https://example.org/{id}"]),
                text: rules(&["body | html", "plain"]),
                rating_value: rules(&["stars"]),
                published_at: rules(&["at"]),
                likes: rules(&["likes"]),
                ..FieldRules::default()
            },
            ..JsonMapping::default()
        };
        Definition {
            name: "test".to_owned(),
            title: "Test".to_owned(),
            summary: String::new(),
            help: String::new(),
            kind: Kind::Post,
            format: Format::Json(Box::new(mapping)),
            params: Vec::new(),
            request: Request::default(),
            paging: None,
            limits: Limits::default(),
            terms: None,
            verified: Verified::Sample,
            keyless: true,
            sample: None,
        }
    }

    fn read_text(text: &str) -> Result<Parsed, ParseError> {
        let definition = definition();
        let Format::Json(mapping) = &definition.format else {
            panic!("the definition above is JSON");
        };
        let answer = Answer {
            bytes: text.as_bytes(),
            content_type: Some("application/json"),
            url: None,
        };
        read(&answer, &definition, mapping)
    }

    #[test]
    fn fields_are_read_by_their_rules_and_bad_entries_left_out() {
        let parsed = read_text(
            r#"{"data":{"list":[
              {"id": 7, "body": "<p>a &amp; b</p>", "stars": "4,5 / 5", "at": 1772364153, "likes": -3},
              {"id": "8", "body": null, "plain": " c  d ", "link": "https://x.org/8", "at": "nonsense", "parent": 7, "stars": 9},
              {"id": "9", "boost": {"id": 7}, "plain": "again"},
              17, null, {"other": true}
            ]}}"#,
        )
        .expect("items");
        let [first, second] = parsed.items.as_slice() else {
            panic!("two items, not {}", parsed.items.len());
        };
        assert_eq!(first.native_id.as_deref(), Some("7"));
        assert_eq!(first.url.as_deref(), Some("https://example.org/7"));
        assert_eq!(first.text, "a & b");
        assert_eq!(
            first.rating,
            Some(Rating {
                value: 4.5,
                best: 5.0
            })
        );
        assert_eq!(
            first.published_at.map(|at| at.to_rfc3339()),
            Some("2026-03-01T11:22:33+00:00".to_owned())
        );
        assert_eq!(first.engagement.likes, 0);
        assert_eq!(second.kind, Kind::Comment);
        assert_eq!(second.text, "c d");
        assert_eq!(second.published_at, None);
        assert_eq!(second.rating, None, "nine of five is no rating");
        assert_eq!(
            parsed.notes,
            ["3 of 6 entries had neither text nor title and were left out"]
        );
    }

    #[test]
    fn missing_lists_are_empty_only_where_the_definition_says_so() {
        assert_eq!(read_text(r#"{"data":{"n":0}}"#), Ok(Parsed::default()));
        assert_eq!(read_text(r#"{"data":{"list":[]}}"#), Ok(Parsed::default()));
        assert_eq!(
            read_text(r#"{"data":{"list":{"id":1,"plain":"x"}}}"#).map(|parsed| parsed.items.len()),
            Ok(1)
        );
        for (text, kind) in [
            (r#"{"hits":[]}"#, "not_a_feed"),
            ("[]", "not_a_feed"),
            ("hello", "not_a_feed"),
            ("<html></html>", "not_a_feed"),
            (r#"{"data":{"list":[{"id":1"#, "broken"),
            ("  ", "empty"),
            (r#"{"data":{"list":[{"odd":1}]}}"#, "not_a_feed"),
        ] {
            let error = read_text(text).expect_err(text);
            assert_eq!(error.kind(), kind, "{text}");
        }
    }
}
