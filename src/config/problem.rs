//! A mistake in the configuration: where it is, what is wrong, how to mend it. Texts here
//! never contain the value of a secret.

use std::fmt;
use std::path::PathBuf;

use super::Config;

/// One mistake, shown as one line: `hearken.toml:12: brand[0].query: what — mend`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the user named it.
    pub file: PathBuf,
    /// The line, from 1; `None` when the file as a whole is meant.
    pub line: Option<usize>,
    /// The column in characters, from 1, where it helps to find the place.
    pub column: Option<usize>,
    /// The key, `brand[0].query`; empty where no key is concerned.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub mend: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if let Some(column) = self.column {
            write!(f, "{column}:")?;
        }
        if !self.key.is_empty() {
            write!(f, " {}:", self.key)?;
        }
        write!(f, " {}", self.what)?;
        if !self.mend.is_empty() {
            write!(f, " — {}", self.mend)?;
        }
        Ok(())
    }
}

/// Everything that is wrong with a configuration, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigError {
    /// At least one.
    pub problems: Vec<Problem>,
    /// What could be read all the same, so that queries and definitions are checked in the
    /// same run; never to be used for anything else.
    pub readable: Option<Box<Config>>,
}

impl From<Vec<Problem>> for ConfigError {
    fn from(problems: Vec<Problem>) -> Self {
        Self {
            problems,
            readable: None,
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// The candidate that was probably meant, if one is close enough to be worth suggesting.
pub(super) fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = fold(written);
    candidates
        .into_iter()
        .map(|candidate| (distance(&folded, &fold(candidate)), candidate))
        .filter(|(steps, candidate)| *steps <= (candidate.chars().count() / 3).clamp(1, 3))
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, candidate)| candidate)
}

/// Spelling that people mix up: case, and which of `-`, `_`, `.` separates the words.
fn fold(text: &str) -> Vec<char> {
    text.chars()
        .map(|character| match character {
            '-' | '.' | ' ' => '_',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

/// Letters to insert, remove, replace or swap with their neighbour to get from one text
/// to the other.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, from_character) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to_character) in to.iter().enumerate() {
            let replaced = last[j] + usize::from(from_character != to_character);
            let mut steps = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from_character == to[j - 1] && from[i - 1] == *to_character {
                steps = steps.min(before_last[j - 1] + 1);
            }
            row.push(steps);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, expected: Option<&str>) {
        let candidates = ["query", "name", "handles", "alert_max_age", "every"];
        assert_eq!(nearest(written, candidates), expected, "{written:?}");
    }

    #[test]
    fn slips_of_the_hand_are_recognised() {
        check("qurey", Some("query"));
        check("Query", Some("query"));
        check("handle", Some("handles"));
        check("alert-max-age", Some("alert_max_age"));
        check("alertmaxage", Some("alert_max_age"));
        check("nam", Some("name"));
        check("colour", None);
        check("", None);
    }
}
