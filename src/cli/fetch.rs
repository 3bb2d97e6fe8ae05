//! `hearken fetch`: one source, now.

use std::process::ExitCode;

use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::desk::Desk;
use super::extract::show;
use super::{Global, print};
use crate::domain::Item;

/// Examples:
///   hearken fetch "feed:https://example.org/feed.xml" --dry-run
///   hearken fetch "Our forum" --json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// The source, by its name (`hearken sources` lists them)
    source: String,
    /// Read and print, but store nothing and alert nobody
    #[arg(long)]
    dry_run: bool,
    /// One JSON object per item
    #[arg(long)]
    json: bool,
}

pub(super) async fn call(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(global).await?;
    let name = utf8_percent_encode(&arguments.source, NON_ALPHANUMERIC);
    let path = format!("/api/v1/sources/{name}/poll?dry_run={}", arguments.dry_run);
    let answer = desk.post(&path, &json!({})).await?;
    for item in answer["items"].as_array().into_iter().flatten() {
        if arguments.json {
            print::json(item)?;
        } else {
            show(&serde_json::from_value::<Item>(item.clone())?)?;
        }
    }
    if answer["unchanged"] == json!(true) {
        eprintln!("nothing changed since the last poll");
    }
    for note in answer["notes"].as_array().into_iter().flatten() {
        eprintln!("note: {}", note.as_str().unwrap_or_default());
    }
    if !arguments.dry_run {
        eprintln!(
            "{} new mention(s), {} changed, {} flagged",
            answer["n_new"], answer["n_updated"], answer["n_flagged"]
        );
    }
    desk.close().await?;
    Ok(ExitCode::SUCCESS)
}
