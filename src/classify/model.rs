//! The model itself: folder → tensors, texts → token ids → probabilities.

use std::collections::BTreeMap;
use std::path::Path;

use rust_bert::bert::{BertConfig, BertForSequenceClassification};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind as TensorKind, Tensor, nn};
use tokenizers::Tokenizer;

use super::{ClassifyError, Input, Settings, prepare};
use crate::domain::{Kind, Label, Sentiment};

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

    fn for_kind(table: &BTreeMap<String, f64>, kind: Kind, default: f64) -> f64 {
        table
            .get(kind.as_str())
            .or_else(|| table.get(Kind::Post.as_str()))
            .copied()
            .unwrap_or(default)
    }
}

pub(super) struct Model {
    manifest: Manifest,
    model_id: String,
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
            model_id: manifest.id(),
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

    /// One verdict per input, in order.
    pub(super) fn judge(&self, inputs: &[Input]) -> Result<Vec<Sentiment>, ClassifyError> {
        let encoded: Vec<Vec<i64>> = inputs
            .iter()
            .map(|input| self.encode(input))
            .collect::<Result<_, _>>()?;
        // Texts of like length share a pass, so that little of it is padding.
        let mut order: Vec<usize> = (0..inputs.len()).collect();
        order.sort_by_key(|&place| encoded[place].len());

        let mut verdicts: Vec<Option<Sentiment>> = vec![None; inputs.len()];
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
                verdicts[place] = Some(self.verdict(logits, &inputs[place]));
            }
            start = end;
        }
        Ok(verdicts
            .into_iter()
            .map(|verdict| verdict.expect("every place is in exactly one batch"))
            .collect())
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

    fn verdict(&self, logits: [f64; 3], input: &Input) -> Sentiment {
        let kind = input.kind;
        let speaks = |lang: &String| self.manifest.languages.contains(lang);
        if input.lang.as_ref().is_some_and(|lang| !speaks(lang)) {
            return Sentiment {
                label: Label::Unsure,
                negative: 0.3333,
                neutral: 0.3334,
                positive: 0.3333,
                model: self.model_id.clone(),
            };
        }
        let temperature = Manifest::for_kind(&self.manifest.temperature, kind, 1.0);
        let unsure_below = Manifest::for_kind(&self.manifest.unsure_below, kind, 0.0);
        let [negative, neutral, positive] = softmax(logits.map(|logit| logit / temperature));
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
            model: self.model_id.clone(),
        }
    }
}

/// Three probabilities that sum to 1, shown with four decimals: rounding goes to the
/// largest, so that the sum stays exact.
fn softmax(logits: [f64; 3]) -> [f64; 3] {
    let most = logits.iter().copied().fold(f64::MIN, f64::max);
    let raised = logits.map(|logit| (logit - most).exp());
    let sum: f64 = raised.iter().sum();
    let mut shown = raised.map(|value| (value / sum * 10_000.0).round() as i64);
    let largest = (0..3)
        .max_by_key(|&place| shown[place])
        .expect("there are three classes");
    shown[largest] += 10_000 - shown.iter().sum::<i64>();
    shown.map(|value| value as f64 / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let verdicts = model.judge(&inputs).expect("the model judges");
        for ((case, input), verdict) in expected.iter().zip(&inputs).zip(&verdicts) {
            assert_eq!(prepare(&input.text), case.prepared);
            assert_eq!(
                model.encode(input).expect("it encodes"),
                case.ids,
                "{}",
                case.text
            );
            let said = [verdict.negative, verdict.neutral, verdict.positive];
            for (said, meant) in said.iter().zip(case.probabilities) {
                assert!(
                    (said - meant).abs() < 2e-3,
                    "{}: {said} instead of {meant}",
                    case.text
                );
            }
        }
    }

    #[test]
    fn probabilities_sum_to_one_after_rounding() {
        for logits in [[0.0, 0.0, 0.0], [3.0, -1.0, 0.2], [-900.0, 900.0, 0.0]] {
            let shown = softmax(logits);
            let sum = (shown.iter().sum::<f64>() * 10_000.0).round();
            assert!(
                (sum - 10_000.0).abs() < f64::EPSILON,
                "{logits:?} → {shown:?}"
            );
        }
    }
}
