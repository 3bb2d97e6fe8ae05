//! Measures a model on labelled texts: files in, one score per source out. Scored by
//! the most probable class among the labels that the file uses, so that two-class
//! sources can be compared with their papers.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ClassifyError, Input};
use crate::domain::{Kind, Label, Sentiment};

/// The classes in the order of the confusion table.
const CLASSES: [Label; 3] = [Label::Negative, Label::Neutral, Label::Positive];

/// A text with the label that people gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// What is judged.
    pub input: Input,
    /// What people said.
    pub label: Label,
    /// ISO 639-1 code.
    pub lang: String,
    /// The collection it comes from.
    pub source: String,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    label: Label,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    brand: Option<String>,
}

/// The figures of one source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceScore {
    /// The collection.
    pub source: String,
    /// Its language.
    pub lang: String,
    /// The kind the model was told.
    pub kind: Kind,
    /// Texts measured.
    pub n: usize,
    /// Share judged right.
    pub accuracy: f64,
    /// F1 averaged over the labels that the source uses.
    pub macro_f1: f64,
    /// Recall averaged over the labels that the source uses.
    pub macro_recall: f64,
    /// Share on which the model does not abstain.
    pub coverage: f64,
    /// Share judged right among those, scored with all three classes.
    pub accuracy_when_sure: f64,
}

/// All sources, and the mean of each language.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Evaluation {
    /// One per source, by language and name.
    pub sources: Vec<SourceScore>,
    /// Language → mean macro-F1 over its sources, each counting the same.
    pub languages: BTreeMap<String, f64>,
}

/// Reads labelled texts from `.jsonl` and `.jsonl.gz` files, or from every such file in
/// folders. The kind is the line's own, else that of `MANIFEST.tsv` beside or above.
///
/// # Errors
/// `BadLabelled` names file and line.
pub fn read_labelled(paths: &[PathBuf]) -> Result<Vec<Labelled>, ClassifyError> {
    let mut texts = Vec::new();
    for file in files_of(paths)? {
        read_file(&file, &kinds_of(&file), &mut texts)?;
    }
    Ok(texts)
}

/// The labelled files among paths: files as they are, folders as what lies in them.
pub(super) fn files_of(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ClassifyError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|error| bad(path, 0, &error))?;
            let mut inside: Vec<PathBuf> = entries
                .filter_map(|entry| entry.ok().map(|entry| entry.path()))
                .filter(|path| is_labelled_file(path))
                .collect();
            inside.sort();
            if inside.is_empty() {
                return Err(bad(path, 0, &"no .jsonl or .jsonl.gz file in this folder"));
            }
            files.extend(inside);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn is_labelled_file(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.ends_with(".jsonl") || name.ends_with(".jsonl.gz"))
}

pub(super) fn bad(file: &Path, line: usize, why: &dyn std::fmt::Display) -> ClassifyError {
    ClassifyError::BadLabelled {
        file: file.display().to_string(),
        line,
        why: why.to_string(),
    }
}

/// A file's bytes, unpacked when its name ends in `.gz`.
pub(super) fn opened(file: &Path) -> Result<Box<dyn Read>, ClassifyError> {
    let opened = std::fs::File::open(file).map_err(|error| bad(file, 0, &error))?;
    Ok(if file.extension().is_some_and(|ending| ending == "gz") {
        Box::new(flate2::read::MultiGzDecoder::new(opened))
    } else {
        Box::new(opened)
    })
}

fn read_file(
    file: &Path,
    kinds: &BTreeMap<String, Kind>,
    texts: &mut Vec<Labelled>,
) -> Result<(), ClassifyError> {
    let stem = file
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.split(".jsonl").next())
        .unwrap_or_default()
        .to_owned();
    for (place, line) in BufReader::new(opened(file)?).lines().enumerate() {
        let line = line.map_err(|error| bad(file, place + 1, &error))?;
        if line.trim().is_empty() {
            continue;
        }
        let line: Line =
            serde_json::from_str(&line).map_err(|error| bad(file, place + 1, &error))?;
        let source = line.source.unwrap_or_else(|| stem.clone());
        texts.push(Labelled {
            input: Input {
                kind: line
                    .kind
                    .or_else(|| kinds.get(&source).copied())
                    .unwrap_or_default(),
                text: line.text,
                lang: line.lang.clone(),
                brand: line.brand,
                ..Input::default()
            },
            label: line.label,
            lang: line.lang.unwrap_or_else(|| "und".to_owned()),
            source,
        });
    }
    Ok(())
}

/// Source → kind, from the nearest `MANIFEST.tsv`; empty when there is none.
pub(super) fn kinds_of(file: &Path) -> BTreeMap<String, Kind> {
    let Some(table) = file
        .ancestors()
        .skip(1)
        .take(2)
        .find_map(|folder| std::fs::read_to_string(folder.join("MANIFEST.tsv")).ok())
    else {
        return BTreeMap::new();
    };
    let mut rows = table.lines().map(|row| row.split('\t').collect::<Vec<_>>());
    let Some(head) = rows.next() else {
        return BTreeMap::new();
    };
    let column = |name: &str| head.iter().position(|column| *column == name);
    let (Some(source), Some(kind)) = (column("source"), column("kind")) else {
        return BTreeMap::new();
    };
    rows.filter_map(|row| {
        let kind = serde_json::from_value((*row.get(kind)?).into()).ok()?;
        Some(((*row.get(source)?).to_owned(), kind))
    })
    .collect()
}

