//! The last step of a poll: what was found goes into the store with the moved cursor, part
//! by part when it is much, and people are told of what is new.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use super::events::backlog_event;
use super::judge::{Found, judge};
use super::outcome::{recovery, write_status};
use super::{Engine, Plan, PlannedSource, blocking};
use crate::domain::{Event, EventId, EventType, SourceStatus};
use crate::store::{Outgoing, PollOutcome, StoreError};

/// Mentions judged and stored together. Between two such parts a stop is heeded; the
/// cursor moves with the last one.
const PART: usize = 256;

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
    after: SourceStatus,
    now: DateTime<Utc>,
    stop: &CancellationToken,
) -> Result<Counts, Unstored> {
    let told = recovery(plan, before, &after, now).into_iter().collect();
    store_and_tell(
        engine,
        plan,
        source,
        found,
        before,
        (after, told),
        now,
        stop,
    )
    .await
}

/// The same, with what there is to tell about the source itself.
#[expect(
    clippy::too_many_arguments,
    reason = "the last step of a poll knows everything before it"
)]
pub(super) async fn store_and_tell(
    engine: &Engine,
    plan: &Arc<Plan>,
    source: &PlannedSource,
    found: Vec<Found>,
    before: &SourceStatus,
    (mut after, mut told_of_source): (SourceStatus, Vec<Outgoing>),
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
        write_status(engine, after, told_of_source).await?;
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
            events.append(&mut told_of_source);
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
