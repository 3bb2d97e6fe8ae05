//! Models that others trained, in the layout of Hugging Face: what our manifest says is
//! read off their `config.json`, so that any of them can judge.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::manifest::Manifest;
use super::network::read_config;
use super::{bad, network};
use crate::classify::ClassifyError;
use crate::domain::Label;

/// More tokens than this cost seconds a text and change no verdict.
const MOST_TOKENS: usize = 512;
/// Of three classes the best must reach this, or the verdict is `unsure`: nothing was
/// fitted for this model.
const UNSURE_BELOW: f64 = 0.5;
/// A model that knows no neutral texts says something of each: what it is not sure of is
/// most often neutral.
const UNSURE_BELOW_OF_TWO: f64 = 0.75;

/// The manifest of a model without one of ours. `labels` say what its outputs stand for
/// when its own names do not.
///
/// # Errors
/// `BadModel` when `config.json` does not say what the outputs stand for.
pub fn manifest_of(
    folder: &Path,
    name: &str,
    version: &str,
    labels: Option<&[Label]>,
) -> Result<Manifest, ClassifyError> {
    let file = folder.join(network::CONFIG);
    let config = read_config(folder)?;
    let names = output_names(&config);
    let labels = match labels {
        Some(labels) if labels.len() != names.len() => {
            return Err(bad(
                &file,
                format!(
                    "the model has {} outputs ({}), and --labels names {}",
                    names.len(),
                    names.join(", "),
                    labels.len()
                ),
            ));
        }
        Some(labels) => labels.to_vec(),
        None => meant(&names).ok_or_else(|| {
            bad(
                &file,
                format!(
                    "its outputs are called {}, which does not say what they mean: say it with \
                     `hearken model use … --labels negative,neutral,positive`, in their order",
                    names.join(", ")
                ),
            )
        })?,
    };
    let unsure_below = if labels.contains(&Label::Neutral) {
        UNSURE_BELOW
    } else {
        UNSURE_BELOW_OF_TWO
    };
    let manifest = Manifest {
        name: name.to_owned(),
        version: version.to_owned(),
        languages: Vec::new(),
        labels,
        max_tokens: max_tokens(&config),
        kind_tokens: BTreeMap::new(),
        lang_tokens: BTreeMap::new(),
        toward: false,
        temperature: BTreeMap::new(),
        unsure_below: [("post".to_owned(), unsure_below)].into(),
        base: name.to_owned(),
        trained: String::new(),
    };
    manifest.check().map_err(|why| bad(&file, why))?;
    Ok(manifest)
}

/// The names of the outputs in their order; two without a name when the file has none.
fn output_names(config: &Value) -> Vec<String> {
    let mut names: Vec<(u64, String)> = config["id2label"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(id, name)| Some((id.parse().ok()?, name.as_str()?.to_owned())))
        .collect();
    names.sort();
    if names.is_empty() {
        return vec!["LABEL_0".to_owned(), "LABEL_1".to_owned()];
    }
    names.into_iter().map(|(_, name)| name).collect()
}

/// What the outputs stand for, when each of their names says it.
fn meant(names: &[String]) -> Option<Vec<Label>> {
    names
        .iter()
        .map(|name| label_of(name, names.len()))
        .collect()
}

fn label_of(name: &str, n_names: usize) -> Option<Label> {
    let name = name.to_lowercase();
    let words: Vec<&str> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    // "1 star" to "5 stars": below the middle is bad, above it good.
    if let [number, "star" | "stars"] = words[..] {
        let stars: usize = number.parse().ok()?;
        return Some(match (2 * stars).cmp(&(n_names + 1)) {
            std::cmp::Ordering::Less => Label::Negative,
            std::cmp::Ordering::Equal => Label::Neutral,
            std::cmp::Ordering::Greater => Label::Positive,
        });
    }
    let last = *words.last()?;
    Some(match last {
        "negative" | "neg" | "negativo" | "negatif" | "bad" => Label::Negative,
        "neutral" | "neu" | "neutro" | "neutre" | "mixed" => Label::Neutral,
        "positive" | "pos" | "positivo" | "positif" | "good" => Label::Positive,
        _ => return None,
    })
}

/// How long a text may be: the positions that the network has, less those that RoBERTa's
/// family keeps for its padding.
fn max_tokens(config: &Value) -> usize {
    let n_kept = match config["model_type"].as_str() {
        Some("roberta" | "xlm-roberta" | "camembert" | "longformer") => 2,
        _ => 0,
    };
    config["max_position_embeddings"]
        .as_u64()
        .and_then(|n| usize::try_from(n).ok())
        .map_or(MOST_TOKENS, |n| n.saturating_sub(n_kept).min(MOST_TOKENS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Label::{Negative, Neutral, Positive};

    #[track_caller]
    fn check(names: &[&str], expected: Option<Vec<Label>>) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(meant(&names), expected, "{names:?}");
    }

    #[test]
    fn names_of_outputs_say_what_they_mean() {
        check(
            &["negative", "neutral", "positive"],
            Some(vec![Negative, Neutral, Positive]),
        );
        check(&["POS", "NEG"], Some(vec![Positive, Negative]));
        check(
            &[
                "Very Negative",
                "Negative",
                "Neutral",
                "Positive",
                "Very Positive",
            ],
            Some(vec![Negative, Negative, Neutral, Positive, Positive]),
        );
        check(
            &["1 star", "2 stars", "3 stars", "4 stars", "5 stars"],
            Some(vec![Negative, Negative, Neutral, Positive, Positive]),
        );
        check(&["LABEL_0", "LABEL_1", "LABEL_2"], None);
        check(&["joy", "anger"], None);
    }

    #[test]
    fn positions_that_padding_takes_are_not_for_texts() {
        let config = |kind: &str, n: u64| serde_json::json!({ "model_type": kind, "max_position_embeddings": n });
        assert_eq!(max_tokens(&config("xlm-roberta", 514)), 512);
        assert_eq!(max_tokens(&config("bert", 128)), 128);
        assert_eq!(max_tokens(&config("longformer", 4098)), 512);
    }
}
