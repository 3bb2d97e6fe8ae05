//! The figures of the page, counted over indexes without reading a mention.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, keys, mentions::Summary};
use crate::domain::Label;

/// Counts of mentions and cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Mentions seen in the time asked for.
    pub n_mentions: u64,
    /// Of these, flagged.
    pub n_flagged: u64,
    /// Of these, judged negative.
    pub n_negative: u64,
    /// Of these, judged neutral.
    pub n_neutral: u64,
    /// Of these, judged positive.
    pub n_positive: u64,
    /// Of these, left to people: the "to check" list.
    pub n_unsure: u64,
    /// Cases whose customer waits, whenever they were seen.
    pub n_waiting: u64,
    /// Of these, past their deadline; backlog is never overdue.
    pub n_overdue: u64,
}

impl Store {
    /// Counts the mentions seen since then (`None` for all) and the cases as they stand.
    pub fn stats(
        &self,
        since: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Stats, StoreError> {
        let mut stats = Stats::default();
        for entry in self.time_entries(since, None) {
            let (_, value) = entry?;
            let Some(summary) = Summary::read(&value) else {
                continue;
            };
            stats.n_mentions += 1;
            stats.n_flagged += u64::from(summary.flagged);
            match summary.label {
                Label::Negative => stats.n_negative += 1,
                Label::Neutral => stats.n_neutral += 1,
                Label::Positive => stats.n_positive += 1,
                Label::Unsure => stats.n_unsure += 1,
            }
        }
        let now_bytes = keys::time(now);
        for entry in self.tables().cases.scan_prefix([keys::WAITING]) {
            let (key, value) = entry?;
            stats.n_waiting += 1;
            let deadline = key.get(1..keys::CASE_BYTES).unwrap_or_default();
            let is_backlog = value.get(1) == Some(&1);
            if !is_backlog && deadline < now_bytes.as_slice() {
                stats.n_overdue += 1;
            }
        }
        Ok(stats)
    }
}
