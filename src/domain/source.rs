//! What we remember of a source between two polls, and how it is doing.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Listing, Rhythm, Seen, SourceName};

/// Where the last poll stopped. Moves only in the transaction that stores its mentions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The validator of the last full answer.
    #[serde(default)]
    pub etag: Option<String>,
    /// The other validator, verbatim as the server wrote it.
    #[serde(default)]
    pub last_modified: Option<String>,
    /// Where a permanent redirect sent us.
    #[serde(default)]
    pub moved_to: Option<String>,
    /// Digest of the configured address that validators and `moved_to` belong to: when
    /// the address is changed in the configuration, both start afresh.
    #[serde(default)]
    pub for_address: Option<String>,
    /// Digest of the definition and the brands that the last answer was read for: an
    /// unchanged page must be read again when a brand is added.
    #[serde(default)]
    pub read_for: Option<String>,
    /// Where a stream or a mailbox goes on: a position in the site's own notation.
    #[serde(default)]
    pub resume: Option<String>,
    /// The feeds that a list named when it was last read.
    #[serde(default)]
    pub feeds: Vec<String>,
    /// Whether any poll has succeeded; the first one does not flood.
    #[serde(default)]
    pub polled_before: bool,
    /// The last answer's entries, by which deleted ones are told.
    #[serde(default)]
    pub listing: Listing,
    /// The items of the last full answer, to notice what was missed in between.
    #[serde(default)]
    pub seen: Seen,
}

/// How a source is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthState {
    /// Not polled yet.
    #[default]
    New,
    /// The last poll was fine.
    Ok,
    /// The last poll failed; it is tried again later.
    Failing,
}

/// The health of a source, for the page, `hearken sources` and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// How it is doing.
    pub state: HealthState,
    /// When the last poll ended well.
    #[serde(default)]
    pub last_ok_at: Option<DateTime<Utc>>,
    /// When it was last polled at all.
    #[serde(default)]
    pub last_poll_at: Option<DateTime<Utc>>,
    /// When it is polled next.
    #[serde(default)]
    pub next_poll_at: Option<DateTime<Utc>>,
    /// Why the last poll failed, as a sentence for people.
    #[serde(default)]
    pub reason: Option<String>,
    /// The kind of that failure in one word, for metrics: `dns`, `http`, `blocked` …
    #[serde(default)]
    pub reason_kind: Option<String>,
    /// Failed polls since the last good one.
    #[serde(default)]
    pub n_failures: u32,
    /// Polls that succeeded, ever.
    #[serde(default)]
    pub n_polls_ok: u64,
    /// Items read, ever.
    #[serde(default)]
    pub n_items: u64,
    /// Mentions stored, ever.
    #[serde(default)]
    pub n_mentions: u64,
    /// Things a person should know although the poll succeeded.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Set while it publishes nothing although it usually would: when its last item came.
    #[serde(default)]
    pub silent_since: Option<DateTime<Utc>>,
    /// How many items it usually publishes in a week, once that is known.
    #[serde(default)]
    pub usual_per_week: Option<u32>,
    /// The latest times of which items may be missing, the newest last.
    #[serde(default)]
    pub gaps: Vec<Gap>,
}

/// A time of which a source's items may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Up to here everything was read.
    pub from: DateTime<Utc>,
    /// From here on everything was read again.
    pub to: DateTime<Utc>,
    /// When it was noticed.
    pub noticed_at: DateTime<Utc>,
    /// How many further pages were read in vain.
    #[serde(default)]
    pub n_pages: u32,
}

/// Cursor, health and rhythm of one source, stored as one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceStatus {
    /// The source.
    pub name: SourceName,
    /// Where the last poll stopped.
    #[serde(default)]
    pub cursor: Cursor,
    /// How it is doing.
    #[serde(default)]
    pub health: Health,
    /// How often it publishes.
    #[serde(default)]
    pub rhythm: Rhythm,
}

impl SourceStatus {
    /// A source that was never polled.
    pub fn new(name: SourceName) -> Self {
        Self {
            name,
            cursor: Cursor::default(),
            health: Health::default(),
            rhythm: Rhythm::default(),
        }
    }
}