/// Scores verdicts against labels. `verdicts` are those of `texts`, in order.
pub fn evaluate(texts: &[Labelled], verdicts: &[Sentiment]) -> Evaluation {
    let mut by_source: BTreeMap<(&str, &str), Vec<(&Labelled, &Sentiment)>> = BTreeMap::new();
    for pair in texts.iter().zip(verdicts) {
        by_source
            .entry((&pair.0.lang, &pair.0.source))
            .or_default()
            .push(pair);
    }
    let sources: Vec<SourceScore> = by_source.values().map(|pairs| score(pairs)).collect();
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for source in &sources {
        let sum = sums.entry(source.lang.clone()).or_default();
        sum.0 += source.macro_f1;
        sum.1 += 1.0;
    }
    Evaluation {
        sources,
        languages: sums
            .into_iter()
            .map(|(lang, (sum, n))| (lang, sum / n))
            .collect(),
    }
}

fn score(pairs: &[(&Labelled, &Sentiment)]) -> SourceScore {
    let used: Vec<usize> = (0..CLASSES.len())
        .filter(|&class| pairs.iter().any(|(text, _)| text.label == CLASSES[class]))
        .collect();
    let mut confusion = [[0_usize; 3]; 3];
    let (mut n_sure, mut n_sure_right) = (0_usize, 0_usize);
    for (text, verdict) in pairs {
        let probabilities = [verdict.negative, verdict.neutral, verdict.positive];
        let said = used
            .iter()
            .copied()
            .max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]))
            .expect("a source with a text uses at least one label");
        let meant = CLASSES
            .iter()
            .position(|&class| class == text.label)
            .unwrap_or(said);
        confusion[meant][said] += 1;
        if verdict.label != Label::Unsure {
            n_sure += 1;
            n_sure_right += usize::from(verdict.label == text.label);
        }
    }
    let ratio = |part: usize, whole: usize| {
        if whole == 0 {
            0.0
        } else {
            part as f64 / whole as f64
        }
    };
    let right: usize = (0..3).map(|class| confusion[class][class]).sum();
    let recall = |class: usize| ratio(confusion[class][class], confusion[class].iter().sum());
    let precision = |class: usize| {
        let said: usize = (0..3).map(|meant| confusion[meant][class]).sum();
        ratio(confusion[class][class], said)
    };
    let f1 = |class: usize| {
        let (precision, recall) = (precision(class), recall(class));
        if precision + recall == 0.0 {
            0.0
        } else {
            2.0 * precision * recall / (precision + recall)
        }
    };
    let mean = |of: &dyn Fn(usize) -> f64| {
        used.iter().map(|&class| of(class)).sum::<f64>() / used.len() as f64
    };
    let first = pairs[0].0;
    SourceScore {
        source: first.source.clone(),
        lang: first.lang.clone(),
        kind: first.input.kind,
        n: pairs.len(),
        accuracy: ratio(right, pairs.len()),
        macro_f1: mean(&f1),
        macro_recall: mean(&recall),
        coverage: ratio(n_sure, pairs.len()),
        accuracy_when_sure: ratio(n_sure_right, n_sure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(meant: Label, probabilities: [f64; 3], said: Label) -> (Labelled, Sentiment) {
        let [negative, neutral, positive] = probabilities;
        (
            Labelled {
                input: Input {
                    text: "x".to_owned(),
                    ..Input::default()
                },
                label: meant,
                lang: "en".to_owned(),
                source: "s".to_owned(),
            },
            Sentiment {
                label: said,
                negative,
                neutral,
                positive,
                model: "m".to_owned(),
                sentence: None,
            },
        )
    }

    #[test]
    fn a_two_class_source_is_scored_among_its_two_classes() {
        let pairs = [
            pair(Label::Negative, [0.3, 0.6, 0.1], Label::Neutral),
            pair(Label::Positive, [0.1, 0.5, 0.4], Label::Unsure),
        ];
        let (texts, verdicts): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let evaluation = evaluate(&texts, &verdicts);
        let score = &evaluation.sources[0];
        assert!((score.accuracy - 1.0).abs() < 1e-9);
        assert!((score.macro_recall - 1.0).abs() < 1e-9);
        assert!((score.coverage - 0.5).abs() < 1e-9);
        assert!(score.accuracy_when_sure.abs() < 1e-9);
    }

    #[test]
    fn macro_figures_average_over_classes_not_texts() {
        let mut pairs = vec![pair(Label::Positive, [0.8, 0.1, 0.1], Label::Negative)];
        pairs.extend((0..9).map(|_| pair(Label::Negative, [0.9, 0.05, 0.05], Label::Negative)));
        let (texts, verdicts): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let score = &evaluate(&texts, &verdicts).sources[0];
        assert!((score.accuracy - 0.9).abs() < 1e-9);
        assert!((score.macro_recall - 0.5).abs() < 1e-9);
    }
}
