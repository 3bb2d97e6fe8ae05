//! How a poll ended, as it is remembered of the source: fine or failed, with the reason and
//! the next time, and the events about the source itself.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::events::{gap_event, source_event, voice_event};
use super::poll::{Mode, PollError};
use super::watch::{News, interval};
use super::{Engine, Plan, PlannedSource, blocking};
use crate::domain::{EventType, HealthState, Rhythm, SourceStatus};
use crate::fetch::{Checked, FetchError, next_check};
use crate::parse::ParseError;
use crate::store::{Outgoing, StoreError};

/// Failed polls in a row before people are told.
pub(super) const N_FAILURES_BEFORE_ALERT: u32 = 3;

/// When a source is due again after a poll that ended like this.
pub(super) fn next_at(
    source: &PlannedSource,
    rhythm: &Rhythm,
    checked: Checked,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let every = interval(source.every, source.adaptive, rhythm, now);
    let wait = next_check(every, checked, rand::random());
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
    health.reason_kind = None;
    health.n_failures = 0;
    health.n_polls_ok += 1;
    status
}

/// `source.recovered`, once, when people were told that it fails.
pub(super) fn recovery(
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

/// What people are told about the source itself after a good poll: that it recovered, and
/// what the answer says about it.
pub(super) fn told_of_source(
    plan: &Plan,
    before: &SourceStatus,
    after: &SourceStatus,
    news: &News,
    now: DateTime<Utc>,
) -> Vec<Outgoing> {
    let voice = news.voice.and_then(|voice| voice_event(voice, after, now));
    let gap = news.gap.as_ref().map(|gap| gap_event(gap, after, now));
    let about_answer = [voice, gap]
        .into_iter()
        .flatten()
        .map(|event| event.addressed(&plan.destinations));
    recovery(plan, before, after, now)
        .into_iter()
        .chain(about_answer)
        .collect()
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

/// Stores a status with what is told about it.
pub(super) async fn write_status(
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
    /// One word for metrics.
    kind: &'static str,
    reason: String,
    retry_after: Option<Duration>,
}

impl Failure {
    /// Something of ours gave up on the answer.
    pub(super) fn of(reason: impl Into<String>) -> Self {
        Self {
            kind: "internal",
            reason: reason.into(),
            retry_after: None,
        }
    }
}

impl Failure {
    /// The same with more to say about it.
    pub(super) fn because(mut self, what: &str) -> Self {
        self.reason = format!("{what}: {}", self.reason);
        self
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self {
            kind: error.kind(),
            reason: error.to_string(),
            retry_after: error.retry_after(),
        }
    }
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Self {
            kind: error.kind(),
            reason: error.to_string(),
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
        kind,
        reason,
        retry_after,
    } = failure;
    let n_failures = status.health.n_failures.saturating_add(1);
    let next_at = next_at(
        source,
        &Rhythm::default(),
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
        health.reason_kind = Some(kind.to_owned());
        health.n_failures = n_failures;
        if n_failures >= N_FAILURES_BEFORE_ALERT && status.cursor.moved_to.is_some() {
            // The place it moved to may be dead or somebody else's by now. If the move
            // still holds, the configured address says so again.
            status.cursor.moved_to = None;
            status.cursor.etag = None;
            status.cursor.last_modified = None;
        }
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
