//! `hearken webhook test`: a real event to a real receiver, and what it answered.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::desk::Desk;
use super::{Global, print};

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Send a test event and print the answer: hearken webhook test support
    Test(Test),
}

#[derive(Debug, Args)]
pub(super) struct Test {
    /// The webhook's name in the configuration
    name: String,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn call(global: &Global, action: &Action) -> anyhow::Result<ExitCode> {
    let Action::Test(test) = action;
    let desk = Desk::open(global).await?;
    let name =
        percent_encoding::utf8_percent_encode(&test.name, percent_encoding::NON_ALPHANUMERIC);
    let answer = desk
        .post(&format!("/api/v1/webhooks/{name}/test"), &json!({}))
        .await?;
    let ok = answer["ok"] == json!(true);
    if test.json {
        print::json(&answer)?;
    } else {
        let status = match answer["status"].as_u64() {
            Some(status) => status.to_string(),
            // A file says nothing.
            None if ok => "taken".to_owned(),
            None => "no answer".to_owned(),
        };
        print::line(&format!("{status} after {} ms", answer["duration_ms"]))?;
        if let Some(body) = answer["answer"].as_str().filter(|body| !body.is_empty()) {
            print::line(&print::one_line(body, 300))?;
        }
        if let Some(error) = answer["error"].as_str() {
            eprintln!("hearken: {error}");
        }
    }
    desk.close().await?;
    Ok(if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
