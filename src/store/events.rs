//! Events and the deliveries that are stored with them. An event that exists is left
//! alone, so that repeating an operation alerts nobody again.

use chrono::{DateTime, Utc};

use super::{
    Store, StoreError,
    bundles::settle,
    deliveries::put_delivery,
    keys,
    tables::{Change, View, load, put, put_bytes, text},
};
use crate::domain::{Delivery, Event, EventId};

pub(super) const TABLE: &str = "events";

/// An event with what it owes to each destination.
pub type Outgoing = (Event, Vec<Delivery>);

/// Stores those events that do not exist yet; which ones these were.
pub(super) fn put_events(view: &View, outgoing: &[Outgoing]) -> Change<Vec<EventId>> {
    let mut stored = Vec::new();
    for (event, deliveries) in outgoing {
        if put_event(view, event, deliveries)? {
            stored.push(event.id.clone());
        }
    }
    Ok(stored)
}

/// Stores an event with its deliveries, unless it exists.
pub(super) fn put_event(view: &View, event: &Event, deliveries: &[Delivery]) -> Change<bool> {
    if view.events.get(event.id.as_str())?.is_some() {
        return Ok(false);
    }
    put(&view.events, event.id.as_str(), event)?;
    put_bytes(
        &view.events_by_time,
        keys::timed(event.at, event.id.as_str()),
        Vec::new(),
    )?;
    for delivery in deliveries {
        put_delivery(view, None, &settle(view, delivery)?)?;
    }
    Ok(true)
}

impl Store {
    /// Stores an event that belongs to no other operation, such as a test; whether it was
    /// new.
    pub fn store_event(&self, event: &Event, deliveries: &[Delivery]) -> Result<bool, StoreError> {
        let is_new = self.transact(|view| put_event(view, event, deliveries))?;
        self.flush()?;
        Ok(is_new)
    }

    /// The event with this id.
    pub fn event(&self, id: &EventId) -> Result<Option<Event>, StoreError> {
        load(&self.tables().events, TABLE, id.as_str())
    }

    /// The events with these ids, in their order.
    pub fn events(&self, ids: &[EventId]) -> Result<Vec<Event>, StoreError> {
        let found = ids.iter().filter_map(|id| self.event(id).transpose());
        found.collect()
    }

    /// The last `limit` events, the newest first.
    pub fn events_newest_first(&self, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.read_events(self.tables().events_by_time.iter().rev())
            .take(limit)
            .collect()
    }

    /// The events stored at `at` or later, the oldest first, at most `limit`.
    pub fn events_since(&self, at: DateTime<Utc>, limit: usize) -> Result<Vec<Event>, StoreError> {
        let entries = self.tables().events_by_time.range(keys::time(at)..);
        self.read_events(entries).take(limit).collect()
    }

    fn read_events(
        &self,
        entries: impl Iterator<Item = sled::Result<(sled::IVec, sled::IVec)>>,
    ) -> impl Iterator<Item = Result<Event, StoreError>> {
        entries.filter_map(|entry| {
            let key = match entry {
                Ok((key, _)) => key,
                Err(error) => return Some(Err(error.into())),
            };
            let id = text(keys::id_after(&key, keys::TIME_BYTES));
            self.event(&EventId::new(id)).transpose()
        })
    }
}
