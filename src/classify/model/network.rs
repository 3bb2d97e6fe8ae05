//! Token ids → logits: the network that `config.json` describes, with the weights beside
//! it. `rust_bert` knows the architectures; which one a folder holds is its `model_type`.

use std::path::Path;

use rust_bert::bert::BertForSequenceClassification;
use rust_bert::pipelines::sequence_classification::SequenceClassificationOption as Architecture;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tch::{Device, Kind as TensorKind, Tensor, nn};

use super::encode::Encoded;
use super::{bad, weights};
use crate::classify::ClassifyError;

/// The file that describes the architecture.
pub(super) const CONFIG: &str = "config.json";

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
        let config: Value = std::fs::read(&config_file)
            .map_err(|error| bad(&config_file, error))
            .and_then(|bytes| {
                serde_json::from_slice(&bytes).map_err(|error| bad(&config_file, error))
            })?;
        let mut variables = nn::VarStore::new(Device::Cpu);
        let architecture = build(&variables, &config).map_err(|why| bad(&config_file, why))?;
        weights::fill(&mut variables, folder)?;
        Ok(Self {
            architecture,
            variables,
            has_segments: config["type_vocab_size"].as_i64().is_some_and(|n| n > 1),
        })
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
        self.architecture
            .forward_t(Some(&ids), Some(&mask), segments.as_ref(), None, None, train)
    }
}

fn build(variables: &nn::VarStore, config: &Value) -> Result<Architecture, String> {
    let root = variables.root();
    match config["model_type"].as_str() {
        Some("bert") => {
            BertForSequenceClassification::new(root, &read(config)?).map(Architecture::Bert)
        }
        Some(other) => return Err(format!("`{other}` is no architecture that Hearken runs")),
        None => return Err("it has no `model_type`".to_owned()),
    }
    .map_err(|error| error.to_string())
}

fn read<C: DeserializeOwned>(config: &Value) -> Result<C, String> {
    serde_json::from_value(config.clone()).map_err(|error| error.to_string())
}
