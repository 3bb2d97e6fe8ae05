//! `hearken triage`: the weights of the flag score, why a text is flagged, how good the
//! score is, and fitting it to what people decided.

mod data;
mod decisions;
mod eval;
mod explain;
mod files;
mod heads;
mod set;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Map, json};

use super::{Global, print};
use crate::triage::Part;

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Print the weights in use, as a file that can be changed: hearken triage weights > mine.toml
    Weights(WeightsArguments),
    /// Why a mention or a text is flagged, part by part: hearken triage explain 3f2a
    Explain(explain::Explain),
    /// Fit the weights to what your team decided: hearken triage fit
    Fit(decisions::Fit),
    /// Go back to the weights before the last fit: hearken triage undo
    Undo,
    /// Measure the score on labelled texts: hearken triage eval labelled/
    Eval(eval::Eval),
    /// Fit the complaint, question and request heads: hearken triage train --data labelled/ --out models/hearken-triage
    Train(heads::Train),
}

#[derive(Debug, Args)]
pub(super) struct WeightsArguments {
    /// The shipped weights, whatever is in use
    #[arg(long)]
    shipped: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn call(global: &Global, action: &Action) -> anyhow::Result<ExitCode> {
    match action {
        Action::Weights(arguments) => show(global, arguments)?,
        Action::Explain(explain) => explain::call(global, explain).await?,
        Action::Fit(fit) => decisions::call(global, fit).await?,
        Action::Undo => decisions::undo(global).await?,
        Action::Eval(eval) => {
            let (global, eval) = (global.clone(), eval.clone());
            tokio::task::spawn_blocking(move || eval::call(&global, &eval)).await??;
        }
        Action::Train(train) => {
            let train = train.clone();
            tokio::task::spawn_blocking(move || heads::train(&train)).await??;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(global: &Global, arguments: &WeightsArguments) -> anyhow::Result<()> {
    let in_use = if arguments.shipped {
        files::InUse::shipped()
    } else {
        files::in_use(global)?
    };
    let weights = &in_use.weights;
    if arguments.json {
        let by_part: Map<String, serde_json::Value> = Part::ALL
            .into_iter()
            .map(|part| (part.name().to_owned(), json!(weights.of(part))))
            .collect();
        return print::json(&json!({
            "file": in_use.file,
            "origin": weights.origin,
            "n_decisions": weights.n_decisions,
            "base": weights.base,
            "most_from_words": weights.most_from_words,
            "weights": by_part,
        }));
    }
    match &in_use.file {
        Some(file) => eprintln!("in use: {}", file.display()),
        None => eprintln!("in use: the shipped weights"),
    }
    print::line(weights.to_toml().trim_end())
}

/// The folder with `train`, `dev`, `test` and `triage` inside.
#[derive(Args, Clone, Debug)]
pub(super) struct DataFolder {
    /// A folder of labelled texts: dev/ and test/ with star reviews, triage/dev and triage/test with complaints and support requests, .jsonl or .jsonl.gz
    #[arg(value_name = "DATA")]
    data: PathBuf,
}
