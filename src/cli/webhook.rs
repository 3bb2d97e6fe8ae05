//! `hearken webhook`: a real event to a real receiver and what it answered; how receivers
//! are doing; switching one on again.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::desk::Desk;
use super::{Global, print};

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Send a test event and print the answer: hearken webhook test support
    Test(Test),
    /// The webhooks and how they are doing: hearken webhook list
    List(List),
    /// Switch a webhook on again; what waited is sent: hearken webhook enable support
    Enable(Enable),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// One JSON object per webhook
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Enable {
    /// The webhook's name in the configuration
    name: String,
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
    let desk = Desk::open(global).await?;
    let code = match action {
        Action::Test(test) => send_test(&desk, test).await?,
        Action::List(list) => show_list(&desk, list).await?,
        Action::Enable(Enable { name }) => {
            let path = format!("/api/v1/webhooks/{}/enable", path_part(name));
            let answer = desk.post(&path, &json!({})).await?;
            let was_off = answer["was_off"] == json!(true);
            print::line(&format!(
                "{name} is on{}",
                if was_off {
                    " again"
                } else {
                    " (it was before)"
                }
            ))?;
            ExitCode::SUCCESS
        }
    };
    desk.close().await?;
    Ok(code)
}

fn path_part(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

async fn show_list(desk: &Desk, list: &List) -> anyhow::Result<ExitCode> {
    let answer = desk.get("/api/v1/webhooks").await?;
    let webhooks = answer["webhooks"].as_array().cloned().unwrap_or_default();
    if list.json {
        webhooks.iter().try_for_each(print::json)?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let rows: Vec<Vec<String>> = webhooks
        .iter()
        .map(|webhook| {
            let health = &webhook["health"];
            let state = if health["disabled"].is_object() {
                format!("off: {}", text(&health["disabled"]["reason"]))
            } else if health["n_failures"] != json!(0) {
                format!("failing ({} attempts)", health["n_failures"])
            } else {
                "fine".to_owned()
            };
            vec![
                text(&webhook["name"]),
                text(&webhook["kind"]),
                state,
                webhook["n_waiting"].to_string(),
                text(&webhook["next_at"]),
            ]
        })
        .collect();
    if rows.is_empty() {
        eprintln!("no webhook is configured");
    } else {
        print::table(&["name", "kind", "health", "waiting", "next try"], &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn send_test(desk: &Desk, test: &Test) -> anyhow::Result<ExitCode> {
    let path = format!("/api/v1/webhooks/{}/test", path_part(&test.name));
    let answer = desk.post(&path, &json!({})).await?;
    let ok = answer["ok"] == json!(true);
    if test.json {
        print::json(&answer)?;
    } else {
        let status = answer["status"]
            .as_u64()
            .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        print::line(&format!("{status} after {} ms", answer["duration_ms"]))?;
        if let Some(body) = answer["answer"].as_str().filter(|body| !body.is_empty()) {
            print::line(&print::one_line(body, 300))?;
        }
        if let Some(error) = answer["error"].as_str() {
            eprintln!("hearken: {error}");
        }
    }
    Ok(if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
