//! The model itself: folder → tensors, texts → token ids → probabilities.

use std::collections::BTreeMap;
use std::path::Path;

use rust_bert::bert::{BertConfig, BertForSequenceClassification};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind as TensorKind, Tensor, nn};
use tokenizers::Tokenizer;

use super::{ClassifyError, Input, Settings, prepare};
use crate::domain::Kind;

/// Texts in one forward pass, at most.
const MAX_BATCH_TEXTS: usize = 32;
/// Tokens in one forward pass, at most: keeps activations in the cache.
const MAX_BATCH_TOKENS: usize = 2_048;
/// A text is cut to this many characters per token before it is tokenised: no
/// vocabulary entry in use is longer, and a 2 MB post must not be tokenised whole.
const MAX_CHARS_PER_TOKEN: usize = 48;

/// The arithmetic of the encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// bf16 where the processor multiplies it natively (AVX-512 BF16), else f32.
    #[default]
    Auto,
    /// 32-bit floats.
    F32,
    /// 16-bit brain floats.
    Bf16,
}

impl Precision {
    fn tensor_kind(self) -> TensorKind {
        match self {
            Self::F32 => TensorKind::Float,
            Self::Bf16 => TensorKind::BFloat16,
            Self::Auto if has_native_bf16() => TensorKind::BFloat16,
            Self::Auto => TensorKind::Float,
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_native_bf16() -> bool {
    std::arch::is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_native_bf16() -> bool {
    false
}

/// `hearken.json` of a model's folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The model's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// ISO 639-1 codes of the languages it was trained for.
    pub languages: Vec<String>,
    /// The classes in the order of the logits.
    pub labels: [String; 3],
    /// Tokens of a text at most, `[CLS]`, kind and `[SEP]` counted in.
    pub max_tokens: usize,
    /// The token that tells the model the kind of a text.
    pub kind_tokens: BTreeMap<String, String>,
    /// Softmax temperature per convention (post, review), fitted on held-out texts.
    pub temperature: BTreeMap<String, f64>,
    /// The verdict is `unsure` when the best probability is below this.
    pub unsure_below: BTreeMap<String, f64>,
    /// What it was trained from.
    #[serde(default)]
    pub base: String,
    /// When.
    #[serde(default)]
    pub trained: String,
}

impl Manifest {
    /// `name/version`, as verdicts carry it.
    pub fn id(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }

    pub(super) fn for_kind(table: &BTreeMap<String, f64>, kind: Kind, default: f64) -> f64 {
        table
            .get(kind.as_str())
            .or_else(|| table.get(Kind::Post.as_str()))
            .copied()
            .unwrap_or(default)
    }
}

pub(super) struct Model {
    manifest: Manifest,
    tokenizer: Tokenizer,
    bert: BertForSequenceClassification,
    // The variables live as long as the model that reads them.
    _variables: nn::VarStore,
    cls: i64,
    sep: i64,
    pad: i64,
    kinds: BTreeMap<&'static str, i64>,
}

fn bad(file: &Path, why: impl ToString) -> ClassifyError {
    ClassifyError::BadModel {
        file: file.display().to_string(),
        why: why.to_string(),
    }
}

impl Model {
    pub(super) fn load(settings: &Settings) -> Result<Self, ClassifyError> {
        // OpenMP keeps this per calling thread, so it is set on the owner's.
        tch::set_num_threads(i32::try_from(settings.n_threads.max(1)).unwrap_or(1));
        let folder = &settings.folder;

        let manifest_file = folder.join("hearken.json");
        let manifest: Manifest = std::fs::read(&manifest_file)
            .map_err(|error| bad(&manifest_file, error))
            .and_then(|bytes| {
                serde_json::from_slice(&bytes).map_err(|error| bad(&manifest_file, error))
            })?;
        if manifest.labels != ["negative", "neutral", "positive"] {
            return Err(bad(
                &manifest_file,
                "labels must be negative, neutral, positive in this order",
            ));
        }

        let tokenizer_file = folder.join("tokenizer.json");
        let tokenizer =
            Tokenizer::from_file(&tokenizer_file).map_err(|error| bad(&tokenizer_file, error))?;
        let id_of = |token: &str| {
            tokenizer
                .token_to_id(token)
                .map(i64::from)
                .ok_or_else(|| bad(&tokenizer_file, format!("no `{token}` in the vocabulary")))
        };
        let (cls, sep, pad) = (id_of("[CLS]")?, id_of("[SEP]")?, id_of("[PAD]")?);
        let mut kinds = BTreeMap::new();
        for kind in [
            Kind::Post,
            Kind::Comment,
            Kind::Review,
            Kind::Article,
            Kind::Question,
        ] {
            let token = manifest.kind_tokens.get(kind.as_str()).ok_or_else(|| {
                bad(
                    &manifest_file,
                    format!("no kind token for {}", kind.as_str()),
                )
            })?;
            kinds.insert(kind.as_str(), id_of(token)?);
        }

        let config_file = folder.join("config.json");
        let config: BertConfig = std::fs::read(&config_file)
            .map_err(|error| bad(&config_file, error))
            .and_then(|bytes| {
                serde_json::from_slice(&bytes).map_err(|error| bad(&config_file, error))
            })?;

        let weights_file = folder.join("model.safetensors");
        let mut variables = nn::VarStore::new(Device::Cpu);
        let bert = BertForSequenceClassification::new(variables.root(), &config)
            .map_err(|error| bad(&config_file, error))?;
        variables
            .load(&weights_file)
            .map_err(|error| bad(&weights_file, error))?;
        variables.freeze();
        // Loading keeps the f16 of the file, in which a CPU multiplies very slowly.
        if settings.precision.tensor_kind() == TensorKind::BFloat16 {
            variables.bfloat16();
        } else {
            variables.float();
        }

        Ok(Self {
            manifest,
            tokenizer,
            bert,
            _variables: variables,
            cls,
            sep,
            pad,
            kinds,
        })
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The logits (negative, neutral, positive) of each input, in order.
    pub(super) fn logits_of(&self, inputs: &[&Input]) -> Result<Vec<[f64; 3]>, ClassifyError> {
        let encoded: Vec<Vec<i64>> = inputs
            .iter()
            .map(|input| self.encode(input))
            .collect::<Result<_, _>>()?;
        // Texts of like length share a pass, so that little of it is padding.
        let mut order: Vec<usize> = (0..inputs.len()).collect();
        order.sort_by_key(|&place| encoded[place].len());

        let mut found = vec![[0.0; 3]; inputs.len()];
        let mut start = 0;
        while start < order.len() {
            let mut end = start + 1;
            while end < order.len()
                && end - start < MAX_BATCH_TEXTS
                && encoded[order[end]].len() * (end - start + 1) <= MAX_BATCH_TOKENS
            {
                end += 1;
            }
            let batch = &order[start..end];
            let ids: Vec<&[i64]> = batch.iter().map(|&place| &encoded[place][..]).collect();
            for (&place, logits) in batch.iter().zip(self.logits(&ids)?) {
                found[place] = logits;
            }
            start = end;
        }
        Ok(found)
    }

    /// `[CLS] kind text [SEP]`, the text cut by tokens.
    pub(super) fn encode(&self, input: &Input) -> Result<Vec<i64>, ClassifyError> {
        let n_text_tokens = self.manifest.max_tokens.saturating_sub(3);
        let most_chars = n_text_tokens * MAX_CHARS_PER_TOKEN;
        let head = match input.text.char_indices().nth(most_chars) {
            Some((end, _)) => &input.text[..end],
            None => &input.text[..],
        };
        let encoding = self
            .tokenizer
            .encode(prepare(head), false)
            .map_err(|error| ClassifyError::Inference(error.to_string()))?;
        let mut ids = Vec::with_capacity(encoding.len().min(n_text_tokens) + 3);
        ids.push(self.cls);
        ids.push(self.kinds[input.kind.as_str()]);
        ids.extend(
            encoding
                .get_ids()
                .iter()
                .take(n_text_tokens)
                .map(|&id| i64::from(id)),
        );
        ids.push(self.sep);
        Ok(ids)
    }

    fn logits(&self, batch: &[&[i64]]) -> Result<Vec<[f64; 3]>, ClassifyError> {
        let width = batch.iter().map(|ids| ids.len()).max().unwrap_or(0);
        let mut ids = Vec::with_capacity(batch.len() * width);
        let mut mask = Vec::with_capacity(batch.len() * width);
        for text in batch {
            ids.extend_from_slice(text);
            ids.resize(ids.len() + width - text.len(), self.pad);
            mask.resize(mask.len() + text.len(), 1_i64);
            mask.resize(mask.len() + width - text.len(), 0);
        }
        let shape = [batch.len() as i64, width as i64];
        let ids = Tensor::from_slice(&ids).reshape(shape);
        let mask = Tensor::from_slice(&mask).reshape(shape);
        let output = tch::no_grad(|| {
            self.bert
                .forward_t(Some(&ids), Some(&mask), None, None, None, false)
        });
        let rows = Vec::<Vec<f64>>::try_from(output.logits.to_kind(TensorKind::Double))
            .map_err(|error| ClassifyError::Inference(error.to_string()))?;
        rows.into_iter()
            .map(|row| {
                let logits: [f64; 3] = row
                    .try_into()
                    .map_err(|_| ClassifyError::Inference("not three classes".to_owned()))?;
                if logits.iter().all(|logit| logit.is_finite()) {
                    Ok(logits)
                } else {
                    Err(ClassifyError::Inference("a logit is not finite".to_owned()))
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::calibrate::softmax;

    #[derive(Deserialize)]
    struct Expected {
        text: String,
        kind: Kind,
        prepared: String,
        ids: Vec<i64>,
        probabilities: [f64; 3],
    }

    /// The shipped model says here what it said in PyTorch, where it was trained.
    #[test]
    fn the_shipped_model_agrees_with_its_training() {
        let folder = crate::classify::find_model(None).expect("the shipped model is there");
        let expected: Vec<Expected> = serde_json::from_slice(
            &std::fs::read(folder.join("expected.json")).expect("expected.json is there"),
        )
        .expect("expected.json is valid");
        let settings = Settings {
            precision: Precision::F32,
            ..Settings::new(&folder)
        };
        let model = Model::load(&settings).expect("the shipped model loads");
        let inputs: Vec<Input> = expected
            .iter()
            .map(|case| Input {
                text: case.text.clone(),
                kind: case.kind,
                lang: None,
            })
            .collect();
        let each: Vec<&Input> = inputs.iter().collect();
        let logits = model.logits_of(&each).expect("the model judges");
        for ((case, input), logits) in expected.iter().zip(&inputs).zip(logits) {
            assert_eq!(prepare(&input.text), case.prepared);
            assert_eq!(
                model.encode(input).expect("it encodes"),
                case.ids,
                "{}",
                case.text
            );
            let temperature = Manifest::for_kind(&model.manifest.temperature, case.kind, 1.0);
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
}
