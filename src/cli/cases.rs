//! `hearken cases`: the queue of flagged mentions, and what people do with it.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::desk::Desk;
use super::{Global, print};
use crate::domain::Mention;

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// List the cases, most urgent first: hearken cases list --state open
    List(List),
    /// Take a case, or take it over: hearken cases claim 3f2a --by ana
    Claim(Act),
    /// Seen: its updates are told no more: hearken cases ack 3f2a
    Ack(Act),
    /// Tell nothing about it for a while: hearken cases snooze 3f2a --for 2h
    Snooze(Snooze),
    /// A public answer was given: hearken cases done 3f2a --note "answered on the site"
    Done(Act),
    /// No answer is needed: hearken cases dismiss 3f2a --note "not about us"
    Dismiss(Act),
    /// Undo: the case is open again: hearken cases reopen 3f2a
    Reopen(Act),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// open, claimed, replied, verified, dismissed, waiting (open or claimed) or all
    #[arg(long, default_value = "waiting")]
    state: String,
    /// At most this many
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// One JSON object per mention
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Act {
    /// The mention's id, or its beginning
    id: String,
    /// Why, for the history
    #[arg(long)]
    note: Option<String>,
    /// Who does it
    #[arg(long, default_value = "cli")]
    by: String,
    /// Print the mention as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Snooze {
    #[command(flatten)]
    act: Act,
    /// How long, as 30m, 2h or 3d; at most 30 days
    #[arg(long = "for", value_name = "TIME", default_value = "2h")]
    lasting: String,
}

pub(super) async fn call(global: &Global, action: &Action) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(global).await?;
    match action {
        Action::List(list) => show_list(&desk, list).await?,
        Action::Claim(act) => act_on(&desk, "claim", act, None).await?,
        Action::Ack(act) => act_on(&desk, "ack", act, None).await?,
        Action::Snooze(snooze) => {
            act_on(&desk, "snooze", &snooze.act, Some(&snooze.lasting)).await?;
        }
        Action::Done(act) => act_on(&desk, "done", act, None).await?,
        Action::Dismiss(act) => act_on(&desk, "dismiss", act, None).await?,
        Action::Reopen(act) => act_on(&desk, "reopen", act, None).await?,
    }
    desk.close().await?;
    Ok(ExitCode::SUCCESS)
}

async fn show_list(desk: &Desk, list: &List) -> anyhow::Result<()> {
    let state =
        percent_encoding::utf8_percent_encode(&list.state, percent_encoding::NON_ALPHANUMERIC);
    let path = format!("/api/v1/cases?state={state}&limit={}", list.limit);
    let answer = desk.get(&path).await?;
    let cases = answer["cases"].as_array().cloned().unwrap_or_default();
    if list.json {
        return cases.iter().try_for_each(print::json);
    }
    if cases.is_empty() {
        eprintln!("no case: nobody waits for an answer");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = cases.iter().map(row).collect::<Result<_, _>>()?;
    print::table(
        &["id", "reply by (UTC)", "score", "state", "brand", "text"],
        &rows,
    )
}

fn row(case: &Value) -> anyhow::Result<Vec<String>> {
    let mention: Mention = serde_json::from_value(case.clone())?;
    let flag = mention.flag.as_ref();
    let brands: Vec<&str> = mention
        .brands
        .iter()
        .map(|brand| brand.name.as_str())
        .collect();
    Ok(vec![
        mention.id.as_str().chars().take(12).collect(),
        flag.map_or_else(String::new, |flag| {
            flag.reply_by.format("%Y-%m-%d %H:%M").to_string()
        }),
        flag.map_or_else(String::new, |flag| format!("{:.2}", flag.score)),
        state(&mention),
        brands.join(" "),
        print::one_line(&mention.item.full_text(), 70),
    ])
}

/// The state of the case; when its object is gone, that too.
fn state(mention: &Mention) -> String {
    let state = mention
        .case
        .as_ref()
        .map_or("-", |case| case.state.as_str());
    match mention.deleted_at {
        Some(_) => format!("{state}, deleted"),
        None => state.to_owned(),
    }
}

async fn act_on(desk: &Desk, action: &str, act: &Act, lasting: Option<&str>) -> anyhow::Result<()> {
    let id = percent_encoding::utf8_percent_encode(&act.id, percent_encoding::NON_ALPHANUMERIC);
    let mut body = json!({ "by": act.by });
    if let Some(lasting) = lasting {
        body["for"] = json!(lasting);
    }
    if let Some(note) = &act.note {
        body["note"] = json!(note);
    }
    let answer = desk
        .post(&format!("/api/v1/cases/{id}/{action}"), &body)
        .await?;
    let mention = &answer["mention"];
    if act.json {
        return print::json(mention);
    }
    print::line(&format!(
        "{} is {}{}",
        mention["id"].as_str().unwrap_or(&act.id),
        mention["case"]["state"].as_str().unwrap_or("unknown"),
        if answer["changed"] == json!(false) {
            " (it was before)"
        } else {
            ""
        }
    ))
}
