//! What is posted to each kind of destination: one pure function per kind.

use crate::domain::{DestinationKind, Event};

/// The bytes that are posted, and what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Sent as they are.
    pub bytes: Vec<u8>,
    /// The `Content-Type`.
    pub content_type: &'static str,
}

/// The body of an event for a kind of destination.
pub fn build(kind: DestinationKind, event: &Event) -> Body {
    match kind {
        DestinationKind::Generic => Body {
            bytes: generic(event),
            content_type: "application/json",
        },
    }
}

/// The event as it was stored, byte for byte, so that every attempt sends the same.
pub fn generic(event: &Event) -> Vec<u8> {
    event.body.clone().into_bytes()
}
