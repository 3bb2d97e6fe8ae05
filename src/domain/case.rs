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
    /// Somebody takes it (`hearken cases claim`), or takes it over.
    Claim,
    /// Somebody has seen it: its updates are told no more (`hearken cases ack`).
    Acknowledge,
    /// Nothing is told about it until a time (`hearken cases snooze`).
    Snooze,
    /// "Handled": a public answer was given (`hearken cases done`).
    Done,
    /// No answer is needed.
    Dismiss,
    /// Undo: the case is open again.
    Reopen,
}

impl CaseAction {
    /// Every action, in the order in which a case goes through them.
    pub const ALL: [Self; 6] = [
        Self::Claim,
        Self::Acknowledge,
        Self::Snooze,
        Self::Done,
        Self::Dismiss,
        Self::Reopen,
    ];

    /// The word in addresses and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Acknowledge => "ack",
            Self::Snooze => "snooze",
            Self::Done => "done",
            Self::Dismiss => "dismiss",
            Self::Reopen => "reopen",
        }
    }

    /// The state that the action leads to; `None` when the case stays where it is.
    pub fn leads_to(self) -> Option<CaseState> {
        match self {
            Self::Claim => Some(CaseState::Claimed),
            Self::Acknowledge | Self::Snooze => None,
            Self::Done => Some(CaseState::Replied),
            Self::Dismiss => Some(CaseState::Dismissed),
            Self::Reopen => Some(CaseState::Open),
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
    /// Until when it is snoozed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
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
    /// Since when somebody knows of it, so that its updates are told no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// Nothing is told about it before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<DateTime<Utc>>,
    /// When people were told that its last moment has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_at: Option<DateTime<Utc>>,
}

impl Case {
    /// A new case that nobody has taken.
    pub fn open() -> Self {
        Self {
            state: CaseState::Open,
            assignee: None,
            history: Vec::new(),
            acknowledged_at: None,
            snoozed_until: None,
            overdue_at: None,
        }
    }

    /// Applies one action; whether it changed anything. Doing the same again does not, and
    /// a reply that was already verified stays verified.
    pub fn apply(&mut self, act: &CaseAct) -> bool {
        let is_there_already = match act.action {
            CaseAction::Claim => {
                self.state == CaseState::Claimed && self.assignee.as_ref() == Some(&act.by)
            }
            CaseAction::Acknowledge => self.acknowledged_at.is_some(),
            CaseAction::Snooze => self.snoozed_until == act.until,
            CaseAction::Done => matches!(self.state, CaseState::Replied | CaseState::Verified),
            CaseAction::Dismiss => self.state == CaseState::Dismissed,
            CaseAction::Reopen => self.state == CaseState::Open,
        };
        if is_there_already {
            return false;
        }
        if let Some(next) = act.action.leads_to() {
            self.state = next;
        }
        match act.action {
            CaseAction::Claim => self.assignee = Some(act.by.clone()),
            CaseAction::Acknowledge => self.acknowledged_at = Some(act.at),
            CaseAction::Snooze => self.snoozed_until = act.until,
            CaseAction::Reopen => {
                self.assignee = None;
                self.acknowledged_at = None;
                self.snoozed_until = None;
            }
            CaseAction::Done | CaseAction::Dismiss => (),
        }
        self.history.push(act.clone());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(action: CaseAction, by: &str) -> CaseAct {
        CaseAct {
            at: DateTime::UNIX_EPOCH,
            action,
            by: by.into(),
            note: None,
            until: None,
        }
    }

    #[test]
    fn a_case_is_claimed_taken_over_and_opened_again() {
        let mut case = Case::open();
        assert!(case.apply(&act(CaseAction::Claim, "ana")));
        assert!(!case.apply(&act(CaseAction::Claim, "ana")));
        assert!(case.apply(&act(CaseAction::Claim, "ben")), "taken over");
        assert_eq!(case.assignee.as_deref(), Some("ben"));
        assert!(case.apply(&act(CaseAction::Acknowledge, "ben")));
        assert_eq!(case.state, CaseState::Claimed, "it still waits");
        assert!(case.apply(&act(CaseAction::Done, "ben")));
        assert_eq!(case.assignee.as_deref(), Some("ben"), "who did it is kept");
        assert!(case.apply(&act(CaseAction::Reopen, "ana")));
        assert_eq!((case.state, case.assignee.clone()), (CaseState::Open, None));
        assert_eq!(case.acknowledged_at, None);
        assert_eq!(case.history.len(), 5);
    }
}
