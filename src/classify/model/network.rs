//! Token ids → logits: the network that `config.json` describes, with the weights beside
//! it. `rust_bert` knows the architectures; which one a folder holds is its `model_type`.

use std::path::Path;

use rust_bert::albert::AlbertForSequenceClassification;
use rust_bert::bert::BertForSequenceClassification;
use rust_bert::deberta::DebertaForSequenceClassification;
use rust_bert::deberta_v2::DebertaV2ForSequenceClassification;
use rust_bert::distilbert::DistilBertModelClassifier;
use rust_bert::fnet::FNetForSequenceClassification;
use rust_bert::longformer::LongformerForSequenceClassification;
use rust_bert::mobilebert::MobileBertForSequenceClassification;
use rust_bert::pipelines::sequence_classification::SequenceClassificationOption as Architecture;
use rust_bert::roberta::RobertaForSequenceClassification;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tch::{Device, Kind as TensorKind, Tensor, nn};

use super::encode::Encoded;
use super::{bad, damaged, unreadable, weights};
use crate::classify::ClassifyError;

/// The file that describes the architecture.
pub(super) const CONFIG: &str = "config.json";

/// What `config.json` says beyond the architecture.
pub(super) fn read_config(folder: &Path) -> Result<Value, ClassifyError> {
    let file = folder.join(CONFIG);
    let bytes = std::fs::read(&file).map_err(|error| unreadable(&file, &error))?;
    serde_json::from_slice(&bytes).map_err(|error| damaged(&file, &error))
}

/// A network with its weights.
pub(in crate::classify) struct Network {
    architecture: Architecture,
    variables: nn::VarStore,
    has_segments: bool,
}

impl Network {
    /// Builds the network of a folder and fills it with its weights, in f32 and trainable.
    ///
    /// # Errors
    /// `BadModel` names the file that is missing, broken or of another architecture.
    pub(in crate::classify) fn load(folder: &Path) -> Result<Self, ClassifyError> {
        let config_file = folder.join(CONFIG);
        let config = read_config(folder)?;
        let mut variables = nn::VarStore::new(Device::Cpu);
        let architecture = build(&variables, &config).map_err(|why| bad(&config_file, why))?;
        weights::fill(&mut variables, folder)?;
        Ok(Self {
            variables,
            has_segments: config["type_vocab_size"].as_i64().is_some_and(|n| n > 1),
            architecture,
        })
    }

    /// Which texts may share a pass.
    pub(in crate::classify) fn sharing(&self) -> Sharing {
        match self.architecture {
            Architecture::FNet(_) | Architecture::MobileBert(_) => Sharing::SameLength,
            _ => Sharing::Filled,
        }
    }

    /// Its weights by name.
    pub(in crate::classify) fn variables(&self) -> &nn::VarStore {
        &self.variables
    }

    /// Makes it judge only, in this arithmetic.
    pub(in crate::classify) fn freeze(&mut self, kind: TensorKind) {
        self.variables.freeze();
        if kind == TensorKind::BFloat16 {
            self.variables.bfloat16();
        }
    }

    /// The logits of a batch: `[texts, labels]`, in the arithmetic of the network.
    ///
    /// `train` switches dropout on. Shorter texts are filled up with `pad`.
    pub(in crate::classify) fn forward(&self, batch: &[&Encoded], pad: i64, train: bool) -> Tensor {
        let width = batch.iter().map(|text| text.ids.len()).max().unwrap_or(0);
        let n_cells = batch.len() * width;
        let (mut ids, mut mask) = (Vec::with_capacity(n_cells), Vec::with_capacity(n_cells));
        let mut segments = vec![0_i64; n_cells];
        for (row, text) in batch.iter().enumerate() {
            let n = text.ids.len();
            ids.extend_from_slice(&text.ids);
            ids.resize(ids.len() + width - n, pad);
            mask.resize(mask.len() + n, 1_i64);
            mask.resize(mask.len() + width - n, 0);
            segments[row * width + text.n_first..row * width + n].fill(1);
        }
        let shape = [batch.len() as i64, width as i64];
        let ids = Tensor::from_slice(&ids).reshape(shape);
        let mask = Tensor::from_slice(&mask).reshape(shape);
        // Networks without segments take none, not even the first.
        let segments = self
            .has_segments
            .then(|| Tensor::from_slice(&segments).reshape(shape));
        self.architecture.forward_t(
            Some(&ids),
            Some(&mask),
            segments.as_ref(),
            None,
            None,
            train,
        )
    }
}

