//! The last step of a poll: what was found goes into the store with the moved cursor, or
//! the reason why nothing was, and people are told of what is new.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::events::{backlog_event, source_event};
use super::judge::{Found, judge};
use super::poll::{Mode, PollError};
use super::{Engine, Plan, PlannedSource, blocking};
use crate::domain::{Event, EventId, EventType, HealthState, SourceStatus};
use crate::fetch::{Checked, next_check};
use crate::store::{Outgoing, PollOutcome, StoreError};

/// Mentions judged and stored together. Between two such parts a stop is heeded; the
/// cursor moves with the last one.
const PART: usize = 256;
/// Failed polls in a row before people are told.
const N_FAILURES_BEFORE_ALERT: u32 = 3;

/// When a source is due again after a poll that ended like this.
pub(super) fn next_at(
    source: &PlannedSource,
    checked: Checked,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let wait = next_check(source.every, checked, rand::random());
    // A day at most, so it always fits.
    now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1))
}

pub(super) fn succeeded(
    mut status: SourceStatus,
    now: DateTime<Utc>,
    next_at: DateTime<Utc>,
) -> SourceStatus {
    let health = &mut status.health;
    health.state = HealthState::Ok;
    health.last_ok_at = Some(now);
    health.last_poll_at = Some(now);
    health.next_poll_at = Some(next_at);
    health.reason = None;
    health.n_failures = 0;
    health.n_polls_ok += 1;
    status
}

/// Why what was found is not stored; the cursor has not moved.
pub(super) enum Unstored {
    Stopped,
    Store(StoreError),
    Unjudged(String),
}

impl From<StoreError> for Unstored {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// How many mentions one poll stored.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) n_new: usize,
    pub(super) n_updated: usize,
    pub(super) n_flagged: usize,
}

#[expect(
    clippy::too_many_arguments,
    reason = "the last step of a poll knows everything before it"
)]
pub(super) async fn store_found(
    engine: &Engine,
    plan: &Arc<Plan>,
    source: &PlannedSource,
    found: Vec<Found>,
    before: &SourceStatus,
    mut after: SourceStatus,
    now: DateTime<Utc>,
    stop: &CancellationToken,
) -> Result<Counts, Unstored> {
    let mut counts = Counts::default();
    let mut backlog_ids = Vec::new();
    let mut parts: Vec<Vec<Found>> = Vec::new();
    for found in found {
        match parts.last_mut() {
            Some(part) if part.len() < PART => part.push(found),
            _ => parts.push(vec![found]),
        }
    }
    if parts.is_empty() {
        save(engine, plan, before, after).await?;
        return Ok(counts);
    }
    let n_parts = parts.len();
    for (place, part) in parts.into_iter().enumerate() {
        if stop.is_cancelled() {
            return Err(Unstored::Stopped);
        }
        let mentions = judge(engine, plan, source, part, now)
            .await
            .map_err(Unstored::Unjudged)?;
        backlog_ids.extend(
            mentions
                .iter()
                .filter(|new| new.mention.backlog && new.mention.seen_at == now)
                .map(|new| new.mention.id.to_string()),
        );
        let is_last = place + 1 == n_parts;
        let mut events = Vec::new();
        if is_last {
            if !backlog_ids.is_empty() {
                let event = backlog_event(source, &backlog_ids, before, now);
                events.push(event.addressed(&plan.destinations));
            }
            events.extend(recovery(plan, before, &after, now));
            after.health.n_mentions += counts.n_new as u64
                + mentions
                    .iter()
                    .filter(|new| new.mention.seen_at == now)
                    .count() as u64;
        }
        let outcome = PollOutcome {
            source: source.name.clone(),
            status: is_last.then(|| after.clone()),
            mentions,
            events,
        };
        let store = engine.store.clone();
        let (outcome, recorded) = blocking(move || {
            let recorded = store.record_poll(&outcome)?;
            Ok::<_, StoreError>((outcome, recorded))
        })
        .await?;
        counts.n_new += recorded.new.len();
        counts.n_updated += recorded.updated.len();
        let stored: HashSet<&EventId> = recorded.events.iter().collect();
        let told: Vec<Event> = outcome
            .mentions
            .iter()
            .flat_map(|new| &new.events)
            .chain(&outcome.events)
            .map(|(event, _)| event)
            .filter(|event| stored.contains(&event.id))
            .cloned()
            .collect();
        counts.n_flagged += told
            .iter()
            .filter(|event| event.event_type == EventType::MentionFlagged)
            .count();
        engine.announce(told);
    }
    Ok(counts)
}

