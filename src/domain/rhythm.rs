//! How often a source publishes, as learned for every hour of the week; small enough to be
//! stored with the source. `fetch::rhythm` learns it and reads it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What was learned of a source's rhythm. Whole numbers only, so that it stays small and
/// comparable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rhythm {
    /// For every hour of the week, Monday 00:00 UTC first: in which share of the weeks it
    /// brought something, in 1/65535. Empty until an hour was watched.
    pub busy: Vec<u16>,
    /// Hours watched.
    pub n_hours: u32,
    /// Hours among them that brought something.
    pub n_busy_hours: u32,
    /// Items in an hour that brings some, in thousandths.
    pub items_per_busy_hour_milli: u32,
    /// The hour being watched, counted from 1970.
    pub hour: Option<i64>,
    /// Items of that hour so far.
    pub n_in_hour: u32,
    /// When the newest item came: its own time, or when it was first seen.
    pub last_item_at: Option<DateTime<Utc>>,
    /// The longest quiet between two items that was no fault, in thousandths of the
    /// measure that `fetch::rhythm` explains.
    pub longest_quiet_milli: u32,
    /// Set while the source is silent against its rhythm: when its last item came.
    pub silent_since: Option<DateTime<Utc>>,
}
