//! What others send us becomes items: one object, a list, or JSON Lines, in our own form or
//! in that of a definition's mapping. Everything wrong is named with its line and field, and
//! then nothing is taken: a sender that mends its data sends it again.

use serde_json::{Map, Value};

use super::{Answer, ParseError, Parsed, dates, json, text};
use crate::domain::{Author, Definition, Engagement, Item, JsonMapping, Kind, Rating};

/// More in one request than this is an import.
const MAX_ITEMS: usize = 1_000;
/// A text longer than this is no post.
const MAX_TEXT_CHARS: usize = 200_000;
/// More problems than this help nobody.
const MAX_PROBLEMS: usize = 50;

/// One mistake of a sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("item {place}: {field}: {what}")]
pub struct InboundProblem {
    /// Which item, counted from 1: the line, for JSON Lines.
    pub place: usize,
    /// Which field of it.
    pub field: String,
    /// What is wrong and what belongs there.
    pub what: String,
}

/// Reads what was sent to a source of this definition.
///
/// # Errors
/// Every mistake of it.
pub fn read_sent(
    definition: &Definition,
    mapping: Option<&JsonMapping>,
    bytes: &[u8],
) -> Result<Vec<Item>, Vec<InboundProblem>> {
    match mapping {
        Some(mapping) => mapped(definition, mapping, bytes),
        None => own_form(definition, bytes),
    }
}

/// Reads a saved body.
///
/// # Errors
/// The body is not what the definition expects; the first mistake is named.
pub fn read(
    answer: &Answer<'_>,
    definition: &Definition,
    mapping: Option<&JsonMapping>,
) -> Result<Parsed, ParseError> {
    let items = read_sent(definition, mapping, answer.bytes).map_err(|problems| {
        let first = problems
            .first()
            .map_or_else(String::new, ToString::to_string);
        ParseError::Broken(first)
    })?;
    Ok(Parsed {
        items,
        ..Parsed::default()
    })
}

fn problem(place: usize, field: &str, what: impl Into<String>) -> InboundProblem {
    InboundProblem {
        place,
        field: field.to_owned(),
        what: what.into(),
    }
}

fn mapped(
    definition: &Definition,
    mapping: &JsonMapping,
    bytes: &[u8],
) -> Result<Vec<Item>, Vec<InboundProblem>> {
    let answer = Answer {
        bytes,
        content_type: Some("application/json; charset=utf-8"),
        url: None,
        at: None,
    };
    json::read_plain(&answer, definition, mapping)
        .map(|parsed| parsed.items)
        .map_err(|error| vec![problem(1, "body", error.to_string())])
}

fn own_form(definition: &Definition, bytes: &[u8]) -> Result<Vec<Item>, Vec<InboundProblem>> {
    let body = std::str::from_utf8(bytes)
        .map_err(|_| vec![problem(1, "body", "is not UTF-8")])?
        .trim_start_matches('\u{feff}');
    let values = values_of(body)?;
    if values.is_empty() {
        return Err(vec![problem(1, "body", "is empty; send at least one item")]);
    }
    if values.len() > MAX_ITEMS {
        let what = format!("holds more than {MAX_ITEMS} items; send them in parts");
        return Err(vec![problem(MAX_ITEMS + 1, "body", what)]);
    }
    let mut items = Vec::with_capacity(values.len());
    let mut problems = Vec::new();
    for (place, value) in values {
        match value {
            Value::Object(object) => match item_of(definition, place, &object) {
                Ok(item) => items.push(item),
                Err(found) => problems.extend(found),
            },
            _ => problems.push(problem(place, "item", "is not a JSON object")),
        }
        if problems.len() >= MAX_PROBLEMS {
            break;
        }
    }
    if problems.is_empty() {
        Ok(items)
    } else {
        Err(problems)
    }
}

/// The items of a body, each with its place.
fn values_of(body: &str) -> Result<Vec<(usize, Value)>, Vec<InboundProblem>> {
    let numbered = |list: Vec<Value>| {
        list.into_iter()
            .enumerate()
            .map(|(index, value)| (index + 1, value))
            .collect()
    };
    let whole = match serde_json::from_str(body) {
        Ok(Value::Array(list)) => return Ok(numbered(list)),
        Ok(Value::Object(mut object)) => {
            return Ok(match object.remove("items") {
                Some(Value::Array(list)) if object.is_empty() => numbered(list),
                Some(other) => {
                    object.insert("items".to_owned(), other);
                    vec![(1, Value::Object(object))]
                }
                None => vec![(1, Value::Object(object))],
            });
        }
        Ok(_) => return Err(vec![problem(1, "body", "is neither an object nor a list")]),
        Err(error) => error,
    };
    let lines: Vec<(usize, &str)> = body
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty())
        .collect();
    if lines.len() < 2 || !lines.iter().all(|(_, line)| line.starts_with('{')) {
        return Err(vec![problem(
            whole.line().max(1),
            "body",
            format!("is not JSON: {whole}"),
        )]);
    }
    let mut values = Vec::new();
    let mut problems = Vec::new();
    for (line, text) in lines {
        match serde_json::from_str(text) {
            Ok(value) => values.push((line, value)),
            Err(error) => problems.push(problem(line, "line", format!("is not JSON: {error}"))),
        }
    }
    if problems.is_empty() {
        Ok(values)
    } else {
        problems.truncate(MAX_PROBLEMS);
        Err(problems)
    }
}

