//! Who sends what next: claims go over the queues of all destinations in turn. Within a
//! story the oldest delivery goes first; what waits behind it is passed over.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::{
    Store, StoreError,
    deliveries::{self, put_delivery},
    destinations::Held,
    events, keys,
    tables::{Change, View, get, load, must_get},
};
use crate::domain::{Delivery, DeliveryState, Event};

/// How many deliveries may be under way to a destination, counting those claimed before.
pub type Room<'a> = &'a dyn Fn(&str) -> usize;

impl Store {
    /// Claims deliveries whose time has come, as [`Store::claim_due_within`] does, with the
    /// same room for every destination.
    pub fn claim_due(
        &self,
        now: DateTime<Utc>,
        per_destination: usize,
        total: usize,
    ) -> Result<Vec<(Delivery, Event)>, StoreError> {
        self.claim_due_within(now, &|_| per_destination, total)
    }

    /// Claims deliveries whose time has come, marking them `sending`: whoever gets one is
    /// the only one to send it, and records how it went. No more are under way to one
    /// destination than `room` says, and of each story one; at most `total` are given out
    /// now, taken from the destinations in turn, so that a dead one never holds up the
    /// others. Disabled destinations are passed over; one that is held gets a single
    /// delivery when its time has come. What was put off goes before what follows it in
    /// its story, should that be due sooner.
    pub fn claim_due_within(
        &self,
        now: DateTime<Utc>,
        room: Room<'_>,
        total: usize,
    ) -> Result<Vec<(Delivery, Event)>, StoreError> {
        let _claiming = self.lock_claims();
        let queues = self.queues_with_work(now, room, total)?;
        let ids = in_turn(queues, total);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.transact(|view| {
            let mut claimed = Vec::with_capacity(ids.len());
            for id in &ids {
                claimed.extend(claim(view, id)?);
            }
            Ok(claimed)
        })
    }

    /// Ids of the deliveries to be sent, one list per destination that may be sent to.
    fn queues_with_work(
        &self,
        now: DateTime<Utc>,
        room: Room<'_>,
        total: usize,
    ) -> Result<Vec<Vec<Vec<u8>>>, StoreError> {
        let tables = self.tables();
        let mut queues = Vec::new();
        for destination in destinations_in(&tables.due) {
            let destination = destination?;
            let name = keys::destination_name(&destination);
            let room = room(&name);
            // Asked first: it costs nothing, and the rest reads the store.
            if room == 0 {
                continue;
            }
            let health = self.destination_health(&name)?;
            if health.disabled.is_some() {
                continue;
            }
            let n_sending = tables.sending.scan_prefix(&destination).keys().count();
            let queue = match &health.held {
                Some(held) if held.until > now || n_sending > 0 => continue,
                Some(held) => self.probe(&destination, held, now)?,
                None => {
                    let n_free = room.saturating_sub(n_sending).min(total);
                    self.heads(&destination, now, n_free)?
                }
            };
            queues.push(queue);
        }
        Ok(queues)
    }

    /// What finds out whether a held destination is back: the delivery that failed, or the
    /// first one when that is finished.
    fn probe(
        &self,
        destination: &[u8],
        held: &Held,
        now: DateTime<Utc>,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let waits = self
            .delivery(&held.probe)?
            .is_some_and(|probe| probe.next_at.is_some_and(|at| at <= now));
        if waits {
            return Ok(vec![held.probe.as_str().into()]);
        }
        self.heads(destination, now, 1)
    }

