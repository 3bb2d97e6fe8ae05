//! Walks a TOML table key by key, remembering what was asked for, so that every mistake
//! (a wrong type, a missing key, a key that nobody knows) is reported with its line.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::DefinitionProblem;

/// Collects the problems of one file.
pub(super) struct Problems<'t> {
    file: &'t str,
    text: &'t str,
    found: Vec<DefinitionProblem>,
}

impl<'t> Problems<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self {
            file,
            text,
            found: Vec::new(),
        }
    }

    /// Adds a problem at a place of the text.
    pub(super) fn add(
        &mut self,
        span: &Range<usize>,
        key: impl Into<String>,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        self.found.push(DefinitionProblem {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            key: key.into(),
            what: what.into(),
            mend: mend.into(),
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them, in the order of the file.
    pub(super) fn into_sorted(mut self) -> Vec<DefinitionProblem> {
        self.found.sort_by_key(|problem| problem.line);
        self.found
    }
}

/// A value with its place and its full key.
pub(super) struct Entry<'v, 'i> {
    pub(super) key: String,
    pub(super) span: Range<usize>,
    pub(super) value: &'v DeValue<'i>,
}

impl<'v, 'i> Entry<'v, 'i> {
    /// The text, or a problem.
    pub(super) fn text(&self, problems: &mut Problems<'_>) -> Option<&'v str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.wrong_type(problems, "a text in quotes");
        }
        text
    }

    /// The table, or a problem.
    pub(super) fn table(&self, problems: &mut Problems<'_>) -> Option<Table<'v, 'i>> {
        let table = self.value.as_table();
        if table.is_none() {
            self.wrong_type(problems, "a table");
        }
        table.map(|table| Table::new(self.key.clone(), self.span.clone(), table))
    }

    /// The elements, or a problem. A single value counts as a list of one where `single`
    /// values make sense, so that `list = "a"` and `list = ["a"]` mean the same.
    pub(super) fn list_or_single(&self) -> Vec<Entry<'v, 'i>> {
        match self.value.as_array() {
            Some(list) => list
                .iter()
                .map(|element| Entry {
                    key: self.key.clone(),
                    span: element.span(),
                    value: element.get_ref(),
                })
                .collect(),
            None => vec![Entry {
                key: self.key.clone(),
                span: self.span.clone(),
                value: self.value,
            }],
        }
    }

    /// The text read by its own grammar, or a problem with that grammar's sentence.
    pub(super) fn parsed<T>(&self, problems: &mut Problems<'_>, mend: &str) -> Option<T>
    where
        T: std::str::FromStr<Err = String>,
    {
        let text = self.text(problems)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(what) => {
                problems.add(&self.span, &self.key, what, mend);
                None
            }
        }
    }

    /// One of the words, or a problem that names them.
    pub(super) fn one_of<T: Copy>(
        &self,
        problems: &mut Problems<'_>,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(problems)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<String> = words
                .iter()
                .map(|(word, _)| format!("\"{word}\""))
                .collect();
            problems.add(
                &self.span,
                &self.key,
                format!("`{text}` is not known"),
                format!("write one of {}", known.join(", ")),
            );
        }
        found.map(|(_, value)| *value)
    }

    pub(super) fn boolean(&self, problems: &mut Problems<'_>) -> Option<bool> {
        let truth = self.value.as_bool();
        if truth.is_none() {
            self.wrong_type(problems, "true or false");
        }
        truth
    }

    pub(super) fn whole_number(&self, problems: &mut Problems<'_>) -> Option<u32> {
        let number = self
            .value
            .as_integer()
            .and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        if number.is_none() {
            self.wrong_type(problems, "a whole number, 0 or more");
        }
        number
    }

    pub(super) fn duration(&self, problems: &mut Problems<'_>) -> Option<std::time::Duration> {
        let text = self.text(problems)?;
        crate::domain::parse_duration(text)
            .map_err(|what| {
                problems.add(
                    &self.span,
                    &self.key,
                    what,
                    "write a number with s, m, h or d",
                );
            })
            .ok()
    }

    fn wrong_type(&self, problems: &mut Problems<'_>, wanted: &str) {
        problems.add(
            &self.span,
            &self.key,
            format!("is of type {}", self.value.type_str()),
            format!("write {wanted}"),
        );
    }
}

/// A table of which keys are taken one by one.
pub(super) struct Table<'v, 'i> {
    name: String,
    span: Range<usize>,
    table: &'v DeTable<'i>,
    asked: Vec<&'static str>,
}

impl<'v, 'i> Table<'v, 'i> {
    pub(super) fn new(name: String, span: Range<usize>, table: &'v DeTable<'i>) -> Self {
        Self {
            name,
            span,
            table,
            asked: Vec::new(),
        }
    }

    /// The key's value, if the file sets it.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Entry<'v, 'i>> {
        self.asked.push(key);
        self.table
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map(|(name, value)| self.entry(name.get_ref(), value))
    }

    /// Whether the file sets the key; asking does not make it known.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.iter().any(|(name, _)| name.get_ref() == key)
    }

    /// The key's value, or a problem when the file does not set it.
    pub(super) fn need(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
        mend: &str,
    ) -> Option<Entry<'v, 'i>> {
        let found = self.take(key);
        if found.is_none() {
            problems.add(&self.span, self.full_key(key), "is missing", mend);
        }
        found
    }

    /// Every key with its value, in the order of the file: for tables whose keys are
    /// the user's own words.
    pub(super) fn all(&self) -> Vec<(String, Entry<'v, 'i>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        entries
            .into_iter()
            .map(|(name, value)| {
                let entry = self.entry(name.get_ref(), value);
                (name.get_ref().to_string(), entry)
            })
            .collect()
    }

    /// Reports the keys that nobody asked for, each with the nearest that exists.
    pub(super) fn finish(self, problems: &mut Problems<'_>) {
        for (name, _) in self.table.iter() {
            let name_text: &str = name.get_ref();
            if self.asked.contains(&name_text) {
                continue;
            }
            let mend = match nearest(name_text, &self.asked) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("known here: {}", self.asked.join(", ")),
            };
            problems.add(
                &name.span(),
                self.full_key(name_text),
                "is not a known key",
                mend,
            );
        }
    }

    /// Reports that one of these keys is needed.
    pub(super) fn complain(&self, problems: &mut Problems<'_>, what: &str, mend: &str) {
        problems.add(&self.span, self.name.clone(), what, mend);
    }

    fn entry(&self, name: &str, value: &'v Spanned<DeValue<'i>>) -> Entry<'v, 'i> {
        Entry {
            key: self.full_key(name),
            span: value.span(),
            value: value.get_ref(),
        }
    }

    fn full_key(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }
}

/// The known word with the fewest changed letters, if few enough to be a slip.
fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    known
        .iter()
        .map(|candidate| (n_changes(word, candidate), *candidate))
        .filter(|(n, candidate)| *n <= candidate.len().max(3) / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance, one row at a time.
fn n_changes(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_the_word_that_was_meant() {
        let known = ["summary", "params", "request", "keyless"];
        assert_eq!(nearest("sumary", &known), Some("summary"));
        assert_eq!(nearest("parms", &known), Some("params"));
        assert_eq!(nearest("banana", &known), None);
    }
}
