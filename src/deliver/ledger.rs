//! The sender's work with the store, in one go on a thread that may block: record what
//! was tried, switch off who has failed for too long, make digests, claim what is due.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::json;
use tracing::{error, warn};

use super::{digest, schedule};
use crate::domain::{Delivery, Destination, Event, EventId, EventType};
use crate::store::{Store, StoreError, Tried};

/// Room of a destination that is no longer configured: its deliveries are only skipped.
const ROOM_TO_SKIP: usize = 64;
/// What is due to a destination that we do not know waits this long before it is skipped:
/// after a reload an event may be stored for a new one before we are told of it.
const UNKNOWN_WAITS: TimeDelta = TimeDelta::seconds(60);
/// Claimed at a time in all.
const PER_CLAIM: usize = 256;

/// An attempt that has come to its end.
pub(super) struct Finished {
    pub(super) destination: String,
    pub(super) tried: Tried,
    /// The receiver says that it is gone for good.
    pub(super) is_gone: bool,
}

/// What is to be done.
pub(super) struct Work {
    pub(super) now: DateTime<Utc>,
    pub(super) finished: Vec<Finished>,
    pub(super) destinations: Arc<Vec<Destination>>,
    /// How many deliveries may be under way to each; `None` to claim nothing.
    pub(super) rooms: Option<HashMap<String, usize>>,
}

/// What was done.
#[derive(Default)]
pub(super) struct Done {
    pub(super) claimed: Vec<(Delivery, Event)>,
    /// When more will be due.
    pub(super) next_at: Option<DateTime<Utc>>,
}

/// Does it.
pub(super) fn run(store: &Store, work: Work) -> Result<Done, StoreError> {
    record(store, &work);
    let Some(rooms) = &work.rooms else {
        return Ok(Done::default());
    };
    for bundle in store.due_bundles(work.now)? {
        if bundle.parts.len() == 1 {
            store.unbundle(&bundle, work.now)?;
        } else {
            store.bundle(&bundle, &digest::build(&bundle, work.now), work.now)?;
        }
    }
    let room = |name: &str| rooms.get(name).copied().unwrap_or(0);
    let to_skip = |name: &str| match rooms.get(name) {
        Some(_) => 0,
        None => ROOM_TO_SKIP,
    };
    let mut claimed = store.claim_due_within(work.now, &room, PER_CLAIM)?;
    claimed.extend(store.claim_due_within(work.now - UNKNOWN_WAITS, &to_skip, PER_CLAIM)?);
    Ok(Done {
        claimed,
        next_at: store.next_due_after(work.now)?,
    })
}

/// Records attempts. What cannot be recorded stays marked as being sent, so that it is
/// sent again after the next start rather than lost.
fn record(store: &Store, work: &Work) {
    if work.finished.is_empty() {
        return;
    }
    let tried: Vec<Tried> = work
        .finished
        .iter()
        .map(|finished| finished.tried.clone())
        .collect();
    if store.record_attempts(&tried).is_err() {
        // One damaged row must not take the others with it.
        for tried in &tried {
            if let Err(error) = store.record_attempts(std::slice::from_ref(tried)) {
                error!(delivery = %tried.id, %error, "An attempt could not be recorded; it is repeated after the next start");
            }
        }
    }
    let failed: BTreeSet<&str> = work
        .finished
        .iter()
        .filter(|finished| finished.is_failure())
        .map(|finished| finished.destination.as_str())
        .collect();
    for name in failed {
        let is_gone = work
            .finished
            .iter()
            .any(|finished| finished.is_gone && finished.destination == name);
        if is_gone {
            let why = "the receiver answered that it is gone for good (410)";
            disable(store, work, name, why);
        } else if has_failed_too_long(store, name, work.now) {
            disable(store, work, name, "every attempt has failed for five days");
        }
    }
}

impl Finished {
    /// Whether something was sent and not taken.
    pub(super) fn is_failure(&self) -> bool {
        self.tried.attempt.is_some() && !self.is_delivered()
    }

    /// Whether the receiver took it.
    pub(super) fn is_delivered(&self) -> bool {
        self.tried.outcome == crate::store::AttemptOutcome::Delivered
    }
}

fn has_failed_too_long(store: &Store, name: &str, now: DateTime<Utc>) -> bool {
    match store.destination_health(name) {
        Ok(health) => schedule::has_failed_too_long(health.first_failure_at, now),
        Err(error) => {
            warn!(destination = %name, %error, "The health of a webhook could not be read");
            false
        }
    }
}

/// Switches a destination off and tells the others.
fn disable(store: &Store, work: &Work, name: &str, why: &str) {
    let others = work
        .destinations
        .iter()
        .filter(|destination| destination.name != name);
    let outgoing = [disabled_event(name, why, work.now).addressed(others)];
    match store.disable_destination(name, why, work.now, &outgoing) {
        Ok(true) => error!(
            destination = %name,
            why,
            "A webhook was switched off; its alerts wait until `hearken webhook test` reaches it"
        ),
        Ok(false) => (),
        Err(error) => {
            error!(destination = %name, %error, "A webhook could not be switched off");
        }
    }
}

fn disabled_event(name: &str, why: &str, at: DateTime<Utc>) -> Event {
    let moment = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let kind = EventType::DestinationDisabled;
    Event::new(
        EventId::of(kind.as_str(), &[name, &moment]),
        kind,
        at,
        json!({"destination": {"name": name, "reason": why, "disabled_at": moment}}),
    )
}
