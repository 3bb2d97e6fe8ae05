//! `hearken reload` and `hearken sign-in`: a word with the running daemon.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::desk::Desk;
use super::{Global, print};

/// Example:
///   hearken check && hearken reload
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ReloadArguments {}

/// Example:
///   hearken sign-in
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct SignInArguments {}

pub(super) async fn reload(global: &Global, _: &ReloadArguments) -> anyhow::Result<ExitCode> {
    let answer = Desk::running(global)
        .await?
        .post("/api/v1/reload", &json!({}))
        .await?;
    print::line(answer["message"].as_str().unwrap_or("reloaded"))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn sign_in(global: &Global, _: &SignInArguments) -> anyhow::Result<ExitCode> {
    let answer = Desk::running(global)
        .await?
        .post("/api/v1/sign-in-links", &json!({}))
        .await?;
    print::line(answer["url"].as_str().unwrap_or_default())?;
    Ok(ExitCode::SUCCESS)
}
