//! Sending again what a destination missed: one delivery, or everything since a time.

use chrono::{DateTime, Utc};
use sled::transaction::abort;

use super::{
    Store, StoreError,
    deliveries::{self, put_delivery, waiting_state},
    keys,
    tables::{Change, View, get, text},
};
use crate::domain::{Delivery, DeliveryId, DeliveryState, Event};

/// Deliveries made due in one transaction.
const N_PER_TRANSACTION: usize = 500;

impl Store {
    /// Makes one delivery due at once, whatever became of it; a destination that was held
    /// is tried. What is being sent at this moment is left alone.
    ///
    /// # Errors
    /// [`StoreError::NoDelivery`] and, for what has arrived, [`StoreError::Delivered`].
    pub fn retry_delivery(
        &self,
        id: &DeliveryId,
        now: DateTime<Utc>,
    ) -> Result<Delivery, StoreError> {
        let delivery = self.transact(|view| {
            let Some(old) = get::<Delivery>(&view.deliveries, deliveries::TABLE, id.as_str())?
            else {
                return abort(StoreError::NoDelivery { id: id.clone() });
            };
            match old.state {
                DeliveryState::Delivered => abort(StoreError::Delivered { id: id.clone() }),
                DeliveryState::Sending => Ok(old),
                _ => make_due(view, &old, now),
            }
        })?;
        self.release_destination(&delivery.destination)?;
        self.flush()?;
        Ok(delivery)
    }

    /// Sends a destination what it missed since a time, in the order of the events: what
    /// was given up, what waits for its next try, what was skipped without being told in
    /// a digest, and events that it wants (`delivery_of` says so) but was never sent. The
    /// destination is switched on again. How many deliveries that are.
    pub fn replay(
        &self,
        destination: &str,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
        delivery_of: impl Fn(&Event) -> Option<Delivery>,
    ) -> Result<usize, StoreError> {
        let mut missed = Vec::new();
        let tables = self.tables();
        for key in tables.deliveries_by_time.range(keys::time(since)..).keys() {
            let id = text(keys::id_after(&key?, keys::TIME_BYTES));
            let delivery = self.delivery(&DeliveryId::new(id))?;
            missed.extend(delivery.filter(|delivery| {
                delivery.destination == destination && is_missed(delivery, now)
            }));
        }
        for event in self.events_since(since, usize::MAX)? {
            let Some(delivery) = delivery_of(&event) else {
                continue;
            };
            if self.delivery(&delivery.id)?.is_none() {
                missed.push(delivery);
            }
        }
        for part in missed.chunks(N_PER_TRANSACTION) {
            self.transact(|view| {
                for delivery in part {
                    let old =
                        get::<Delivery>(&view.deliveries, deliveries::TABLE, delivery.id.as_str())?;
                    match old {
                        None => {
                            let new = due_now(delivery, now);
                            put_delivery(view, None, &new)?;
                        }
                        Some(old) if is_missed(&old, now) => {
                            make_due(view, &old, now)?;
                        }
                        Some(_) => (),
                    }
                }
                Ok(())
            })?;
        }
        self.enable_destination(destination)?;
        self.flush()?;
        Ok(missed.len())
    }
}

fn is_missed(delivery: &Delivery, now: DateTime<Utc>) -> bool {
    match delivery.state {
        DeliveryState::Failed => true,
        DeliveryState::Skipped => delivery.within.is_none(),
        DeliveryState::Retrying => delivery.next_at.is_some_and(|at| at > now),
        // What is put off comes in its own time, and what is due comes anyway.
        DeliveryState::Due | DeliveryState::Sending | DeliveryState::Delivered => false,
    }
}

fn due_now(old: &Delivery, now: DateTime<Utc>) -> Delivery {
    Delivery {
        state: waiting_state(old),
        next_at: Some(now),
        put_off: None,
        reason: None,
        within: None,
        ..old.clone()
    }
}

fn make_due(view: &View, old: &Delivery, now: DateTime<Utc>) -> Change<Delivery> {
    let new = due_now(old, now);
    put_delivery(view, Some(old), &new)?;
    Ok(new)
}
