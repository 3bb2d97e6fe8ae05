//! How each destination is doing, and whether it was switched off.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError,
    events::{Outgoing, put_events},
    tables::{Change, View, get, load, put, rows},
};
use crate::domain::{Delivery, DeliveryId};

pub(super) const TABLE: &str = "destinations";

/// The health of a destination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationHealth {
    /// The first attempt that failed since the last one that did not.
    #[serde(default)]
    pub first_failure_at: Option<DateTime<Utc>>,
    /// Attempts that failed since the last one that did not.
    #[serde(default)]
    pub n_failures: u32,
    /// The last attempt that ended well.
    #[serde(default)]
    pub last_ok_at: Option<DateTime<Utc>>,
    /// Set while nothing is sent to it.
    #[serde(default)]
    pub disabled: Option<Disabled>,
    /// Set while everything to it waits for one delivery to be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

/// A destination that seems to be down: everything to it waits, and one delivery finds out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// When it is tried again.
    pub until: DateTime<Utc>,
    /// The delivery that is tried then.
    pub probe: DeliveryId,
}

/// What a failure says about the messages beside the one that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holds {
    /// Nothing: only what follows it in its story waits.
    #[default]
    Story,
    /// The destination is down: everything to it waits until then.
    Lane(DateTime<Utc>),
    /// It may be this message or all of them: everything waits until then when nothing has
    /// arrived for some attempts.
    LaneIfRepeated(DateTime<Utc>),
}

/// So many failures in a row are no accident of single messages.
const N_FAILURES_THAT_HOLD: u32 = 3;

/// When and why a destination was switched off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    /// When.
    pub at: DateTime<Utc>,
    /// Why, as a sentence for people.
    pub reason: String,
}

/// Remembers that an attempt ended well.
pub(super) fn note_success(view: &View, name: &str, at: DateTime<Utc>) -> Change<()> {
    change(view, name, |health| {
        health.first_failure_at = None;
        health.n_failures = 0;
        health.last_ok_at = Some(at);
        health.held = None;
    })
}

/// Remembers that an attempt failed, and what that says about other messages.
pub(super) fn note_failure(
    view: &View,
    delivery: &Delivery,
    at: DateTime<Utc>,
    holds: Holds,
) -> Change<()> {
    change(view, &delivery.destination, |health| {
        health.first_failure_at.get_or_insert(at);
        health.n_failures = health.n_failures.saturating_add(1);
        let until = match holds {
            Holds::Lane(until) => until,
            Holds::LaneIfRepeated(until) if health.n_failures >= N_FAILURES_THAT_HOLD => until,
            Holds::LaneIfRepeated(_) | Holds::Story => return,
        };
        // What was under way beside the first failure says nothing new.
        let is_known = health
            .held
            .as_ref()
            .is_some_and(|held| held.until > at && held.probe != delivery.id);
        if !is_known {
            health.held = Some(Held {
                until,
                probe: delivery.id.clone(),
            });
        }
    })
}

fn change(view: &View, name: &str, change: impl Fn(&mut DestinationHealth)) -> Change<()> {
    let mut health = get(&view.destinations, TABLE, name)?.unwrap_or_default();
    change(&mut health);
    put(&view.destinations, name, &health)
}

impl Store {
    /// How a destination is doing; nothing to say of one never tried.
    pub fn destination_health(&self, name: &str) -> Result<DestinationHealth, StoreError> {
        let health = load(&self.tables().destinations, TABLE, name)?;
        Ok(health.unwrap_or_default())
    }

    /// Every destination that was tried or switched off, by name, including those no
    /// longer configured.
    pub fn all_destination_health(&self) -> Result<Vec<(String, DestinationHealth)>, StoreError> {
        rows(&self.tables().destinations, TABLE)
            .map(|row| row.map(|(name, health)| (super::tables::text(&name), health)))
            .collect()
    }

    /// Switches a destination off and stores what is to be told about it; whether it was
    /// on. Its deliveries wait until it is on again.
    pub fn disable_destination(
        &self,
        name: &str,
        reason: &str,
        at: DateTime<Utc>,
        events: &[Outgoing],
    ) -> Result<bool, StoreError> {
        let is_changed = self.transact(|view| {
            let mut health: DestinationHealth =
                get(&view.destinations, TABLE, name)?.unwrap_or_default();
            if health.disabled.is_some() {
                return Ok(false);
            }
            health.disabled = Some(Disabled {
                at,
                reason: reason.to_owned(),
            });
            put(&view.destinations, name, &health)?;
            put_events(view, events)?;
            Ok(true)
        })?;
        self.flush()?;
        Ok(is_changed)
    }

    /// Switches a destination on again, its failures forgotten; whether it was off.
    pub fn enable_destination(&self, name: &str) -> Result<bool, StoreError> {
        let was_off = self.transact(|view| {
            let mut health: DestinationHealth =
                get(&view.destinations, TABLE, name)?.unwrap_or_default();
            let was_off = health.disabled.take().is_some();
            if !was_off && health.held.is_none() {
                return Ok(false);
            }
            health.first_failure_at = None;
            health.n_failures = 0;
            health.held = None;
            put(&view.destinations, name, &health)?;
            Ok(was_off)
        })?;
        self.flush()?;
        Ok(was_off)
    }

    /// Lets a destination be tried at once: its address was changed.
    pub fn release_destination(&self, name: &str) -> Result<(), StoreError> {
        self.transact(|view| {
            let Some(mut health) = get::<DestinationHealth>(&view.destinations, TABLE, name)?
            else {
                return Ok(());
            };
            if health.held.take().is_some() {
                put(&view.destinations, name, &health)?;
            }
            Ok(())
        })
    }
}
