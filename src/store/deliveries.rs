//! The ledger: a row per event and destination, with every attempt. How rows are claimed,
//! told together and sent again stands beside this file.

use chrono::{DateTime, Utc};

use super::{
    Store, StoreError,
    destinations::{Holds, note_failure, note_success},
    keys,
    tables::{Change, View, get, load, must_get, put, reindex, text},
};
use crate::domain::{Attempt, Delivery, DeliveryId, DeliveryState};

pub(super) const TABLE: &str = "deliveries";

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The receiver took it.
    Delivered,
    /// It failed, or was put off without an attempt; it is tried again then.
    RetryAt(DateTime<Utc>),
    /// It is given up.
    Failed(String),
    /// It is not to be sent at all; says nothing about the destination.
    Skipped(String),
}

/// An attempt to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Which delivery.
    pub id: DeliveryId,
    /// What was tried; `None` when nothing was sent, as for what is skipped or put off.
    pub attempt: Option<Attempt>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// What a failure says about other messages.
    pub holds: Holds,
}

/// Which deliveries to read; the default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only those in this state.
    pub state: Option<DeliveryState>,
    /// Only those to this destination.
    pub destination: Option<String>,
}

/// The byte that stands for a state in the index by time.
fn state_byte(state: DeliveryState) -> u8 {
    match state {
        DeliveryState::Due => 0,
        DeliveryState::Sending => 1,
        DeliveryState::Delivered => 2,
        DeliveryState::Retrying => 3,
        DeliveryState::Failed => 4,
        DeliveryState::Skipped => 5,
    }
}

/// The entry of a delivery in the index by time.
pub(super) fn time_entry(delivery: &Delivery) -> (Vec<u8>, Vec<u8>) {
    (
        keys::timed(delivery.created_at, delivery.id.as_str()),
        keys::joined(&[
            &[state_byte(delivery.state)],
            delivery.destination.as_bytes(),
        ]),
    )
}

/// The entry of a delivery in the queue of its destination, while it waits there.
pub(super) fn due_entry(delivery: &Delivery) -> Option<(Vec<u8>, Vec<u8>)> {
    let key = keys::waiting(delivery).filter(|_| !is_bundled(delivery))?;
    Some((key, keys::story(delivery).into_bytes()))
}

/// The entry of a delivery among those that are told together.
pub(super) fn bundle_entry(delivery: &Delivery) -> Option<(Vec<u8>, Vec<u8>)> {
    let key = keys::waiting(delivery).filter(|_| is_bundled(delivery))?;
    Some((key, Vec::new()))
}

/// The entry of a delivery in its story, while it is not finished.
pub(super) fn story_entry(delivery: &Delivery) -> Option<(Vec<u8>, Vec<u8>)> {
    use DeliveryState::{Due, Retrying, Sending};
    matches!(delivery.state, Due | Retrying | Sending)
        .then(|| (keys::story_place(delivery), Vec::new()))
}

fn is_bundled(delivery: &Delivery) -> bool {
    delivery.put_off.is_some_and(|why| why.is_bundled())
}

/// The entry of a delivery among the claimed ones, while it is sent.
pub(super) fn sending_entry(delivery: &Delivery) -> Option<(Vec<u8>, Vec<u8>)> {
    (delivery.state == DeliveryState::Sending).then(|| (keys::sending(delivery), Vec::new()))
}

/// Writes a delivery with its index entries; `old` is the row that it replaces.
pub(super) fn put_delivery(view: &View, old: Option<&Delivery>, new: &Delivery) -> Change<()> {
    put(&view.deliveries, new.id.as_str(), new)?;
    reindex(
        &view.deliveries_by_time,
        old.map(time_entry),
        Some(time_entry(new)),
    )?;
    reindex(&view.due, old.and_then(due_entry), due_entry(new))?;
    reindex(&view.bundles, old.and_then(bundle_entry), bundle_entry(new))?;
    reindex(&view.stories, old.and_then(story_entry), story_entry(new))?;
    reindex(
        &view.sending,
        old.and_then(sending_entry),
        sending_entry(new),
    )
}

impl Store {
    /// Records how one attempt ended; see [`Store::record_attempts`].
    ///
    /// # Errors
    /// [`StoreError::NoDelivery`].
    pub fn record_attempt(
        &self,
        id: &DeliveryId,
        attempt: impl Into<Option<Attempt>>,
        outcome: &AttemptOutcome,
    ) -> Result<Delivery, StoreError> {
        let tried = Tried {
            id: id.clone(),
            attempt: attempt.into(),
            outcome: outcome.clone(),
            holds: Holds::Story,
        };
        let mut recorded = self.record_attempts(std::slice::from_ref(&tried))?;
        recorded
            .pop()
            .ok_or_else(|| StoreError::NoDelivery { id: id.clone() })
    }

    /// Records how attempts ended, all of them in one transaction and with one flush. The
    /// health of the destinations follows in the same step, from real attempts only. The
    /// deliveries as they are now; unknown ones are left out.
    pub fn record_attempts(&self, tried: &[Tried]) -> Result<Vec<Delivery>, StoreError> {
        let recorded = self.transact(|view| {
            let mut recorded = Vec::with_capacity(tried.len());
            for tried in tried {
                recorded.extend(record(view, tried)?);
            }
            Ok(recorded)
        })?;
        self.flush()?;
        Ok(recorded)
    }

