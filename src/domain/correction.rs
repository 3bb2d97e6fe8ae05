//! A person's word against the model's: what is learned from.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Label;

/// A verdict that a person gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: String,
    /// What they said: negative, neutral or positive.
    pub label: Label,
    /// What the verdict was before.
    pub was: Label,
    /// The model whose verdict was corrected.
    pub model: String,
}
