//! `hearken deliveries`: the ledger of what was sent to whom.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;
use url::form_urlencoded::Serializer;

use super::desk::Desk;
use super::{Global, print};
use crate::domain::Delivery;

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// List deliveries, newest first: hearken deliveries list --state retrying
    List(List),
    /// One delivery with every attempt: hearken deliveries show 3f2a
    Show(One),
    /// Send one delivery now: hearken deliveries retry 3f2a
    Retry(One),
    /// Send a webhook what it missed, in order: hearken deliveries replay chat --since 3d
    Replay(Replay),
}

#[derive(Debug, Args)]
pub(super) struct One {
    /// The delivery's id, or its beginning
    id: String,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The webhook's name in the configuration
    name: String,
    /// From when on: 3d, 2026-03-01 or 2026-03-01T10:00:00Z
    #[arg(long, value_name = "TIME")]
    since: String,
    /// Print the number of deliveries as JSON
    #[arg(long)]
    json: bool,
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
    let desk = Desk::open(global).await?;
    match action {
        Action::List(list) => show_list(&desk, list).await?,
        Action::Show(one) => show(&desk, one).await?,
        Action::Retry(one) => retry(&desk, one).await?,
        Action::Replay(replay) => send_missed(&desk, replay).await?,
    }
    desk.close().await?;
    Ok(ExitCode::SUCCESS)
}

fn path_part(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

async fn show(desk: &Desk, one: &One) -> anyhow::Result<()> {
    let answer = desk
        .get(&format!("/api/v1/deliveries/{}", path_part(&one.id)))
        .await?;
    if one.json {
        return print::json(&answer);
    }
    let delivery: Delivery = serde_json::from_value(answer["delivery"].clone())?;
    print::line(&format!(
        "{} {} to {}: {}",
        delivery.id,
        delivery.event_type.as_str(),
        delivery.destination,
        delivery.state.as_str()
    ))?;
    if let Some(reason) = &delivery.reason {
        print::line(reason)?;
    }
    if let Some(next) = delivery.next_at {
        print::line(&format!(
            "next try {}",
            next.format("%Y-%m-%d %H:%M:%S UTC")
        ))?;
    }
    for attempt in &delivery.attempts {
        let status = attempt
            .status
            .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        print::line(&format!(
            "{}  {status} after {} ms  {}",
            attempt.at.format("%Y-%m-%d %H:%M:%S"),
            attempt.duration_ms,
            print::one_line(attempt.error.as_deref().unwrap_or(&attempt.answer), 100)
        ))?;
    }
    Ok(())
}

async fn retry(desk: &Desk, one: &One) -> anyhow::Result<()> {
    let path = format!("/api/v1/deliveries/{}/retry", path_part(&one.id));
    let answer = desk.post(&path, &json!({})).await?;
    let delivery = &answer["delivery"];
    if one.json {
        return print::json(delivery);
    }
    print::line(&format!(
        "{} is {}",
        delivery["id"].as_str().unwrap_or(&one.id),
        delivery["state"].as_str().unwrap_or("unknown")
    ))
}

async fn send_missed(desk: &Desk, replay: &Replay) -> anyhow::Result<()> {
    let path = format!("/api/v1/webhooks/{}/replay", path_part(&replay.name));
    let answer = desk.post(&path, &json!({ "since": replay.since })).await?;
    if replay.json {
        return print::json(&answer);
    }
    print::line(&format!(
        "{} deliveries to {} are sent again",
        answer["n_deliveries"], replay.name
    ))
}

async fn show_list(desk: &Desk, list: &List) -> anyhow::Result<()> {
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
        return deliveries.iter().try_for_each(print::json);
    }
    let rows: Vec<Vec<String>> = deliveries
        .into_iter()
        .map(|delivery| serde_json::from_value(delivery).map(|delivery| row(&delivery)))
        .collect::<Result<_, _>>()?;
    if rows.is_empty() {
        eprintln!("no delivery");
        return Ok(());
    }
    let head = [
        "id",
        "stored (UTC)",
        "event",
        "to",
        "state",
        "tries",
        "last answer",
    ];
    print::table(&head, &rows)
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
        delivery.id.as_str().chars().take(12).collect(),
        delivery.created_at.format("%Y-%m-%d %H:%M:%S").to_string(),
        delivery.event_type.as_str().to_owned(),
        delivery.destination.clone(),
        delivery.state.as_str().to_owned(),
        delivery.attempts.len().to_string(),
        delivery.reason.clone().unwrap_or(last),
    ]
}
