//! The check set: short texts in ten languages with the verdict that any model should
//! give, written by us and never trained on. Whoever learns must not forget these.

use serde::Deserialize;

use crate::classify::Input;
use crate::domain::{Kind, Label};

/// One object a line: `text`, `lang`, `label`, and `kind` where it is no post.
const LINES: &str = include_str!("../../../models/check.jsonl");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    text: String,
    lang: String,
    label: Label,
    #[serde(default)]
    kind: Kind,
}

/// Every text with its verdict.
pub(super) fn texts() -> Vec<(Input, Label)> {
    LINES
        .lines()
        .map(|line| {
            let line: Line = serde_json::from_str(line).expect("a test reads every line");
            let input = Input {
                text: line.text,
                kind: line.kind,
                lang: Some(line.lang),
                ..Input::default()
            };
            (input, line.label)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn the_check_set_is_large_enough_and_balanced() {
        let texts = texts();
        let distinct: BTreeSet<&str> = texts.iter().map(|(input, _)| &input.text[..]).collect();
        assert!(distinct.len() >= 200, "{}", distinct.len());
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (input, label) in &texts {
            let lang = input.lang.as_deref().unwrap_or_default();
            *counts.entry((lang, label.as_str())).or_default() += 1;
        }
        let langs: BTreeSet<&str> = counts.keys().map(|(lang, _)| *lang).collect();
        assert_eq!(langs.len(), 10, "{langs:?}");
        assert_eq!(counts.len(), 30, "three verdicts in every language");
        for (of, n) in counts {
            assert!(n >= 5, "{of:?}: {n}");
        }
    }
}
