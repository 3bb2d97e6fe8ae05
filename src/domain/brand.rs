//! A brand: who we listen for, and where a text spoke of it.

use serde::{Deserialize, Serialize};

use super::{BrandName, Sentiment};

/// A brand as the configuration describes it, checked but not compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brand {
    /// Its name, unique in a configuration.
    pub name: BrandName,
    /// The query that finds it; the quoted name when the configuration gives none.
    pub query: String,
    /// The brand's own accounts (`@acme`, `u/acme`): their posts are never flagged.
    #[serde(default)]
    pub handles: Vec<String>,
    /// The brand's own domains: texts on them are never flagged.
    #[serde(default)]
    pub domains: Vec<String>,
}

/// One brand found in one item: which rule hit, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BrandMatch {
    /// The brand.
    pub name: BrandName,
    /// The part of the query that hit, as the user wrote it.
    pub rule: String,
    /// `[start, end)` in Unicode characters of the item's `text`; empty when only
    /// the title or another field matched.
    pub spans: Vec<[usize; 2]>,
    /// What the author feels toward this brand, where the text speaks of several watched
    /// ones; with one brand it is the mention's own verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Sentiment>,
}
