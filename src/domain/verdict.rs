//! What the classifier said about a text.

use serde::{Deserialize, Serialize};

/// The verdict; `Unsure` means that no class is likely enough to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// The author is unhappy.
    Negative,
    /// No clear feeling.
    Neutral,
    /// The author is happy.
    Positive,
    /// The model abstains; a person should look.
    Unsure,
}

impl Label {
    /// The word used in JSON and in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Positive => "positive",
            Self::Unsure => "unsure",
        }
    }
}

/// A verdict with its three probabilities, which sum to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sentiment {
    /// The verdict.
    pub label: Label,
    /// Calibrated probability of negative.
    pub negative: f64,
    /// Calibrated probability of neutral.
    pub neutral: f64,
    /// Calibrated probability of positive.
    pub positive: f64,
    /// Name and version of the model, `hearken-en/1`.
    pub model: String,
}