    /// Makes what was found `sending` due at once; how many there were. Called at start,
    /// before anything is claimed: whoever had claimed them is gone, and nobody knows
    /// whether the receiver got them.
    pub fn recover_sending(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let _claiming = self.lock_claims();
        let mut n_recovered = 0;
        for key in self.tables().sending.iter().keys() {
            let key = key?;
            let id = keys::split_destination(&key).map(|(_, id)| text(id));
            let Some(id) = id else { continue };
            n_recovered += self.transact(|view| {
                let old: Delivery = must_get(&view.deliveries, TABLE, &id)?;
                if old.state != DeliveryState::Sending {
                    return Ok(0);
                }
                let new = Delivery {
                    state: waiting_state(&old),
                    next_at: Some(now),
                    ..old.clone()
                };
                put_delivery(view, Some(&old), &new)?;
                Ok(1)
            })?;
        }
        self.flush()?;
        Ok(n_recovered)
    }

    /// The delivery with this id.
    pub fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>, StoreError> {
        load(&self.tables().deliveries, TABLE, id.as_str())
    }

    /// The delivery with this id, or the only one whose id starts so.
    ///
    /// # Errors
    /// [`StoreError::NoDelivery`] and [`StoreError::Ambiguous`].
    pub fn find_delivery(&self, prefix: &str) -> Result<Delivery, StoreError> {
        let not_found = || StoreError::NoDelivery {
            id: DeliveryId::new(prefix),
        };
        if prefix.is_empty() {
            return Err(not_found());
        }
        let mut ids = Vec::new();
        for key in self.tables().deliveries.scan_prefix(prefix).keys().take(5) {
            ids.push(text(&key?));
        }
        match ids.as_slice() {
            [] => Err(not_found()),
            [id] => self
                .delivery(&DeliveryId::new(id.as_str()))?
                .ok_or_else(not_found),
            _ => Err(StoreError::Ambiguous {
                prefix: prefix.into(),
                examples: ids,
            }),
        }
    }

    /// How many deliveries a destination is still owed, and when it is tried next; the
    /// time is `None` when it is off or nothing waits.
    pub fn waiting_for(
        &self,
        destination: &str,
    ) -> Result<(usize, Option<DateTime<Utc>>), StoreError> {
        let tables = self.tables();
        let prefix = keys::destination(destination);
        let n_waiting = tables.stories.scan_prefix(&prefix).count();
        let health = self.destination_health(destination)?;
        if health.disabled.is_some() {
            return Ok((n_waiting, None));
        }
        if let Some(held) = health.held {
            return Ok((n_waiting, Some(held.until)));
        }
        let mut next: Option<DateTime<Utc>> = None;
        for queue in [&tables.due, &tables.bundles] {
            let first = queue.scan_prefix(&prefix).keys().next().transpose()?;
            let at = first.and_then(|key| keys::read_time(keys::id_after(&key, prefix.len())));
            next = [next, at].into_iter().flatten().min();
        }
        Ok((n_waiting, next))
    }

    /// The deliveries that the filter lets through, the newest first, read as the iterator
    /// is asked for them.
    pub fn deliveries_newest_first(
        &self,
        filter: &DeliveryFilter,
    ) -> impl Iterator<Item = Result<Delivery, StoreError>> + Send + use<> {
        let store = self.clone();
        let filter = filter.clone();
        let entries = self.tables().deliveries_by_time.iter().rev();
        entries.filter_map(move |entry| {
            let (key, value) = match entry {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error.into())),
            };
            let (state, destination) = value.split_first()?;
            let passes = filter
                .state
                .is_none_or(|wanted| state_byte(wanted) == *state)
                && filter
                    .destination
                    .as_ref()
                    .is_none_or(|wanted| wanted.as_bytes() == destination);
            if !passes {
                return None;
            }
            let id = text(keys::id_after(&key, keys::TIME_BYTES));
            store.delivery(&DeliveryId::new(id)).transpose()
        })
    }

    /// How many deliveries are still to be made, those under way included.
    pub fn n_undelivered(&self) -> usize {
        self.tables().stories.len()
    }
}

/// What a delivery is when it goes back to its queue.
pub(super) fn waiting_state(delivery: &Delivery) -> DeliveryState {
    if delivery.attempts.is_empty() {
        DeliveryState::Due
    } else {
        DeliveryState::Retrying
    }
}

/// Records one attempt; `None` when there is no such delivery.
fn record(view: &View, tried: &Tried) -> Change<Option<Delivery>> {
    let Some(old) = get::<Delivery>(&view.deliveries, TABLE, tried.id.as_str())? else {
        return Ok(None);
    };
    let mut new = old.clone();
    new.attempts.extend(tried.attempt.clone());
    // A second sender that reports late must not send again what has arrived.
    if old.state != DeliveryState::Delivered {
        (new.state, new.next_at, new.reason) = match &tried.outcome {
            AttemptOutcome::Delivered => (DeliveryState::Delivered, None, None),
            AttemptOutcome::RetryAt(at) => (waiting_state(&new), Some(*at), None),
            AttemptOutcome::Failed(why) => (DeliveryState::Failed, None, Some(why.clone())),
            AttemptOutcome::Skipped(why) => (DeliveryState::Skipped, None, Some(why.clone())),
        };
    }
    put_delivery(view, Some(&old), &new)?;
    if let Some(attempt) = &tried.attempt {
        match &tried.outcome {
            AttemptOutcome::Delivered => note_success(view, &new.destination, attempt.at)?,
            AttemptOutcome::RetryAt(_) | AttemptOutcome::Failed(_) => {
                note_failure(view, &new, attempt.at, tried.holds)?;
            }
            AttemptOutcome::Skipped(_) => (),
        }
    }
    Ok(Some(new))
}
