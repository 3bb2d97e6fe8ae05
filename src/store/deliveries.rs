//! The outbox: deliveries wait in one queue per destination, are claimed by a sender, and
//! every attempt is recorded.

use chrono::{DateTime, Utc};
use sled::transaction::abort;

use super::{
    Store, StoreError,
    destinations::{note_failure, note_success},
    events, keys,
    posted::put_posted,
    tables::{Change, Tables, View, get, load, must_get, put, reindex, text},
};
use crate::domain::{Attempt, Delivery, DeliveryId, DeliveryState, Event};

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

/// The entry of a delivery in the queue of its destination, while it waits.
pub(super) fn due_entry(delivery: &Delivery) -> Option<(Vec<u8>, Vec<u8>)> {
    keys::due(delivery).map(|key| (key, Vec::new()))
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
    reindex(
        &view.sending,
        old.and_then(sending_entry),
        sending_entry(new),
    )
}

impl Store {
    /// Claims deliveries whose time has come, marking them `sending`: whoever gets one is
    /// the only one to send it, and records how it went. At most `per_destination` are
    /// under way to one destination, counting those claimed before; at most `total` are
    /// given out now, taken from the destinations in turn, so that a dead one never holds
    /// up the others. Disabled destinations are passed over; their deliveries wait.
    pub fn claim_due(
        &self,
        now: DateTime<Utc>,
        per_destination: usize,
        total: usize,
    ) -> Result<Vec<(Delivery, Event)>, StoreError> {
        let _claiming = self.lock_claims();
        let queues = self.queues_with_work(now, per_destination)?;
        let keys = in_turn(queues, total);
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.transact(|view| {
            let mut claimed = Vec::with_capacity(keys.len());
            for key in &keys {
                claimed.extend(claim(view, key)?);
            }
            Ok(claimed)
        })
    }

    /// Keys of the deliveries to be sent, one list per enabled destination.
    fn queues_with_work(
        &self,
        now: DateTime<Utc>,
        per_destination: usize,
    ) -> Result<Vec<Vec<Vec<u8>>>, StoreError> {
        let tables = self.tables();
        let mut queues = Vec::new();
        for destination in waiting_destinations(tables) {
            let destination = destination?;
            if self.is_disabled(&keys::destination_name(&destination))? {
                continue;
            }
            let n_sending = tables.sending.scan_prefix(&destination).keys().count();
            let end = keys::joined(&[&destination, &keys::time(now)]);
            // Everything that starts with `end` is due as well: it is due right now.
            let end = keys::after(&end).unwrap_or(end);
            let queue: Vec<Vec<u8>> = tables
                .due
                .range(destination..end)
                .keys()
                .take(per_destination.saturating_sub(n_sending))
                .map(|key| key.map(|key| key.to_vec()))
                .collect::<Result<_, _>>()?;
            queues.push(queue);
        }
        Ok(queues)
    }

    /// Records how an attempt ended; `attempt` is `None` when nothing was sent, as for what
    /// is skipped or put off. The health of the destination follows in the same step, from
    /// real attempts only.
    ///
    /// # Errors
    /// [`StoreError::NoDelivery`].
    pub fn record_attempt(
        &self,
        id: &DeliveryId,
        attempt: impl Into<Option<Attempt>>,
        outcome: &AttemptOutcome,
    ) -> Result<Delivery, StoreError> {
        let attempt = attempt.into();
        let delivery = self.transact(|view| {
            let Some(old) = get::<Delivery>(&view.deliveries, TABLE, id.as_str())? else {
                return abort(StoreError::NoDelivery { id: id.clone() });
            };
            let mut new = old.clone();
            new.attempts.extend(attempt.clone());
            // A second sender that reports late must not send again what has arrived.
            if old.state != DeliveryState::Delivered {
                (new.state, new.next_at, new.reason) = match outcome {
                    AttemptOutcome::Delivered => (DeliveryState::Delivered, None, None),
                    AttemptOutcome::RetryAt(at) => (waiting_state(&new), Some(*at), None),
                    AttemptOutcome::Failed(why) => (DeliveryState::Failed, None, Some(why.clone())),
                    AttemptOutcome::Skipped(why) => {
                        (DeliveryState::Skipped, None, Some(why.clone()))
                    }
                };
            }
            put_delivery(view, Some(&old), &new)?;
            if let Some(attempt) = &attempt {
                put_posted(view, &new.destination, attempt)?;
                match outcome {
                    AttemptOutcome::Delivered => note_success(view, &new.destination, attempt.at)?,
                    AttemptOutcome::RetryAt(_) | AttemptOutcome::Failed(_) => {
                        note_failure(view, &new.destination, attempt.at)?;
                    }
                    AttemptOutcome::Skipped(_) => (),
                }
            }
            Ok(new)
        })?;
        self.flush()?;
        Ok(delivery)
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

    /// When the next delivery to an enabled destination is to be tried; it may have passed.
    pub fn next_due_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut next: Option<DateTime<Utc>> = None;
        for destination in waiting_destinations(self.tables()) {
            let destination = destination?;
            if self.is_disabled(&keys::destination_name(&destination))? {
                continue;
            }
            let first = self.tables().due.scan_prefix(&destination).keys().next();
            let Some(key) = first.transpose()? else {
                continue;
            };
            let at = keys::read_time(keys::id_after(&key, destination.len()));
            next = [next, at].into_iter().flatten().min();
        }
        Ok(next)
    }

