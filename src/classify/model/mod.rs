//! The transformer: folder → network and vocabulary, texts → token ids → logits.

mod encode;
mod foreign;
mod manifest;
mod network;
mod precision;
mod sentencepiece;
mod vocabulary;
mod weights;

use std::path::Path;

use serde_json::Value;
use tch::Kind as TensorKind;

use super::{ClassifyError, Input, Settings};
use crate::domain::Label;
pub(super) use encode::{Encoded, Encoder};
pub use foreign::manifest_of;
pub use manifest::Manifest;
pub(super) use network::Network;
use network::Sharing;
pub use precision::Precision;
pub(super) use weights::{SAFETENSORS as WEIGHTS, read_weights};

/// Texts in one forward pass, at most.
const MAX_BATCH_TEXTS: usize = 32;
/// Tokens in one forward pass, at most: keeps activations in the cache.
const MAX_BATCH_TOKENS: usize = 2_048;

pub(super) struct Model {
    encoder: Encoder,
    network: Network,
}

fn bad(file: &Path, why: impl ToString) -> ClassifyError {
    ClassifyError::BadModel {
        file: file.display().to_string(),
        why: why.to_string(),
    }
}

/// Why a file that should be there cannot be opened, and the way out.
fn unreadable(file: &Path, error: &std::io::Error) -> ClassifyError {
    let why = if error.kind() == std::io::ErrorKind::NotFound {
        "there is no such file: copy it from where the model came from, or go back to the \
         shipped model with `hearken model use shipped`"
            .to_owned()
    } else {
        error.to_string()
    };
    bad(file, why)
}

/// A file of JSON that is cut off or something else.
fn damaged(file: &Path, error: &serde_json::Error) -> ClassifyError {
    bad(
        file,
        format!("it is damaged ({error}): copy or download it again"),
    )
}

/// Looks at the files of a model without loading it: whether they are there and whole.
///
/// # Errors
/// `BadModel` names the first file that is not.
pub fn look_over(folder: &Path) -> Result<(), ClassifyError> {
    let manifest = Manifest::read(folder)?;
    let config = network::read_config(folder)?;
    check_limits(folder, &manifest, &config)?;
    vocabulary::look_over(folder)?;
    weights::look_over(folder)
}

/// The vocabulary of a folder, with the special tokens that its manifest names.
pub(super) fn load_encoder(folder: &Path) -> Result<Encoder, ClassifyError> {
    let manifest = Manifest::read(folder)?;
    let config = network::read_config(folder)?;
    check_limits(folder, &manifest, &config)?;
    let (tokenizer, file) = vocabulary::read(folder)?;
    let encoder = Encoder::new(tokenizer, &file, manifest)?;
    // More pieces than vectors would end the first batch that holds such a piece.
    if let Some(n_vectors) = config["vocab_size"].as_u64()
        && encoder.n_tokens() as u64 > n_vectors
    {
        return Err(bad(
            &file,
            format!(
                "it has {} pieces and the network {n_vectors}: it belongs to another model",
                encoder.n_tokens()
            ),
        ));
    }
    Ok(encoder)
}

/// What the manifest says must be possible with this network.
fn check_limits(folder: &Path, manifest: &Manifest, config: &Value) -> Result<(), ClassifyError> {
    let file = folder.join(manifest::MANIFEST);
    let n_outputs = config["id2label"]
        .as_object()
        .map_or(2, serde_json::Map::len);
    if n_outputs != manifest.labels.len() {
        return Err(bad(
            &file,
            format!(
                "it names {} labels, and the network has {n_outputs} outputs",
                manifest.labels.len()
            ),
        ));
    }
    if let Some(n_positions) = config["max_position_embeddings"].as_u64()
        && manifest.max_tokens as u64 > n_positions
    {
        return Err(bad(
            &file,
            format!(
                "max_tokens is {}, and the network has {n_positions} positions",
                manifest.max_tokens
            ),
        ));
    }
    Ok(())
}

