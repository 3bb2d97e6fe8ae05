//! A spike: a brand is spoken of more, or worse, than is usual at this hour.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// When spikes are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpikePolicy {
    /// The level from which on people are told: 1 (1.5 σ), 2 (2 σ) or 3 (3 σ).
    pub level: u8,
    /// After a spike, none of the same brand is told for so long.
    pub cooldown: Duration,
}

impl Default for SpikePolicy {
    fn default() -> Self {
        Self {
            level: 2,
            cooldown: Duration::from_secs(2 * 3_600),
        }
    }
}

/// What is unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unusual {
    /// How much is spoken.
    Volume,
    /// How much of it is negative.
    Negative,
}

/// One measurement of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What is most unusual.
    pub what: Unusual,
    /// From 0, nothing, to 3.
    pub level: u8,
    /// How many standard deviations above the usual.
    pub sigma: f64,
    /// Mentions in the hour.
    pub n_mentions: u32,
    /// Of these, negative.
    pub n_negative: u32,
    /// Mentions that are usual by the end of this hour.
    pub usual_mentions: f64,
    /// The share of negative ones that is usual at this hour.
    pub usual_negative_share: f64,
}

/// The spike of a brand, from its start to the end of its cool-down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spike {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it was over; `None` while it lasts.
    pub ended_at: Option<DateTime<Utc>>,
    /// The last hour that was unusual.
    pub last_hour: DateTime<Utc>,
    /// The most unusual measurement.
    pub peak: Measured,
}