    /// The first due deliveries of a destination that nothing older of their story holds
    /// up, at most `n_free`.
    fn heads(
        &self,
        destination: &[u8],
        now: DateTime<Utc>,
        n_free: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut heads = Vec::new();
        if n_free == 0 {
            return Ok(heads);
        }
        let tables = self.tables();
        let mut seen = HashSet::new();
        for entry in tables
            .due
            .range(destination.to_vec()..end_of(destination, now))
        {
            let (key, story) = entry?;
            if !seen.insert(story.clone()) {
                continue;
            }
            let first = tables
                .stories
                .scan_prefix(keys::story_prefix(destination, &story))
                .keys()
                .next();
            let Some(first) = first.transpose()? else {
                continue;
            };
            let n_before_id = destination.len() + story.len() + keys::TIME_BYTES;
            let id = keys::id_after(&first, n_before_id);
            let due = keys::id_after(&key, destination.len() + keys::DUE_TIME_BYTES);
            if id == due || self.may_go(id, now)? {
                heads.push(id.to_vec());
            }
            if heads.len() == n_free {
                break;
            }
        }
        Ok(heads)
    }

    /// Whether the oldest delivery of a story may be sent: it waits and its time has come,
    /// or it was put off and what follows it may not be.
    fn may_go(&self, id: &[u8], now: DateTime<Utc>) -> Result<bool, StoreError> {
        let delivery: Option<Delivery> = load(&self.tables().deliveries, deliveries::TABLE, id)?;
        Ok(delivery.is_some_and(|delivery| {
            let waits = delivery.state != DeliveryState::Sending;
            let is_due = delivery.next_at.is_some_and(|at| at <= now);
            waits && (is_due || delivery.put_off.is_some())
        }))
    }

    /// When the next delivery to an enabled destination is to be tried; it may have passed.
    pub fn next_due_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.first_waiting(None)
    }

    /// The first moment after `now` at which more will be due than is due now: the next
    /// try of a delivery, the end of a hold, the time of a digest.
    pub fn next_due_after(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.first_waiting(Some(now))
    }

    fn first_waiting(
        &self,
        after: Option<DateTime<Utc>>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let tables = self.tables();
        let mut next: Option<DateTime<Utc>> = None;
        for queue in [&tables.due, &tables.bundles] {
            for destination in destinations_in(queue) {
                let destination = destination?;
                let health = self.destination_health(&keys::destination_name(&destination))?;
                if health.disabled.is_some() {
                    continue;
                }
                let from = match after {
                    None => destination.clone(),
                    Some(after) => end_of(&destination, after),
                };
                let end = keys::after(&destination).unwrap_or_default();
                let first = queue.range(from..end).keys().next().transpose()?;
                let at =
                    first.and_then(|key| keys::read_time(keys::id_after(&key, destination.len())));
                let held = health
                    .held
                    .map(|held| held.until)
                    .filter(|until| after.is_some_and(|after| *until > after));
                next = [next, held.or(at)].into_iter().flatten().min();
            }
        }
        Ok(next)
    }
}

/// Where the keys of a destination's queue end that are due at `now`: everything that
/// starts with that very moment is due as well.
fn end_of(destination: &[u8], now: DateTime<Utc>) -> Vec<u8> {
    let end = keys::joined(&[destination, &keys::time(now)]);
    keys::after(&end).unwrap_or(end)
}

/// Claims a delivery; `None` when it waits no more, or cannot be sent because its event is
/// lost, which is then recorded.
fn claim(view: &View, id: &[u8]) -> Change<Option<(Delivery, Event)>> {
    let old: Delivery = must_get(&view.deliveries, deliveries::TABLE, id)?;
    if !matches!(old.state, DeliveryState::Due | DeliveryState::Retrying) {
        return Ok(None);
    }
    let event: Option<Event> = get(&view.events, events::TABLE, old.event.as_str())?;
    let mut new = Delivery {
        next_at: None,
        put_off: None,
        reason: None,
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

/// The key part of every destination that has an entry in a queue, found by jumping from
/// one to the next, so that a long one costs no more than a short one.
pub(super) fn destinations_in(queue: &sled::Tree) -> impl Iterator<Item = sled::Result<Vec<u8>>> {
    let mut from = Some(Vec::new());
    std::iter::from_fn(move || {
        let first = queue.range(from.take()?..).keys().next()?;
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
