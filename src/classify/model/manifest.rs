//! `hearken.json`: what a model's folder says of the model, beyond its architecture.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{bad, damaged, unreadable};
use crate::classify::ClassifyError;
use crate::domain::{Kind, Label};

/// The file's name in the folder.
pub(super) const MANIFEST: &str = "hearken.json";
/// The key of `lang_tokens` for a language that is unknown or has no token of its own.
const UNKNOWN_LANGUAGE: &str = "und";

/// `hearken.json` of a model's folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The model's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// ISO 639-1 codes of the languages it was trained for; empty for any.
    pub languages: Vec<String>,
    /// What each logit stands for, in their order: negative, neutral or positive. Several
    /// may stand for one (the five stars of a review model), and neutral for none.
    pub labels: Vec<Label>,
    /// Tokens of a text at most, all special ones counted in.
    pub max_tokens: usize,
    /// The token that tells the model the kind of a text; empty when it was told none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kind_tokens: BTreeMap<String, String>,
    /// The token that tells the model the language of a text, by ISO 639-1 code and `und`;
    /// empty when it was told none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lang_tokens: BTreeMap<String, String>,
    /// Whether it was trained to judge toward a brand that stands as second segment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub toward: bool,
    /// Softmax temperature per convention (post, review), fitted on held-out texts.
    #[serde(default)]
    pub temperature: BTreeMap<String, f64>,
    /// The verdict is `unsure` when the best probability is below this.
    #[serde(default)]
    pub unsure_below: BTreeMap<String, f64>,
    /// What it was trained from.
    #[serde(default)]
    pub base: String,
    /// When.
    #[serde(default)]
    pub trained: String,
}

impl Manifest {
    /// Reads and checks the manifest of a folder.
    ///
    /// # Errors
    /// `BadModel` says what is wrong with the file.
    pub fn read(folder: &Path) -> Result<Self, ClassifyError> {
        let file = folder.join(MANIFEST);
        if !file.exists() && folder.join(super::network::CONFIG).is_file() {
            // What others trained says it in its own words.
            let name = folder.file_name().map(|name| name.to_string_lossy());
            return super::manifest_of(folder, &name.unwrap_or_default(), "local", None);
        }
        let bytes = std::fs::read(&file).map_err(|error| unreadable(&file, &error))?;
        let manifest: Self =
            serde_json::from_slice(&bytes).map_err(|error| damaged(&file, &error))?;
        manifest.check().map_err(|why| bad(&file, why))?;
        Ok(manifest)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        for label in [Label::Negative, Label::Positive] {
            if !self.labels.contains(&label) {
                return Err(format!("no label stands for {}", label.as_str()));
            }
        }
        if self.labels.contains(&Label::Unsure) {
            return Err("a label is negative, neutral or positive, never unsure".to_owned());
        }
        if self.max_tokens < 8 {
            return Err(format!("max_tokens is {}, at least 8", self.max_tokens));
        }
        if !self.kind_tokens.is_empty() {
            for kind in Kind::ALL {
                if !self.kind_tokens.contains_key(kind.as_str()) {
                    return Err(format!("no kind token for {}", kind.as_str()));
                }
            }
        }
        Ok(())
    }

    /// `name/version`, as verdicts carry it.
    pub fn id(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }

    /// Whether it was trained for texts of this language, or of one that nobody knows; a
    /// manifest that names none is of a model for any.
    pub fn speaks(&self, lang: Option<&str>) -> bool {
        let Some(lang) = lang else { return true };
        let base = lang.split('-').next().unwrap_or(lang);
        self.languages.is_empty()
            || self
                .languages
                .iter()
                .any(|known| known == lang || known == base)
    }

    /// The token of a language: its own (`hi`), that of the language which it is a way of
    /// writing (`hi-Latn` → `hi`), else that of unknown ones.
    pub(super) fn lang_token(&self, lang: Option<&str>) -> Option<&str> {
        let own = |lang: &str| self.lang_tokens.get(lang);
        lang.and_then(|lang| own(lang).or_else(|| lang.split('-').next().and_then(own)))
            .or_else(|| own(UNKNOWN_LANGUAGE))
            .map(String::as_str)
    }

    pub(in crate::classify) fn for_kind(
        table: &BTreeMap<String, f64>,
        kind: Kind,
        default: f64,
    ) -> f64 {
        table
            .get(kind.as_str())
            .or_else(|| table.get(Kind::Post.as_str()))
            .copied()
            .unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(more: &str) -> Result<Manifest, String> {
        let text = format!(
            r#"{{"name":"m","version":"1","languages":["en"],
                "labels":["negative","neutral","positive"],"max_tokens":32{more}}}"#
        );
        let manifest: Manifest = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        manifest.check().map(|()| manifest)
    }

    #[test]
    fn a_way_of_writing_has_the_token_of_its_language() {
        let manifest = manifest(r#","lang_tokens":{"hi":"<hi>","und":"<und>"}"#)
            .expect("the manifest is valid");
        assert_eq!(manifest.lang_token(Some("hi")), Some("<hi>"));
        assert_eq!(manifest.lang_token(Some("hi-Latn")), Some("<hi>"));
        assert_eq!(manifest.lang_token(Some("ja")), Some("<und>"));
        assert_eq!(manifest.lang_token(None), Some("<und>"));
    }

    #[test]
    fn a_model_that_was_told_nothing_is_told_nothing() {
        let manifest = manifest("").expect("the manifest is valid");
        assert_eq!(manifest.lang_token(Some("en")), None);
        assert!(!manifest.toward);
    }

    #[test]
    fn half_a_table_of_kinds_is_an_error() {
        let error = manifest(r#","kind_tokens":{"post":"<post>"}"#).expect_err("kinds are missing");
        assert!(error.contains("no kind token for"), "{error}");
    }
}
