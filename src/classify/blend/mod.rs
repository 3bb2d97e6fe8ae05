//! How the judges of one text are put together: the transformer, a specialist of some
//! languages that stands beside it, and the linear model of the language. Their
//! log-probabilities are added with weights per language and kind that were chosen on
//! held-out texts (a product of experts, Hinton 2002), then tempered.

mod fit;
mod listen;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};

use super::ClassifyError;
use super::calibrate::softmax;
use crate::domain::{Kind, base_language};
pub use fit::{Exactness, Fitted, Heard, Margins, exactness, fit, fit_toward};
pub use listen::listen;

/// The file's name in the transformer's folder.
pub const BLEND: &str = "blend.json";
/// The row of languages that have none of their own.
pub const UNKNOWN: &str = "und";

/// `blend.json`: written by `hearken model calibrate --write`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Blend {
    /// The folders beside ours of models that know some languages better; the first that
    /// speaks a text's language, as it is written, is asked. Once there was but one:
    /// `"specialist": "hearken-en"` still reads.
    #[serde(
        default,
        alias = "specialist",
        deserialize_with = "one_or_many",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub specialists: Vec<String>,
    /// Language → kind (post, review, article) → what was fitted. A kind without a row is
    /// judged as a post, `hi-Latn` without one as `hi`, a language without one as `und`.
    pub languages: BTreeMap<String, BTreeMap<String, Mix>>,
    /// Toward a brand: only the transformer is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toward: Option<Mix>,
}

/// What was fitted for one language and kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix {
    /// Weight of the transformer's log-probabilities.
    pub transformer: f64,
    /// Weight of the specialist's.
    #[serde(default)]
    pub specialist: f64,
    /// Weight of the linear model's.
    #[serde(default)]
    pub linear: f64,
    /// The sum is divided by it before the softmax.
    pub temperature: f64,
    /// The verdict is `unsure` when the best probability is below this.
    pub unsure_below: f64,
    /// When the linear model alone may answer; absent where it never may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub easy: Option<Easy>,
    /// When the specialist, with its weight and the linear model's, may answer without the
    /// transformer; absent where it never may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_transformer: Option<Easy>,
}

/// A stage of the cascade: texts that it is sure enough of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Easy {
    /// The stage's logits are divided by it.
    pub temperature: f64,
    /// The stage answers when its best probability reaches this.
    pub above: f64,
}

impl Easy {
    /// Whether the stage is sure enough of a text that it says this of.
    pub fn answers(&self, said: [f64; 3]) -> bool {
        let best = softmax(said.map(|logit| logit / self.temperature))
            .into_iter()
            .fold(0.0, f64::max);
        best >= self.above
    }
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            transformer: 1.0,
            specialist: 0.0,
            linear: 0.0,
            temperature: 1.0,
            unsure_below: 0.5,
            easy: None,
            without_transformer: None,
        }
    }
}

/// What each judge says of a text, as log-probabilities (negative, neutral, positive);
/// `None` where it has nothing to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// The transformer.
    pub transformer: Option<[f64; 3]>,
    /// The specialist of the language.
    pub specialist: Option<[f64; 3]>,
    /// The linear model of the language.
    pub linear: Option<[f64; 3]>,
}

impl Mix {
    /// The weighted sum of what the judges say, before the temperature.
    pub fn sum(&self, parts: &Parts) -> [f64; 3] {
        let weighted = [
            (self.transformer, parts.transformer),
            (self.specialist, parts.specialist),
            (self.linear, parts.linear),
        ];
        let mut sum = [0.0; 3];
        for (weight, said) in weighted {
            for (total, said) in sum.iter_mut().zip(said.unwrap_or_default()) {
                *total += weight * said;
            }
        }
        sum
    }

    /// The same without the transformer; `None` where the specialist has nothing to say.
    pub fn sum_without_transformer(&self, parts: &Parts) -> Option<[f64; 3]> {
        let heard = self.specialist > 0.0 && parts.specialist.is_some();
        heard.then(|| {
            self.sum(&Parts {
                transformer: None,
                ..*parts
            })
        })
    }
}

