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
    /// Somebody took a case.
    #[serde(rename = "case.claimed")]
    CaseClaimed,
    /// Somebody says a public answer was given.
    #[serde(rename = "case.replied")]
    CaseReplied,
    /// Somebody says no answer is needed.
    #[serde(rename = "case.dismissed")]
    CaseDismissed,
    /// The last moment for an answer has passed and nobody has answered.
    #[serde(rename = "case.overdue")]
    CaseOverdue,
    /// A closed case is open again.
    #[serde(rename = "case.reopened")]
    CaseReopened,
    /// A brand is spoken of more, or worse, than is usual at this hour.
    #[serde(rename = "spike.started")]
    SpikeStarted,
    /// A spike is over.
    #[serde(rename = "spike.ended")]
    SpikeEnded,
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
    /// Sent at fixed times to whoever asked for it, so that a receiver notices silence.
    #[serde(rename = "heartbeat")]
    Heartbeat,
    /// One message that stands for several events: a digest, or the rest of a burst.
    #[serde(rename = "digest")]
    Digest,
    /// Sent by `hearken webhook test`.
    #[serde(rename = "test")]
    Test,
}

impl EventType {
    /// Every type, in the order of the documentation.
    pub const ALL: [Self; 18] = [
        Self::MentionFlagged,
        Self::MentionUpdated,
        Self::MentionBacklog,
        Self::CaseClaimed,
        Self::CaseReplied,
        Self::CaseDismissed,
        Self::CaseOverdue,
        Self::CaseReopened,
        Self::SpikeStarted,
        Self::SpikeEnded,
        Self::SourceSilent,
        Self::SourceGap,
        Self::SourceFailing,
        Self::SourceRecovered,
        Self::DestinationDisabled,
        Self::Heartbeat,
        Self::Digest,
        Self::Test,
    ];

    /// The name on the wire and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MentionFlagged => "mention.flagged",
            Self::MentionUpdated => "mention.updated",
            Self::MentionBacklog => "mention.backlog",
            Self::CaseClaimed => "case.claimed",
            Self::CaseReplied => "case.replied",
            Self::CaseDismissed => "case.dismissed",
            Self::CaseOverdue => "case.overdue",
            Self::CaseReopened => "case.reopened",
            Self::SpikeStarted => "spike.started",
            Self::SpikeEnded => "spike.ended",
            Self::SourceSilent => "source.silent",
            Self::SourceGap => "source.gap",
            Self::SourceFailing => "source.failing",
            Self::SourceRecovered => "source.recovered",
            Self::DestinationDisabled => "destination.disabled",
            Self::Heartbeat => "heartbeat",
            Self::Digest => "digest",
            Self::Test => "test",
        }
    }
}

impl EventType {
    /// Whether it is made for one destination, whatever types that one asks for.
    pub fn is_for_one(self) -> bool {
        matches!(self, Self::Heartbeat | Self::Digest | Self::Test)
    }

    /// Whether it says that something new happened to a customer, rather than what people
    /// did about it.
    pub(super) fn is_news(self) -> bool {
        matches!(
            self,
            Self::MentionFlagged | Self::MentionUpdated | Self::CaseOverdue
        )
    }

    /// Whether it is about a case that may be acknowledged or snoozed already.
    fn may_be_hushed(self) -> bool {
        matches!(self, Self::MentionUpdated | Self::CaseOverdue)
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
    /// What it is part of, such as a story or a source: deliveries of the same arrive in
    /// order. Those of no story are a story of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<String>,
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
            story: None,
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
        self.story = Some(mention.story.to_string());
        self
    }

    /// The event as part of a story that is not one of mentions.
    #[must_use]
    pub fn in_story(mut self, story: impl Into<String>) -> Self {
        self.story = Some(story.into());
        self
    }

    /// The mention as it is told in the body, if the event is about one.
    pub fn told_mention(&self) -> Option<Mention> {
        #[derive(Deserialize)]
        struct Body {
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            mention: Mention,
        }
        self.mention.as_ref()?;
        let body: Body = serde_json::from_str(&self.body).ok()?;
        Some(body.data.mention)
    }

    /// The event with a delivery for every destination that wants it.
    pub fn addressed<'a>(
        self,
        destinations: impl IntoIterator<Item = &'a Destination>,
    ) -> (Self, Vec<Delivery>) {
        let mention = std::cell::OnceCell::new();
        let deliveries = destinations
            .into_iter()
            .filter_map(|destination| self.delivery_to(destination, &mention))
            .collect();
        (self, deliveries)
    }

    /// The delivery that the event owes to a destination; `None` when it does not want it.
    /// `mention` keeps what was read from the body for the next destination.
    fn delivery_to(
        &self,
        destination: &Destination,
        mention: &std::cell::OnceCell<Option<Mention>>,
    ) -> Option<Delivery> {
        if !destination.wants(self) {
            return None;
        }
        let noise = &destination.noise;
        let mut delivery = Delivery::due(self, &destination.name);
        // Reading it costs more than the rest, and hardly anything needs it.
        let is_needed = noise.looks_at_mentions() || self.event_type.may_be_hushed();
        let mention = is_needed
            .then(|| mention.get_or_init(|| self.told_mention()).as_ref())
            .flatten();
        if let Some(mention) = mention
            && !noise.lets_through(mention, self.at)
        {
            return None;
        }
        noise.plan(&mut delivery, self, mention);
        Some(delivery)
    }
}
