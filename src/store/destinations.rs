//! How each destination is doing, and whether it was switched off.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError,
    events::{Outgoing, put_events},
    tables::{Change, View, get, load, put, rows},
};

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
}

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
    })
}

/// Remembers that an attempt failed.
pub(super) fn note_failure(view: &View, name: &str, at: DateTime<Utc>) -> Change<()> {
    change(view, name, |health| {
        health.first_failure_at.get_or_insert(at);
        health.n_failures = health.n_failures.saturating_add(1);
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
        let is_changed = self.transact(|view| {
            let mut health: DestinationHealth =
                get(&view.destinations, TABLE, name)?.unwrap_or_default();
            if health.disabled.take().is_none() {
                return Ok(false);
            }
            health.first_failure_at = None;
            health.n_failures = 0;
            put(&view.destinations, name, &health)?;
            Ok(true)
        })?;
        self.flush()?;
        Ok(is_changed)
    }

    pub(super) fn is_disabled(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.destination_health(name)?.disabled.is_some())
    }
}
