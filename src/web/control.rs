//! What the pages and the API ask of the running daemon. Each request carries the way
//! back for its answer; errors are sentences for people.

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::domain::{Item, Said, SourceName};
use crate::parse::inbound::InboundProblem;
use crate::store::{Corrected, StoreError};

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
    /// Take items that somebody pushes.
    Push {
        /// What, for which source, by whom.
        pushed: Pushed,
        /// Where the outcome goes.
        reply: oneshot::Sender<Result<PushReport, PushError>>,
    },
    /// Record a person's verdict, and triage its mention again.
    Correct {
        /// The mention's id, or its beginning.
        mention: String,
        /// What was said.
        said: Said,
        /// Where the outcome goes.
        reply: oneshot::Sender<Result<Corrected, StoreError>>,
    },
    /// New deliveries are due.
    Wake,
}

/// What somebody pushes.
#[derive(Debug)]
pub struct Pushed {
    /// The source it is for; the only inbound one when none is named.
    pub source: Option<SourceName>,
    /// The body as it came.
    pub body: Vec<u8>,
    /// Who pushes.
    pub sender: PushSender,
}

/// Who pushes.
#[derive(Debug)]
pub enum PushSender {
    /// Somebody with a token of ours.
    Api,
    /// A service that has to prove that it knows the source's secret.
    Hook(HookProof),
}

/// Whether a signature over a body was made with a secret.
pub type IsSigned = Box<dyn Fn(&str, &[u8]) -> bool + Send>;

/// How a service proves that it knows the source's secret.
pub struct HookProof {
    /// The secret itself.
    pub token: Option<String>,
    /// A signature made with it.
    pub is_signed: IsSigned,
}

/// The token is a secret.
impl std::fmt::Debug for HookProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HookProof")
    }
}

/// What became of what was pushed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PushReport {
    /// The source that took it.
    pub source: SourceName,
    /// Items that were read.
    pub n_items: usize,
    /// Items that speak of a brand.
    pub n_matching: usize,
    /// Mentions that were stored for the first time.
    pub n_new: usize,
    /// Stored mentions whose text changed.
    pub n_updated: usize,
    /// Mentions that were flagged.
    pub n_flagged: usize,
}

/// Why nothing was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// Items with mistakes.
    #[error("some items are wrong")]
    Wrong(Vec<InboundProblem>),
    /// The sender did not prove who it is.
    #[error("{0}")]
    Refused(String),
    /// No such source.
    #[error("there is no source `{0}`")]
    Unknown(String),
    /// A source that asks by itself.
    #[error("the source `{0}` takes nothing: it asks its site by itself")]
    NotInbound(String),
    /// No source that takes anything.
    #[error("no source takes what is pushed")]
    NoneConfigured,
    /// More than one.
    #[error("several sources take what is pushed")]
    Ambiguous,
    /// It could not be stored.
    #[error("{0}")]
    Failed(String),
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
