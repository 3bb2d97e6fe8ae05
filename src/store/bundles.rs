//! What is told together: digests, and the rest of a burst. Put-off deliveries wait as
//! rows of their own; when their time has come, one delivery takes their place.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError,
    claims::destinations_in,
    deliveries::{self, put_delivery},
    events::{Outgoing, put_event},
    keys,
    tables::{Change, View, get, load, must_get, put, text},
};
use crate::domain::{Delivery, DeliveryId, DeliveryState, Event, EventId, PutOff};

pub(super) const BURSTS: &str = "bursts";
/// Deliveries that one message stands for; more become a second message.
const N_PER_BUNDLE: usize = 500;

/// Alerts that are told together.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// To whom.
    pub destination: String,
    /// Why they were put off.
    pub put_off: PutOff,
    /// What those of a burst have in common, and for how long they were held back.
    pub alike: Option<crate::domain::Alike>,
    /// The deliveries and their events, the oldest first.
    pub parts: Vec<(Delivery, Event)>,
}

/// A cool-down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Burst {
    /// Alerts before this time are held back.
    pub(super) until: DateTime<Utc>,
}

/// Holds a new delivery back when one like it was sent a short while ago; otherwise those
/// that follow are held back.
pub(super) fn settle(view: &View, delivery: &Delivery) -> Change<Delivery> {
    let mut settled = delivery.clone();
    let Some(alike) = &delivery.alike else {
        return Ok(settled);
    };
    if delivery.state != DeliveryState::Due || delivery.put_off.is_some() {
        return Ok(settled);
    }
    let key = keys::alike(&delivery.destination, &alike.key);
    let burst: Option<Burst> = get(&view.bursts, BURSTS, &key)?;
    match burst.filter(|burst| delivery.created_at < burst.until) {
        Some(burst) => {
            settled.put_off = Some(PutOff::Burst);
            settled.next_at = Some(burst.until);
            settled.reason = Some(alike.reason());
        }
        None => {
            let until = end_of(delivery.created_at, alike.cooldown_secs);
            put(&view.bursts, key, &Burst { until })?;
        }
    }
    Ok(settled)
}

fn end_of(from: DateTime<Utc>, secs: u64) -> DateTime<Utc> {
    let length = i64::try_from(secs).ok().and_then(TimeDelta::try_seconds);
    from + length.unwrap_or_default()
}

impl Store {
    /// What is to be told together now, the oldest first; disabled destinations wait.
    pub fn due_bundles(&self, now: DateTime<Utc>) -> Result<Vec<Bundle>, StoreError> {
        let tables = self.tables();
        let mut bundles = Vec::new();
        for destination in destinations_in(&tables.bundles) {
            let destination = destination?;
            let name = keys::destination_name(&destination);
            if self.destination_health(&name)?.disabled.is_some() {
                continue;
            }
            let end = keys::joined(&[&destination, &keys::time(now)]);
            let end = keys::after(&end).unwrap_or(end);
            let mut alike: BTreeMap<String, Bundle> = BTreeMap::new();
            for key in tables.bundles.range(destination.clone()..end).keys() {
                let key = key?;
                let id = keys::id_after(&key, destination.len() + keys::DUE_TIME_BYTES);
                let Some((delivery, event)) = self.delivery_and_event(&text(id))? else {
                    continue;
                };
                let Some(put_off) = delivery.put_off else {
                    continue;
                };
                let common = delivery.alike.clone().filter(|_| put_off == PutOff::Burst);
                let word = common.as_ref().map_or("", |alike| alike.key.as_str());
                let bundle = alike.entry(word.to_owned()).or_insert_with(|| Bundle {
                    destination: name.clone(),
                    put_off,
                    alike: common.clone(),
                    parts: Vec::new(),
                });
                if bundle.parts.len() < N_PER_BUNDLE {
                    bundle.parts.push((delivery, event));
                }
            }
            bundles.extend(alike.into_values());
        }
        for bundle in &mut bundles {
            bundle
                .parts
                .sort_by_key(|(delivery, _)| delivery.created_at);
        }
        Ok(bundles)
    }

    fn delivery_and_event(&self, id: &str) -> Result<Option<(Delivery, Event)>, StoreError> {
        let Some(delivery) = self.delivery(&DeliveryId::new(id))? else {
            return Ok(None);
        };
        let event = self.event(&delivery.event)?;
        Ok(event.map(|event| (delivery, event)))
    }

    /// Puts one message in the place of what it stands for; whether it was done. It is not
    /// when one of the parts has been sent meanwhile. Alerts like those of a burst go on
    /// being held back.
    pub fn bundle(
        &self,
        bundle: &Bundle,
        (event, deliveries): &Outgoing,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let is_done = self.transact(|view| {
            let mut told = Vec::with_capacity(bundle.parts.len());
            for (part, _) in &bundle.parts {
                let old: Delivery =
                    must_get(&view.deliveries, deliveries::TABLE, part.id.as_str())?;
                if old.state != DeliveryState::Due || !old.put_off.is_some_and(PutOff::is_bundled) {
                    return Ok(false);
                }
                let new = told_within(&old, &event.id);
                told.push((old, new));
            }
            for (old, new) in &told {
                put_delivery(view, Some(old), new)?;
            }
            put_event(view, event, deliveries)?;
            self.extend_burst(view, bundle, now)?;
            Ok(true)
        })?;
        self.flush()?;
        Ok(is_done)
    }

    /// Sends the only part of a bundle as it is; whether it still waited.
    pub fn unbundle(&self, bundle: &Bundle, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let is_done = self.transact(|view| {
            for (part, _) in &bundle.parts {
                let old: Delivery =
                    must_get(&view.deliveries, deliveries::TABLE, part.id.as_str())?;
                if old.state != DeliveryState::Due || old.put_off.is_none() {
                    return Ok(false);
                }
                let new = Delivery {
                    put_off: None,
                    reason: None,
                    next_at: Some(now),
                    ..old.clone()
                };
                put_delivery(view, Some(&old), &new)?;
            }
            self.extend_burst(view, bundle, now)?;
            Ok(true)
        })?;
        self.flush()?;
        Ok(is_done)
    }

    fn extend_burst(&self, view: &View, bundle: &Bundle, now: DateTime<Utc>) -> Change<()> {
        let Some(alike) = &bundle.alike else {
            return Ok(());
        };
        let key = keys::alike(&bundle.destination, &alike.key);
        let until = end_of(now, alike.cooldown_secs);
        put(&view.bursts, key, &Burst { until })
    }

    /// Forgets cool-downs that are over, so that they do not pile up.
    pub fn forget_bursts(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let bursts = &self.tables().bursts;
        for key in bursts.iter().keys() {
            let key = key?;
            let burst: Option<Burst> = load(bursts, BURSTS, &key)?;
            if burst.is_some_and(|burst| burst.until < now) {
                bursts.remove(key)?;
            }
        }
        Ok(())
    }
}

fn told_within(old: &Delivery, digest: &EventId) -> Delivery {
    Delivery {
        state: DeliveryState::Skipped,
        next_at: None,
        put_off: None,
        within: Some(digest.clone()),
        reason: Some("told together with others".to_owned()),
        ..old.clone()
    }
}
