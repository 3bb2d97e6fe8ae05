//! How many mentions of each brand were seen in each hour, and how many of them negative:
//! what spikes are measured against. Counted in the transaction that stores the mention.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError,
    events::{Outgoing, put_events},
    keys,
    tables::{Change, View, get, load, put, rows, text},
};
use crate::domain::{BrandName, EventId, Label, Mention, Spike};

const HOURS: &str = "hours";
const SPIKES: &str = "spikes";

/// What was seen of a brand in one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourCount {
    /// Mentions.
    pub n: u32,
    /// Of these, negative.
    pub n_negative: u32,
}

/// Counts a new mention. Backlog and the brand's own posts say nothing about how much is
/// spoken at this hour.
pub(super) fn count_hour(view: &View, mention: &Mention) -> Change<()> {
    if mention.backlog || mention.own {
        return Ok(());
    }
    let hour = start_of_hour(mention.seen_at);
    for brand in &mention.brands {
        let key = keys::hour(brand.name.as_str(), hour);
        let mut count: HourCount = get(&view.hours, HOURS, &key)?.unwrap_or_default();
        count.n = count.n.saturating_add(1);
        if mention.sentiment.label == Label::Negative {
            count.n_negative = count.n_negative.saturating_add(1);
        }
        put(&view.hours, key, &count)?;
    }
    Ok(())
}

fn start_of_hour(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at)
}

impl Store {
    /// What was seen of a brand in each hour since then; hours without a mention are not
    /// in it.
    pub fn hours_of(
        &self,
        brand: &BrandName,
        since: DateTime<Utc>,
    ) -> Result<BTreeMap<DateTime<Utc>, HourCount>, StoreError> {
        let hours = &self.tables().hours;
        let prefix = keys::destination(brand.as_str());
        let from = keys::hour(brand.as_str(), start_of_hour(since));
        let end = keys::after(&prefix).unwrap_or_default();
        let mut found = BTreeMap::new();
        for key in hours.range(from..end).keys() {
            let key = key?;
            let hour = keys::read_time(keys::id_after(&key, prefix.len()));
            let count = load(hours, HOURS, &key)?;
            found.extend(hour.zip(count));
        }
        Ok(found)
    }

    /// The spike of every brand that has or had one.
    pub fn spikes(&self) -> Result<Vec<(BrandName, Spike)>, StoreError> {
        rows(&self.tables().spikes, SPIKES)
            .map(|row| row.map(|(brand, spike)| (BrandName::new(text(&brand)), spike)))
            .collect()
    }

    /// Remembers how the spike of a brand stands, and stores what is to be told about it;
    /// which events were new.
    pub fn save_spike(
        &self,
        brand: &BrandName,
        spike: &Spike,
        events: &[Outgoing],
    ) -> Result<Vec<EventId>, StoreError> {
        let stored = self.transact(|view| {
            put(&view.spikes, brand.as_str(), spike)?;
            put_events(view, events)
        })?;
        self.flush()?;
        Ok(stored)
    }
}
