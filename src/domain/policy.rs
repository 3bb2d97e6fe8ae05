//! The rules of triage as the configuration sets them.

use std::path::PathBuf;
use std::time::Duration;

/// When a mention is flagged and how long an answer may take.
#[derive(Clone, Debug, PartialEq)]
pub struct TriagePolicy {
    /// Flag scores from here on are flagged; from 0 to 1.
    pub flag_threshold: f64,
    /// The answer should be public this long after the post.
    pub goal: Duration,
    /// The answer must be public this long after the post.
    pub latest: Duration,
    /// Items older than this when first seen neither alert nor count as overdue.
    pub alert_max_age: Duration,
    /// The file with the weights of the score; without it those fitted here on people's
    /// decisions, else the shipped ones.
    pub weights: Option<PathBuf>,
}

impl Default for TriagePolicy {
    fn default() -> Self {
        const HOUR: u64 = 3_600;
        Self {
            flag_threshold: 0.6,
            goal: Duration::from_secs(HOUR),
            latest: Duration::from_secs(24 * HOUR),
            alert_max_age: Duration::from_secs(48 * HOUR),
            weights: None,
        }
    }
}
