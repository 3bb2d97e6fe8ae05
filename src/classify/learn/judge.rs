//! Whether a candidate may replace the model in use.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::LearnError;
use super::check;
use super::texts::Text;
use crate::classify::judge::Judge;
use crate::classify::{Input, Precision, Settings};
use crate::domain::{Label, Sentiment};

/// Points of accuracy on the check set that learning may cost at most.
pub const MOST_LOST: f64 = 0.5;
/// Texts judged at once.
const PART: usize = 64;

/// A model measured on what was held out and on the check set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The model, as verdicts carry it.
    pub model: String,
    /// Corrections held out.
    pub n_held: usize,
    /// Of these, judged otherwise than people said.
    pub n_held_wrong: usize,
    /// Texts of the check set.
    pub n_check: usize,
    /// Of these, judged wrongly.
    pub n_check_wrong: usize,
}

impl Measured {
    /// The share of the check set that is right, in points of 100.
    pub fn check_points(&self) -> f64 {
        100.0 - 100.0 * self.n_check_wrong as f64 / self.n_check.max(1) as f64
    }

    fn keeps_the_rest(&self, before: &Self) -> bool {
        self.check_points() >= before.check_points() - MOST_LOST - 1e-9
    }

    /// Whether this candidate is a better choice than another one.
    pub(super) fn is_rather_taken(&self, other: &Self, before: &Self) -> bool {
        match (self.keeps_the_rest(before), other.keeps_the_rest(before)) {
            (true, false) => true,
            (false, true) => false,
            _ => {
                (self.n_held_wrong, self.n_check_wrong) < (other.n_held_wrong, other.n_check_wrong)
            }
        }
    }

    /// Why it may replace the model in use, or why not.
    pub(super) fn may_replace(&self, before: &Self) -> Result<String, String> {
        let held = format!(
            "{} instead of {} of {} held-out corrections are wrong",
            self.n_held_wrong, before.n_held_wrong, self.n_held
        );
        let check = format!(
            "the check set stands at {:.1} instead of {:.1} points",
            self.check_points(),
            before.check_points()
        );
        if self.n_held_wrong >= before.n_held_wrong {
            return Err(format!("it is not better: {held}"));
        }
        if !self.keeps_the_rest(before) {
            return Err(format!(
                "it forgets too much: {check}, and at most {MOST_LOST} may be lost ({held})"
            ));
        }
        Ok(format!("{held}; {check}"))
    }
}

/// Measures the model of a folder, with its linear part, as it would judge.
pub(super) fn measure(
    folder: &Path,
    n_threads: usize,
    held: &[&Text],
) -> Result<Measured, LearnError> {
    let judge = Judge::load(&Settings {
        n_threads,
        precision: Precision::F32,
        ..Settings::new(folder)
    })?;
    let held: Vec<(Input, Label)> = held
        .iter()
        .filter_map(|text| Some((text.input(), text.label?)))
        .collect();
    let check = check::texts();
    Ok(Measured {
        model: judge.manifest().id(),
        n_held: held.len(),
        n_held_wrong: n_wrong(&judge, &held)?,
        n_check: check.len(),
        n_check_wrong: n_wrong(&judge, &check)?,
    })
}

fn n_wrong(judge: &Judge, texts: &[(Input, Label)]) -> Result<usize, LearnError> {
    let mut n_wrong = 0;
    for part in texts.chunks(PART) {
        let inputs: Vec<Input> = part.iter().map(|(input, _)| input.clone()).collect();
        let verdicts = judge.judge(&inputs)?;
        n_wrong += part
            .iter()
            .zip(&verdicts)
            .filter(|((_, meant), said)| most_probable(said) != *meant)
            .count();
    }
    Ok(n_wrong)
}

/// Abstaining is no way to be right.
fn most_probable(said: &Sentiment) -> Label {
    [
        (said.negative, Label::Negative),
        (said.neutral, Label::Neutral),
        (said.positive, Label::Positive),
    ]
    .into_iter()
    .max_by(|a, b| a.0.total_cmp(&b.0))
    .map_or(Label::Unsure, |(_, label)| label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(n_held_wrong: usize, n_check_wrong: usize) -> Measured {
        Measured {
            model: "m/1".to_owned(),
            n_held: 15,
            n_held_wrong,
            n_check: 200,
            n_check_wrong,
        }
    }

    #[test]
    fn better_on_corrections_and_hardly_worse_elsewhere_is_taken() {
        let before = measured(8, 40);
        assert!(measured(5, 40).may_replace(&before).is_ok());
        assert!(measured(5, 41).may_replace(&before).is_ok(), "half a point");
        let error = measured(5, 42).may_replace(&before).expect_err("a point");
        assert!(error.starts_with("it forgets too much"), "{error}");
        let error = measured(8, 30).may_replace(&before).expect_err("no better");
        assert!(error.starts_with("it is not better"), "{error}");
    }

    #[test]
    fn of_two_candidates_the_one_that_keeps_the_rest_is_taken() {
        let before = measured(8, 40);
        assert!(measured(5, 40).is_rather_taken(&measured(1, 60), &before));
        assert!(!measured(1, 60).is_rather_taken(&measured(5, 40), &before));
        assert!(measured(4, 41).is_rather_taken(&measured(5, 40), &before));
    }
}
