//! The weights of the flag score: read from one file, checked once, printed as they are
//! read. The score is a logistic sum: base plus weight times value, part by part.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use super::part::{Part, Way};
use super::signals::Signal;

/// The weights that come with the program.
const SHIPPED: &str = include_str!("weights.toml");

/// The version of the file's form.
const VERSION: u32 = 1;
/// No part decides alone, whatever a file says.
const LARGEST: f64 = 20.0;

/// How much every part counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Where these come from, in a sentence.
    pub origin: String,
    /// How many decisions of people they were fitted on; 0 when on none.
    pub n_decisions: usize,
    /// Where the sum starts.
    pub base: f64,
    /// What all words found can add together: a text does not become more urgent by using
    /// every bad word.
    pub most_from_words: f64,
    by_part: BTreeMap<Part, f64>,
}

/// One line of a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    /// Which part.
    pub part: Part,
    /// How much of it there was.
    pub value: f64,
    /// What it added to the sum of log-odds.
    pub points: f64,
    /// The sentence for it; may be empty.
    pub said: String,
}

/// A score and what made it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// The probability, unrounded, that a person would say "this needs an answer".
    pub score: f64,
    /// What raised it most first, what lowered it most last.
    pub contributions: Vec<Contribution>,
}

/// What is wrong with a file of weights.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct WeightsError(pub Vec<String>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWeights {
    version: u32,
    #[serde(default)]
    origin: String,
    #[serde(default)]
    n_decisions: usize,
    base: f64,
    most_from_words: f64,
    weights: BTreeMap<String, f64>,
}

impl Weights {
    /// The weights that come with the program.
    pub fn shipped() -> Self {
        Self::parse(SHIPPED).expect("a test reads the shipped weights")
    }

    /// Reads a file of weights.
    ///
    /// # Errors
    /// Everything that is wrong with it, a sentence each.
    pub fn parse(text: &str) -> Result<Self, WeightsError> {
        let raw: RawWeights = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let place = line.map_or_else(String::new, |line| format!("line {line}: "));
            WeightsError(vec![format!("{place}{}", error.message().trim())])
        })?;
        let mut wrong = Vec::new();
        if raw.version != VERSION {
            wrong.push(format!(
                "version is {}, and this program reads version {VERSION}",
                raw.version
            ));
        }
        let mut within = |name: &str, value: f64, way: Way| {
            if !value.is_finite() || value.abs() > LARGEST {
                wrong.push(format!(
                    "`{name}` is {value}, which is not between -{LARGEST} and {LARGEST}"
                ));
            } else if way == Way::Up && value < 0.0 {
                wrong.push(format!(
                    "`{name}` is {value}: below 0, more of it would lower the score"
                ));
            } else if way == Way::Down && value > 0.0 {
                wrong.push(format!(
                    "`{name}` is {value}: above 0, more of it would raise the score"
                ));
            }
        };
        within("base", raw.base, Way::Either);
        within("most_from_words", raw.most_from_words, Way::Up);
        for part in Part::ALL {
            match raw.weights.get(part.name()) {
                Some(value) => within(part.name(), *value, part.way()),
                None => within(part.name(), 0.0, Way::Either),
            }
        }
        for name in raw.weights.keys() {
            if !Part::ALL.iter().any(|part| part.name() == name) {
                wrong.push(format!(
                    "`{name}` is not a part of the score; `hearken triage weights` lists them"
                ));
            }
        }
        for part in Part::ALL {
            if !raw.weights.contains_key(part.name()) {
                wrong.push(format!(
                    "`{}` is missing; write 0 to leave the part out",
                    part.name()
                ));
            }
        }
        if !wrong.is_empty() {
            return Err(WeightsError(wrong));
        }
        Ok(Self {
            origin: raw.origin,
            n_decisions: raw.n_decisions,
            base: raw.base,
            most_from_words: raw.most_from_words,
            by_part: Part::ALL
                .into_iter()
                .map(|part| (part, raw.weights[part.name()]))
                .collect(),
        })
    }

    /// The file that reads as these weights, explained.
    pub fn to_toml(&self) -> String {
        let mut out = String::from(
            "# How much every part of the flag score counts, in log-odds: base plus weight times\n\
             # value, made a probability. Change what you like and name the file as\n\
             # `[triage] weights`. `hearken triage fit` makes one of your team's decisions.\n",
        );
        let quoted = toml::Value::String(self.origin.clone());
        // Writing into a string cannot fail.
        let _ = writeln!(out, "version = {VERSION}");
        let _ = writeln!(out, "origin = {quoted}");
        let _ = writeln!(out, "n_decisions = {}", self.n_decisions);
        let _ = writeln!(out, "base = {}", shown(self.base));
        let _ = writeln!(
            out,
            "most_from_words = {} # all words found together add no more",
            shown(self.most_from_words)
        );
        out.push_str("\n[weights]\n");
        for part in Part::ALL {
            let _ = writeln!(
                out,
                "{} = {} # {}",
                part.name(),
                shown(self.of(part)),
                part.about()
            );
        }
        out
    }

    /// The weight of a part.
    pub fn of(&self, part: Part) -> f64 {
        self.by_part.get(&part).copied().unwrap_or(0.0)
    }

    /// The same with another weight for a part, kept to the way that it may count.
    pub fn set(&mut self, part: Part, weight: f64) {
        self.by_part.insert(part, kept_to(part.way(), weight));
    }

    /// Weighs what is known of an item.
    pub fn score(&self, signals: &[Signal]) -> Scored {
        let points = |signal: &Signal| self.of(signal.part) * signal.value;
        let from_words: f64 = signals
            .iter()
            .filter(|signal| signal.part.is_words())
            .map(points)
            .sum();
        let scale = if from_words > self.most_from_words {
            self.most_from_words / from_words
        } else {
            1.0
        };
        let mut contributions: Vec<Contribution> = signals
            .iter()
            .map(|signal| Contribution {
                part: signal.part,
                value: signal.value,
                points: points(signal) * if signal.part.is_words() { scale } else { 1.0 },
                said: signal.said.clone(),
            })
            .collect();
        contributions.sort_by(|a, b| b.points.total_cmp(&a.points));
        let sum: f64 = self.base + contributions.iter().map(|part| part.points).sum::<f64>();
        Scored {
            score: probability(sum),
            contributions,
        }
    }
}

