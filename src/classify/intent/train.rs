//! Fits the heads: three logistic regressions over shared features by AdaGrad. A text may
//! say something of one head and nothing of the others.

use std::collections::BTreeMap;

use rand::seq::SliceRandom as _;
use rand::{SeedableRng as _, rngs::StdRng};

use super::Scale;
use crate::classify::linear::{Features, Weights};
use crate::domain::Kind;

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct IntentRecipe {
    /// Passes over the texts.
    pub n_epochs: usize,
    /// The step size at the start; it falls to a tenth.
    pub step: f32,
    /// Pull toward zero, per step on the weights touched.
    pub decay: f32,
    /// A source with more texts than this counts no more than this.
    pub most_of_source: usize,
    /// Weights smaller than this share of the largest are dropped: they cost room only.
    pub dropped_below: f32,
    /// Seed of the order of texts.
    pub seed: u64,
}

impl Default for IntentRecipe {
    fn default() -> Self {
        Self {
            n_epochs: 5,
            step: 0.1,
            decay: 1e-5,
            most_of_source: 3_000,
            dropped_below: 0.01,
            seed: 1,
        }
    }
}

/// A text to learn from.
#[derive(Clone, Debug)]
pub struct IntentExample {
    /// Its features.
    pub features: Features,
    /// What sort of text it is.
    pub kind: Kind,
    /// Per head: yes, no, or nothing said.
    pub meant: [Option<bool>; 3],
    /// Who collected it.
    pub source: String,
}

/// Fits the examples; `told` hears after each epoch.
pub fn fit_intents(
    examples: &[IntentExample],
    recipe: &IntentRecipe,
    mut told: impl FnMut(),
) -> Weights {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for example in examples {
        *sizes.entry(&example.source).or_default() += 1;
    }
    let mut fitted = Weights::zero();
    let mut squares = vec![1e-6_f32; fitted.by_bucket.len()];
    let mut bias_squares = [1e-6_f32; 3];
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut rng = StdRng::seed_from_u64(recipe.seed);
    let n_steps = (recipe.n_epochs * examples.len()).max(1) as f32;
    let mut n_done = 0_f32;
    for _ in 0..recipe.n_epochs {
        order.shuffle(&mut rng);
        for &place in &order {
            let example = &examples[place];
            n_done += 1.0;
            let step = recipe.step * (1.0 - 0.9 * n_done / n_steps);
            let n_of_source = sizes[example.source.as_str()];
            let weight = (recipe.most_of_source as f32 / n_of_source as f32).min(1.0);
            let raw = fitted.logits(&example.features, example.kind);
            let slopes: [Option<f32>; 3] = std::array::from_fn(|head| {
                let said = 1.0 / (1.0 + (-raw[head]).exp());
                let meant = f32::from(u8::from(example.meant[head]?));
                Some(weight * (said - meant))
            });
            for (bucket, value) in example.features.values() {
                for (head, slope) in slopes.iter().enumerate() {
                    let Some(slope) = slope else { continue };
                    let at = bucket * 3 + head;
                    let slope = slope * value + recipe.decay * fitted.by_bucket[at];
                    squares[at] += slope * slope;
                    fitted.by_bucket[at] -= step * slope / squares[at].sqrt();
                }
            }
            for (head, slope) in slopes.iter().enumerate() {
                let Some(slope) = slope else { continue };
                bias_squares[head] += slope * slope;
                let change = step * slope / bias_squares[head].sqrt();
                // One bias for posts and reviews: which source is which kind says nothing
                // of what people are after.
                fitted.bias[0][head] -= change;
                fitted.bias[1][head] -= change;
            }
        }
        told();
    }
    fitted.drop_below(recipe.dropped_below);
    fitted
}

/// Fits how raw numbers become log-odds, by Newton steps; `None` unless both answers occur.
pub fn fit_scale(judged: &[(f64, bool)]) -> Option<Scale> {
    let n_yes = judged.iter().filter(|(_, meant)| *meant).count();
    if n_yes == 0 || n_yes == judged.len() {
        return None;
    }
    // Platt's targets keep a separable sample from a slope without end.
    let (yes, no) = (n_yes as f64, (judged.len() - n_yes) as f64);
    let target = |meant: bool| {
        if meant {
            (yes + 1.0) / (yes + 2.0)
        } else {
            1.0 / (no + 2.0)
        }
    };
    let mut scale = Scale {
        slope: 1.0,
        offset: 0.0,
    };
    for _ in 0..50 {
        let (mut by_slope, mut by_offset) = (0.0, 0.0);
        let (mut ss, mut so, mut oo) = (1e-6, 0.0, 1e-6);
        for (raw, meant) in judged {
            let said = scale.probability(*raw);
            let off = said - target(*meant);
            let bend = (said * (1.0 - said)).max(1e-6);
            by_slope += off * raw;
            by_offset += off;
            ss += bend * raw * raw;
            so += bend * raw;
            oo += bend;
        }
        let determinant = ss * oo - so * so;
        if determinant.abs() < 1e-12 {
            break;
        }
        let step_slope = (oo * by_slope - so * by_offset) / determinant;
        let step_offset = (ss * by_offset - so * by_slope) / determinant;
        scale.slope = (scale.slope - step_slope).clamp(0.0, 20.0);
        scale.offset = (scale.offset - step_offset).clamp(-20.0, 20.0);
        if step_slope.abs() + step_offset.abs() < 1e-9 {
            break;
        }
    }
    Some(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(text: &str, meant: [Option<bool>; 3]) -> IntentExample {
        IntentExample {
            features: Features::of(text, Kind::Post),
            kind: Kind::Post,
            meant,
            source: "s".to_owned(),
        }
    }

    #[test]
    fn each_head_learns_from_the_texts_that_speak_of_it() {
        let complaint = [Some(true), None, Some(false)];
        let question = [None, Some(true), Some(false)];
        let request = [Some(false), Some(false), Some(true)];
        let mut examples = Vec::new();
        for n in 0..12 {
            examples.push(example(&format!("my parcel {n} arrived broken"), complaint));
            examples.push(example(&format!("which colours are there {n}"), question));
            examples.push(example(&format!("please cancel my order {n}"), request));
        }
        let weights = fit_intents(&examples, &IntentRecipe::default(), || ());
        let raw = |text: &str| weights.logits(&Features::of(text, Kind::Post), Kind::Post);
        let broken = raw("it arrived broken again");
        assert!(broken[0] > 0.0 && broken[2] < 0.0, "{broken:?}");
        let colours = raw("which colours");
        assert!(colours[1] > 0.0 && colours[2] < 0.0, "{colours:?}");
        let cancel = raw("cancel it please");
        assert!(cancel[0] < 0.0 && cancel[2] > 0.0, "{cancel:?}");
    }

    #[test]
    fn a_scale_makes_raw_numbers_probabilities() {
        // Raw 1 is right in three of four, raw −1 wrong in three of four.
        let judged: Vec<(f64, bool)> = (0..400)
            .map(|n| {
                if n % 2 == 0 {
                    (1.0, n % 8 != 0)
                } else {
                    (-1.0, n % 8 == 1)
                }
            })
            .collect();
        let scale = fit_scale(&judged).expect("both answers occur");
        assert!((scale.probability(1.0) - 0.75).abs() < 0.02, "{scale:?}");
        assert!((scale.probability(-1.0) - 0.25).abs() < 0.02, "{scale:?}");
        assert_eq!(fit_scale(&[(1.0, true)]), None);
    }
}