/// `source.recovered`, once, when people were told that it fails.
fn recovery(
    plan: &Plan,
    before: &SourceStatus,
    after: &SourceStatus,
    now: DateTime<Utc>,
) -> Option<Outgoing> {
    (before.health.n_failures >= N_FAILURES_BEFORE_ALERT).then(|| {
        let since = before.health.last_ok_at;
        source_event(EventType::SourceRecovered, after, since, now).addressed(&plan.destinations)
    })
}

/// Stores the status of a poll that brought no mentions.
pub(super) async fn save(
    engine: &Engine,
    plan: &Plan,
    before: &SourceStatus,
    after: SourceStatus,
) -> Result<(), StoreError> {
    let now = after.health.last_poll_at.unwrap_or_else(Engine::now);
    let events: Vec<_> = recovery(plan, before, &after, now).into_iter().collect();
    write_status(engine, after, events).await
}

async fn write_status(
    engine: &Engine,
    status: SourceStatus,
    events: Vec<Outgoing>,
) -> Result<(), StoreError> {
    let store = engine.store.clone();
    let (stored, events) = blocking(move || {
        let stored = store.save_source_status(&status, &events)?;
        Ok::<_, StoreError>((stored, events))
    })
    .await?;
    if !stored.is_empty() {
        engine.announce(
            events
                .into_iter()
                .map(|(event, _)| event)
                .filter(|event| stored.contains(&event.id)),
        );
    }
    Ok(())
}

/// What went wrong, and whether the server said when to come back.
pub(super) struct Failure {
    pub(super) reason: String,
    pub(super) retry_after: Option<Duration>,
}

impl Failure {
    pub(super) fn of(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            retry_after: None,
        }
    }
}

/// Records the failure with its reason and the next try.
pub(super) async fn record_failure(
    engine: &Engine,
    plan: &Plan,
    source: &PlannedSource,
    mut status: SourceStatus,
    failure: Failure,
    now: DateTime<Utc>,
    mode: Mode,
) -> PollError {
    let Failure {
        reason,
        retry_after,
    } = failure;
    let n_failures = status.health.n_failures.saturating_add(1);
    let next_at = next_at(
        source,
        Checked::Failed {
            n_failures,
            retry_after,
        },
        now,
    );
    if mode == Mode::Store {
        let health = &mut status.health;
        health.state = HealthState::Failing;
        health.last_poll_at = Some(now);
        health.next_poll_at = Some(next_at);
        health.reason = Some(reason.clone());
        health.n_failures = n_failures;
        let events: Vec<_> = (n_failures >= N_FAILURES_BEFORE_ALERT)
            .then(|| {
                let since = status.health.last_ok_at;
                source_event(EventType::SourceFailing, &status, since, now)
                    .addressed(&plan.destinations)
            })
            .into_iter()
            .collect();
        if let Err(error) = write_status(engine, status, events).await {
            return failed_store(source, &error);
        }
    }
    PollError::Failed { reason, next_at }
}

/// The store itself failed: nothing could be recorded, so only the caller can tell.
pub(super) fn failed_store(source: &PlannedSource, error: &StoreError) -> PollError {
    tracing::error!(source.id = %source.name, %error, "The store refused a poll's outcome");
    PollError::Failed {
        reason: format!("the store failed: {error}"),
        next_at: Engine::now() + TimeDelta::minutes(1),
    }
}
