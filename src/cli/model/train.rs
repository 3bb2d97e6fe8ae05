//! Fitting on labelled texts: the linear models of languages, each with what makes its
//! probabilities mean what they say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{ArgGroup, Args};

use super::super::print;
use super::learn::Learn;
use super::{named_number, progress};
use crate::classify::calibrate::{Fit, fit as fit_certainty};
use crate::classify::linear::{
    Example, Features, LinearLanguage, LinearManifest, Recipe, SHIPPED_LINEAR, Weights, convention,
    fit, weights_file,
};
use crate::classify::{Labelled, read_labelled};
use crate::domain::Label;
use crate::worker::Engine;

/// Fewer held-out texts of a convention say nothing of its own certainty.
const LEAST_FOR_CERTAINTY: usize = 200;

/// Examples:
///   hearken model train --from corrections               # what people said in this store
///   hearken model train --from corrections --background  # the same without this terminal
///   hearken model train --status
///   hearken model train --from labelled.jsonl            # texts labelled elsewhere
///   hearken model train --linear --data labelled/ --out models/mine
#[derive(Args, Clone, Debug)]
#[command(verbatim_doc_comment, group = ArgGroup::new("what").args(["from", "status", "linear"]).required(true))]
pub(in crate::cli) struct Train {
    #[command(flatten)]
    pub(super) learn: Learn,
    /// Fit linear models from nothing (the transformer is trained by models/train)
    #[arg(long, requires_all = ["data", "out"])]
    pub(super) linear: bool,
    /// A folder with train/ and dev/, each of .jsonl or .jsonl.gz files with `text`, `label`, `lang`
    #[arg(long, value_name = "DIR", requires = "linear")]
    data: Option<PathBuf>,
    /// Where the models are written: a file per language and hearken.json
    #[arg(long, value_name = "DIR", requires = "linear")]
    out: Option<PathBuf>,
    /// Only these languages, as ISO 639-1 codes
    #[arg(long, value_delimiter = ',', value_name = "LANG")]
    lang: Vec<String>,
    /// Leave out these sources
    #[arg(long, value_delimiter = ',', value_name = "SOURCE")]
    except: Vec<String>,
    /// Add this much of a language to a transformer that knows it too, as LANG=SHARE
    #[arg(long, value_name = "LANG=SHARE", value_parser = share)]
    beside: Vec<(String, f64)>,
    /// The version in hearken.json
    #[arg(long, default_value = "1")]
    version: String,
}

fn share(text: &str) -> Result<(String, f64), String> {
    named_number(text, "LANG=SHARE", "en=0.2", 0.0..=4.0)
}

pub(super) fn train(train: &Train) -> anyhow::Result<()> {
    let (Some(data), Some(out)) = (&train.data, &train.out) else {
        bail!("--linear needs --data and --out");
    };
    let read = |split: &str| -> anyhow::Result<Vec<Labelled>> {
        let mut texts = read_labelled(&[data.join(split)])?;
        texts.retain(|text| {
            !train.except.contains(&text.source)
                && (train.lang.is_empty() || train.lang.contains(&text.lang))
        });
        Ok(texts)
    };
    let (texts, held_out) = (read("train")?, read("dev")?);
    let mut by_lang: BTreeMap<String, Vec<Labelled>> = BTreeMap::new();
    for text in texts {
        by_lang.entry(text.lang.clone()).or_default().push(text);
    }
    if by_lang.is_empty() {
        bail!("no text to learn from: look at --lang and --except");
    }
    std::fs::create_dir_all(out)
        .with_context(|| format!("cannot make the folder {}", out.display()))?;

    let mut languages = BTreeMap::new();
    let mut rows = Vec::new();
    for (lang, texts) in &by_lang {
        let weights = fitted(texts);
        let mut of = LinearLanguage {
            beside: beside(train, lang),
            ..LinearLanguage::default()
        };
        let dev: Vec<&Labelled> = held_out.iter().filter(|text| text.lang == *lang).collect();
        for (key, certainty) in certainties(&dev, |text| {
            let features = Features::of(&text.input.text, text.input.kind);
            weights.logits(&features, text.input.kind).map(f64::from)
        }) {
            rows.push(row(lang, key, &certainty));
            of.temperature.insert(key.to_owned(), certainty.temperature);
            of.unsure_below
                .insert(key.to_owned(), certainty.unsure_below);
        }
        if of.temperature.is_empty() {
            bail!(
                "{lang}: no held-out texts in {}",
                data.join("dev").display()
            );
        }
        store(&weights_file(out, lang), |file| weights.write(file))?;
        languages.insert(lang.clone(), of);
    }
    let manifest = LinearManifest {
        name: SHIPPED_LINEAR.to_owned(),
        version: train.version.clone(),
        trained: Engine::now().format("%Y-%m-%d").to_string(),
        languages,
    };
    let text = format!("{}\n", serde_json::to_string_pretty(&manifest)?);
    store(&out.join("hearken.json"), |mut file| {
        std::io::Write::write_all(&mut file, text.as_bytes())
    })?;
    show(&rows)
}

