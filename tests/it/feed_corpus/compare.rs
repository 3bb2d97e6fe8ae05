//! Compares items with expectations, and counts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use hearken::domain::Item;
use hearken::parse::{ParseError, dates, text};

use super::corpus::{Check, Exception, Expectation, Field};

/// How one check ended.
pub(super) enum Outcome {
    Right,
    Wrong {
        actual: String,
    },
    /// Wrong, but listed among the exceptions.
    Excepted,
}

/// The count over all files.
#[derive(Default)]
pub(super) struct Score {
    n_checks: usize,
    n_right: usize,
    n_excepted: usize,
    n_medium: usize,
    n_medium_right: usize,
    n_files: usize,
    n_files_right: usize,
    used: BTreeSet<(String, String)>,
    wrong: Vec<(String, Field, String)>,
    groups: BTreeMap<(String, Field), usize>,
}

impl Score {
    /// Counts the checks of one file.
    pub(super) fn add(
        &mut self,
        expectation: &Expectation,
        outcome: &Result<Vec<Item>, ParseError>,
        exceptions: &[Exception],
    ) {
        let mut is_wholly_right = true;
        for check in &expectation.checks {
            let Some(result) = judge(check, outcome, expectation, exceptions) else {
                continue;
            };
            if !expectation.is_high {
                self.n_medium += 1;
                self.n_medium_right += usize::from(matches!(result, Outcome::Right));
                continue;
            }
            self.n_checks += 1;
            match result {
                Outcome::Right => self.n_right += 1,
                Outcome::Excepted => {
                    self.n_excepted += 1;
                    self.used
                        .insert((expectation.file.clone(), check.path.clone()));
                }
                Outcome::Wrong { actual } => {
                    is_wholly_right = false;
                    let group: Vec<&str> = expectation.file.split('/').skip(1).take(2).collect();
                    *self
                        .groups
                        .entry((group.join("/"), check.field))
                        .or_default() += 1;
                    let said = format!(
                        "{} {}: expected {:?}, got {actual:?}",
                        expectation.file, check.path, check.expected
                    );
                    self.wrong
                        .push((expectation.file.clone(), check.field, said));
                }
            }
        }
        if expectation.is_high && !expectation.checks.is_empty() {
            self.n_files += 1;
            self.n_files_right += usize::from(is_wholly_right);
        }
    }

    /// Prints both shares, the worst groups and every wrong check.
    pub(super) fn print(&self) {
        for (_, _, said) in &self.wrong {
            println!("{said}");
        }
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for ((group, field), count) in groups.iter().take(25) {
            println!("{count:5} wrong in {group}, {field:?}");
        }
        println!(
            "checks of high confidence: {} of {} right ({:.2} %), {} excepted; files wholly right: {} of {} ({:.2} %); other checks: {} of {} right",
            self.n_right,
            self.n_checks,
            self.share_of_checks() * 100.0,
            self.n_excepted,
            self.n_files_right,
            self.n_files,
            self.share_of_files() * 100.0,
            self.n_medium_right,
            self.n_medium,
        );
    }

    /// Right checks of all those of high confidence.
    pub(super) fn share_of_checks(&self) -> f64 {
        self.n_right as f64 / self.n_checks.max(1) as f64
    }

    /// Files in which nothing is wrong but exceptions.
    pub(super) fn share_of_files(&self) -> f64 {
        self.n_files_right as f64 / self.n_files.max(1) as f64
    }

    /// Checks in which we differ on purpose.
    pub(super) fn share_of_exceptions(&self) -> f64 {
        self.n_excepted as f64 / self.n_checks.max(1) as f64
    }

    /// Exceptions that no check needs.
    pub(super) fn unused_exceptions(&self, exceptions: &[Exception]) -> Vec<String> {
        let mut unused = Vec::new();
        for exception in exceptions {
            for path in &exception.checks {
                let is_used = self
                    .used
                    .iter()
                    .any(|(file, used)| *file == exception.file && matches(path, used));
                if !is_used {
                    unused.push(format!("{} {path}", exception.file));
                }
            }
        }
        unused
    }
}

/// Whether a path of an exception, in which `*` is any entry, means this check.
fn matches(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        Some((before, after)) => path.starts_with(before) && path.ends_with(after),
        None => pattern == path,
    }
}

fn judge(
    check: &Check,
    outcome: &Result<Vec<Item>, ParseError>,
    expectation: &Expectation,
    exceptions: &[Exception],
) -> Option<Outcome> {
    let actual = match verdict(check, outcome, expectation) {
        Verdict::Right => return Some(Outcome::Right),
        Verdict::NotComparable => return None,
        Verdict::Wrong(actual) => actual,
    };
    let is_excepted = exceptions.iter().any(|exception| {
        exception.file == expectation.file
            && exception
                .checks
                .iter()
                .any(|path| matches(path, &check.path))
    });
    Some(if is_excepted {
        Outcome::Excepted
    } else {
        Outcome::Wrong { actual }
    })
}

