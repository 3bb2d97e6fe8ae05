//! Fits the upper layers of the transformer: what people said is learned by its class, and
//! texts of the user's own and of ours keep the probabilities that the model in use gives
//! them. The lower layers and the vocabulary stay: fifty texts could only spoil them.

use std::collections::BTreeMap;

use rand::seq::SliceRandom as _;
use rand::{SeedableRng as _, rngs::StdRng};
use serde::{Deserialize, Serialize};
use tch::nn::OptimizerConfig as _;
use tch::{Kind as TensorKind, Tensor, nn};

use super::folder::Checkpoint;
use super::texts::Text;
use super::{LearnError, Progress, Stage, Training};
use crate::classify::model::{Encoded, Encoder, Network, load_encoder};
use crate::domain::Label;

/// How to fit. What a training was begun with, it is finished with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TuneRecipe {
    /// Passes over the corrections.
    pub n_epochs: usize,
    /// The largest step (AdamW); it rises for a tenth of the time, then falls to nothing.
    pub step: f64,
    /// Layers that learn, from the top.
    pub n_layers: usize,
    /// Corrections in a step.
    pub n_said: usize,
    /// Texts of the user's own beside them in a step.
    pub n_own: usize,
    /// Texts of ours, in ten languages, beside them in a step.
    #[serde(default)]
    pub n_ours: usize,
    /// Pull of the weights toward zero.
    pub decay: f64,
    /// Seed of the order and of dropout.
    pub seed: u64,
}

impl Default for TuneRecipe {
    fn default() -> Self {
        Self {
            n_epochs: 10,
            step: 2e-4,
            n_layers: 2,
            n_said: 8,
            n_own: 8,
            n_ours: 16,
            decay: 0.01,
            seed: 1,
        }
    }
}

/// Steps between two checkpoints: a killed training loses a minute at most.
const CHECKPOINT_EVERY: usize = 25;
/// Gradients longer than this are shortened.
const LONGEST_GRADIENT: f64 = 1.0;
/// Texts that the model in use is asked about at once.
const ASKED_AT_ONCE: usize = 16;
/// Outputs that do not stand for a class count so little.
const OUT: f32 = -1e9;

/// Weights by name, those that were learned only.
pub(super) type Learned = BTreeMap<String, Tensor>;

struct Lesson {
    text: Encoded,
    /// `[labels]`: 0 where an output stands for what people said, `OUT` elsewhere; or the
    /// probabilities that are to be kept.
    target: Vec<f32>,
}

/// Fits; `None` when no text is in a language of this transformer.
pub(super) fn tune(
    training: &Training,
    said: &[&Text],
    own: &[&Text],
    ours: &[&Text],
    recipe: &TuneRecipe,
    told: &mut dyn FnMut(Progress),
) -> Result<Option<Learned>, LearnError> {
    tch::set_num_threads(i32::try_from(training.n_threads().max(1)).unwrap_or(1));
    let encoder = load_encoder(training.base())?;
    let said = lessons_of_people(&encoder, said)?;
    if said.is_empty() {
        return Ok(None);
    }
    let network = Network::load(training.base())?;
    let own = lessons_of_model(&encoder, &network, own, told)?;
    let ours = lessons_of_model(&encoder, &network, ours, told)?;
    let learning = only_upper_layers(&network, recipe.n_layers);

    let n_per_epoch = said.len().div_ceil(recipe.n_said.max(1));
    let n_steps = recipe.n_epochs * n_per_epoch;
    let mut first = 0;
    if let Some(checkpoint) = training.checkpoint()? {
        first = checkpoint.n_done.min(n_steps);
        overlay(&learning, &checkpoint.learned)?;
    }
    // tch hides the state of its optimisers, so AdamW finds its averages anew after a kill.
    let mut optimiser = nn::AdamW {
        wd: recipe.decay,
        ..nn::AdamW::default()
    }
    .build(network.variables(), recipe.step)
    .map_err(torch)?;
    tch::manual_seed(i64::try_from(recipe.seed + first as u64).unwrap_or(1));
    for n_done in first..n_steps {
        told(Progress {
            stage: Stage::Fitting,
            n_done,
            n_all: n_steps,
        });
        optimiser.set_lr(recipe.step * pace(n_done, n_steps));
        let batch = batch(n_done, n_per_epoch, &said, &own, &ours, recipe);
        let loss = loss(&network, encoder.pad(), &batch.0, &batch.1);
        if !f64::try_from(&loss).map_err(torch)?.is_finite() {
            return Err(LearnError::Torch("the loss is not finite".to_owned()));
        }
        optimiser.backward_step_clip_norm(&loss, LONGEST_GRADIENT);
        if (n_done + 1) % CHECKPOINT_EVERY == 0 || n_done + 1 == n_steps {
            training.keep_checkpoint(&Checkpoint {
                n_done: n_done + 1,
                learned: copies(&learning),
            })?;
        }
    }
    Ok(Some(copies(&learning)))
}

