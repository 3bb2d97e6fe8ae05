//! An alert: an event about a flag, a backlog, a failing source … with the body that
//! goes out, fixed at the moment it is stored.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{BrandName, Delivery, Destination, EventId, Mention, MentionId};

/// The types of product.md that exist so far; the text is what receivers see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventType {
    /// A mention was flagged.
    #[serde(rename = "mention.flagged")]
    MentionFlagged,
    /// A flagged mention's text or verdict changed.
    #[serde(rename = "mention.updated")]
    MentionUpdated,
    /// A first poll brought items too old to alert about.
    #[serde(rename = "mention.backlog")]
    MentionBacklog,
    /// Somebody says a public answer was given.
    #[serde(rename = "case.replied")]
    CaseReplied,
    /// Somebody says no answer is needed.
    #[serde(rename = "case.dismissed")]
    CaseDismissed,
    /// A closed case is open again.
    #[serde(rename = "case.reopened")]
    CaseReopened,
    /// A source publishes nothing although it usually would.
    #[serde(rename = "source.silent")]
    SourceSilent,
    /// Items of a source may have been missed.
    #[serde(rename = "source.gap")]
    SourceGap,
    /// A source has failed several times in a row.
    #[serde(rename = "source.failing")]
    SourceFailing,
    /// A failing source answers again, or a silent one publishes again.
    #[serde(rename = "source.recovered")]
    SourceRecovered,
    /// A destination was switched off.
    #[serde(rename = "destination.disabled")]
    DestinationDisabled,
    /// Sent by `hearken webhook test`.
    #[serde(rename = "test")]
    Test,
}

impl EventType {
    /// Every type, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::MentionFlagged,
        Self::MentionUpdated,
        Self::MentionBacklog,
        Self::CaseReplied,
        Self::CaseDismissed,
        Self::CaseReopened,
        Self::SourceSilent,
        Self::SourceGap,
        Self::SourceFailing,
        Self::SourceRecovered,
        Self::DestinationDisabled,
        Self::Test,
    ];

    /// The name on the wire and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MentionFlagged => "mention.flagged",
            Self::MentionUpdated => "mention.updated",
            Self::MentionBacklog => "mention.backlog",
            Self::CaseReplied => "case.replied",
            Self::CaseDismissed => "case.dismissed",
            Self::CaseReopened => "case.reopened",
            Self::SourceSilent => "source.silent",
            Self::SourceGap => "source.gap",
            Self::SourceFailing => "source.failing",
            Self::SourceRecovered => "source.recovered",
            Self::DestinationDisabled => "destination.disabled",
            Self::Test => "test",
        }
    }
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its id, sent as `webhook-id`.
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// When it was stored; also inside `body`.
    pub at: DateTime<Utc>,
    /// The mention it is about, if it is about one.
    #[serde(default)]
    pub mention: Option<MentionId>,
    /// The brands it concerns; empty means all.
    #[serde(default)]
    pub brands: Vec<BrandName>,
    /// The flag score, which destinations filter on.
    #[serde(default)]
    pub score: Option<f64>,
    /// The generic body, `{"type":…,"timestamp":…,"data":{…}}`, byte for byte as sent.
    pub body: String,
}

impl Event {
    /// Builds an event whose body carries `data`.
    pub fn new(
        id: EventId,
        event_type: EventType,
        at: DateTime<Utc>,
        data: serde_json::Value,
    ) -> Self {
        let body = serde_json::json!({
            "type": event_type.as_str(),
            "timestamp": at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            "data": data,
        });
        Self {
            id,
            event_type,
            at,
            mention: None,
            brands: Vec::new(),
            score: None,
            body: body.to_string(),
        }
    }

    /// The event as one about this mention: what destinations and feeds choose by.
    #[must_use]
    pub fn about(mut self, mention: &Mention) -> Self {
        self.mention = Some(mention.id.clone());
        self.brands = mention
            .brands
            .iter()
            .map(|brand| brand.name.clone())
            .collect();
        self.score = mention.flag.as_ref().map(|flag| flag.score);
        self
    }

    /// The event with a delivery for every destination that wants it.
    pub fn addressed<'a>(
        self,
        destinations: impl IntoIterator<Item = &'a Destination>,
    ) -> (Self, Vec<Delivery>) {
        let deliveries = destinations
            .into_iter()
            .filter(|destination| destination.wants(&self))
            .map(|destination| Delivery::due(&self, &destination.name))
            .collect();
        (self, deliveries)
    }
}
