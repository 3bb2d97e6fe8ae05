//! Decides which source is polled when. Every source has its own next time, kept in the
//! store so that a restart asks nobody early; a poll that fails or panics takes nothing
//! else with it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{Engine, Mode, PlannedSource, PollError, poll};
use crate::domain::SourceName;

/// Polls at the same time; each holds at most one body in memory.
const MAX_POLLS: usize = 16;
/// Without anything due, look again after this long.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// A poll that ended without saying when the next is due waits this long.
const AFTER_PANIC: TimeDelta = TimeDelta::minutes(5);

/// Runs until `stop` fires; polls that are past fetching are finished and recorded.
pub(super) async fn run(engine: Engine, stop: CancellationToken) {
    let mut plan_changes = engine.plan.subscribe();
    let mut next: HashMap<SourceName, DateTime<Utc>> = HashMap::new();
    let mut busy: HashSet<SourceName> = HashSet::new();
    let mut polls: JoinSet<(SourceName, DateTime<Utc>)> = JoinSet::new();
    let mut names: HashMap<tokio::task::Id, SourceName> = HashMap::new();

    loop {
        let plan = engine.plan_now();
        let now = Engine::now();
        let polled: Vec<&PlannedSource> = plan
            .sources
            .iter()
            .filter(|source| source.definition.format.is_polled())
            .collect();
        next.retain(|name, _| polled.iter().any(|source| source.name == *name));
        for source in &polled {
            if !next.contains_key(&source.name) {
                let at = first_time(&engine, source, now).await;
                next.insert(source.name.clone(), at);
            }
        }

        let mut due: Vec<&PlannedSource> = polled
            .iter()
            .copied()
            .filter(|source| !busy.contains(&source.name) && next[&source.name] <= now)
            .collect();
        due.sort_by_key(|source| next[&source.name]);
        for source in due.into_iter().take(MAX_POLLS.saturating_sub(busy.len())) {
            busy.insert(source.name.clone());
            let task = polls.spawn(poll_once(engine.clone(), source.clone(), stop.clone()));
            names.insert(task.id(), source.name.clone());
        }

        let sleep = if busy.len() >= MAX_POLLS {
            LONGEST_SLEEP
        } else {
            polled
                .iter()
                .filter(|source| !busy.contains(&source.name))
                .map(|source| next[&source.name] - now)
                .min()
                .and_then(|wait| wait.to_std().ok())
                .map_or(LONGEST_SLEEP, |wait| wait.min(LONGEST_SLEEP))
        };

        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(ended) = polls.join_next_with_id() => match ended {
                Ok((task, (name, at))) => {
                    names.remove(&task);
                    busy.remove(&name);
                    next.insert(name, at);
                }
                Err(error) => {
                    if let Some(name) = names.remove(&error.id()) {
                        warn!(source.id = %name, "A poll ended with a panic; trying it again later");
                        busy.remove(&name);
                        next.insert(name, Engine::now() + AFTER_PANIC);
                    }
                }
            },
            changed = plan_changes.changed() => {
                if changed.is_err() {
                    break;
                }
                // A changed source is asked at once: its owner is watching.
                next.clear();
            }
            () = tokio::time::sleep(sleep) => (),
        }
    }
    while polls.join_next().await.is_some() {}
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
    let plan: Arc<super::Plan> = engine.plan_now();
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