fn torch(error: tch::TchError) -> LearnError {
    LearnError::Torch(error.to_string())
}

/// The corrections that this transformer can learn: those in its languages, with a verdict
/// that one of its outputs stands for. One toward a brand is learned as a whole text, too.
fn lessons_of_people(encoder: &Encoder, said: &[&Text]) -> Result<Vec<Lesson>, LearnError> {
    let manifest = encoder.manifest();
    let mut lessons = Vec::new();
    for text in said {
        let Some(label) = text.label else { continue };
        let target = target(&manifest.labels, label);
        if !manifest.speaks(text.lang.as_deref()) || target.iter().all(|out| *out == OUT) {
            continue;
        }
        let input = text.input();
        let whole = crate::classify::Input {
            brand: None,
            ..input.clone()
        };
        if manifest.toward && input.brand.is_some() {
            lessons.push(Lesson {
                text: encoder.encode(&input)?,
                target: target.clone(),
            });
        }
        lessons.push(Lesson {
            text: encoder.encode(&whole)?,
            target,
        });
    }
    Ok(lessons)
}

fn target(labels: &[Label], meant: Label) -> Vec<f32> {
    let out = |label: &Label| if *label == meant { 0.0 } else { OUT };
    labels.iter().map(out).collect()
}

/// What the model in use says of the user's own texts.
fn lessons_of_model(
    encoder: &Encoder,
    network: &Network,
    own: &[&Text],
    told: &mut dyn FnMut(Progress),
) -> Result<Vec<Lesson>, LearnError> {
    let texts = own
        .iter()
        .filter(|text| encoder.manifest().speaks(text.lang.as_deref()))
        .map(|text| encoder.encode(&text.input()))
        .collect::<Result<Vec<Encoded>, _>>()?;
    let n_all = texts.len();
    let mut lessons = Vec::with_capacity(n_all);
    let mut rest = texts.into_iter().peekable();
    while rest.peek().is_some() {
        told(Progress {
            stage: Stage::Asking,
            n_done: lessons.len(),
            n_all,
        });
        let part: Vec<Encoded> = rest.by_ref().take(ASKED_AT_ONCE).collect();
        let each: Vec<&Encoded> = part.iter().collect();
        let shares = tch::no_grad(|| {
            network
                .forward(&each, encoder.pad(), false)
                .softmax(-1, TensorKind::Float)
        });
        let rows = Vec::<Vec<f32>>::try_from(shares).map_err(torch)?;
        for (text, target) in part.into_iter().zip(rows) {
            lessons.push(Lesson { text, target });
        }
    }
    Ok(lessons)
}

/// Lets only the upper layers and what stands on them learn; these variables.
fn only_upper_layers(network: &Network, n_layers: usize) -> Learned {
    let variables: BTreeMap<String, Tensor> = network.variables().variables().into_iter().collect();
    let n_all = variables
        .keys()
        .filter_map(|name| layer(name))
        .max()
        .map_or(0, |last| last + 1);
    let lowest = n_all.saturating_sub(n_layers);
    let mut learning = Learned::new();
    for (name, variable) in variables {
        let learns = match layer(&name) {
            Some(place) => place >= lowest,
            None => !name.contains("embedding"),
        };
        if learns {
            learning.insert(name, variable);
        } else {
            let _ = variable.set_requires_grad(false);
        }
    }
    learning
}

/// The layer that a weight belongs to: the number behind `layer` or `layers` in its name.
fn layer(name: &str) -> Option<usize> {
    let mut parts = name.split('.');
    while let Some(part) = parts.next() {
        if matches!(part, "layer" | "layers" | "albert_layers") {
            return parts.next()?.parse().ok();
        }
    }
    None
}

/// How large a step is, as a share of the largest.
fn pace(n_done: usize, n_steps: usize) -> f64 {
    let done = (n_done as f64 + 0.5) / n_steps.max(1) as f64;
    (done / 0.1).min((1.0 - done) / 0.9)
}

