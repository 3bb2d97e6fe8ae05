//! What people decided about flagged mentions: who took or answered one said that it needed
//! an answer, who dismissed one said that it did not. What `hearken triage fit` learns from.

use serde::{Deserialize, Serialize};

use super::{MentionFilter, Store, StoreError};
use crate::domain::{AuthorHistory, Mention};

/// Mentions looked through: what people decided long ago they may decide otherwise today.
const MOST_LOOKED_THROUGH: usize = 20_000;

/// A mention that people decided about, or one that was never flagged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// The mention as it is now.
    pub mention: Mention,
    /// What was heard of its author before; `None` without an account.
    pub author: Option<AuthorHistory>,
    /// Whether it needed an answer; `None` when nobody was asked.
    pub needed: Option<bool>,
}

/// Decisions, and as many mentions that nobody was asked about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Decisions {
    /// Flagged ones that people took, answered or dismissed, the last seen first.
    pub decided: Vec<Decided>,
    /// Mentions that were not flagged, the last seen first: what is right about them today
    /// is to stay so.
    pub unflagged: Vec<Decided>,
}

impl Store {
    /// Up to `limit` decisions, and as many mentions without a flag.
    pub fn decisions(&self, limit: usize) -> Result<Decisions, StoreError> {
        let mut decided = Vec::new();
        for mention in self.flagged() {
            let mention = mention?;
            // The brand's own texts are never asked about.
            let Some(needed) = mention.answer_needed().filter(|_| !mention.own) else {
                continue;
            };
            decided.push(Decided {
                author: self.author_history(&mention)?,
                needed: Some(needed),
                mention,
            });
            if decided.len() == limit {
                break;
            }
        }
        let filter = MentionFilter {
            flagged: Some(false),
            ..MentionFilter::default()
        };
        let mut unflagged = Vec::new();
        for mention in self
            .mentions_newest_first(&filter)
            .take(MOST_LOOKED_THROUGH)
        {
            if unflagged.len() >= decided.len() {
                break;
            }
            let mention = mention?;
            if mention.own || mention.case.is_some() {
                continue;
            }
            unflagged.push(Decided {
                author: self.author_history(&mention)?,
                needed: None,
                mention,
            });
        }
        Ok(Decisions { decided, unflagged })
    }

    /// How many of the last flagged mentions people decided about.
    pub fn n_decisions(&self) -> Result<usize, StoreError> {
        let mut n = 0;
        for mention in self.flagged() {
            n += usize::from(mention?.answer_needed().is_some());
        }
        Ok(n)
    }

    fn flagged(&self) -> impl Iterator<Item = Result<Mention, StoreError>> + use<> {
        let filter = MentionFilter {
            flagged: Some(true),
            ..MentionFilter::default()
        };
        self.mentions_newest_first(&filter)
            .take(MOST_LOOKED_THROUGH)
    }
}