    /// The delivery with this id.
    pub fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>, StoreError> {
        load(&self.tables().deliveries, TABLE, id.as_str())
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
        self.tables().due.len() + self.tables().sending.len()
    }
}

/// What a delivery is when it goes back to its queue.
fn waiting_state(delivery: &Delivery) -> DeliveryState {
    if delivery.attempts.is_empty() {
        DeliveryState::Due
    } else {
        DeliveryState::Retrying
    }
}

/// Claims the delivery behind a key of the queue; `None` when it is no longer there, or
/// cannot be sent because its event is lost, which is then recorded.
fn claim(view: &View, key: &[u8]) -> Change<Option<(Delivery, Event)>> {
    if view.due.get(key)?.is_none() {
        return Ok(None);
    }
    let n_before_id = keys::split_destination(key).map_or(0, |(destination, _)| {
        destination.len() + keys::DUE_TIME_BYTES
    });
    let id = keys::id_after(key, n_before_id);
    let old: Delivery = must_get(&view.deliveries, TABLE, id)?;
    let event: Option<Event> = get(&view.events, events::TABLE, old.event.as_str())?;
    let mut new = Delivery {
        next_at: None,
        ..old.clone()
    };
    let Some(event) = event else {
        new.state = DeliveryState::Failed;
        new.reason = Some("its event is not in the store".into());
        put_delivery(view, Some(&old), &new)?;
        return Ok(None);
    };
    new.state = DeliveryState::Sending;
    put_delivery(view, Some(&old), &new)?;
    Ok(Some((new, event)))
}

/// One of each list, then the second of each, and so on, up to `limit`.
fn in_turn(lists: Vec<Vec<Vec<u8>>>, limit: usize) -> Vec<Vec<u8>> {
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut taken = Vec::new();
    loop {
        let n_before = taken.len();
        for list in &mut lists {
            if taken.len() == limit {
                return taken;
            }
            taken.extend(list.next());
        }
        if taken.len() == n_before {
            return taken;
        }
    }
}

/// The key part of every destination that has a queue, found by jumping from queue to
/// queue, so that a long one costs no more than a short one.
fn waiting_destinations(tables: &Tables) -> impl Iterator<Item = sled::Result<Vec<u8>>> {
    let mut from = Some(Vec::new());
    std::iter::from_fn(move || {
        let first = tables.due.range(from.take()?..).keys().next()?;
        let key = match first {
            Ok(key) => key,
            Err(error) => return Some(Err(error)),
        };
        let (destination, _) = keys::split_destination(&key)?;
        from = keys::after(destination);
        Some(Ok(destination.to_vec()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_in_turn(lists: &[&[u8]], limit: usize, expected: &[u8]) {
        let lists = lists
            .iter()
            .map(|list| list.iter().map(|key| vec![*key]).collect())
            .collect();
        assert_eq!(in_turn(lists, limit).concat(), expected);
    }

    #[test]
    fn destinations_are_served_in_turn() {
        check_in_turn(&[&[1, 2, 3], &[11], &[21, 22]], 10, &[1, 11, 21, 2, 22, 3]);
        check_in_turn(&[&[1, 2, 3], &[11], &[21, 22]], 4, &[1, 11, 21, 2]);
        check_in_turn(&[&[1, 2, 3]], 0, &[]);
        check_in_turn(&[], 5, &[]);
    }
}
