//! A person's word against the model's: what is learned from.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Label, Sentiment};

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

/// What a person says of a mention's verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it is.
    pub label: Label,
    /// Who says so.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl Said {
    /// What it makes of the verdict that stands.
    pub fn against(&self, verdict: &Sentiment) -> Correction {
        Correction {
            at: self.at,
            by: self.by.clone(),
            label: self.label,
            was: verdict.label,
            model: verdict.model.clone(),
        }
    }
}

impl Correction {
    /// What people are told of it, as a reason of the flag.
    pub fn reason(&self) -> String {
        let said = match self.by.as_str() {
            "page" => "a person said on the page",
            "cli" => "a person said on the command line",
            "api" => "a person said through the API",
            name => &format!("{name} said"),
        };
        format!("{said} that it is {}", self.label.as_str())
    }
}