/// The probability that a sum of log-odds stands for.
pub(super) fn probability(sum: f64) -> f64 {
    1.0 / (1.0 + (-sum).exp())
}

/// A weight on the right side of zero.
pub(super) fn kept_to(way: Way, weight: f64) -> f64 {
    let weight = weight.clamp(-LARGEST, LARGEST);
    match way {
        Way::Up => weight.max(0.0),
        Way::Down => weight.min(0.0),
        Way::Either => weight,
    }
}

/// Three digits are more than anybody can tell apart; zero has no sign.
fn shown(weight: f64) -> String {
    let rounded = (weight * 1_000.0).round() / 1_000.0;
    format!("{:?}", if rounded == 0.0 { 0.0 } else { rounded })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_weights_read_as_they_are_printed() {
        let shipped = Weights::shipped();
        assert_eq!(Weights::parse(&shipped.to_toml()), Ok(shipped.clone()));
        assert_eq!(
            shipped.to_toml(),
            SHIPPED,
            "print it with `hearken triage weights`"
        );
    }

    #[test]
    fn every_mistake_of_a_file_is_told_at_once() {
        let text = SHIPPED
            .replace("version = 1", "version = 2")
            .lines()
            .map(|line| {
                let name = line.split(' ').next().unwrap_or_default();
                match name {
                    "legal" => "legal = -1.0\n".to_owned(),
                    "article" => "article = 0.5\n".to_owned(),
                    "fraud" => String::new(),
                    "reach" => "reach = 99.0\nreech = 1.0\n".to_owned(),
                    _ => format!("{line}\n"),
                }
            })
            .collect::<String>();
        let told = Weights::parse(&text).expect_err("it is wrong").to_string();
        for part in [
            "version is 2",
            "`legal` is -1: below 0",
            "`article` is 0.5: above 0",
            "`fraud` is missing",
            "`reach` is 99",
            "`reech` is not a part",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let told = Weights::parse("version = 1\nbase = \"x\"\n").expect_err("it is wrong");
        assert!(told.to_string().starts_with("line 2: "), "{told}");
    }

    #[test]
    fn all_words_together_add_no_more_than_the_limit() {
        let mut weights = Weights::shipped();
        weights.most_from_words = 1.0;
        for part in [Part::Legal, Part::Fraud] {
            weights.set(part, 2.0);
        }
        let signal = |part| Signal {
            part,
            value: 1.0,
            said: String::new(),
        };
        let scored = weights.score(&[signal(Part::Legal), signal(Part::Fraud)]);
        let points: f64 = scored.contributions.iter().map(|part| part.points).sum();
        assert!((points - 1.0).abs() < 1e-9, "{scored:?}");
    }
}
