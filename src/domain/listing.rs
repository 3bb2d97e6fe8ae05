//! What is remembered of a source's answers to tell which entries were taken away.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An entry of an earlier answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its strongest identity key.
    pub key: String,
    /// When it was published.
    pub published: DateTime<Utc>,
}

/// The entries of the last answer, and those that it was the first to do without.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Newest first; empty when the list is not known to be one by time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub window: Vec<Listed>,
    /// Gone from the middle at the last answer: one more without them and they are deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<Listed>,
}
