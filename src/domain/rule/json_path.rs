//! A place in a JSON answer, seen from one of its entries.

use std::str::FromStr;

use serde_json::Value;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A key of an object.
    Key(String),
    /// An element of an array, counted from 0.
    Index(usize),
    /// Every element of an array: `[*]`.
    Each,
    /// The elements of an array in which the first path leads to what the second leads
    /// to in the entry: `[id = author_id]`, as APIs do that list people apart from posts.
    Where(Box<JsonPath>, Box<JsonPath>),
    /// The elements of an array in which the path leads to this: `[type = 'replied_to']`.
    WhereIs(Box<JsonPath>, String),
}

/// A place in a JSON value: `account.acct`, `a[0].b`, `"odd.key"`, `a[*].b`, or `$` for
/// the value itself. With `/` in front it starts at the whole answer instead of the entry.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct JsonPath {
    /// Whether it starts at the whole answer.
    pub from_whole: bool,
    /// The way from there.
    pub steps: Vec<Step>,
}

impl JsonPath {
    /// Everything that stands there, in document order. `null` counts as nothing.
    pub fn find_all<'v>(&self, entry: &'v Value, whole: &'v Value) -> Vec<&'v Value> {
        let mut here = vec![if self.from_whole { whole } else { entry }];
        for step in &self.steps {
            here = match step {
                Step::Key(key) => here.iter().filter_map(|value| value.get(key)).collect(),
                Step::Index(index) => here.iter().filter_map(|value| value.get(index)).collect(),
                Step::Each => elements(&here).collect(),
                Step::WhereIs(key, wanted) => elements(&here)
                    .filter(|element| {
                        let own = key.find_all(element, whole);
                        own.iter().any(|own| own.as_str() == Some(wanted))
                    })
                    .collect(),
                Step::Where(key, wanted) => {
                    let wanted = wanted.find_all(entry, whole);
                    elements(&here)
                        .filter(|element| {
                            let own = key.find_all(element, whole);
                            own.iter().any(|own| wanted.contains(own))
                        })
                        .collect()
                }
            };
        }
        here.retain(|value| !value.is_null());
        here
    }

    /// The first that stands there in a whole answer.
    pub fn find<'v>(&self, whole: &'v Value) -> Option<&'v Value> {
        self.find_all(whole, whole).first().copied()
    }
}

fn elements<'v>(values: &[&'v Value]) -> impl Iterator<Item = &'v Value> {
    values
        .iter()
        .filter_map(|value| value.as_array())
        .flatten()
        .collect::<Vec<_>>()
        .into_iter()
}

impl FromStr for JsonPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wrong = |why: &str| format!("`{text}` is not a path: {why}");
        let (from_whole, mut rest) = match text.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if rest == "$" || (from_whole && rest.is_empty()) {
            return Ok(Self {
                from_whole,
                steps: Vec::new(),
            });
        }
        let mut steps = Vec::new();
        // `$[*].a` and `$.a` start with the value itself.
        let mut expects_key = match rest.strip_prefix('$') {
            Some(after) if after.starts_with('[') => {
                rest = after;
                false
            }
            Some(after) if after.starts_with('.') => {
                rest = &after[1..];
                true
            }
            _ => true,
        };
        loop {
            if let (true, Some(after)) = (expects_key, rest.strip_prefix('"')) {
                let (key, after) = after
                    .split_once('"')
                    .ok_or_else(|| wrong("a quote is not closed"))?;
                steps.push(Step::Key(key.to_owned()));
                rest = after;
            } else if expects_key {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let key = &rest[..end];
                if key.is_empty() {
                    return Err(wrong("a key is missing"));
                }
                if key.contains(|c: char| c.is_whitespace() || "|{}]=!\"'/".contains(c)) {
                    return Err(wrong("a key with other signs must stand in \"quotes\""));
                }
                steps.push(Step::Key(key.to_owned()));
                rest = &rest[end..];
            }
            while let Some(after) = rest.strip_prefix('[') {
                let end = closing(after).ok_or_else(|| wrong("a `[` is not closed"))?;
                let (inner, after) = (&after[..end], &after[end + 1..]);
                steps.push(bracket(inner.trim()).ok_or_else(|| {
                    wrong("between `[` and `]` stands a number from 0, `*`, or `key = path`")
                })?);
                rest = after;
            }
            if rest.is_empty() {
                return Ok(Self { from_whole, steps });
            }
            rest = rest
                .strip_prefix('.')
                .ok_or_else(|| wrong("steps are separated by `.`"))?;
            expects_key = true;
        }
    }
}

/// Where the bracket ends that has just been opened; paths inside have brackets as well.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '[' => depth += 1,
            ']' if depth == 0 => return Some(at),
            ']' => depth -= 1,
            _ => (),
        }
    }
    None
}

fn bracket(inner: &str) -> Option<Step> {
    if inner == "*" {
        return Some(Step::Each);
    }
    if let Some((key, wanted)) = inner.split_once('=') {
        let key = Box::new(key.parse().ok()?);
        let wanted = wanted.trim();
        let fixed = wanted
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''));
        return match fixed {
            Some(fixed) => Some(Step::WhereIs(key, fixed.to_owned())),
            None => Some(Step::Where(key, Box::new(wanted.parse().ok()?))),
        };
    }
    inner.parse().ok().map(Step::Index)
}
