//! Who judges which text, and the verdict that comes of the logits: temperature, label,
//! and abstaining where no label is likely enough.

use super::calibrate::softmax;
use super::linear::{Linear, convention};
use super::locate::find_linear;
use super::model::{Manifest, Model};
use super::{ClassifyError, Input, Settings};
use crate::domain::{Label, Sentiment};

/// The transformer and the linear models beside it.
pub(super) struct Judge {
    model: Model,
    model_id: String,
    linear: Option<Linear>,
}

/// What becomes of one text.
enum Way {
    /// The transformer judges it, at this place among its texts.
    Transformer(usize),
    /// A linear model does.
    Linear([f64; 3]),
    /// Nobody knows its language.
    Nobody,
}

impl Judge {
    pub(super) fn load(settings: &Settings) -> Result<Self, ClassifyError> {
        let model = Model::load(settings)?;
        let linear = find_linear(&settings.folder)
            .map(|folder| Linear::open(&folder))
            .transpose()?;
        Ok(Self {
            model_id: model.manifest().id(),
            model,
            linear,
        })
    }

    pub(super) fn manifest(&self) -> &Manifest {
        self.model.manifest()
    }

    /// Every language that somebody judges.
    pub(super) fn languages(&self) -> Vec<String> {
        let mut languages = self.manifest().languages.clone();
        languages.extend(
            self.linear
                .iter()
                .flat_map(Linear::languages)
                .map(str::to_owned),
        );
        languages.sort();
        languages.dedup();
        languages
    }

    /// One verdict per input, in order.
    pub(super) fn judge(&self, inputs: &[Input]) -> Result<Vec<Sentiment>, ClassifyError> {
        let mut for_transformer: Vec<&Input> = Vec::new();
        let mut ways = Vec::with_capacity(inputs.len());
        for input in inputs {
            ways.push(match self.of_other_language(input) {
                None => {
                    for_transformer.push(input);
                    Way::Transformer(for_transformer.len() - 1)
                }
                Some(lang) => match &self.linear {
                    Some(linear) => linear.logits(input, lang)?.map_or(Way::Nobody, Way::Linear),
                    None => Way::Nobody,
                },
            });
        }
        let logits = self.model.logits_of(&for_transformer)?;
        inputs
            .iter()
            .zip(ways)
            .map(|(input, way)| match way {
                Way::Transformer(place) => self.by_transformer(input, logits[place]),
                Way::Linear(logits) => Ok(self.by_linear(input, logits)),
                Way::Nobody => Ok(self.by_nobody()),
            })
            .collect()
    }

    /// The probability that the best label of an input must reach to be given.
    pub(super) fn unsure_below(&self, input: &Input) -> f64 {
        /// More than any label has: nobody judges the language.
        const NEVER: f64 = 1.1;
        let Some(lang) = self.of_other_language(input) else {
            return Manifest::for_kind(&self.manifest().unsure_below, input.kind, 0.0);
        };
        let linear = self.linear.as_ref();
        linear
            .and_then(|linear| linear.language(lang))
            .map_or(NEVER, |of| {
                let bound = of.unsure_below.get(convention(input.kind));
                bound.copied().unwrap_or(0.0)
            })
    }

