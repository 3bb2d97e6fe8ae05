//! Answers what the page, the API and commands ask of the worker: poll this source now,
//! read the configuration again, send a test event.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::correct::correct;
use super::push::push;
use super::{Engine, Mode, Plan, poll, read_plan};
use crate::deliver;
use crate::domain::{Event, EventId, EventType, SourceName, hex_digest};
use crate::web::{Command, PollReport, TestReport};

/// Serves commands until `stop` fires or nobody can send any more. `config_file` is what a
/// reload reads; without one there is nothing to reload.
pub async fn serve(
    engine: Engine,
    mut commands: mpsc::Receiver<Command>,
    config_file: Option<PathBuf>,
    stop: CancellationToken,
) {
    loop {
        let command = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            command = commands.recv() => command,
        };
        let Some(command) = command else { return };
        let engine = engine.clone();
        let config_file = config_file.clone();
        let stop = stop.clone();
        // A slow source or receiver must not keep the next command waiting.
        tokio::spawn(async move {
            match command {
                // Whoever asked may have gone; the work is done all the same.
                Command::PollSource {
                    name,
                    dry_run,
                    reply,
                } => {
                    let _ = reply.send(poll_now(&engine, &name, dry_run, &stop).await);
                }
                Command::Reload { reply } => {
                    let _ = reply.send(reload(&engine, config_file).await);
                }
                Command::TestWebhook { name, reply } => {
                    let _ = reply.send(test_webhook(&engine, &name, Engine::now()).await);
                }
                Command::Push { pushed, reply } => {
                    let _ = reply.send(push(&engine, pushed).await);
                }
                Command::Correct {
                    mention,
                    said,
                    reply,
                } => {
                    let _ = reply.send(correct(&engine, mention, said).await);
                }
                Command::Wake => engine.deliveries_due.notify_one(),
            }
        });
    }
}

async fn poll_now(
    engine: &Engine,
    name: &SourceName,
    dry_run: bool,
    stop: &CancellationToken,
) -> Result<PollReport, String> {
    let plan = engine.plan_now();
    let Some(source) = plan.sources.iter().find(|source| source.name == *name) else {
        let known: Vec<&str> = plan
            .sources
            .iter()
            .map(|source| source.name.as_str())
            .collect();
        return Err(format!(
            "there is no source `{name}`; the configuration has {}",
            if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            }
        ));
    };
    let mode = if dry_run { Mode::DryRun } else { Mode::Store };
    poll(engine, &plan, source, mode, stop)
        .await
        .map(|(report, _)| report)
        .map_err(|error| error.to_string())
}

/// Reads the configuration again; the old one stays on any problem. The store's folder,
/// the listening address and the model need a restart, and the answer says so.
pub(super) async fn reload(engine: &Engine, file: Option<PathBuf>) -> Result<String, String> {
    let Some(file) = file else {
        return Err(
            "started without a configuration file, so there is nothing to reload".to_owned(),
        );
    };
    let read = tokio::task::spawn_blocking(move || read_plan(&file))
        .await
        .map_err(|_| "reading the configuration failed".to_owned())?;
    let plan = read.map_err(|problems| {
        warn!(
            n_problems = problems.problems.len(),
            "The configuration has problems; the old one stays"
        );
        format!("the old configuration stays:\n{problems}")
    })?;
    let store = engine.store.clone();
    let plan = super::blocking(move || super::lists::restore(&store, plan))
        .await
        .map_err(|error| format!("the store could not be read: {error}"))?;
    let old = engine.plan_now();
    let said = what_changed(&old, &plan);
    info!(
        n_brands = plan.brands.len(),
        n_sources = plan.sources.len(),
        "The configuration was read again"
    );
    engine.plan.send_replace(Arc::new(plan));
    engine.deliveries_due.notify_one();
    Ok(match engine.take_up_model().await {
        Ok(None) => said,
        Ok(Some(model)) => {
            info!(%model, "Another model judges from now on");
            format!("{said}; the model is {model} now")
        }
        Err(problem) => {
            warn!(error = %problem, "The model in use cannot be loaded; the old one stays");
            format!("{said}; the model stays as it was: {problem}")
        }
    })
}

fn what_changed(old: &Plan, new: &Plan) -> String {
    let mut said = format!(
        "watching {} brand(s) on {} source(s), {} webhook(s)",
        new.brands.len(),
        new.sources.len(),
        new.destinations.len()
    );
    let restart = [
        (
            "[store] path",
            old.config.store_path != new.config.store_path,
        ),
        (
            "[web] listen",
            old.config.web.listen != new.config.web.listen,
        ),
        ("[model]", old.config.model != new.config.model),
    ];
    for (key, _) in restart.iter().filter(|(_, changed)| *changed) {
        said.push_str(&format!("; {key} changed: that needs a restart"));
    }
    said
}

async fn test_webhook(
    engine: &Engine,
    name: &str,
    now: DateTime<Utc>,
) -> Result<TestReport, String> {
    let plan = engine.plan_now();
    let Some(destination) = plan.destinations.iter().find(|known| known.name == name) else {
        let known: Vec<&str> = plan
            .destinations
            .iter()
            .map(|known| known.name.as_str())
            .collect();
        return Err(format!(
            "there is no webhook `{name}`; the configuration has {}",
            if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            }
        ));
    };
    let nonce: u128 = rand::random();
    let id = hex_digest("test", &[name, &nonce.to_string()]);
    let event = Event::new(
        EventId::of(EventType::Test.as_str(), &[&id]),
        EventType::Test,
        now,
        json!({ "destination": { "name": name }, "message": "A test from Hearken. Nothing happened." }),
    );
    let clock: deliver::Now = Arc::new(Engine::now);
    let sent = deliver::test_destination(&engine.store, &plan.client, destination, &event, &clock)
        .await
        .map_err(|error| error.to_string())?;
    let ok = sent.is_delivered();
    let attempt = sent.attempt;
    Ok(TestReport {
        ok,
        status: attempt.status,
        duration_ms: attempt.duration_ms,
        answer: attempt.answer,
        error: attempt.error,
    })
}
