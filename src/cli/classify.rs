//! `hearken classify`: texts in, verdicts out, in the same order.

use std::io::{BufReader, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};

use super::lines::Lines;
use super::{Global, print};
use crate::classify::{Classifier, Settings, Shelf, Spoken, Subject};
use crate::config::{self, ModelConfig};
use crate::domain::{Kind, Sentence, Sentiment};
use crate::language;

/// Texts judged and printed together: keeps memory flat and the output flowing.
const PART: usize = 256;

/// Examples:
///   echo "The app crashes all the time" | hearken classify
///   hearken classify --json posts.jsonl
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// One JSON object per text
    #[arg(long)]
    json: bool,
    /// A file with one text a line, or JSON Lines with `text` and optional `kind`, `lang`,
    /// `brand`; `-` is stdin
    #[arg(default_value = "-", value_name = "FILE")]
    file: PathBuf,
}

/// A line of JSON input. With a `brand` the verdict is what the text says toward it.
#[derive(Deserialize)]
struct Line {
    text: String,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    brand: Option<String>,
}

#[derive(Serialize)]
struct Verdict<'a> {
    label: &'a str,
    negative: f64,
    neutral: f64,
    positive: f64,
    lang: Option<&'a str>,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentence: Option<&'a Sentence>,
}

/// Why a line got no verdict.
#[derive(Serialize)]
struct Unread {
    line: usize,
    message: String,
}

pub(super) async fn call(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let classifier = start(global).await?;
    let shown = arguments.file.display().to_string();
    let reader: Box<dyn Read + Send> = if shown == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(
            std::fs::File::open(&arguments.file).with_context(|| format!("cannot open {shown}"))?,
        )
    };
    let progress = if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        ProgressBar::hidden()
    } else {
        ProgressBar::new_spinner()
    };
    let mut part = Vec::with_capacity(PART);
    let mut code = ExitCode::SUCCESS;
    let mut lines = Lines::of(BufReader::new(reader));
    while let Some(line) = lines
        .next()
        .with_context(|| format!("cannot read {shown}"))?
    {
        let number = line.number;
        if line.was_mended {
            eprintln!("hearken: {shown}:{number}: bytes that are no UTF-8 were replaced");
        }
        let read = line.text.and_then(|text| read_line(&text));
        if let Err(why) = &read {
            eprintln!("hearken: {shown}:{number}: {why}");
            code = ExitCode::FAILURE;
        }
        // The output keeps a line for every line of input.
        part.push(read.map_err(|message| Unread {
            line: number,
            message,
        }));
        if part.len() == PART {
            progress.inc(PART as u64);
            judge(&classifier, std::mem::take(&mut part), arguments.json).await?;
        }
    }
    judge(&classifier, part, arguments.json).await?;
    progress.finish_and_clear();
    Ok(code)
}

/// Starts the model that the command line or the configuration names.
pub(super) async fn start(global: &Global) -> anyhow::Result<Classifier> {
    let settings = settings(global)?;
    Ok(tokio::task::spawn_blocking(move || Classifier::start(&settings)).await??)
}

/// The model that is meant, and how the configuration wants it to judge.
pub(super) fn settings(global: &Global) -> anyhow::Result<Settings> {
    let file = global.config_path();
    let configured = if file.exists() && (global.config.is_some() || global.model.is_none()) {
        Some(config::load(&file)?)
    } else {
        None
    };
    let asked = global.model.clone().or_else(|| {
        let model = configured.as_ref().map(|config| &config.model);
        model.and_then(|model| model.path.clone())
    });
    let store = configured.as_ref().map_or_else(
        || config::DEFAULT_STORE.into(),
        |config| config.store_path.clone(),
    );
    let folder = Shelf::of_store(&store).choose(asked.as_deref())?;
    let model = configured.map_or_else(ModelConfig::default, |config| config.model);
    Ok(Settings {
        n_threads: model.threads,
        cascade: model.cascade,
        ..Settings::new(&folder)
    })
}

fn read_line(line: &str) -> Result<Subject, String> {
    if !line.trim_start().starts_with('{') {
        return Ok(Subject {
            text: line.to_owned(),
            lang: language::detect(line, None).map(str::to_owned),
            ..Subject::default()
        });
    }
    let line: Line = serde_json::from_str(line)
        .map_err(|error| format!("not a JSON object with a `text`: {error}"))?;
    let brand = line.brand.filter(|brand| !brand.trim().is_empty());
    Ok(Subject {
        lang: language::detect(&line.text, line.lang.as_deref()).map(str::to_owned),
        text: line.text,
        kind: line.kind,
        brands: brand
            .into_iter()
            .map(|name| Spoken {
                name: name.trim().to_owned(),
                spans: Vec::new(),
            })
            .collect(),
        ..Subject::default()
    })
}

async fn judge(
    classifier: &Classifier,
    part: Vec<Result<Subject, Unread>>,
    as_json: bool,
) -> anyhow::Result<()> {
    let subjects: Vec<Subject> = part.iter().flatten().cloned().collect();
    let mut verdicts = classifier.judge(subjects).await?.into_iter();
    for subject in part {
        let subject = match subject {
            Ok(subject) => subject,
            Err(error) if as_json => {
                print::json(&serde_json::json!({ "error": error }))?;
                continue;
            }
            Err(error) => {
                print::line(&format!("error     {}", error.message))?;
                continue;
            }
        };
        let sentiment = verdicts.next().context("a verdict is missing")?.sentiment;
        if as_json {
            print::json(&json_of(&sentiment, subject.lang.as_deref()))?;
        } else {
            print::line(&format!(
                "{:<8}  {:.2} {:.2} {:.2}  {}",
                sentiment.label.as_str(),
                sentiment.negative,
                sentiment.neutral,
                sentiment.positive,
                shown(&sentiment, &subject)
            ))?;
        }
    }
    Ok(())
}

/// The text, and of a long one the sentence that decided.
fn shown(sentiment: &Sentiment, subject: &Subject) -> String {
    let text = print::one_line(&subject.text, 100);
    match &sentiment.sentence {
        Some(sentence) => format!(
            "{text}  because of: {}",
            print::one_line(&sentence.text, 100)
        ),
        None => text,
    }
}

fn json_of<'a>(sentiment: &'a Sentiment, lang: Option<&'a str>) -> Verdict<'a> {
    Verdict {
        label: sentiment.label.as_str(),
        negative: sentiment.negative,
        neutral: sentiment.neutral,
        positive: sentiment.positive,
        lang,
        model: &sentiment.model,
        sentence: sentiment.sentence.as_ref(),
    }
}
