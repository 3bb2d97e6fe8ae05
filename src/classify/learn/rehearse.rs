//! Texts of ours that every training rehearses, beside the user's own: a store may hold one
//! language or nothing yet, and learning must not cost the others. They keep whatever the
//! model in use says of them, so that nobody had to label them.

use serde::Deserialize;

use super::texts::Text;
use crate::classify::Input;
use crate::domain::Kind;

/// One object a line: `text`, `lang`, and `kind` where it is no post.
const LINES: &str = include_str!("../../../models/rehearse.jsonl");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    text: String,
    lang: String,
    #[serde(default)]
    kind: Kind,
}

/// Every text, in the order of the file.
pub(super) fn texts() -> Vec<Text> {
    LINES
        .lines()
        .map(|line| {
            let line: Line = serde_json::from_str(line).expect("a test reads every line");
            Text::rehearsed(Input {
                text: line.text,
                kind: line.kind,
                lang: Some(line.lang),
                ..Input::default()
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::classify::learn::check;

    fn words(text: &str) -> BTreeSet<String> {
        text.to_lowercase()
            .split(|letter: char| letter.is_whitespace() || letter.is_ascii_punctuation())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn ten_languages_are_rehearsed() {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for text in texts() {
            *counts.entry(text.lang.unwrap_or_default()).or_default() += 1;
        }
        assert_eq!(counts.len(), 10, "{counts:?}");
        assert!(counts.values().all(|n| *n >= 15), "{counts:?}");
    }

    #[test]
    fn what_is_rehearsed_is_not_what_is_measured_by() {
        let measured: Vec<BTreeSet<String>> = check::texts()
            .iter()
            .map(|(input, _)| words(&input.text))
            .collect();
        for text in texts() {
            let own = words(&text.text);
            for other in &measured {
                let shared = own.intersection(other).count() as f64;
                let all = own.union(other).count() as f64;
                assert!(shared / all < 0.4, "{}: {other:?}", text.text);
            }
        }
    }
}
