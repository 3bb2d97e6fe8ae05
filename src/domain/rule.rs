//! The small closed language in which a definition says where an item's fields stand in
//! a JSON answer: paths, text filters, templates and conditions. Reading the language and
//! its meaning are here; walking a whole answer is the parse stage's work.

use std::str::FromStr;

use serde_json::Value;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A key of an object.
    Key(String),
    /// An element of an array, counted from 0.
    Index(usize),
}

/// A place in a JSON value: `account.acct`, `a[0].b`, `"odd.key"`, or `$` for the value itself.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct JsonPath(pub Vec<Step>);

impl JsonPath {
    /// What stands there, if anything does. `null` counts as nothing.
    pub fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        let mut here = value;
        for step in &self.0 {
            here = match step {
                Step::Key(key) => here.get(key)?,
                Step::Index(index) => here.get(index)?,
            };
        }
        (!here.is_null()).then_some(here)
    }
}

impl FromStr for JsonPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "$" {
            return Ok(Self::default());
        }
        let wrong = |why: &str| format!("`{text}` is not a path: {why}");
        let mut steps = Vec::new();
        let mut rest = text;
        loop {
            if let Some(after) = rest.strip_prefix('"') {
                let (key, after) = after
                    .split_once('"')
                    .ok_or_else(|| wrong("a quote is not closed"))?;
                steps.push(Step::Key(key.to_owned()));
                rest = after;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let key = &rest[..end];
                if key.is_empty() {
                    return Err(wrong("a key is missing"));
                }
                if key.contains(|c: char| c.is_whitespace() || "|{}]=!\"'".contains(c)) {
                    return Err(wrong("a key with other signs must stand in \"quotes\""));
                }
                steps.push(Step::Key(key.to_owned()));
                rest = &rest[end..];
            }
            while let Some(after) = rest.strip_prefix('[') {
                let (number, after) = after
                    .split_once(']')
                    .ok_or_else(|| wrong("a `[` is not closed"))?;
                let index = number
                    .parse()
                    .map_err(|_| wrong("between `[` and `]` stands a number, counted from 0"))?;
                steps.push(Step::Index(index));
                rest = after;
            }
            if rest.is_empty() {
                return Ok(Self(steps));
            }
            rest = rest
                .strip_prefix('.')
                .ok_or_else(|| wrong("steps are separated by `.`"))?;
        }
    }
}

/// One or more lists that are read one after the other: `posts + comments`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct JsonList(pub Vec<JsonPath>);

impl FromStr for JsonList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(" + ")
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// What is done to a text after it was found, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The text is HTML: make it plain.
    Html,
    /// The text is plain but its entities were escaped: decode them.
    Entities,
    /// Lower case.
    Lower,
    /// Without this at its start.
    Strip(String),
    /// Only what stands before the first occurrence; all of it when there is none.
    Before(String),
    /// Only what stands after the first occurrence; nothing when there is none.
    After(String),
    /// With this in front of it.
    Prefix(String),
}

impl Filter {
    /// The filters by name, for messages.
    pub const NAMES: [&'static str; 7] = [
        "html", "entities", "lower", "strip", "before", "after", "prefix",
    ];
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, argument) = match text.split_once(char::is_whitespace) {
            Some((name, argument)) => (name, argument.trim()),
            None => (text, ""),
        };
        let quoted = || {
            argument
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''))
                .filter(|inner| !inner.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| format!("the filter `{name}` takes a text: {name} 'text'"))
        };
        let plain = |filter: Self| {
            if argument.is_empty() {
                Ok(filter)
            } else {
                Err(format!("the filter `{name}` takes nothing after its name"))
            }
        };
        match name {
            "html" => plain(Self::Html),
            "entities" => plain(Self::Entities),
            "lower" => plain(Self::Lower),
            "strip" => quoted().map(Self::Strip),
            "before" => quoted().map(Self::Before),
            "after" => quoted().map(Self::After),
            "prefix" => quoted().map(Self::Prefix),
            _ => Err(format!(
                "`{name}` is not a filter; there are: {}",
                Self::NAMES.join(", ")
            )),
        }
    }
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Taken as it stands.
    Literal(String),
    /// Replaced by what stands at the path.
    Path(JsonPath),
}

/// How one value is found: a path with filters (`content | html`) or a template
/// (`https://example.org/{id}`), which gives nothing when one of its paths does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueRule {
    /// `path | filter | filter 'text'`.
    Path(JsonPath, Vec<Filter>),
    /// Text with `{path}` in it.
    Template(Vec<Piece>),
    /// Always the same: a text in 'single quotes' or a number.
    Constant(Value),
}