fn beside(train: &Train, lang: &str) -> f64 {
    train
        .beside
        .iter()
        .find(|(of, _)| of == lang)
        .map_or(0.0, |(_, share)| *share)
}

fn fitted(texts: &[Labelled]) -> Weights {
    let recipe = Recipe::default();
    let bar = progress(texts.len() * (recipe.n_epochs + 1));
    let examples: Vec<Example> = texts
        .iter()
        .map(|text| {
            bar.inc(1);
            Example {
                features: Features::of(&text.input.text, text.input.kind),
                kind: text.input.kind,
                label: text.label,
                source: text.source.clone(),
            }
        })
        .collect();
    let weights = fit(&examples, &recipe, |_, _| bar.inc(examples.len() as u64));
    bar.finish_and_clear();
    weights
}

/// Certainty per convention on held-out texts; a convention with few of them takes that of
/// all together.
fn certainties(
    texts: &[&Labelled],
    logits: impl Fn(&Labelled) -> [f64; 3],
) -> Vec<(&'static str, Fit)> {
    let judged: Vec<(&'static str, [f64; 3], usize)> = texts
        .iter()
        .filter_map(|text| {
            let meant = match text.label {
                Label::Negative => 0,
                Label::Neutral => 1,
                Label::Positive => 2,
                Label::Unsure => return None,
            };
            Some((convention(text.input.kind), logits(text), meant))
        })
        .collect();
    ["post", "review"]
        .into_iter()
        .filter_map(|key| {
            let own = judged.iter().filter(|(of, ..)| *of == key).count();
            let texts: Vec<([f64; 3], usize)> = judged
                .iter()
                .filter(|(of, ..)| own < LEAST_FOR_CERTAINTY || *of == key)
                .map(|(_, logits, meant)| (*logits, *meant))
                .collect();
            fit_certainty(&texts).map(|fit| (key, fit))
        })
        .collect()
}

/// Writes beside the place and moves it there: a stopped training leaves no half file.
pub(super) fn store(
    place: &Path,
    write: impl FnOnce(&std::fs::File) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder)
        .and_then(|file| write(file.as_file()).map(|()| file))
        .with_context(|| format!("cannot write {}", place.display()))?;
    make_readable(file.as_file()).with_context(|| format!("cannot write {}", place.display()))?;
    file.persist(place)
        .with_context(|| format!("cannot write {}", place.display()))?;
    Ok(())
}

/// A temporary file is its owner's alone; a model is for everybody who runs the program.
#[cfg(unix)]
pub(super) fn make_readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
pub(super) fn make_readable(_file: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

fn row(lang: &str, key: &str, fit: &Fit) -> Vec<String> {
    vec![
        lang.to_owned(),
        key.to_owned(),
        format!("{:.2}", fit.temperature),
        format!("{:.2}", fit.unsure_below),
        format!("{:.3}", fit.error),
        format!("{:.3}", fit.coverage),
        format!("{:.3}", fit.accuracy_when_sure),
    ]
}

fn show(rows: &[Vec<String>]) -> anyhow::Result<()> {
    print::table(
        &[
            "lang",
            "kind",
            "temperature",
            "unsure below",
            "calibration error",
            "sure",
            "accuracy when sure",
        ],
        rows,
    )
}
