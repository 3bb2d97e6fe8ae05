//! What the author of a text is after: a complaint, a question, a request. A linear model
//! over the same hashed features as `linear`, one file per language; a language without a
//! file has no answer here, and triage then goes by its lists of words.

mod train;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use train::{IntentExample, IntentRecipe, fit_intents, fit_scale};

use super::ClassifyError;
use super::linear::{Features, Weights, weights_file};
use super::locate::find_beside;
use crate::domain::{Intent, Kind};

/// The folder's name beside the transformer's.
pub const SHIPPED_INTENTS: &str = "hearken-triage";

/// The heads in the order of their numbers.
pub const HEADS: [&str; 3] = ["complaint", "question", "request"];

/// `hearken.json` of the folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntentManifest {
    /// The model's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// When it was fitted.
    pub trained: String,
    /// By language, as ISO 639-1 code.
    pub languages: BTreeMap<String, IntentLanguage>,
}

/// What belongs to one language.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IntentLanguage {
    /// Per head: how the raw number becomes a log-odds, fitted on held-out texts. A head
    /// that is not here had nothing to learn from and always answers "even odds".
    pub heads: BTreeMap<String, Scale>,
}

/// `log-odds = slope · raw + offset` (Platt 1999).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// Never negative.
    pub slope: f64,
    /// Added.
    pub offset: f64,
}

impl Scale {
    /// The probability that a raw number stands for.
    pub fn probability(self, raw: f64) -> f64 {
        1.0 / (1.0 + (-(self.slope * raw + self.offset)).exp())
    }
}

/// The heads of a folder.
pub struct Intents {
    manifest: IntentManifest,
    weights: BTreeMap<String, Weights>,
}

impl Intents {
    /// The heads beside a model's folder, else the shipped ones; `None` when there are none.
    ///
    /// # Errors
    /// As `open`.
    pub fn find(model: &Path) -> Result<Option<Self>, ClassifyError> {
        find_beside(model, SHIPPED_INTENTS)
            .map(|folder| Self::open(&folder))
            .transpose()
    }

    /// Reads the manifest and every language's weights.
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
        let manifest: IntentManifest =
            serde_json::from_slice(&bytes).map_err(|error| bad(&file, error.to_string()))?;
        let mut weights = BTreeMap::new();
        for lang in manifest.languages.keys() {
            let file = weights_file(folder, lang);
            let read = std::fs::File::open(&file)
                .map_err(|error| error.to_string())
                .and_then(Weights::read)
                .map_err(|why| bad(&file, why))?;
            weights.insert(lang.clone(), read);
        }
        Ok(Self { manifest, weights })
    }

    /// Heads that were just fitted.
    pub fn new(manifest: IntentManifest, weights: BTreeMap<String, Weights>) -> Self {
        Self { manifest, weights }
    }

    /// `name/version`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.manifest.name, self.manifest.version)
    }

    /// Whether a head learned something in a language.
    pub fn knows(&self, lang: &str, head: &str) -> bool {
        let of = self.manifest.languages.get(lang);
        of.is_some_and(|of| of.heads.contains_key(head))
    }

    /// What a text is after; `None` in a language that the heads do not know. What is not
    /// known to be another language is no answer either.
    pub fn of(&self, text: &str, kind: Kind, lang: Option<&str>) -> Option<Intent> {
        let lang = lang?.split('-').next()?;
        let (weights, of) = (self.weights.get(lang)?, self.manifest.languages.get(lang)?);
        let raw = weights.logits(&Features::of(text, kind), kind);
        let probability = |place: usize| {
            of.heads
                .get(HEADS[place])
                .map_or(0.5, |scale| scale.probability(f64::from(raw[place])))
        };
        Some(Intent {
            complaint: probability(0),
            question: probability(1),
            request: probability(2),
        })
    }
}
