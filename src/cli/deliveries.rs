//! `hearken deliveries`: the ledger of what was sent to whom.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use url::form_urlencoded::Serializer;

use super::desk::Desk;
use super::{Global, print};
use crate::domain::Delivery;

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// List deliveries, newest first: hearken deliveries list --state retrying
    List(List),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// due, sending, delivered, retrying, failed or skipped
    #[arg(long)]
    state: Option<String>,
    /// Only this webhook
    #[arg(long)]
    destination: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// One JSON object per delivery, with its attempts
    #[arg(long)]
    json: bool,
}

pub(super) async fn call(global: &Global, action: &Action) -> anyhow::Result<ExitCode> {
    let Action::List(list) = action;
    let desk = Desk::open(global).await?;
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", &list.limit.to_string());
    for (name, value) in [("state", &list.state), ("destination", &list.destination)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let answer = desk
        .get(&format!("/api/v1/deliveries?{}", query.finish()))
        .await?;
    let deliveries = answer["deliveries"].as_array().cloned().unwrap_or_default();
    if list.json {
        deliveries.iter().try_for_each(print::json)?;
    } else {
        let rows: Vec<Vec<String>> = deliveries
            .into_iter()
            .map(|delivery| serde_json::from_value(delivery).map(|delivery| row(&delivery)))
            .collect::<Result<_, _>>()?;
        if rows.is_empty() {
            eprintln!("no delivery");
        } else {
            print::table(
                &[
                    "stored (UTC)",
                    "event",
                    "to",
                    "state",
                    "tries",
                    "last answer",
                ],
                &rows,
            )?;
        }
    }
    desk.close().await?;
    Ok(ExitCode::SUCCESS)
}

fn row(delivery: &Delivery) -> Vec<String> {
    let last = delivery
        .attempts
        .last()
        .map_or_else(String::new, |attempt| {
            match (&attempt.error, attempt.status) {
                (Some(error), _) => print::one_line(error, 60),
                (None, Some(status)) => status.to_string(),
                (None, None) => String::new(),
            }
        });
    vec![
        delivery.created_at.format("%Y-%m-%d %H:%M:%S").to_string(),
        delivery.event_type.as_str().to_owned(),
        delivery.destination.clone(),
        delivery.state.as_str().to_owned(),
        delivery.attempts.len().to_string(),
        delivery.reason.clone().unwrap_or(last),
    ]
}