impl Model {
    pub(super) fn load(settings: &Settings) -> Result<Self, ClassifyError> {
        // OpenMP keeps this per calling thread, so it is set on the owner's.
        tch::set_num_threads(i32::try_from(settings.n_threads.max(1)).unwrap_or(1));
        let encoder = load_encoder(&settings.folder)?;
        let mut network = Network::load(&settings.folder)?;
        network.freeze(settings.precision.tensor_kind());
        Ok(Self { encoder, network })
    }

    pub(super) fn manifest(&self) -> &Manifest {
        self.encoder.manifest()
    }

    /// The logits (negative, neutral, positive) of each input, in order.
    pub(super) fn logits_of(&self, inputs: &[&Input]) -> Result<Vec<[f64; 3]>, ClassifyError> {
        let encoded: Vec<Encoded> = inputs
            .iter()
            .map(|input| self.encoder.encode(input))
            .collect::<Result<_, _>>()?;
        let mut found = vec![[0.0; 3]; inputs.len()];
        for batch in batches(&encoded, self.network.sharing()) {
            let texts: Vec<&Encoded> = batch.iter().map(|&place| &encoded[place]).collect();
            for (&place, logits) in batch.iter().zip(self.logits(&texts)?) {
                found[place] = logits;
            }
        }
        Ok(found)
    }

    fn logits(&self, batch: &[&Encoded]) -> Result<Vec<[f64; 3]>, ClassifyError> {
        let output = tch::no_grad(|| self.network.forward(batch, self.encoder.pad(), false));
        let rows = Vec::<Vec<f64>>::try_from(output.to_kind(TensorKind::Double))
            .map_err(|error| ClassifyError::Inference(error.to_string()))?;
        rows.iter()
            .map(|row| three_classes(row, &self.manifest().labels))
            .collect()
    }
}

/// Places of texts that share a pass: texts of like length, so that little of it is padding.
fn batches(texts: &[Encoded], sharing: Sharing) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|&place| texts[place].ids.len());
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for place in order {
        // Texts come shortest first, so the newest decides how wide the batch is.
        let width = texts[place].ids.len();
        match batches.last_mut() {
            Some(batch)
                if batch.len() < MAX_BATCH_TEXTS
                    && width * (batch.len() + 1) <= MAX_BATCH_TOKENS
                    && (sharing == Sharing::Filled || texts[batch[0]].ids.len() == width) =>
            {
                batch.push(place);
            }
            _ => batches.push(vec![place]),
        }
    }
    batches
}

/// A logit that no label stands behind: a probability that rounds to nothing.
const NEVER: f64 = -20.0;

/// The network's logits as (negative, neutral, positive). A network with these three keeps
/// its logits; else the probabilities of all labels that stand for one class are added up.
fn three_classes(row: &[f64], labels: &[Label]) -> Result<[f64; 3], ClassifyError> {
    const CLASSES: [Label; 3] = [Label::Negative, Label::Neutral, Label::Positive];
    if row.len() != labels.len() {
        return Err(ClassifyError::Inference(format!(
            "the network has {} outputs for {} labels",
            row.len(),
            labels.len()
        )));
    }
    if !row.iter().all(|logit| logit.is_finite()) {
        return Err(ClassifyError::Inference("a logit is not finite".to_owned()));
    }
    if let (Ok(logits), true) = (<[f64; 3]>::try_from(row), labels == CLASSES) {
        return Ok(logits);
    }
    let most = row.iter().copied().fold(f64::MIN, f64::max);
    let raised: Vec<f64> = row.iter().map(|logit| (logit - most).exp()).collect();
    let all: f64 = raised.iter().sum();
    Ok(CLASSES.map(|class| {
        let of_class = raised
            .iter()
            .zip(labels)
            .filter(|(_, label)| **label == class);
        let share: f64 = of_class.map(|(raised, _)| raised).sum::<f64>() / all;
        share.ln().max(NEVER)
    }))
}

