//! `hearken triage fit`: fits the weights to what people decided about flagged mentions,
//! compares them with those in use on decisions held out, and puts them in place only when
//! they are better. `hearken triage undo` goes back.

use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;

use super::super::desk::Desk;
use super::super::{Global, classify, print};
use super::files::{self, TakenBack};
use crate::classify::intent::Intents;
use crate::store::{Decided, Decisions};
use crate::triage::{
    Evidence, Freedom, Known, LEAST_DECISIONS, Part, TriageInput, Validated, Weights,
    cross_validate, fit, signals,
};
use crate::worker::Engine;

/// How much a mention that nobody was asked about counts beside a decision: enough that
/// what is left alone today is not flagged tomorrow because only flags were judged.
const WEIGHT_OF_UNFLAGGED: f64 = 0.25;
/// Seed of the cross-validation, so that two runs say the same.
const SEED: u64 = 1;
/// Weights that moved by less are not shown.
const WORTH_SHOWING: f64 = 0.05;

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Fit {
    /// Compare only; change nothing
    #[arg(long)]
    dry_run: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn call(global: &Global, arguments: &Fit) -> anyhow::Result<()> {
    let in_use = files::in_use(global)?;
    let folder = classify::settings(global)?.folder;
    let desk = Desk::open(global).await?;
    let outcome = fit_decisions(&desk, &in_use, &folder, arguments).await;
    desk.close().await?;
    outcome
}

async fn fit_decisions(
    desk: &Desk,
    in_use: &files::InUse,
    model: &Path,
    arguments: &Fit,
) -> anyhow::Result<()> {
    let answer = desk.get("/api/v1/triage/decisions").await?;
    let decisions: Decisions =
        serde_json::from_value(answer).context("the decisions cannot be read")?;
    let n_decisions = decisions.decided.len();
    let n_needed = decisions
        .decided
        .iter()
        .filter(|decided| decided.needed == Some(true))
        .count();
    if n_decisions < LEAST_DECISIONS {
        bail!(
            "people have decided about {n_decisions} flags, and fitting wants {LEAST_DECISIONS}: \
             claim or answer the cases that need it, dismiss the others"
        );
    }
    if n_needed == 0 || n_needed == n_decisions {
        bail!(
            "every one of the {n_decisions} decisions says the same: there is nothing to learn \
             until some cases are answered and some dismissed"
        );
    }
    let model = model.to_owned();
    let start = in_use.weights.clone();
    let (fitted, validated) = tokio::task::spawn_blocking(move || {
        let intents = Intents::find(&model)?;
        let known = known(&decisions, &start, intents.as_ref());
        let mut fitted = fit(&known, &start, Freedom::TEAM);
        fitted.n_decisions = n_decisions;
        fitted.origin = format!(
            "fitted on {n_decisions} decisions on {}, starting from: {}",
            Engine::now().format("%Y-%m-%d"),
            first_origin(&start.origin)
        );
        anyhow::Ok((fitted, cross_validate(&known, &start, Freedom::TEAM, SEED)))
    })
    .await??;
    let adopts = validated.is_better() && !arguments.dry_run;
    let kept = if adopts {
        let kept = files::adopt(&in_use.place, &fitted)?;
        reload(desk).await;
        kept
    } else {
        None
    };
    if arguments.json {
        return print::json(&json!({
            "n_decisions": n_decisions,
            "n_needed": n_needed,
            "log_loss_in_use": validated.before,
            "log_loss_fitted": validated.after,
            "better": validated.is_better(),
            "adopted": adopts,
            "file": adopts.then_some(&in_use.place),
            "kept": kept,
        }));
    }
    show(&in_use.weights, &fitted, &validated, n_decisions, n_needed)?;
    print::line(&match (validated.is_better(), adopts) {
        (false, _) => "Not better: the weights in use stay.".to_owned(),
        (true, false) => "Better; run it without --dry-run to put them in use.".to_owned(),
        (true, true) => format!(
            "Better: in use now, as {}. `hearken triage undo` goes back.",
            in_use.place.display()
        ),
    })
}

/// What the very first weights said of themselves, however often they were fitted since.
fn first_origin(origin: &str) -> &str {
    origin.rsplit("starting from: ").next().unwrap_or(origin)
}

/// A daemon takes the new weights at once; without one the next start reads them.
async fn reload(desk: &Desk) {
    if matches!(desk, Desk::Daemon { .. })
        && let Err(error) = desk.post("/api/v1/reload", &json!({})).await
    {
        eprintln!("hearken: the daemon did not take them yet: {error:#}");
    }
}

/// What is known of every decided mention as it was first seen, and of the others what
/// their score says of them today.
fn known(decisions: &Decisions, in_use: &Weights, intents: Option<&Intents>) -> Vec<Known> {
    let row = |decided: &Decided| {
        let mention = &decided.mention;
        let lang = mention.item.lang.as_deref();
        let evidence = Evidence {
            intent: intents
                .and_then(|intents| intents.of(&mention.item.full_text(), mention.item.kind, lang)),
            author: decided.author,
            reach_before: None,
        };
        let input = TriageInput {
            correction: None,
            ..TriageInput::of(mention, evidence)
        };
        let signals = signals(&input, mention.seen_at);
        let (needed, weight) = match decided.needed {
            Some(needed) => (f64::from(u8::from(needed)), 1.0),
            None => (in_use.score(&signals).score, WEIGHT_OF_UNFLAGGED),
        };
        Known {
            signals,
            needed,
            weight,
        }
    };
    let all = decisions.decided.iter().chain(&decisions.unflagged);
    all.map(row).collect()
}

fn show(
    in_use: &Weights,
    fitted: &Weights,
    validated: &Validated,
    n_decisions: usize,
    n_needed: usize,
) -> anyhow::Result<()> {
    print::line(&format!(
        "{n_decisions} decisions: {n_needed} needed an answer, {} did not. Mean log loss on \
         decisions held out in turn: {:.3} with the weights in use, {:.3} with fitted ones.",
        n_decisions - n_needed,
        validated.before,
        validated.after
    ))?;
    let mut rows = vec![row("base", in_use.base, fitted.base)];
    for part in Part::ALL {
        let (before, after) = (in_use.of(part), fitted.of(part));
        if (before - after).abs() >= WORTH_SHOWING {
            rows.push(row(part.name(), before, after));
        }
    }
    print::line("")?;
    print::table(&["weight", "in use", "fitted"], &rows)?;
    print::line("")
}

fn row(name: &str, before: f64, after: f64) -> Vec<String> {
    vec![
        name.to_owned(),
        format!("{before:+.2}"),
        format!("{after:+.2}"),
    ]
}

pub(super) async fn undo(global: &Global) -> anyhow::Result<()> {
    let place = files::place(global)?;
    let said = match files::take_back(&place)? {
        TakenBack::Before => "the weights before the last fit are in use again",
        TakenBack::Shipped => "the shipped weights are in use again",
    };
    print::line(said)?;
    if let Ok(desk) = Desk::running(global).await {
        reload(&desk).await;
    }
    Ok(())
}