/// Takes the fields of one object and remembers what is wrong with them.
struct Fields<'o> {
    place: usize,
    object: &'o Map<String, Value>,
    problems: Vec<InboundProblem>,
}

/// The fields of an item, as `fetch --json` prints them.
const FIELDS: [&str; 15] = [
    "definition",
    "native_id",
    "kind",
    "url",
    "title",
    "text",
    "html",
    "author",
    "lang",
    "rating",
    "published_at",
    "updated_at",
    "engagement",
    "in_reply_to",
    "is_brand_reply",
];

fn item_of(
    definition: &Definition,
    place: usize,
    object: &Map<String, Value>,
) -> Result<Item, Vec<InboundProblem>> {
    let mut fields = Fields {
        place,
        object,
        problems: Vec::new(),
    };
    for key in object.keys().filter(|key| !FIELDS.contains(&key.as_str())) {
        fields.wrong(
            key,
            format!("is not known; an item has {}", FIELDS[1..].join(", ")),
        );
    }
    let kind = match fields.text("kind").as_deref() {
        None => definition.kind,
        Some("post") => Kind::Post,
        Some("comment") => Kind::Comment,
        Some("review") => Kind::Review,
        Some("article") => Kind::Article,
        Some("question") => Kind::Question,
        Some(other) => {
            let what = format!("`{other}` is none of post, comment, review, article, question");
            fields.wrong("kind", what);
            definition.kind
        }
    };
    let html = fields.text("html").map(|html| text::sanitise(&html));
    let given = fields
        .text("text")
        .map(|given| text::fold_whitespace(&given));
    let plain = match (given, &html) {
        (Some(given), _) => given,
        (None, Some(html)) => text::plain_from_html(html),
        (None, None) => String::new(),
    };
    if plain.chars().count() > MAX_TEXT_CHARS {
        fields.wrong(
            "text",
            format!("is longer than {MAX_TEXT_CHARS} characters"),
        );
    }
    let url = fields.text("url");
    if let Some(given) = &url
        && !url::Url::parse(given).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
    {
        fields.wrong("url", "is not a whole address with http or https");
    }
    let rating = fields.rating();
    let mut item = Item {
        native_id: fields.text("native_id"),
        url,
        title: fields.text("title"),
        text: plain,
        html,
        author: fields.author(),
        lang: fields.text("lang"),
        rating,
        published_at: fields.time("published_at"),
        updated_at: fields.time("updated_at"),
        engagement: fields.engagement(),
        in_reply_to: fields.text("in_reply_to"),
        ..Item::empty(&definition.name, kind)
    };
    item.is_brand_reply = match object.get("is_brand_reply") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(truth)) => *truth,
        Some(_) => {
            fields.wrong("is_brand_reply", "is neither true nor false");
            false
        }
    };
    if item.text.is_empty() && item.title.is_none() && item.rating.is_none() {
        fields.wrong(
            "text",
            "is missing, and neither `title` nor `rating` is there",
        );
    }
    if fields.problems.is_empty() {
        Ok(item)
    } else {
        Err(fields.problems)
    }
}

