//! The work on a flagged mention: open → claimed → replied → verified, or dismissed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseState {
    /// Nobody has taken it.
    Open,
    /// Somebody is on it.
    Claimed,
    /// Somebody says it was answered.
    Replied,
    /// The public answer was seen on the site.
    Verified,
    /// No answer is needed.
    Dismissed,
}

impl CaseState {
    /// The word used in JSON and in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Claimed => "claimed",
            Self::Replied => "replied",
            Self::Verified => "verified",
            Self::Dismissed => "dismissed",
        }
    }

    /// Whether the customer still waits.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Open | Self::Claimed)
    }
}

/// What a person does to a case. Issue by issue this grows; every action is idempotent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseAction {
    /// "Handled": a public answer was given (`hearken cases done`).
    Done,
    /// No answer is needed.
    Dismiss,
    /// Undo: the case is open again.
    Reopen,
}

impl CaseAction {
    /// The state that the action leads to.
    pub fn leads_to(self) -> CaseState {
        match self {
            Self::Done => CaseState::Replied,
            Self::Dismiss => CaseState::Dismissed,
            Self::Reopen => CaseState::Open,
        }
    }
}

/// One line of a case's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseAct {
    /// When.
    pub at: DateTime<Utc>,
    /// What was done.
    pub action: CaseAction,
    /// Who did it (an account, `cli`, or `hearken`).
    pub by: String,
    /// Why, in the person's words.
    #[serde(default)]
    pub note: Option<String>,
}

/// The case of a flagged mention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Where it stands.
    pub state: CaseState,
    /// Who is on it.
    pub assignee: Option<String>,
    /// What was done so far, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<CaseAct>,
}

impl Case {
    /// A new case that nobody has taken.
    pub fn open() -> Self {
        Self {
            state: CaseState::Open,
            assignee: None,
            history: Vec::new(),
        }
    }
}
