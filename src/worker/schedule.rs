//! Decides which source is polled when. Every source has its own next time, kept in the
//! store so that a restart asks nobody early; a poll that fails or panics takes nothing
//! else with it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::agenda::Agenda;
use super::{Engine, Mode, Plan, PlannedSource, PollError, poll};
use crate::domain::SourceName;

/// Polls that have begun; most of them wait for their host, and each takes some memory.
const MAX_BEGUN: usize = 256;
/// Of one host, no more than it can ever be asked at the same time.
const MAX_BEGUN_PER_HOST: usize = 16;
/// Without anything due, look again after this long.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// A poll that ended without saying when the next is due waits this long.
const AFTER_PANIC: TimeDelta = TimeDelta::minutes(5);

/// Runs until `stop` fires; polls that are past fetching are finished and recorded.
pub(super) async fn run(engine: Engine, stop: CancellationToken) {
    let mut plan_changes = engine.plan.subscribe();
    let mut agenda = Agenda::new(MAX_BEGUN, MAX_BEGUN_PER_HOST);
    let mut sources: HashMap<SourceName, PlannedSource> = HashMap::new();
    let mut polls: JoinSet<(SourceName, DateTime<Utc>)> = JoinSet::new();
    let mut names: HashMap<tokio::task::Id, SourceName> = HashMap::new();
    plan_changes.mark_changed();

    loop {
        while let Some(name) = agenda.begin(Engine::now()) {
            let Some(source) = sources.get(&name) else {
                agenda.end(&name);
                continue;
            };
            let source = PlannedSource::clone(source);
            let task = polls.spawn(poll_once(engine.clone(), source, stop.clone()));
            names.insert(task.id(), name);
        }
        // A source that must wait for another one's end begins when that has ended.
        let sleep = agenda
            .next_at()
            .and_then(|at| (at - Engine::now()).to_std().ok())
            .map_or(LONGEST_SLEEP, |wait| wait.min(LONGEST_SLEEP));

        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(ended) = polls.join_next_with_id() => {
                let (name, at) = match ended {
                    Ok((task, (name, at))) => {
                        names.remove(&task);
                        (name, at)
                    }
                    Err(error) => {
                        let Some(name) = names.remove(&error.id()) else { continue };
                        warn!(source.id = %name, "A poll ended with a panic; trying it again later");
                        (name, Engine::now() + AFTER_PANIC)
                    }
                };
                agenda.end(&name);
                if let Some(source) = sources.get(&name) {
                    agenda.put(name, host_of(source), at);
                }
            }
            changed = plan_changes.changed() => {
                if changed.is_err() {
                    break;
                }
                plan_changes.mark_unchanged();
                sources = sources_of(&engine.plan_now());
                // A changed source is asked at once: its owner is watching.
                agenda.clear();
                let now = Engine::now();
                for source in sources.values() {
                    let at = first_time(&engine, source, now).await;
                    agenda.put(source.name.clone(), host_of(source), at);
                }
            }
            () = tokio::time::sleep(sleep) => (),
        }
    }
    while polls.join_next().await.is_some() {}
}

fn sources_of(plan: &Plan) -> HashMap<SourceName, PlannedSource> {
    plan.sources
        .iter()
        .filter(|source| source.definition.format.is_polled())
        .map(|source| (source.name.clone(), source.clone()))
        .collect()
}

fn host_of(source: &PlannedSource) -> &str {
    source.request.url.host_str().unwrap_or_default()
}

/// The stored next time, never further away than one interval.
async fn first_time(engine: &Engine, source: &PlannedSource, now: DateTime<Utc>) -> DateTime<Utc> {
    let store = engine.store.clone();
    let name = source.name.clone();
    let stored = tokio::task::spawn_blocking(move || store.source_status(&name)).await;
    match stored {
        Ok(Ok(status)) => status
            .health
            .next_poll_at
            .map_or(now, |at| at.min(now + source.every)),
        Ok(Err(error)) => {
            warn!(source.id = %source.name, %error, "A source's state could not be read; polling it now");
            now
        }
        Err(_) => now,
    }
}

async fn poll_once(
    engine: Engine,
    source: PlannedSource,
    stop: CancellationToken,
) -> (SourceName, DateTime<Utc>) {
    let plan: Arc<Plan> = engine.plan_now();
    match poll(&engine, &plan, &source, Mode::Store, &stop).await {
        Ok((report, next_at)) => {
            if report.n_new + report.n_updated > 0 {
                info!(
                    source.id = %source.name,
                    n_items = report.items.len(),
                    n_new = report.n_new,
                    n_updated = report.n_updated,
                    n_flagged = report.n_flagged,
                    "Read {} items of {}", report.items.len(), source.name
                );
            } else {
                debug!(source.id = %source.name, n_items = report.items.len(), "Nothing new");
            }
            (source.name, next_at)
        }
        Err(PollError::Stopped) => (source.name, Engine::now()),
        Err(PollError::Failed { reason, next_at }) => {
            warn!(source.id = %source.name, %reason, next_at = %next_at, "A poll failed");
            (source.name, next_at)
        }
    }
}
