//! Names and ids. Ids are made from content or are random, never counters, so that
//! several processes can make them without asking each other.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; whoever calls has checked it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A brand as the configuration names it.
    BrandName
}
text_id! {
    /// A configured source; unique in a configuration and the key of its cursor.
    SourceName
}
text_id! {
    /// A mention, made from its source and its strongest identity key.
    MentionId
}
text_id! {
    /// Mentions that are the same text spread around share one of these.
    StoryId
}
text_id! {
    /// An event; sent as `webhook-id` and never changed by a retry.
    EventId
}
text_id! {
    /// One event to one destination.
    DeliveryId
}

impl DeliveryId {
    /// The delivery of one event to one destination: the same pair always gives the
    /// same id, so that storing it twice cannot send it twice.
    pub fn of(event: &EventId, destination: &str) -> Self {
        Self(hex_digest("delivery", &[event.as_str(), destination]))
    }
}

impl EventId {
    /// The event of this type about this subject, at most once: a poll that is
    /// repeated after a crash makes the same id again.
    pub fn of(event_type: &str, subject: &[&str]) -> Self {
        Self(format!("evt_{}", hex_digest(event_type, subject)))
    }
}

/// 128 bits of SHA-256 over length-prefixed parts, as 32 lower-case hex digits.
/// `purpose` keeps equal parts of different uses apart.
pub fn hex_digest(purpose: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in std::iter::once(&purpose).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