impl FromStr for ValueRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(inner) = text
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''))
        {
            return Ok(Self::Constant(Value::from(inner)));
        }
        if !text.contains('{') {
            let mut parts = split_outside_quotes(text).into_iter();
            let path = parts.next().unwrap_or_default().parse()?;
            let filters = parts.map(|part| part.parse()).collect::<Result<_, _>>()?;
            return Ok(Self::Path(path, filters));
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (path, after) = after
                .split_once('}')
                .ok_or_else(|| format!("`{text}` has a `{{` that is not closed"))?;
            if !before.is_empty() {
                pieces.push(Piece::Literal(before.to_owned()));
            }
            pieces.push(Piece::Path(path.parse()?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(Self::Template(pieces))
    }
}

/// Splits at `|`, but not inside 'quotes', where a filter's argument may hold one.
fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut quoted = false;
    for (at, character) in text.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            '|' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => (),
        }
    }
    parts.push(&text[start..]);
    parts
}

/// A question about an entry: `path`, `!path`, `path = value`, `path != value`.
/// A path is true when something stands there that is not empty, 0 or `false`;
/// `=` on a list asks whether the list contains the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Where to look.
    pub path: JsonPath,
    /// What it is compared with; `None` asks whether anything is there.
    pub value: Option<String>,
    /// Whether the answer is turned round.
    pub negated: bool,
}

impl Condition {
    /// The answer for one entry.
    pub fn holds(&self, entry: &Value) -> bool {
        let found = self.path.find(entry);
        let answer = match &self.value {
            None => found.is_some_and(says_something),
            Some(wanted) => found.is_some_and(|value| match value {
                Value::Array(list) => list.iter().any(|element| equals(element, wanted)),
                other => equals(other, wanted),
            }),
        };
        answer != self.negated
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn equals(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text == wanted,
        Value::Number(number) => number.to_string() == wanted,
        Value::Bool(truth) => truth.to_string() == wanted,
        _ => false,
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let value_of = |value: &str| {
            let value = value.trim();
            value
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''))
                .unwrap_or(value)
                .to_owned()
        };
        if let Some((path, value)) = text.split_once("!=") {
            return Ok(Self {
                path: path.parse()?,
                value: Some(value_of(value)),
                negated: true,
            });
        }
        if let Some((path, value)) = text.split_once('=') {
            return Ok(Self {
                path: path.parse()?,
                value: Some(value_of(value)),
                negated: false,
            });
        }
        let trimmed = text.trim();
        let (path, negated) = match trimmed.strip_prefix('!') {
            Some(path) => (path, true),
            None => (trimmed, false),
        };
        Ok(Self {
            path: path.parse()?,
            value: None,
            negated,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check_path(path: &str, expected: Option<Value>) {
        let value = json!({"a": {"b": [{"c": 1}, null]}, "im:rating": {"x.y": "z"}, "n": null});
        let path: JsonPath = path.parse().expect("a path");
        assert_eq!(path.find(&value).cloned(), expected);
    }

    #[test]
    fn paths_lead_to_values() {
        check_path("a.b[0].c", Some(json!(1)));
        check_path("a.b[1]", None);
        check_path("a.b[7].c", None);
        check_path("im:rating.\"x.y\"", Some(json!("z")));
        check_path("n", None);
        check_path("a.b[0]", Some(json!({"c": 1})));
    }

    #[test]
    fn wrong_paths_and_filters_say_why() {
        for wrong in ["", "a..b", "a[x]", "a[0", "a b", "\"a", "a[0]b"] {
            assert!(wrong.parse::<JsonPath>().is_err(), "{wrong:?}");
        }
        for wrong in ["a | htm", "a | strip", "a | html 'x'", "{a", "{}"] {
            assert!(wrong.parse::<ValueRule>().is_err(), "{wrong:?}");
        }
        let message = "a | htm".parse::<ValueRule>().expect_err("not a filter");
        assert!(message.contains("there are: html"), "{message}");
    }

    #[test]
    fn a_bar_inside_quotes_belongs_to_the_argument() {
        let rule: ValueRule = "a | before ' | ' | lower".parse().expect("a rule");
        let ValueRule::Path(_, filters) = rule else {
            panic!("a path rule");
        };
        assert_eq!(filters, [Filter::Before(" | ".into()), Filter::Lower]);
    }

    #[track_caller]
    fn check_condition(condition: &str, expected: bool) {
        let entry =
            json!({"tags": ["comment", "x"], "n": 3, "empty": "", "off": false, "o": {"k": 1}});
        let condition: Condition = condition.parse().expect("a condition");
        assert_eq!(condition.holds(&entry), expected, "{condition:?}");
    }

    #[test]
    fn conditions_ask_entries() {
        check_condition("tags = comment", true);
        check_condition("tags != comment", false);
        check_condition("tags = story", false);
        check_condition("n = 3", true);
        check_condition("o", true);
        check_condition("empty", false);
        check_condition("!empty", true);
        check_condition("off = false", true);
        check_condition("missing != x", true);
        check_condition("missing", false);
    }
}
