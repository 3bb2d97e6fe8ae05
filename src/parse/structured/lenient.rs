//! Reads JSON as page templates really write it: comments, trailing and missing commas,
//! line breaks inside texts, wrong escapes, single quotes, a cut-off end. What can be
//! understood is kept; nothing here fails because of one odd character.

use std::iter::Peekable;
use std::str::CharIndices;

use serde_json::{Map, Value};

/// Deeper nesting is cut off, so that hostile pages cannot exhaust the stack.
const MAX_DEPTH: usize = 100;

/// Every value in the text, one after the other; a broken end is completed.
pub(super) fn values(text: &str) -> Vec<Value> {
    let mut reader = Reader {
        text,
        comments_end: true,
        characters: text.char_indices().peekable(),
    };
    let mut found = Vec::new();
    loop {
        reader.skip_blanks();
        match reader.peek() {
            None => return found,
            Some('{' | '[') => found.extend(reader.value(0)),
            // Separators, `;`, CDATA marks and other remains between the values.
            Some(_) => reader.skip_one(),
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    /// Whether a `<!--` may still find its end; looked for once only.
    comments_end: bool,
    characters: Peekable<CharIndices<'t>>,
}

impl<'t> Reader<'t> {
    fn peek(&mut self) -> Option<char> {
        self.characters.peek().map(|(_, character)| *character)
    }

    fn skip_one(&mut self) {
        self.characters.next();
    }

    /// What has not been read yet.
    fn rest(&mut self) -> &'t str {
        match self.characters.peek() {
            Some((at, _)) => &self.text[*at..],
            None => "",
        }
    }

    fn skip_bytes(&mut self, n_bytes: usize) {
        let end = self.text.len() - self.rest().len() + n_bytes;
        while self.characters.peek().is_some_and(|(at, _)| *at < end) {
            self.skip_one();
        }
    }

    /// White space, control characters and comments of three languages.
    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let comment_end = if rest.starts_with("//") {
                Some(rest.find('\n').unwrap_or(rest.len()))
            } else if rest.starts_with("/*") {
                Some(rest.find("*/").map_or(rest.len(), |end| end + 2))
            } else if rest.starts_with("<!--") {
                let end = if self.comments_end {
                    rest.find("-->")
                } else {
                    None
                };
                self.comments_end = end.is_some();
                // A mark without an end hides a script from browsers of the nineties.
                Some(end.map_or(4, |end| end + 3))
            } else {
                None
            };
            match (comment_end, self.peek()) {
                (Some(end), _) => self.skip_bytes(end),
                (None, Some(c)) if c.is_whitespace() || c.is_control() || c == '\u{feff}' => {
                    self.skip_one();
                }
                _ => return,
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip_blanks();
        match self.peek()? {
            '{' if depth < MAX_DEPTH => Some(Value::Object(self.object(depth))),
            '[' if depth < MAX_DEPTH => Some(Value::Array(self.array(depth))),
            '{' | '[' => None,
            quote @ ('"' | '\'') => Some(Value::String(self.string(quote))),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Map<String, Value> {
        self.skip_one();
        let mut map = Map::new();
        loop {
            self.skip_blanks();
            let key = match self.peek() {
                None => return map,
                Some('}') => {
                    self.skip_one();
                    return map;
                }
                Some(',' | ':' | ';') => {
                    self.skip_one();
                    continue;
                }
                Some(quote @ ('"' | '\'')) => self.string(quote),
                // A list that was never closed ends with the object around it.
                Some(']') => return map,
                Some(_) => self.bare_text(),
            };
            self.skip_blanks();
            if self.peek() != Some(':') {
                if key.is_empty() {
                    self.skip_one();
                }
                continue;
            }
            self.skip_one();
            self.skip_blanks();
            if matches!(self.peek(), Some(',' | '}')) {
                continue;
            }
            match self.value(depth + 1) {
                Some(value) => {
                    map.insert(key, value);
                }
                None => self.skip_one(),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Vec<Value> {
        self.skip_one();
        let mut list = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                None => return list,
                Some(']') => {
                    self.skip_one();
                    return list;
                }
                Some('}') => return list,
                Some(',' | ':' | ';') => self.skip_one(),
                Some(_) => match self.value(depth + 1) {
                    Some(value) => list.push(value),
                    None => self.skip_one(),
                },
            }
        }
    }

    fn string(&mut self, quote: char) -> String {
        self.skip_one();
        let mut text = String::new();
        while let Some((_, character)) = self.characters.next() {
            match character {
                '\\' => self.escape(&mut text),
                c if c == quote => {
                    if self.closes_string(quote) {
                        return text;
                    }
                    text.push(c);
                }
                c => text.push(c),
            }
        }
        text
    }

    /// A quote ends its text when what follows can follow a text; others were meant
    /// literally (`"a "quoted" word"`).
    fn closes_string(&mut self, quote: char) -> bool {
        let rest = self.rest().trim_start();
        match rest.chars().next() {
            None | Some(':' | '}' | ']' | ';') => true,
            Some('/') => rest.starts_with("//") || rest.starts_with("/*"),
            // `", "next": …` ends; `", he said` goes on.
            Some(',') => {
                let after = rest[1..].trim_start();
                let begins_value = after
                    .chars()
                    .next()
                    .is_none_or(|c| c == quote || "\"'{[}]/-<".contains(c) || c.is_ascii_digit());
                let word_end = after
                    .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '@')
                    .unwrap_or(after.len());
                let (word, behind) = after.split_at(word_end);
                begins_value
                    || matches!(word, "true" | "false" | "null")
                    || (!word.is_empty() && behind.trim_start().starts_with(':'))
            }
            // A missing comma: the next key or value begins on a new line.
            Some(c) => {
                let gap = &self.rest()[..self.rest().len() - rest.len()];
                c == quote && gap.contains('\n')
            }
        }
    }

    fn escape(&mut self, text: &mut String) {
        let Some((_, character)) = self.characters.next() else {
            return;
        };
        match character {
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'b' | 'f' => text.push(' '),
            'u' => match self.code_unit() {
                Some(unit @ 0xd800..=0xdbff) if self.rest().starts_with("\\u") => {
                    self.skip_bytes(2);
                    let low = self.code_unit().unwrap_or(0);
                    let both = char::decode_utf16([unit, low]).next();
                    text.push(both.and_then(Result::ok).unwrap_or('\u{fffd}'));
                }
                Some(unit) => text.push(char::from_u32(u32::from(unit)).unwrap_or('\u{fffd}')),
                None => text.push('u'),
            },
            '"' | '\'' | '\\' | '/' | '`' => text.push(character),
            // A line continuation of JavaScript.
            '\n' => (),
            // No escape of any language: both signs were meant.
            other => {
                text.push('\\');
                text.push(other);
            }
        }
    }

    fn code_unit(&mut self) -> Option<u16> {
        let digits = self.rest().get(..4)?;
        let unit = u16::from_str_radix(digits, 16).ok()?;
        self.skip_bytes(4);
        Some(unit)
    }

    /// `true`, `12.5`, `null` or a bare text.
    fn word(&mut self) -> Option<Value> {
        let word = self.bare_text();
        match word.as_str() {
            "" => None,
            "null" | "undefined" | "NaN" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            number => Some(
                serde_json::from_str::<serde_json::Number>(number)
                    .map_or_else(|_| Value::String(word.clone()), Value::Number),
            ),
        }
    }

    fn bare_text(&mut self) -> String {
        let rest = self.rest();
        let end = rest
            .find(|c: char| "{}[],:;\"'\n".contains(c))
            .unwrap_or(rest.len());
        self.skip_bytes(end);
        rest[..end].trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, expected: &[Value]) {
        assert_eq!(values(text), expected, "{text}");
    }

    #[test]
    fn what_templates_write_is_understood() {
        check(
            r#"{"a": 1, "b": [true, null, "x"]}"#,
            &[json!({"a": 1, "b": [true, null, "x"]})],
        );
        check(
            "{\"a\": 1, // note\n /* more */ \"b\": 2,}",
            &[json!({"a": 1, "b": 2})],
        );
        check(
            "{\"a\": \"x\"\n\"b\": \"y\"}",
            &[json!({"a": "x", "b": "y"})],
        );
        check(
            "{\"a\": \"line 1\n\tline 2\"}",
            &[json!({"a": "line 1\n\tline 2"})],
        );
        check(r#"{"a": "it\'s \d"}"#, &[json!({"a": "it's \\d"})]);
        check("{'a': 'b', c: 3}", &[json!({"a": "b", "c": 3})]);
        check(
            r#"{"a": "a "quoted" word"}"#,
            &[json!({"a": "a \"quoted\" word"})],
        );
        check(
            r#"{"a": "he said "no", and left"}"#,
            &[json!({"a": "he said \"no\", and left"})],
        );
        check(r#"{"a": [1, 2"#, &[json!({"a": [1, 2]})]);
        check("//<![CDATA[\n{\"a\": 1}\n//]]>", &[json!({"a": 1})]);
        check(
            "<!--\n{\"a\": 1};{\"b\": 2};",
            &[json!({"a": 1}), json!({"b": 2})],
        );
        check(r#"{"a": "😀 é"}"#, &[json!({"a": "😀 é"})]);
        check(
            r#"{"a": , "b": 1,, "c": [,1,]}"#,
            &[json!({"b": 1, "c": [1]})],
        );
        check("", &[]);
    }

    #[test]
    fn hostile_texts_end() {
        let deep = "[".repeat(100_000);
        assert_eq!(values(&deep).len(), 1);
        for text in [
            "{",
            "[",
            "{\"",
            "{\"a\":",
            "{]",
            "[}",
            "}{",
            "{\"a\"\\",
            "{:",
            "{a",
            "[\u{0}",
            "{\"a\": \"\\u12",
        ] {
            let _ = values(text);
        }
    }
}
