//! Judges what a text says toward the brands it speaks of. A model that was trained for it
//! is told each brand beside the text; any other judges the text, and of several brands the
//! sentences around each. Long texts are judged as a whole and by the sentences around the
//! brand, and the verdict says which sentence decided. Words of others are left out before
//! (`own_words`). Planning and pooling are pure; the texts in between go to the models in
//! one batch.

mod document;
mod naming;
mod plan;
mod pool;
mod score;
#[cfg(test)]
mod tests;

pub use score::{LanguageScore, TowardCase, TowardEvaluation, evaluate_toward, read_toward};

use super::judge::Judge;
use super::{ClassifyError, Input};
use crate::domain::{Item, Kind, Label, Sentiment};
use plan::Plan;

/// A text and the brands that it speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Its title, where it has one.
    pub title: Option<String>,
    /// What was written.
    pub text: String,
    /// Parts of `text` that its markup marks as quoted.
    pub quoted: Vec<String>,
    /// What sort of text it is.
    pub kind: Kind,
    /// ISO 639-1 code, where known.
    pub lang: Option<String>,
    /// The brands; with none the text is judged as such.
    pub brands: Vec<Spoken>,
}

/// A brand that a text speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spoken {
    /// What it is called.
    pub name: String,
    /// Where its rule hit: `[start, end)` in Unicode characters of the text.
    pub spans: Vec<[usize; 2]>,
}

impl Subject {
    /// An item in its language; `quoted` are the parts that its markup marks as quoted.
    pub fn of_item(item: &Item, lang: Option<&str>, quoted: Vec<String>) -> Self {
        Self {
            title: item.title.clone(),
            text: item.text.clone(),
            quoted,
            kind: item.kind,
            lang: lang.map(str::to_owned),
            brands: Vec::new(),
        }
    }

    /// The title, unless the text begins with it: a reader sees it once.
    fn shown_title(&self) -> Option<&str> {
        self.title
            .as_deref()
            .filter(|title| !title.is_empty() && !self.text.starts_with(title))
    }
}

/// What was said of a subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Toward the brand; of several the worst, so that no complaint is missed. Of the whole
    /// text when there is no brand.
    pub sentiment: Sentiment,
    /// Toward each brand, in the order of the subject's.
    pub toward: Vec<Sentiment>,
}

/// Judges subjects; one answer each, in their order.
pub(super) fn judge(judge: &Judge, subjects: &[Subject]) -> Result<Vec<Judged>, ClassifyError> {
    judge_with(
        subjects,
        judge.manifest().toward,
        |inputs| judge.judge(inputs),
        |input| judge.unsure_below(input),
    )
}

/// The answer for a subject on which the model fails.
pub(super) fn unjudged(subject: &Subject, said: &Sentiment) -> Judged {
    Judged {
        sentiment: said.clone(),
        toward: vec![said.clone(); subject.brands.len()],
    }
}

/// The same with any judge: `ask` gives one verdict per input, `unsure_below` the bound
/// under which the best probability of an input is not to be trusted.
fn judge_with<E>(
    subjects: &[Subject],
    knows_brands: bool,
    ask: impl FnOnce(&[Input]) -> Result<Vec<Sentiment>, E>,
    unsure_below: impl Fn(&Input) -> f64,
) -> Result<Vec<Judged>, E> {
    let plans: Vec<Plan> = subjects
        .iter()
        .map(|subject| Plan::of(subject, knows_brands))
        .collect();
    let inputs: Vec<Input> = plans
        .iter()
        .flat_map(|plan| plan.inputs().iter().cloned())
        .collect();
    let verdicts = ask(&inputs)?;
    let mut rest = verdicts.as_slice();
    Ok(plans
        .iter()
        .map(|plan| {
            let (its, others) = rest.split_at(plan.inputs().len().min(rest.len()));
            rest = others;
            plan.answer(its, &unsure_below)
        })
        .collect())
}

/// The worst of several: a negative verdict before any other, then the likelier to be one.
fn worst(verdicts: &[Sentiment]) -> Option<&Sentiment> {
    let badness = |said: &Sentiment| (said.label == Label::Negative, said.negative);
    verdicts.iter().reduce(|worst, next| {
        let ((is_negative, share), (was_negative, most)) = (badness(next), badness(worst));
        let is_worse =
            (is_negative && !was_negative) || (is_negative == was_negative && share > most);
        if is_worse { next } else { worst }
    })
}