enum Verdict {
    Right,
    Wrong(String),
    /// The expectation is about something that an item does not hold.
    NotComparable,
}

fn verdict(
    check: &Check,
    outcome: &Result<Vec<Item>, ParseError>,
    expectation: &Expectation,
) -> Verdict {
    let is_one_of = |actual: &str| check.expected.iter().any(|expected| expected == actual);
    let items = match (outcome, check.field) {
        (Err(_), Field::Error) => return Verdict::Right,
        (Ok(items), Field::Error) => return Verdict::Wrong(format!("{} items", items.len())),
        // A document without entries may be called a feed without entries or none.
        (Err(_), Field::NEntries) if is_one_of("0") => return Verdict::Right,
        (Err(error), _) => return Verdict::Wrong(error.to_string()),
        (Ok(items), Field::NEntries) => {
            let count = items.len().to_string();
            return if is_one_of(&count) {
                Verdict::Right
            } else {
                Verdict::Wrong(count)
            };
        }
        (Ok(items), _) => items,
    };
    let Some(item) = items.get(check.place) else {
        return Verdict::Wrong("no such entry".to_owned());
    };
    let of_date = |date: Option<DateTime<Utc>>| {
        let expected = check
            .expected
            .first()
            .and_then(|expected| dates::parse(expected));
        // Fractions of a second are kept by some parsers and not by others.
        if date.map(|date| date.timestamp()) == expected.map(|date| date.timestamp()) {
            Verdict::Right
        } else {
            Verdict::Wrong(date.map(|date| date.to_rfc3339()).unwrap_or_default())
        }
    };
    let of_text = |actual: &str| {
        if check
            .expected
            .iter()
            .any(|expected| squeeze(expected) == squeeze(actual))
        {
            Verdict::Right
        } else {
            Verdict::Wrong(actual.to_owned())
        }
    };
    match check.field {
        Field::Title => of_text(item.title.as_deref().unwrap_or_default()),
        Field::Link => of_text(item.url.as_deref().unwrap_or_default()),
        Field::Id => of_text(item.native_id.as_deref().unwrap_or_default()),
        // Language tags mean the same in any case (RFC 5646, 2.1.1).
        Field::Language => {
            let lang = item.lang.as_deref().unwrap_or_default();
            let is_same = check
                .expected
                .iter()
                .any(|expected| expected.eq_ignore_ascii_case(lang));
            if is_same {
                Verdict::Right
            } else {
                Verdict::Wrong(lang.to_owned())
            }
        }
        Field::Published => of_date(item.published_at),
        Field::Updated => of_date(item.updated_at),
        Field::Author => {
            let name = item
                .author
                .as_ref()
                .and_then(|author| author.name.as_deref())
                .unwrap_or_default();
            let is_same = check.expected.iter().any(|expected| {
                squeeze(&without_email(expected)) == squeeze(name)
                    || squeeze(expected) == squeeze(name)
            });
            if is_same {
                Verdict::Right
            } else {
                Verdict::Wrong(name.to_owned())
            }
        }
        Field::Text | Field::TextHead => {
            let actual = squeeze(&item.text);
            let is_right = check.expected.iter().any(|expected| match check.field {
                Field::TextHead => actual.starts_with(&squeeze(expected)),
                // Some expectations hold the markup itself.
                _ => {
                    squeeze(expected) == actual
                        || squeeze(&text::plain_from_html(expected)) == actual
                }
            });
            // The expectation is about the summary, and the item holds the full content.
            let is_of_content =
                !check.path.ends_with("content[0].value") && has_content(&expectation.bytes);
            match is_right {
                true => Verdict::Right,
                false if is_of_content => Verdict::NotComparable,
                false => Verdict::Wrong(item.text.chars().take(200).collect()),
            }
        }
        Field::NEntries | Field::Error => Verdict::NotComparable,
    }
}

/// White space says nothing here: parsers differ in what they make of block elements.
fn squeeze(text: &str) -> String {
    text.chars()
        .filter(|character| {
            !character.is_whitespace() && !matches!(character, '\u{feff}' | '\u{200b}')
        })
        .collect()
}

/// feedparser keeps `Name (address)`, where the address may be the word "hidden", and `address (Name)` where we keep the name.
fn without_email(author: &str) -> String {
    let author = text::decode_references(author);
    let name = match author
        .strip_suffix(')')
        .and_then(|author| author.split_once(" ("))
    {
        Some((address, name)) if address.contains('@') => name,
        Some((name, _)) => name,
        None => author.as_str(),
    };
    name.to_owned()
}

fn has_content(bytes: &[u8]) -> bool {
    let is_in = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    is_in(b"<content") || is_in(b"content:encoded") || is_in(b"<atom:content")
}
