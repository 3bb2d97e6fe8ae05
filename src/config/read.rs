//! Reads one table of the file key by key: the type is checked, every mistake is kept with
//! its place, and reading goes on. Nothing here knows what the keys mean.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, nearest};
use crate::domain::parse_duration;

/// Where environment variables come from; tests hand in their own.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Longer than any schedule makes sense, and short enough that no date overflows.
const LONGEST_DURATION: Duration = Duration::from_secs(3_660 * 86_400);

/// The file being read and everything found wrong with it so far.
pub(super) struct Reader<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
    pub(super) environment: Environment<'a>,
    pub(super) problems: RefCell<Vec<Problem>>,
    pub(super) warnings: RefCell<Vec<Problem>>,
    line_starts: Vec<usize>,
}

/// A value with the place it was written at.
#[derive(Clone, Debug)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) line: usize,
    pub(super) key: String,
}

impl<T> Placed<T> {
    /// The same place with another value.
    pub(super) fn with<U>(&self, value: U) -> Placed<U> {
        Placed {
            value,
            line: self.line,
            key: self.key.clone(),
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a Path, text: &'a str, environment: Environment<'a>) -> Self {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            file,
            text,
            environment,
            problems: RefCell::default(),
            warnings: RefCell::default(),
            line_starts,
        }
    }

    /// The line of a byte offset, from 1.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// The column of a byte offset in characters, from 1.
    pub(super) fn column_of(&self, offset: usize) -> usize {
        let start = self.line_starts[self.line_of(offset) - 1];
        let before = self.text.get(start..offset).unwrap_or_default();
        before.chars().count() + 1
    }

    /// Where the line of a byte offset begins and ends, its end not included.
    pub(super) fn bytes_of_line(&self, offset: usize) -> std::ops::Range<usize> {
        let start = self.line_starts[self.line_of(offset) - 1];
        let length = self.text[start..].find('\n');
        start..length.map_or(self.text.len(), |length| start + length)
    }

    /// A line without its end, from 1; empty past the end.
    pub(super) fn line_text(&self, line: usize) -> &'a str {
        self.text.lines().nth(line - 1).unwrap_or_default()
    }

    /// Keeps a problem of a value.
    pub(super) fn problem<T>(
        &self,
        place: &Placed<T>,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.problem_at(place.line, &place.key, what, mend);
    }

    /// Keeps a problem of a line.
    pub(super) fn problem_at(
        &self,
        line: usize,
        key: &str,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.problems
            .borrow_mut()
            .push(self.made(line, key, what, mend));
    }

    /// Keeps something that works but is probably not meant.
    pub(super) fn warning_at(
        &self,
        line: usize,
        key: &str,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.warnings
            .borrow_mut()
            .push(self.made(line, key, what, mend));
    }

    fn made(
        &self,
        line: usize,
        key: &str,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Problem {
        Problem {
            file: self.file.to_path_buf(),
            line: Some(line),
            column: None,
            key: key.to_owned(),
            what: what.into(),
            mend: mend.into(),
        }
    }

    /// A path of the configuration: relative ones start beside the file.
    pub(super) fn beside_the_file(&self, path: &str) -> PathBuf {
        match self.file.parent() {
            Some(folder) => folder.join(path),
            None => PathBuf::from(path),
        }
    }
}

/// The keys that a table may have.
pub(super) struct Keys {
    /// What the table is called in messages: `[[brand]]`, `[web]`.
    pub(super) table: &'static str,
    /// The keys that are read.
    pub(super) known: &'static [&'static str],
    /// Keys of the product that this version does not have yet: refused by name, so that
    /// nobody believes they work.
    pub(super) later: &'static [&'static str],
    /// What to say about a key that resembles none of them.
    pub(super) otherwise: Option<&'static str>,
}

/// One table of the file.
pub(super) struct Fields<'r, 'a> {
    pub(super) reader: &'r Reader<'a>,
    pub(super) table: &'r DeTable<'a>,
    path: String,
    /// The line of its header.
    pub(super) line: usize,
}