impl Fields<'_> {
    fn wrong(&mut self, field: &str, what: impl Into<String>) {
        self.problems.push(problem(self.place, field, what));
    }

    /// A text, or a number where an id is one; empty is nothing.
    fn text(&mut self, field: &str) -> Option<String> {
        match self.object.get(field)? {
            Value::Null => None,
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Number(number) if field == "native_id" => Some(number.to_string()),
            _ => {
                self.wrong(field, "is not a text");
                None
            }
        }
    }

    fn time(&mut self, field: &str) -> Option<chrono::DateTime<chrono::Utc>> {
        let given = self.text(field)?;
        let time = dates::parse(&given);
        if time.is_none() {
            let what = format!("`{given}` is not a time; write it as 2026-03-01T10:20:30Z");
            self.wrong(field, what);
        }
        time
    }

    fn author(&mut self) -> Option<Author> {
        let author = match self.object.get("author")? {
            Value::Null => return None,
            Value::String(name) => Author {
                name: Some(name.trim().to_owned()),
                ..Author::default()
            },
            object @ Value::Object(_) => match serde_json::from_value(object.clone()) {
                Ok(author) => author,
                Err(error) => {
                    self.wrong("author", format!("cannot be read: {error}"));
                    return None;
                }
            },
            _ => {
                self.wrong(
                    "author",
                    "is neither a name nor an object with name, handle, url",
                );
                return None;
            }
        };
        (author != Author::default()).then_some(author)
    }

    fn rating(&mut self) -> Option<Rating> {
        let rating = match self.object.get("rating")? {
            Value::Null => return None,
            Value::Number(value) => Rating {
                value: value.as_f64().unwrap_or(-1.0),
                best: 5.0,
            },
            object => match serde_json::from_value(object.clone()) {
                Ok(rating) => rating,
                Err(_) => {
                    self.wrong("rating", "is not like { \"value\": 1, \"best\": 5 }");
                    return None;
                }
            },
        };
        if rating.best <= 0.0 || rating.value < 0.0 || rating.value > rating.best {
            let what = format!("{} of {} is not possible", rating.value, rating.best);
            self.wrong("rating", what);
            return None;
        }
        Some(rating)
    }

    fn engagement(&mut self) -> Engagement {
        match self.object.get("engagement") {
            None | Some(Value::Null) => Engagement::default(),
            Some(object) => match serde_json::from_value(object.clone()) {
                Ok(engagement) => engagement,
                Err(error) => {
                    self.wrong("engagement", format!("cannot be read: {error}"));
                    Engagement::default()
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Format, Limits, Request, Verified};

    fn definition() -> Definition {
        Definition {
            name: "inbound".to_owned(),
            title: "Inbound".to_owned(),
            summary: String::new(),
            help: String::new(),
            kind: Kind::Post,
            format: Format::Inbound(None),
            params: Vec::new(),
            request: Request::default(),
            paging: None,
            limits: Limits::default(),
            terms: None,
            verified: Verified::Sample,
            keyless: true,
            sample: None,
            template: None,
        }
    }

    fn sent(body: &str) -> Result<Vec<Item>, Vec<InboundProblem>> {
        read_sent(&definition(), None, body.as_bytes())
    }

    #[test]
    fn one_item_a_list_and_lines_are_read() {
        for body in [
            r#"{"text":"a"}"#,
            r#"[{"text":"a"}]"#,
            r#"{"items":[{"text":"a"}]}"#,
            "{\"text\":\"a\"}\n",
        ] {
            assert_eq!(sent(body).expect(body).len(), 1, "{body}");
        }
        let items = sent("{\"text\":\"a\"}\n\n{\"title\":\"b\",\"native_id\":7,\"rating\":2,\"author\":\"jo\",\"published_at\":\"2026-03-01T10:00:00+01:00\"}\n")
            .expect("two lines");
        assert_eq!(items.len(), 2);
        let second = &items[1];
        assert_eq!(second.native_id.as_deref(), Some("7"));
        assert_eq!(second.rating.map(|rating| rating.best), Some(5.0));
        assert_eq!(
            second.published_at.map(|at| at.to_rfc3339()),
            Some("2026-03-01T09:00:00+00:00".to_owned())
        );
    }

    #[track_caller]
    fn check(body: &str, expected: &[&str]) {
        let problems = sent(body).expect_err(body);
        let found: Vec<String> = problems
            .iter()
            .map(|problem| format!("{} {}", problem.place, problem.field))
            .collect();
        assert_eq!(found, expected, "{problems:?}");
    }

    #[test]
    fn every_mistake_has_its_line_and_field() {
        check("", &["1 body"]);
        check("[]", &["1 body"]);
        check("7", &["1 body"]);
        check("{\"text\":", &["1 body"]);
        check("[{\"text\":\"a\"}, 7]", &["2 item"]);
        check("{\"text\":\"a\"}\n{\"text\":\n", &["2 line"]);
        check(
            r#"[{"text":3,"url":"no","kind":"odd","published_at":"soon","rating":{"value":9,"best":5},"txt":1}]"#,
            &[
                "1 txt",
                "1 kind",
                "1 text",
                "1 url",
                "1 rating",
                "1 published_at",
                "1 text",
            ],
        );
    }

    #[test]
    fn html_is_sanitised_and_read_as_text() {
        let items = sent(r#"{"html":"<p onclick=x>It <b>leaks</b></p><script>y</script>"}"#)
            .expect("an item");
        assert_eq!(items[0].text, "It leaks");
        assert!(
            !items[0]
                .html
                .as_deref()
                .unwrap_or("onclick")
                .contains("onclick")
        );
    }
}
