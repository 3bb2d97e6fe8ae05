//! What the pages and the API ask of the running daemon. Each request carries the way
//! back for its answer; errors are sentences for people.

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::domain::{Item, SourceName};

/// A request to the worker.
#[derive(Debug)]
pub enum Command {
    /// Poll one source now.
    PollSource {
        /// The source, by its configured name.
        name: SourceName,
        /// Read and report, but store nothing and move no cursor.
        dry_run: bool,
        /// Where the outcome goes.
        reply: oneshot::Sender<Result<PollReport, String>>,
    },
    /// Read the configuration again; the old one stays when the new one is wrong.
    Reload {
        /// Where the outcome goes: what changed, or every problem found.
        reply: oneshot::Sender<Result<String, String>>,
    },
    /// Send a test event to one webhook.
    TestWebhook {
        /// The webhook's name.
        name: String,
        /// Where the receiver's answer goes.
        reply: oneshot::Sender<Result<TestReport, String>>,
    },
    /// New deliveries are due.
    Wake,
}

/// What one poll did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PollReport {
    /// The items as the site gave them.
    pub items: Vec<Item>,
    /// Mentions that were stored for the first time.
    pub n_new: usize,
    /// Stored mentions whose text changed.
    pub n_updated: usize,
    /// Mentions that were flagged.
    pub n_flagged: usize,
    /// The site said that nothing changed.
    pub unchanged: bool,
    /// Things a person should know although the poll succeeded.
    pub notes: Vec<String>,
}

/// What a receiver answered to a test event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TestReport {
    /// Whether the receiver took it.
    pub ok: bool,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// How long it took.
    pub duration_ms: u64,
    /// The first KiB of the answer.
    pub answer: String,
    /// What went wrong, when something did.
    pub error: Option<String>,
}