#[cfg(test)]
#[path = "tests.rs"]
mod folders;

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::classify::calibrate::softmax;
    use crate::classify::prepare;
    use crate::domain::Kind;

    #[derive(Deserialize)]
    struct Expected {
        text: String,
        kind: Kind,
        #[serde(default)]
        lang: Option<String>,
        #[serde(default)]
        brand: Option<String>,
        prepared: String,
        ids: Vec<i64>,
        probabilities: [f64; 3],
    }

    /// The shipped models say here what they said in PyTorch, where they were trained.
    #[test]
    fn the_shipped_models_agree_with_their_training() {
        let shipped = crate::classify::find_model(None).expect("the shipped model is there");
        agrees_with_its_training(&shipped);
        for specialist in ["hearken-en", "hearken-codemix"] {
            agrees_with_its_training(&shipped.with_file_name(specialist));
        }
    }

    fn agrees_with_its_training(folder: &Path) {
        let expected: Vec<Expected> = serde_json::from_slice(
            &std::fs::read(folder.join("expected.json")).expect("expected.json is there"),
        )
        .expect("expected.json is valid");
        let settings = Settings {
            precision: Precision::F32,
            ..Settings::new(folder)
        };
        let model = Model::load(&settings).expect("the shipped model loads");
        let inputs: Vec<Input> = expected
            .iter()
            .map(|case| Input {
                text: case.text.clone(),
                kind: case.kind,
                lang: case.lang.clone(),
                brand: case.brand.clone(),
                brand_at: None,
            })
            .collect();
        let each: Vec<&Input> = inputs.iter().collect();
        let logits = model.logits_of(&each).expect("the model judges");
        for ((case, input), logits) in expected.iter().zip(&inputs).zip(logits) {
            assert_eq!(prepare(&input.text), case.prepared);
            assert_eq!(
                model.encoder.encode(input).expect("it encodes").ids,
                case.ids,
                "{}",
                case.text
            );
            let temperature = Manifest::for_kind(&model.manifest().temperature, case.kind, 1.0);
            let said = softmax(logits.map(|logit| logit / temperature));
            for (said, meant) in said.iter().zip(case.probabilities) {
                assert!(
                    (said - meant).abs() < 2e-3,
                    "{}: {said} instead of {meant}",
                    case.text
                );
            }
        }
    }

    #[track_caller]
    fn check_classes(row: &[f64], labels: &[Label], expected: [f64; 3]) {
        let logits = three_classes(row, labels).expect("they fit");
        for (said, meant) in softmax(logits).iter().zip(expected) {
            assert!((said - meant).abs() < 1e-6, "{row:?} → {logits:?}");
        }
    }

    #[test]
    fn labels_of_other_models_become_three_classes() {
        use Label::{Negative, Neutral, Positive};
        let shares = |shares: &[f64]| shares.iter().map(|share| share.ln()).collect::<Vec<_>>();
        check_classes(
            &shares(&[0.2, 0.1, 0.7]),
            &[Positive, Neutral, Negative],
            [0.7, 0.1, 0.2],
        );
        check_classes(&shares(&[0.6, 0.4]), &[Negative, Positive], [0.6, 0.0, 0.4]);
        check_classes(
            &shares(&[0.1, 0.2, 0.3, 0.25, 0.15]),
            &[Negative, Negative, Neutral, Positive, Positive],
            [0.3, 0.3, 0.4],
        );
        three_classes(&[0.0; 4], &[Negative, Neutral, Positive]).expect_err("one is too many");
    }

    #[test]
    fn texts_of_like_length_share_a_pass() {
        let text = |n: usize| Encoded {
            ids: vec![0; n],
            n_first: n,
        };
        let texts: Vec<Encoded> = [500, 3, 500, 4, 700, 700, 700].map(text).into();
        let filled = |texts: &[Encoded]| batches(texts, Sharing::Filled);
        assert_eq!(filled(&texts), [vec![1, 3, 0, 2], vec![4, 5], vec![6]]);
        assert_eq!(filled(&vec![text(1); 33]).len(), 2);
        assert!(filled(&[]).is_empty());
        assert_eq!(
            batches(&texts, Sharing::SameLength),
            [vec![1], vec![3], vec![0, 2], vec![4, 5], vec![6]]
        );
    }
}