impl<'r, 'a> Fields<'r, 'a> {
    /// Opens a table and reports every key that does not belong there.
    pub(super) fn open(
        reader: &'r Reader<'a>,
        table: &'r DeTable<'a>,
        path: String,
        line: usize,
        keys: &Keys,
    ) -> Self {
        let fields = Self {
            reader,
            table,
            path,
            line,
        };
        for key in table.keys() {
            let name: &str = key.get_ref();
            if keys.known.contains(&name) {
                continue;
            }
            let (line, key) = (reader.line_of(key.span().start), fields.key(name));
            if keys.later.contains(&name) {
                reader.problem_at(line, &key, "comes with a later version", "remove it");
                continue;
            }
            let mend = match (nearest(name, keys.known.iter().copied()), keys.otherwise) {
                (Some(meant), _) => format!("did you mean `{meant}`?"),
                (None, Some(advice)) => advice.to_owned(),
                (None, None) => format!("write one of {}", keys.known.join(", ")),
            };
            reader.problem_at(line, &key, format!("is not a key of {}", keys.table), mend);
        }
        fields
    }

    /// The full name of a key of this table.
    pub(super) fn key(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// A value as it was written.
    pub(super) fn value(&self, name: &str) -> Option<Placed<&'r DeValue<'a>>> {
        let value = self.table.get(name)?;
        Some(self.placed(self.key(name), value))
    }

    pub(super) fn placed(
        &self,
        key: String,
        value: &'r Spanned<DeValue<'a>>,
    ) -> Placed<&'r DeValue<'a>> {
        Placed {
            value: value.get_ref(),
            line: self.reader.line_of(value.span().start),
            key,
        }
    }

    /// Reports a key that must be there.
    pub(super) fn missing(&self, name: &str, mend: &str) {
        self.reader
            .problem_at(self.line, &self.key(name), MISSING, mend);
    }

    pub(super) fn wrong_type(&self, place: &Placed<&DeValue<'_>>, expected: &str, example: &str) {
        self.reader.problem(
            place,
            format!("is {}, not {expected}", described(place.value)),
            format!("write {example}"),
        );
    }

    /// A text that says something.
    pub(super) fn text(&self, name: &str, example: &str) -> Option<Placed<String>> {
        let place = self.value(name)?;
        let Some(text) = place.value.as_str() else {
            self.wrong_type(&place, "a text in quotes", example);
            return None;
        };
        if text.trim().is_empty() {
            self.reader
                .problem(&place, "is empty", format!("write {example}"));
            return None;
        }
        Some(place.with(text.trim().to_owned()))
    }

    /// A text that must be there.
    pub(super) fn required_text(&self, name: &str, example: &str) -> Option<Placed<String>> {
        if self.value(name).is_none() {
            self.missing(name, &format!("write {example}"));
        }
        self.text(name, example)
    }

    /// A list of texts; empty when the key is absent.
    pub(super) fn texts(&self, name: &str, example: &str) -> Vec<Placed<String>> {
        let Some(place) = self.value(name) else {
            return Vec::new();
        };
        let Some(array) = place.value.as_array() else {
            self.wrong_type(&place, "a list of texts", example);
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (index, element) in array.iter().enumerate() {
            let element = self.placed(format!("{}[{index}]", place.key), element);
            match element.value.as_str().map(str::trim) {
                Some("") => self
                    .reader
                    .problem(&element, "is empty", "write a text or remove it"),
                Some(text) => texts.push(element.with(text.to_owned())),
                None => self.wrong_type(&element, "a text in quotes", example),
            }
        }
        texts
    }

    /// A duration between `shortest` and ten years.
    pub(super) fn duration(
        &self,
        name: &str,
        shortest: Duration,
        example: &str,
    ) -> Option<Placed<Duration>> {
        let place = self.value(name)?;
        let Some(text) = place.value.as_str() else {
            self.wrong_type(&place, "a duration in quotes", example);
            return None;
        };
        let duration = match parse_duration(text) {
            Ok(duration) => duration,
            Err(sentence) => {
                let (what, mend) = sentence.split_once("; ").unwrap_or((&sentence, ""));
                self.reader.problem(&place, what, mend);
                return None;
            }
        };
        if duration < shortest {
            self.reader.problem(
                &place,
                format!("is shorter than {}", plain_duration(shortest)),
                format!("write {example}"),
            );
            return None;
        }
        if duration > LONGEST_DURATION {
            self.reader.problem(
                &place,
                "is longer than ten years",
                format!("write {example}"),
            );
            return None;
        }
        Some(place.with(duration))
    }

    /// `true` or `false`; `false` when the key is absent.
    pub(super) fn switch(&self, name: &str) -> bool {
        let Some(place) = self.value(name) else {
            return false;
        };
        place.value.as_bool().unwrap_or_else(|| {
            self.wrong_type(&place, "true or false", &format!("{name} = true"));
            false
        })
    }

    /// A number from 0 to 1.
    pub(super) fn share(&self, name: &str, example: &str) -> Option<Placed<f64>> {
        let place = self.value(name)?;
        let number = match place.value {
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            DeValue::Integer(number) => number.as_str().parse::<f64>().ok(),
            _ => {
                self.wrong_type(&place, "a number", example);
                return None;
            }
        };
        match number.filter(|number| (0.0..=1.0).contains(number)) {
            Some(number) => Some(place.with(number)),
            None => {
                self.reader
                    .problem(&place, "is not between 0 and 1", format!("write {example}"));
                None
            }
        }
    }

    /// A whole number in a range.
    pub(super) fn count(
        &self,
        name: &str,
        range: std::ops::RangeInclusive<usize>,
        example: &str,
    ) -> Option<Placed<usize>> {
        let place = self.value(name)?;
        let DeValue::Integer(number) = place.value else {
            self.wrong_type(&place, "a whole number", example);
            return None;
        };
        match usize::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if range.contains(&number) => Some(place.with(number)),
            _ => {
                self.reader.problem(
                    &place,
                    format!("is not between {} and {}", range.start(), range.end()),
                    format!("write {example}"),
                );
                None
            }
        }
    }

    /// A table inside this one.
    pub(super) fn table(&self, name: &str, keys: &Keys) -> Option<Fields<'r, 'a>> {
        let place = self.value(name)?;
        match place.value {
            DeValue::Table(table) => Some(Fields::open(
                self.reader,
                table,
                place.key,
                place.line,
                keys,
            )),
            DeValue::Array(_) => {
                self.reader.problem(
                    &place,
                    "is a list of tables, but there is only one of it",
                    format!("write {} with single brackets", keys.table),
                );
                None
            }
            _ => {
                self.wrong_type(&place, "a table", keys.table);
                None
            }
        }
    }

    /// The tables of a list, `[[name]]`.
    pub(super) fn tables(&self, name: &str, keys: &Keys) -> Vec<Fields<'r, 'a>> {
        let Some(place) = self.value(name) else {
            return Vec::new();
        };
        let array = match place.value {
            DeValue::Array(array) => array,
            DeValue::Table(_) => {
                self.reader.problem(
                    &place,
                    "is a single table, but there can be several",
                    format!("write {} with double brackets", keys.table),
                );
                return Vec::new();
            }
            _ => {
                self.wrong_type(&place, "a list of tables", keys.table);
                return Vec::new();
            }
        };
        let mut tables = Vec::new();
        for (index, element) in array.iter().enumerate() {
            let element = self.placed(format!("{}[{index}]", place.key), element);
            match element.value {
                DeValue::Table(table) => tables.push(Fields::open(
                    self.reader,
                    table,
                    element.key,
                    element.line,
                    keys,
                )),
                _ => self.wrong_type(&element, "a table", keys.table),
            }
        }
        tables
    }
}

/// What is said of a key that is not there; such problems are left out when the file has
/// syntax errors, which may have swallowed the key.
pub(super) const MISSING: &str = "is missing";

/// A value in words: short ones are quoted, so that the reader finds them.
fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(_) => "a text".to_owned(),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(value) => format!("the word {value}"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// A duration as the configuration writes it: one number and its largest whole unit.
pub(super) fn plain_duration(duration: Duration) -> String {
    let secs = duration.as_secs();
    for (unit_secs, unit) in [(86_400, "d"), (3_600, "h"), (60, "m")] {
        if secs >= unit_secs && secs.is_multiple_of(unit_secs) {
            return format!("{}{unit}", secs / unit_secs);
        }
    }
    format!("{secs}s")
}
