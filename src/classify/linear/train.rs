//! Fits the linear model: softmax regression by AdaGrad (Duchi et al. 2011), with logits
//! adjusted by the class balance of each source (Menon et al. 2021), so that the habits of
//! whoever collected a source are not learned as if they were the world's.

use std::collections::BTreeMap;

use rand::seq::SliceRandom as _;
use rand::{SeedableRng as _, rngs::StdRng};

use super::features::{Features, N_BUCKETS};
use super::weights::{Weights, softmax};
use crate::domain::{Kind, Label};

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Passes over the texts.
    pub n_epochs: usize,
    /// The step size at the start; it falls to a tenth.
    pub step: f32,
    /// How much of each source's class balance is taken out, from 0 to 1.
    pub tau: f32,
    /// A source with more texts than this counts no more than this.
    pub most_of_source: usize,
    /// Pull toward zero, per step on the weights touched.
    pub decay: f32,
    /// Seed of the order of texts.
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            n_epochs: 3,
            step: 0.1,
            tau: 0.25,
            most_of_source: 20_000,
            decay: 1e-5,
            seed: 1,
        }
    }
}

/// A text to learn from.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its features.
    pub features: Features,
    /// What sort of text it is.
    pub kind: Kind,
    /// What people said.
    pub label: Label,
    /// Who collected it.
    pub source: String,
}

fn class(label: Label) -> Option<usize> {
    match label {
        Label::Negative => Some(0),
        Label::Neutral => Some(1),
        Label::Positive => Some(2),
        Label::Unsure => None,
    }
}

/// A class that a source never uses gets this instead of a logarithm of zero.
const ABSENT: f32 = -1e4;

/// Fits the examples; `told` hears the mean loss after each epoch.
pub fn fit(examples: &[Example], recipe: &Recipe, mut told: impl FnMut(usize, f64)) -> Weights {
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for example in examples {
        if let Some(class) = class(example.label) {
            counts.entry(&example.source).or_default()[class] += 1;
        }
    }
    let sources: BTreeMap<&str, ([f32; 3], f32)> = counts
        .iter()
        .map(|(source, counts)| {
            let n: usize = counts.iter().sum();
            let prior = counts.map(|count| {
                if count == 0 {
                    ABSENT
                } else {
                    recipe.tau * (count as f32 / n as f32).ln()
                }
            });
            let weight = (recipe.most_of_source as f32 / n as f32).min(1.0);
            (*source, (prior, weight))
        })
        .collect();

    let mut fitted = Weights {
        by_bucket: vec![0.0; N_BUCKETS * 3],
        bias: [[0.0; 3]; 2],
    };
    let mut squares = vec![1e-6_f32; N_BUCKETS * 3];
    let mut bias_squares = [[1e-6_f32; 3]; 2];
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut rng = StdRng::seed_from_u64(recipe.seed);
    let n_steps = (recipe.n_epochs * examples.len()).max(1) as f32;
    let mut n_done = 0_f32;
    for epoch in 0..recipe.n_epochs {
        order.shuffle(&mut rng);
        let mut loss = 0.0_f64;
        for &place in &order {
            let example = &examples[place];
            n_done += 1.0;
            let Some(meant) = class(example.label) else {
                continue;
            };
            let (prior, weight) = sources[example.source.as_str()];
            let mut logits = fitted.logits(&example.features, example.kind);
            for (logit, prior) in logits.iter_mut().zip(prior) {
                *logit += prior;
            }
            let said = softmax(logits);
            loss -= f64::from(said[meant].max(1e-9).ln());
            let step = recipe.step * (1.0 - 0.9 * n_done / n_steps);
            let mut gradient = said;
            gradient[meant] -= 1.0;
            for (bucket, value) in example.features.values() {
                for (class, by_logit) in gradient.iter().enumerate() {
                    let at = bucket * 3 + class;
                    let slope = weight * by_logit * value + recipe.decay * fitted.by_bucket[at];
                    squares[at] += slope * slope;
                    fitted.by_bucket[at] -= step * slope / squares[at].sqrt();
                }
            }
            let row = usize::from(example.kind == Kind::Review);
            for (class, by_logit) in gradient.iter().enumerate() {
                let slope = weight * by_logit;
                bias_squares[row][class] += slope * slope;
                fitted.bias[row][class] -= step * slope / bias_squares[row][class].sqrt();
            }
        }
        told(epoch + 1, loss / examples.len().max(1) as f64);
    }
    fitted
}
