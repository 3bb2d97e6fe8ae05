//! A linear model per language in pure Rust: small, quick to fit, and the judge of every
//! language that the transformer was not trained on. Where both know a language, a little
//! of it is added to the transformer, which sees whole words in pieces and misspells none.

mod features;
mod train;
mod weights;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

pub use features::Features;
pub use train::{Example, Recipe, fit};
pub use weights::Weights;

use super::{ClassifyError, Input};
use crate::domain::Kind;

/// The folder's name beside the transformer's.
pub const SHIPPED_LINEAR: &str = "hearken-linear";

/// `hearken.json` of the folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinearManifest {
    /// The model's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// When it was fitted.
    pub trained: String,
    /// By language, as ISO 639-1 code.
    pub languages: BTreeMap<String, LinearLanguage>,
}

/// What belongs to one language.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinearLanguage {
    /// Softmax temperature per convention (post, review), fitted on held-out texts.
    pub temperature: BTreeMap<String, f64>,
    /// The verdict is `unsure` when the best probability is below this.
    pub unsure_below: BTreeMap<String, f64>,
    /// How much of its log-probabilities is added to the transformer's, where that one
    /// knows the language; chosen on held-out texts.
    #[serde(default)]
    pub beside: f64,
}

/// The linear models of a folder, each read when its language is first met.
pub struct Linear {
    manifest: LinearManifest,
    folder: PathBuf,
    weights: BTreeMap<String, OnceLock<Result<Weights, String>>>,
}

impl Linear {
    /// Reads the manifest and makes sure that every file is there.
    ///
    /// # Errors
    /// `BadModel` names the file that is missing or broken.
    pub fn open(folder: &Path) -> Result<Self, ClassifyError> {
        let bad = |file: &Path, why: String| ClassifyError::BadModel {
            file: file.display().to_string(),
            why,
        };
        let file = folder.join("hearken.json");
        let bytes = std::fs::read(&file).map_err(|error| bad(&file, error.to_string()))?;
        let manifest: LinearManifest =
            serde_json::from_slice(&bytes).map_err(|error| bad(&file, error.to_string()))?;
        for lang in manifest.languages.keys() {
            let file = weights_file(folder, lang);
            if !file.is_file() {
                return Err(bad(&file, "there is no such file".to_owned()));
            }
        }
        Ok(Self {
            weights: manifest
                .languages
                .keys()
                .map(|lang| (lang.clone(), OnceLock::new()))
                .collect(),
            manifest,
            folder: folder.to_owned(),
        })
    }

    /// `name/version`, as verdicts carry it.
    pub fn id(&self) -> String {
        format!("{}/{}", self.manifest.name, self.manifest.version)
    }

    /// What belongs to a language, if there is a model for it.
    pub fn language(&self, lang: &str) -> Option<&LinearLanguage> {
        self.manifest.languages.get(lang)
    }

    /// Its languages, ISO 639-1 codes in order.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.manifest.languages.keys().map(String::as_str)
    }

    /// One number per class for a text in a language of ours; `None` for another one.
    ///
    /// # Errors
    /// `BadModel` when the file of the language is damaged.
    pub fn logits(&self, input: &Input, lang: &str) -> Result<Option<[f64; 3]>, ClassifyError> {
        let Some(cell) = self.weights.get(lang) else {
            return Ok(None);
        };
        let file = weights_file(&self.folder, lang);
        let weights = cell.get_or_init(|| {
            std::fs::File::open(&file)
                .map_err(|error| error.to_string())
                .and_then(Weights::read)
        });
        match weights {
            Ok(weights) => {
                let features = Features::of(&input.text, input.kind);
                Ok(Some(weights.logits(&features, input.kind).map(f64::from)))
            }
            Err(why) => Err(ClassifyError::BadModel {
                file: file.display().to_string(),
                why: why.clone(),
            }),
        }
    }
}

/// Where the weights of a language are kept.
pub fn weights_file(folder: &Path, lang: &str) -> PathBuf {
    folder.join(format!("{lang}.weights.gz"))
}

/// The key of a kind in tables per convention.
pub fn convention(kind: Kind) -> &'static str {
    if kind == Kind::Review {
        "review"
    } else {
        "post"
    }
}