/// Which texts may share a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::classify) enum Sharing {
    /// Any: shorter ones are filled up, and the network is told which tokens are none.
    Filled,
    /// Of one length only: this network takes no mask (FNet), or looks at the neighbours of
    /// every token (MobileBERT).
    SameLength,
}

pub(super) fn build(variables: &nn::VarStore, config: &Value) -> Result<Architecture, String> {
    let root = variables.root();
    let name = config["model_type"]
        .as_str()
        .ok_or("it has no `model_type`")?;
    let config = &with_defaults(name, config);
    match name {
        "bert" => BertForSequenceClassification::new(root, &read(config)?).map(Architecture::Bert),
        "distilbert" => {
            DistilBertModelClassifier::new(root, &read(config)?).map(Architecture::DistilBert)
        }
        "roberta" | "camembert" => {
            RobertaForSequenceClassification::new(root, &read(config)?).map(Architecture::Roberta)
        }
        "xlm-roberta" => RobertaForSequenceClassification::new(root, &read(config)?)
            .map(Architecture::XLMRoberta),
        "albert" => {
            AlbertForSequenceClassification::new(root, &read(config)?).map(Architecture::Albert)
        }
        "deberta" => {
            DebertaForSequenceClassification::new(root, &read(config)?).map(Architecture::Deberta)
        }
        "deberta-v2" => DebertaV2ForSequenceClassification::new(root, &read(config)?)
            .map(Architecture::DebertaV2),
        "mobilebert" => MobileBertForSequenceClassification::new(root, &read(config)?)
            .map(Architecture::MobileBert),
        "longformer" => LongformerForSequenceClassification::new(root, &read(config)?)
            .map(Architecture::Longformer),
        "fnet" => FNetForSequenceClassification::new(root, &read(config)?).map(Architecture::FNet),
        other => {
            return Err(format!(
                "`{other}` is no architecture that Hearken runs; it runs {}",
                ARCHITECTURES.join(", ")
            ));
        }
    }
    .map_err(|error| error.to_string())
}

/// What `model_type` may say. XLNet is left out: rust-bert 0.23 compares its segments along the
/// wrong dimension, so that it fails on more than one text and misjudges one.
pub(super) const ARCHITECTURES: [&str; 11] = [
    "bert",
    "distilbert",
    "roberta",
    "camembert",
    "xlm-roberta",
    "albert",
    "deberta",
    "deberta-v2",
    "mobilebert",
    "longformer",
    "fnet",
];

/// Files leave out what Python fills in.
fn with_defaults(name: &str, config: &Value) -> Value {
    let mut config = config.clone();
    let mut default = |key: &str, value: Value| {
        if config[key].is_null() {
            config[key] = value;
        }
    };
    default(
        "id2label",
        serde_json::json!({ "0": "LABEL_0", "1": "LABEL_1" }),
    );
    if name == "distilbert" {
        default("sinusoidal_pos_embds", false.into());
        default("tie_weights_", true.into());
        default("initializer_range", 0.02.into());
        default("qa_dropout", 0.1.into());
        default("seq_classif_dropout", 0.2.into());
    }
    config
}

fn read<C: DeserializeOwned>(config: &Value) -> Result<C, String> {
    serde_json::from_value(config.clone()).map_err(|error| error.to_string())
}
