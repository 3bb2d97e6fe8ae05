//! `hearken model`: which models are here, how good they are, and fitting new ones.

mod calibrate;
mod choose;
mod foreign;
mod language;
mod learn;
mod toward;
mod train;

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::classify::settings;
use super::{Global, print};
use crate::classify::{Classifier, Evaluation, Input, Labelled, evaluate, read_labelled};
use crate::domain::Sentiment;

/// Texts judged between two steps of the progress bar.
const PART: usize = 512;

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// List the models that are here, and which is in use: hearken model list
    List(choose::List),
    /// Measure on labelled texts: hearken model eval labelled/ --lang en
    Eval(Eval),
    /// Learn from what people said: hearken model train --from corrections
    Train(train::Train),
    /// Use another model, or the one before: hearken model use --previous
    Use(choose::Use),
    /// Measure or train how the language of a text is found: hearken model language eval labelled/
    #[command(subcommand)]
    Language(language::Action),
    /// Fit weights, temperature and abstaining on held-out texts: hearken model calibrate labelled/dev
    Calibrate(calibrate::Calibrate),
}

#[derive(Debug, Args)]
pub(super) struct Eval {
    /// Files or folders of .jsonl or .jsonl.gz with `text` and `label`
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only this language [default: the languages that are judged]
    #[arg(long)]
    lang: Option<String>,
    /// Every language, also those that no model was trained on
    #[arg(long, conflicts_with = "lang")]
    all: bool,
    /// Judge toward the `brand` of each line, and compare with the verdict on the whole text
    #[arg(long, conflicts_with = "all")]
    toward: bool,
    /// Names for lines without a `brand`: one a line, further spellings behind commas
    #[arg(long, requires = "toward", value_name = "FILE")]
    names: Option<PathBuf>,
    /// At most this many, spread evenly over the cases
    #[arg(long, requires = "toward", value_name = "N")]
    limit: Option<usize>,
    /// Intra-op threads of libtorch
    #[arg(long)]
    threads: Option<usize>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn call(global: &Global, action: &Action) -> anyhow::Result<ExitCode> {
    match action {
        Action::List(list) => choose::list(global, list)?,
        Action::Use(wanted) => return choose::use_model(global, wanted).await,
        Action::Eval(eval) => {
            let mut settings = settings(global)?;
            if let Some(threads) = eval.threads {
                settings.n_threads = threads;
            }
            if eval.toward {
                let measure = toward::Measure {
                    paths: eval.paths.clone(),
                    names: eval.names.clone(),
                    lang: eval.lang.clone(),
                    limit: eval.limit,
                    as_json: eval.json,
                };
                tokio::task::spawn_blocking(move || toward::measure(&settings, &measure)).await??;
                return Ok(ExitCode::SUCCESS);
            }
            let eval_again = eval.paths.clone();
            let (lang, all) = (eval.lang.clone(), eval.all);
            let evaluation = tokio::task::spawn_blocking(move || {
                let classifier = Classifier::start(&settings)?;
                let mut texts = read_labelled(&eval_again)?;
                texts.retain(|text| match &lang {
                    Some(lang) => text.lang == *lang,
                    None => all || classifier.languages().contains(&text.lang),
                });
                let verdicts = judged(&classifier, &texts)?;
                anyhow::Ok((classifier.manifest().id(), evaluate(&texts, &verdicts)))
            })
            .await??;
            show_evaluation(&evaluation.0, &evaluation.1, eval.json)?;
        }
        Action::Train(train) if !train.linear => return learn::call(global, &train.learn).await,
        Action::Language(action) => {
            let action = action.clone();
            tokio::task::spawn_blocking(move || language::call(&action)).await??;
        }
        Action::Train(train) => {
            let train = train.clone();
            tokio::task::spawn_blocking(move || train::train(&train)).await??;
        }
        Action::Calibrate(calibrate) => {
            let (settings, calibrate) = (settings(global)?, calibrate.clone());
            tokio::task::spawn_blocking(move || calibrate::calibrate(&settings, &calibrate))
                .await??;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The verdicts on labelled texts, with progress on a terminal.
fn judged(classifier: &Classifier, texts: &[Labelled]) -> anyhow::Result<Vec<Sentiment>> {
    let mut verdicts = Vec::with_capacity(texts.len());
    let progress = progress(texts.len());
    for part in texts.chunks(PART) {
        let inputs: Vec<Input> = part.iter().map(|text| text.input.clone()).collect();
        verdicts.extend(classifier.classify_blocking(inputs)?);
        progress.inc(part.len() as u64);
    }
    progress.finish_and_clear();
    Ok(verdicts)
}

/// A `NAME=NUMBER` within bounds; `form` and `example` are for the one who wrote it wrong.
fn named_number(
    text: &str,
    form: &str,
    example: &str,
    bounds: RangeInclusive<f64>,
) -> Result<(String, f64), String> {
    let (name, number) = text
        .split_once('=')
        .ok_or_else(|| format!("write {form}, for instance {example}"))?;
    match number.parse::<f64>() {
        Ok(found) if bounds.contains(&found) => Ok((name.to_owned(), found)),
        _ => Err(format!(
            "`{number}` is no number between {} and {}",
            bounds.start(),
            bounds.end()
        )),
    }
}

fn progress(n_texts: usize) -> ProgressBar {
    // Drawn on a terminal only; in a pipe it is silent.
    let bar = ProgressBar::with_draw_target(Some(n_texts as u64), ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("{bar:30} {pos}/{len} texts, {per_sec}, {eta} left")
    {
        bar.set_style(style);
    }
    bar
}

fn show_evaluation(model: &str, evaluation: &Evaluation, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return print::json(&json!({ "model": model, "evaluation": evaluation }));
    }
    print::line(&format!(
        "Model {model}; scored by the most probable class among the labels of the file."
    ))?;
    print::line("")?;
    let rows: Vec<Vec<String>> = evaluation
        .sources
        .iter()
        .map(|source| {
            vec![
                source.lang.clone(),
                source.source.clone(),
                source.kind.as_str().to_owned(),
                source.n.to_string(),
                format!("{:.3}", source.accuracy),
                format!("{:.3}", source.macro_f1),
                format!("{:.3}", source.macro_recall),
                format!("{:.3}", source.coverage),
                format!("{:.3}", source.accuracy_when_sure),
            ]
        })
        .collect();
    print::table(
        &[
            "lang",
            "source",
            "kind",
            "n",
            "accuracy",
            "macro-F1",
            "macro-recall",
            "sure",
            "accuracy when sure",
        ],
        &rows,
    )?;
    print::line("")?;
    for (lang, macro_f1) in &evaluation.languages {
        print::line(&format!("{lang}: mean macro-F1 {macro_f1:.3}"))?;
    }
    Ok(())
}