impl Blend {
    /// Reads a model's blend; `None` when the folder has none.
    ///
    /// # Errors
    /// `BadModel` when the file is damaged.
    pub fn read(folder: &Path) -> Result<Option<Self>, ClassifyError> {
        let file = folder.join(BLEND);
        let bad = |why: String| ClassifyError::BadModel {
            file: file.display().to_string(),
            why,
        };
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(bad(error.to_string())),
        };
        let blend: Self = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
        for (lang, kinds) in &blend.languages {
            for (kind, mix) in kinds {
                let weights = [mix.transformer, mix.specialist, mix.linear];
                if weights.iter().any(|weight| !(0.0..=10.0).contains(weight))
                    || !(0.01..=100.0).contains(&mix.temperature)
                {
                    return Err(bad(format!(
                        "{lang}, {kind}: weights must be from 0 to 10 and the temperature above 0"
                    )));
                }
            }
        }
        Ok(Some(blend))
    }

    /// What was fitted for a language, as it is written, and a kind.
    pub fn mix(&self, lang: Option<&str>, kind: Kind) -> Option<&Mix> {
        let of_writing = lang.and_then(|lang| self.languages.get(lang)?.get(kind_key(kind)));
        if of_writing.is_some() {
            return of_writing;
        }
        let kinds = lang
            .and_then(|lang| self.languages.get(base_language(lang)))
            .or_else(|| self.languages.get(UNKNOWN))?;
        kinds
            .get(kind_key(kind))
            .or_else(|| kinds.get(kind_key(Kind::Post)))
            .or_else(|| kinds.values().next())
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Names {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Names::deserialize(deserializer)? {
        Names::One(name) => vec![name],
        Names::Many(names) => names,
    })
}

/// The key of a kind in the tables of the blend: what is no review and no article is
/// judged as a post, as in training.
pub fn kind_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Review => "review",
        Kind::Article => "article",
        Kind::Post | Kind::Comment | Kind::Question => "post",
    }
}

/// Logits as log-probabilities; no class is ever ruled out.
pub fn log_softmax(logits: [f64; 3]) -> [f64; 3] {
    softmax(logits).map(|share| share.max(1e-12).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blend(text: &str) -> Result<Option<Blend>, ClassifyError> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        std::fs::write(folder.path().join(BLEND), text).expect("it can be written");
        Blend::read(folder.path())
    }

    #[test]
    fn a_kind_and_a_language_without_a_row_take_the_next_best() {
        let blend = blend(
            r#"{"languages": {
                "te": {"post": {"transformer": 1, "linear": 0.5, "temperature": 1.2, "unsure_below": 0.6},
                       "article": {"transformer": 1, "linear": 1, "temperature": 1, "unsure_below": 0.5}},
                "te-Latn": {"post": {"transformer": 1, "linear": 0.7, "temperature": 1, "unsure_below": 0.5}},
                "und": {"post": {"transformer": 1, "temperature": 2, "unsure_below": 0.7}}}}"#,
        )
        .expect("it is valid")
        .expect("it is there");
        let linear = |lang, kind| blend.mix(lang, kind).expect("a row").linear;
        assert!((linear(Some("te"), Kind::Article) - 1.0).abs() < 1e-9);
        assert!((linear(Some("te"), Kind::Review) - 0.5).abs() < 1e-9);
        assert!((linear(Some("te"), Kind::Comment) - 0.5).abs() < 1e-9);
        assert!((linear(Some("te-Latn"), Kind::Post) - 0.7).abs() < 1e-9);
        assert!((linear(Some("te-Latn"), Kind::Article) - 1.0).abs() < 1e-9);
        let of_unknown = blend.mix(Some("ja"), Kind::Post).expect("a row");
        assert!((of_unknown.temperature - 2.0).abs() < 1e-9);
        assert_eq!(blend.mix(None, Kind::Post), Some(of_unknown));
    }

    #[test]
    fn specialists_are_a_list_and_one_alone_still_reads() {
        let names = |text: &str| {
            let read = blend(text).expect("it is valid").expect("it is there");
            read.specialists
        };
        assert_eq!(names(r#"{"specialist": "a", "languages": {}}"#), ["a"]);
        assert_eq!(
            names(r#"{"specialists": ["a", "b"], "languages": {}}"#),
            ["a", "b"]
        );
        assert!(names(r#"{"languages": {}}"#).is_empty());
    }

    #[test]
    fn a_damaged_file_is_named_and_none_is_none() {
        let empty = tempfile::tempdir().expect("a folder can be made");
        assert_eq!(Blend::read(empty.path()).expect("no file is fine"), None);
        for text in [
            "{",
            r#"{"languages": {"en": {"post": {"transformer": -1, "temperature": 1, "unsure_below": 0.5}}}}"#,
            r#"{"languages": {"en": {"post": {"transformer": 1, "temperature": 0, "unsure_below": 0.5}}}}"#,
        ] {
            let error = blend(text).expect_err(text).to_string();
            assert!(error.contains("blend.json"), "{error}");
        }
    }

    #[test]
    fn a_judge_that_says_nothing_adds_nothing() {
        let mix = Mix {
            linear: 0.5,
            specialist: 2.0,
            ..Mix::default()
        };
        let said = [-0.1, -2.5, -4.0];
        let alone = Parts {
            transformer: Some(said),
            ..Parts::default()
        };
        assert_eq!(mix.sum(&alone), said);
        let both = Parts {
            linear: Some([-4.0, -2.0, -1.0]),
            ..alone
        };
        assert_eq!(mix.sum(&both), [-2.1, -3.5, -4.5]);
    }
}
