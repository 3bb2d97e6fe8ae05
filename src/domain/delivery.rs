//! A delivery: one event to one destination, a stored row with its attempts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Alike, DeliveryId, EventId, EventType, PutOff};

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// Never attempted, to be sent at `next_at`.
    Due,
    /// Claimed by a sender; found at start, it is due at once.
    Sending,
    /// The receiver took it.
    Delivered,
    /// An attempt failed; the next is at `next_at`.
    Retrying,
    /// Given up: the dead letters.
    Failed,
    /// Not to be sent, with the reason.
    Skipped,
}

impl DeliveryState {
    /// Every state, in the order of a delivery's life.
    pub const ALL: [Self; 6] = [
        Self::Due,
        Self::Sending,
        Self::Delivered,
        Self::Retrying,
        Self::Failed,
        Self::Skipped,
    ];

    /// Whether it is still to be made.
    pub fn is_unfinished(self) -> bool {
        matches!(self, Self::Due | Self::Sending | Self::Retrying)
    }

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Retrying => "retrying",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// One try at sending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: DateTime<Utc>,
    /// How long it took.
    pub duration_ms: u64,
    /// The HTTP status, when there was an answer.
    #[serde(default)]
    pub status: Option<u16>,
    /// What went wrong, when something did.
    #[serde(default)]
    pub error: Option<String>,
    /// The first KiB of the answer.
    #[serde(default)]
    pub answer: String,
}

/// One event to one destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Made from event and destination.
    pub id: DeliveryId,
    /// What is sent.
    pub event: EventId,
    /// The type of the event, for lists.
    pub event_type: EventType,
    /// The webhook's name.
    pub destination: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When the event was stored.
    pub created_at: DateTime<Utc>,
    /// When it is to be tried next; `None` when it is not.
    #[serde(default)]
    pub next_at: Option<DateTime<Utc>>,
    /// What was tried, oldest first.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// Why it was skipped, given up or put off.
    #[serde(default)]
    pub reason: Option<String>,
    /// What its event is part of: those with the same word arrive in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<String>,
    /// Why it waits although nothing has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put_off: Option<PutOff>,
    /// What it has in common with those that are held back after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alike: Option<Alike>,
    /// The digest in which it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<EventId>,
}

impl Delivery {
    /// A new delivery that is due at once.
    pub fn due(event: &super::Event, destination: &str) -> Self {
        Self {
            id: DeliveryId::of(&event.id, destination),
            event: event.id.clone(),
            event_type: event.event_type,
            destination: destination.to_owned(),
            state: DeliveryState::Due,
            created_at: event.at,
            next_at: Some(event.at),
            attempts: Vec::new(),
            reason: None,
            story: event.story.clone(),
            put_off: None,
            alike: None,
            within: None,
        }
    }
}
