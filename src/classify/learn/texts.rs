//! What a training works with: corrections to learn from, some of them held back to
//! measure by, and the user's own texts that keep their verdicts.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::LearnError;
use crate::classify::{Input, prepare};
use crate::domain::{Kind, Label, hex_digest};

/// Fewer corrections than this say nothing about texts like them: a quarter is held out,
/// and an improvement must be visible on it.
pub const LEAST_CORRECTIONS: usize = 20;
/// Of the corrections of each verdict, every so many-th is held out.
const HELD_OUT_EVERY: usize = 4;
/// More of the user's own texts teach nothing new and cost time.
const MOST_REHEARSED: usize = 2_000;

/// What a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Learned from.
    Learn,
    /// Held back: measured by, never learned from.
    Hold,
    /// Keeps the verdict that the model in use gives it.
    Rehearse,
}

/// A text of a training; a line of its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// What it is for.
    pub part: Part,
    /// What people said; nothing of a text that is only rehearsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// The text as it was when they said it.
    pub text: String,
    /// What sort of text it is.
    pub kind: Kind,
    /// Its language, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// The brand that it was found for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Where it speaks of the brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand_at: Option<[usize; 2]>,
}

impl Text {
    /// A text that people said something of.
    pub fn said(input: Input, label: Label) -> Self {
        Self {
            part: Part::Learn,
            label: Some(label),
            ..Self::rehearsed(input)
        }
    }

    /// A text that keeps its verdict.
    pub fn rehearsed(input: Input) -> Self {
        Self {
            part: Part::Rehearse,
            label: None,
            text: input.text,
            kind: input.kind,
            lang: input.lang,
            brand: input.brand,
            brand_at: input.brand_at,
        }
    }

    pub(super) fn input(&self) -> Input {
        Input {
            text: self.text.clone(),
            kind: self.kind,
            lang: self.lang.clone(),
            brand: self.brand.clone(),
            brand_at: self.brand_at,
        }
    }
}

/// Puts the texts of a training together: each text once (the first counts), a quarter of
/// the corrections held out, and no text rehearsed that people said something of.
///
/// # Errors
/// `TooFew`.
pub fn prepare_texts(said: Vec<Text>, own: Vec<Text>) -> Result<Vec<Text>, LearnError> {
    let mut seen = HashSet::new();
    let mut by_label: BTreeMap<&'static str, Vec<(String, Text)>> = BTreeMap::new();
    let mut n = 0;
    for text in said {
        let Some(label) = text.label.filter(|label| *label != Label::Unsure) else {
            continue;
        };
        let digest = digest(&text);
        if seen.insert(digest.clone()) {
            n += 1;
            by_label
                .entry(label.as_str())
                .or_default()
                .push((digest, text));
        }
    }
    if n < LEAST_CORRECTIONS {
        return Err(LearnError::TooFew {
            n,
            least: LEAST_CORRECTIONS,
        });
    }
    let mut texts = Vec::with_capacity(n);
    let mut place = 0;
    for mut group in by_label.into_values() {
        // By digest, so that what is held out does not depend on the order of people's work.
        group.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, mut text) in group {
            text.part = if place % HELD_OUT_EVERY == HELD_OUT_EVERY - 1 {
                Part::Hold
            } else {
                Part::Learn
            };
            place += 1;
            texts.push(text);
        }
    }
    texts.extend(
        own.into_iter()
            .filter(|text| seen.insert(digest(text)))
            .take(MOST_REHEARSED),
    );
    Ok(texts)
}

fn digest(text: &Text) -> String {
    hex_digest("learned text", &[&prepare(&text.text).to_lowercase()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, label: Label) -> Text {
        let input = Input {
            text: text.to_owned(),
            ..Input::default()
        };
        Text::said(input, label)
    }

    #[test]
    fn a_quarter_is_held_out_of_every_verdict() {
        let labels = [Label::Negative, Label::Neutral, Label::Positive];
        let given = (0..60)
            .map(|n| said(&format!("text {n}"), labels[n % 3]))
            .collect();
        let texts = prepare_texts(given, Vec::new()).expect("they are enough");
        for label in labels {
            let held = texts
                .iter()
                .filter(|text| text.part == Part::Hold && text.label == Some(label))
                .count();
            assert_eq!(held, 5, "{label:?}");
        }
        let backwards = (0..60)
            .rev()
            .map(|n| said(&format!("text {n}"), labels[n % 3]))
            .collect();
        assert_eq!(
            prepare_texts(backwards, Vec::new()).expect("they are enough"),
            texts
        );
    }

    #[test]
    fn what_people_said_is_not_rehearsed_and_counts_once() {
        let mut given: Vec<Text> = (0..20)
            .map(|n| said(&format!("text {n}"), Label::Negative))
            .collect();
        given.push(said("TEXT  3", Label::Positive));
        given.push(said("whatever", Label::Unsure));
        let own = ["text 5", "another", "another"].map(|text| {
            Text::rehearsed(Input {
                text: text.to_owned(),
                ..Input::default()
            })
        });
        let texts = prepare_texts(given, own.into()).expect("they are enough");
        assert_eq!(texts.len(), 21);
        let rehearsed: Vec<&str> = texts
            .iter()
            .filter(|text| text.part == Part::Rehearse)
            .map(|text| text.text.as_str())
            .collect();
        assert_eq!(rehearsed, ["another"]);
    }

    #[test]
    fn a_few_corrections_are_too_few() {
        let given = (0..19)
            .map(|n| said(&n.to_string(), Label::Negative))
            .collect();
        let error = prepare_texts(given, Vec::new()).expect_err("they are too few");
        assert!(matches!(error, LearnError::TooFew { n: 19, .. }), "{error}");
    }
}