/// The lessons of a step; the order depends on the seed and the epoch alone, so that a
/// killed training goes on with the texts that it had not seen.
fn batch<'a>(
    n_done: usize,
    n_per_epoch: usize,
    said: &'a [Lesson],
    own: &'a [Lesson],
    ours: &'a [Lesson],
    recipe: &TuneRecipe,
) -> (Vec<&'a Lesson>, Vec<&'a Lesson>) {
    let (epoch, step) = (n_done / n_per_epoch, n_done % n_per_epoch);
    let mut rng = StdRng::seed_from_u64(recipe.seed.wrapping_mul(1_000_003) + epoch as u64);
    let mut order: Vec<usize> = (0..said.len()).collect();
    order.shuffle(&mut rng);
    let of_people = order
        .iter()
        .skip(step * recipe.n_said)
        .take(recipe.n_said)
        .map(|&place| &said[place])
        .collect();
    let mut of_model = Vec::with_capacity(recipe.n_own + recipe.n_ours);
    for (texts, n) in [(own, recipe.n_own), (ours, recipe.n_ours)] {
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.shuffle(&mut rng);
        of_model.extend(
            order
                .iter()
                .cycle()
                .skip(step * n)
                .take(n.min(texts.len()))
                .map(|&place| &texts[place]),
        );
    }
    (of_people, of_model)
}

/// The mean over the corrections of −log p(what people said), and over the others of the
/// cross-entropy with what is to be kept.
fn loss(network: &Network, pad: i64, said: &[&Lesson], own: &[&Lesson]) -> Tensor {
    let texts: Vec<&Encoded> = said.iter().chain(own).map(|lesson| &lesson.text).collect();
    let shares = network
        .forward(&texts, pad, true)
        .log_softmax(-1, TensorKind::Float);
    let n_labels = shares.size()[1];
    let targets = |lessons: &[&Lesson]| {
        let flat: Vec<f32> = lessons
            .iter()
            .flat_map(|lesson| lesson.target.iter().copied())
            .collect();
        Tensor::from_slice(&flat).reshape([lessons.len() as i64, n_labels])
    };
    let n_said = said.len() as i64;
    let of_people = shares.narrow(0, 0, n_said) + targets(said);
    let mut loss = -of_people
        .logsumexp([1_i64].as_slice(), false)
        .mean(TensorKind::Float);
    if !own.is_empty() {
        let kept = targets(own) * shares.narrow(0, n_said, own.len() as i64);
        loss -= kept
            .sum_dim_intlist([1_i64].as_slice(), false, TensorKind::Float)
            .mean(TensorKind::Float);
    }
    loss
}

fn copies(learning: &Learned) -> Learned {
    learning
        .iter()
        .map(|(name, variable)| (name.clone(), variable.detach().copy()))
        .collect()
}

fn overlay(learning: &Learned, from: &Learned) -> Result<(), LearnError> {
    for (name, variable) in learning {
        let source = from
            .get(name)
            .filter(|source| source.size() == variable.size())
            .ok_or_else(|| LearnError::Damaged {
                path: "the checkpoint".to_owned(),
                why: format!("`{name}` is not in it"),
            })?;
        tch::no_grad(|| variable.shallow_clone().copy_(source));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_weights_say_their_layer() {
        for (name, expected) in [
            (
                "bert.encoder.layer.11.attention.self.query.weight",
                Some(11),
            ),
            ("distilbert.transformer.layer.0.ffn.lin1.bias", Some(0)),
            ("bert.embeddings.word_embeddings.weight", None),
            ("classifier.weight", None),
        ] {
            assert_eq!(layer(name), expected, "{name}");
        }
    }

    #[test]
    fn steps_rise_and_fall() {
        assert!(pace(0, 100) < 0.1);
        assert!(pace(10, 100) > 0.95);
        assert!(pace(99, 100) < 0.01);
    }

    #[test]
    fn every_correction_is_seen_once_in_an_epoch() {
        let lessons: Vec<Lesson> = (0..21)
            .map(|n| Lesson {
                text: Encoded {
                    ids: vec![n],
                    n_first: 1,
                },
                target: Vec::new(),
            })
            .collect();
        let recipe = TuneRecipe::default();
        let mut seen: Vec<i64> = (3..6)
            .flat_map(|step| batch(step, 3, &lessons, &lessons[..2], &[], &recipe).0)
            .map(|lesson| lesson.text.ids[0])
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..21).collect::<Vec<i64>>());
        let again = batch(4, 3, &lessons, &lessons[..2], &lessons[2..5], &recipe);
        assert_eq!(again.1.len(), 5, "no text twice in a step");
    }
}
