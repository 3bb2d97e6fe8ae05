//! Where alerts go: a configured webhook and what it wants to hear.

use super::{BrandName, Event, EventType, Noise, Secret};

/// How a body is built; the other tools of product.md come with Delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationKind {
    /// The event as it is stored.
    Generic,
}

impl DestinationKind {
    /// The name in the configuration.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Generic => "generic",
        }
    }
}

/// A configured webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// Its name, unique in a configuration and the key of its deliveries.
    pub name: String,
    /// How its bodies are built.
    pub kind: DestinationKind,
    /// Where it is posted to; an address may hold a token, so it is a secret.
    pub url: Secret,
    /// What signs it; several while a secret rotates, none for no signature.
    pub secrets: Vec<Secret>,
    /// Only these types; empty means all.
    pub events: Vec<EventType>,
    /// Only these brands; empty means all.
    pub brands: Vec<BrandName>,
    /// Only mentions flagged at least this high.
    pub min_score: f64,
    /// What it is spared.
    pub noise: Noise,
}

impl Destination {
    /// Whether this destination wants the event. What is made for one destination is for
    /// whoever it is sent to.
    pub fn wants(&self, event: &Event) -> bool {
        let type_wanted = event.event_type.is_for_one()
            || self.events.is_empty()
            || self.events.contains(&event.event_type);
        let brand_wanted = self.brands.is_empty()
            || event.brands.is_empty()
            || event.brands.iter().any(|brand| self.brands.contains(brand));
        let score_wanted = event.score.is_none_or(|score| score >= self.min_score);
        type_wanted && brand_wanted && score_wanted
    }
}
