//! `hearken correct`: a person's word against the model's, for one mention or many.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::Desk;
use super::{Global, print};

/// Examples:
///   hearken correct 3f2a negative
///   hearken correct 3f2a positive --by ana
///   hearken correct --file corrections.jsonl   # lines of {"id": "3f2a…", "label": "negative", "by": "ana"}
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// The mention's id, or its beginning
    #[arg(required_unless_present = "file", requires = "verdict")]
    id: Option<String>,
    /// What it is
    #[arg(value_enum)]
    verdict: Option<Verdict>,
    /// Who says so
    #[arg(long, default_value = "cli")]
    by: String,
    /// JSON Lines of corrections instead, with `id`, `label` and optional `by`; `-` is stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["id", "verdict"])]
    file: Option<PathBuf>,
    /// Print the mentions as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Verdict {
    Negative,
    Neutral,
    Positive,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Positive => "positive",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    label: String,
    #[serde(default)]
    by: Option<String>,
}

pub(super) async fn call(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(global).await?;
    let code = match (&arguments.id, arguments.verdict, &arguments.file) {
        (Some(id), Some(verdict), _) => {
            let answer = correct(&desk, id, verdict.as_str(), &arguments.by).await?;
            show(&answer, arguments.json)?;
            ExitCode::SUCCESS
        }
        (_, _, Some(file)) => from_file(&desk, arguments, file).await?,
        _ => bail!("give an id and a verdict, or --file"),
    };
    desk.close().await?;
    Ok(code)
}

async fn correct(desk: &Desk, id: &str, label: &str, by: &str) -> anyhow::Result<Value> {
    let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
    desk.post(
        &format!("/api/v1/mentions/{id}/correct"),
        &json!({ "label": label, "by": by }),
    )
    .await
}

/// A line that is wrong is named, and the rest goes on.
async fn from_file(desk: &Desk, arguments: &Arguments, file: &Path) -> anyhow::Result<ExitCode> {
    let shown = file.display();
    let reader: Box<dyn Read + Send> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).with_context(|| format!("cannot open {shown}"))?)
    };
    let (mut n_changed, mut n_flagged, mut n_known, mut n_bad) = (0, 0, 0, 0);
    for (place, line) in BufReader::new(reader).lines().enumerate() {
        let line = line.with_context(|| format!("cannot read {shown}"))?;
        if line.trim().is_empty() {
            continue;
        }
        let noted = match serde_json::from_str::<Line>(&line) {
            Ok(line) => {
                let by = line.by.as_deref().unwrap_or(&arguments.by);
                correct(desk, &line.id, &line.label, by).await
            }
            Err(error) => Err(error.into()),
        };
        match noted {
            Ok(answer) if answer["changed"] == json!(true) => {
                n_changed += 1;
                n_flagged += usize::from(answer["flagged"] == json!(true));
            }
            Ok(_) => n_known += 1,
            Err(error) => {
                n_bad += 1;
                eprintln!("hearken: {shown}:{}: {error:#}", place + 1);
            }
        }
    }
    if arguments.json {
        print::json(&json!({
            "n_changed": n_changed, "n_flagged": n_flagged, "n_known": n_known, "n_bad": n_bad
        }))?;
    } else {
        print::line(&format!(
            "{n_changed} corrected ({n_flagged} flagged by it), {n_known} were so before, \
             {n_bad} lines are wrong"
        ))?;
    }
    Ok(if n_bad == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn show(answer: &Value, as_json: bool) -> anyhow::Result<()> {
    let mention = &answer["mention"];
    if as_json {
        return print::json(mention);
    }
    let id = mention["id"].as_str().unwrap_or_default();
    let label = mention["sentiment"]["label"].as_str().unwrap_or_default();
    if answer["changed"] == json!(false) {
        return print::line(&format!("{id} is {label} (a person said so before)"));
    }
    let was = mention["corrections"]
        .as_array()
        .and_then(|all| all.last())
        .and_then(|last| last["was"].as_str())
        .unwrap_or_default();
    if answer["flagged"] == json!(true) {
        let deadline = mention["flag"]["reply_by"].as_str().unwrap_or_default();
        print::line(&format!(
            "{id} is flagged now, to be answered by {deadline}; `hearken cases list` shows it"
        ))?;
    }
    print::line(&format!(
        "{id} is {label}, it was {was}; learn from corrections with `hearken model train --from corrections`"
    ))
}
