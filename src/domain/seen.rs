//! What the last answer of a source held, in a few bytes an item: enough to tell whether
//! the next answer follows on it or leaves a gap.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Bytes kept of each key. Among a thousand keys a false "known" comes once in millions.
const MARK_BYTES: usize = 4;

/// Keys kept; an answer has rarely more than a hundred items with three keys each.
const MAX_MARKS: usize = 1_200;

/// The items of an answer, to compare the next one with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// The beginnings of the digests of all identity keys, one after the other, in base64.
    marks: String,
    /// The most items that an answer has held: how far the site shows its past.
    pub window_items: u32,
    /// The newest publishing time among the items.
    pub newest_at: Option<DateTime<Utc>>,
}

impl Seen {
    /// Remembers an answer by the identity keys of its items.
    pub fn of<'a>(
        keys: impl IntoIterator<Item = &'a str>,
        window_items: u32,
        newest_at: Option<DateTime<Utc>>,
    ) -> Self {
        let bytes: Vec<u8> = keys.into_iter().take(MAX_MARKS).flat_map(mark).collect();
        Self {
            marks: BASE64.encode(bytes),
            window_items,
            newest_at,
        }
    }

    /// Whether nothing is remembered: there is nothing to compare with.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// The marks, decoded once for many questions.
    pub fn marks(&self) -> HashSet<[u8; MARK_BYTES]> {
        // What cannot be decoded was damaged, and then nothing is known.
        BASE64
            .decode(&self.marks)
            .unwrap_or_default()
            .chunks_exact(MARK_BYTES)
            .filter_map(|mark| mark.try_into().ok())
            .collect()
    }
}

/// The mark of one identity key.
pub fn mark(key: &str) -> [u8; MARK_BYTES] {
    let mut mark = [0; MARK_BYTES];
    mark.copy_from_slice(&Sha256::digest(key.as_bytes())[..MARK_BYTES]);
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_recognised_and_few_bytes_each() {
        let keys: Vec<String> = (0..300).map(|number| format!("native {number}")).collect();
        let seen = Seen::of(keys.iter().map(String::as_str), 100, None);
        let json = serde_json::to_string(&seen).expect("plain data");
        assert!(json.len() < 6 * 300 + 60, "{} bytes", json.len());
        let read: Seen = serde_json::from_str(&json).expect("what was written");
        let marks = read.marks();
        assert!(keys.iter().all(|key| marks.contains(&mark(key))));
        assert!(!marks.contains(&mark("native 300")));
        assert!(Seen::default().is_empty() && !read.is_empty());
    }
}