    /// The language of a text that the transformer was not trained for.
    fn of_other_language<'a>(&self, input: &'a Input) -> Option<&'a str> {
        let lang = input.spoken();
        lang.filter(|_| !self.manifest().speaks(lang))
    }

    fn by_transformer(&self, input: &Input, logits: [f64; 3]) -> Result<Sentiment, ClassifyError> {
        let manifest = self.manifest();
        let logits = self.with_linear(input, logits)?;
        let temperature = Manifest::for_kind(&manifest.temperature, input.kind, 1.0);
        let unsure_below = Manifest::for_kind(&manifest.unsure_below, input.kind, 0.0);
        Ok(verdict(logits, temperature, unsure_below, &self.model_id))
    }

    /// The transformer's logits with what a linear model of the language adds.
    fn with_linear(&self, input: &Input, logits: [f64; 3]) -> Result<[f64; 3], ClassifyError> {
        // What is not known to be another language counts as the transformer's first.
        let spoken = self.manifest().languages.first().map(String::as_str);
        let lang = input.spoken().or(spoken);
        let (Some(linear), Some(lang)) = (&self.linear, lang) else {
            return Ok(logits);
        };
        let share = linear.language(lang).map_or(0.0, |of| of.beside);
        if share == 0.0 {
            return Ok(logits);
        }
        let Some(added) = linear.logits(input, lang)? else {
            return Ok(logits);
        };
        let (ours, added) = (log_softmax(logits), log_softmax(added));
        Ok([0, 1, 2].map(|class| ours[class] + share * added[class]))
    }

    fn by_linear(&self, input: &Input, logits: [f64; 3]) -> Sentiment {
        let linear = self.linear.as_ref();
        let of = linear
            .zip(input.spoken())
            .and_then(|(linear, lang)| linear.language(lang))
            .cloned()
            .unwrap_or_default();
        let key = convention(input.kind);
        let temperature = of.temperature.get(key).copied().unwrap_or(1.0);
        let unsure_below = of.unsure_below.get(key).copied().unwrap_or(0.0);
        let id = linear.map(Linear::id).unwrap_or_default();
        verdict(logits, temperature, unsure_below, &id)
    }

    /// The verdict on what nobody can judge.
    pub(super) fn by_nobody(&self) -> Sentiment {
        Sentiment {
            label: Label::Unsure,
            negative: 0.3333,
            neutral: 0.3334,
            positive: 0.3333,
            model: self.model_id.clone(),
            sentence: None,
        }
    }
}

/// The verdict that logits come to: tempered, rounded, and `unsure` below the bound.
pub(super) fn verdict(
    logits: [f64; 3],
    temperature: f64,
    unsure_below: f64,
    model: &str,
) -> Sentiment {
    let [negative, neutral, positive] = shown(softmax(logits.map(|logit| logit / temperature)));
    let (best, label) = [
        (negative, Label::Negative),
        (neutral, Label::Neutral),
        (positive, Label::Positive),
    ]
    .into_iter()
    .max_by(|a, b| a.0.total_cmp(&b.0))
    .expect("there are three classes");
    Sentiment {
        label: if best < unsure_below {
            Label::Unsure
        } else {
            label
        },
        negative,
        neutral,
        positive,
        model: model.to_owned(),
        sentence: None,
    }
}

fn log_softmax(logits: [f64; 3]) -> [f64; 3] {
    softmax(logits).map(|share| share.max(1e-12).ln())
}

/// Probabilities with four decimals: rounding goes to the largest, so that the sum stays
/// exactly 1.
fn shown(shares: [f64; 3]) -> [f64; 3] {
    let mut steps = shares.map(|share| (share * 10_000.0).round() as i64);
    let largest = (0..3)
        .max_by_key(|&place| steps[place])
        .expect("there are three classes");
    steps[largest] += 10_000 - steps.iter().sum::<i64>();
    steps.map(|step| step as f64 / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_after_rounding() {
        for logits in [[0.0, 0.0, 0.0], [3.0, -1.0, 0.2], [-900.0, 900.0, 0.0]] {
            let said = verdict(logits, 1.0, 0.0, "m");
            let sum = ((said.negative + said.neutral + said.positive) * 10_000.0).round();
            assert!(
                (sum - 10_000.0).abs() < f64::EPSILON,
                "{logits:?} → {said:?}"
            );
        }
    }

    #[test]
    fn below_the_bound_it_abstains() {
        assert_eq!(verdict([1.0, 0.9, 0.0], 1.0, 0.5, "m").label, Label::Unsure);
        assert_eq!(
            verdict([1.0, 0.9, 0.0], 1.0, 0.4, "m").label,
            Label::Negative
        );
        assert_eq!(verdict([9.0, 0.9, 0.0], 9.0, 0.9, "m").label, Label::Unsure);
    }
}
