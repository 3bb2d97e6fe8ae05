//! Where alerts go: a configured webhook, the tool behind it and what it wants to hear.

use std::path::PathBuf;

use super::{BrandName, Event, EventType, Noise, Secret};

/// The tool behind a destination, with what that tool needs besides the address.
#[derive(Clone, Debug, PartialEq)]
pub enum DestinationKind {
    /// The event as it is stored, signed.
    Generic,
    /// Slack: an incoming webhook, or a bot.
    Slack(Slack),
    /// A webhook of a Discord channel.
    Discord,
    /// A "Workflows" webhook of Microsoft Teams.
    Teams,
    /// An incoming webhook of Mattermost.
    Mattermost,
    /// An incoming webhook of a Google Chat space.
    GoogleChat,
    /// A Telegram bot.
    Telegram(Telegram),
    /// A topic of an ntfy server; its address ends with the topic.
    Ntfy {
        /// The access token, where the topic is protected.
        token: Option<Secret>,
    },
    /// Mail through an SMTP server.
    Email(Email),
    /// An integration of PagerDuty (Events API v2).
    PagerDuty {
        /// The integration key.
        routing_key: Secret,
    },
    /// JSON Lines appended to a file.
    File {
        /// The file.
        path: PathBuf,
    },
}

/// How Slack is reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slack {
    /// A bot posts and edits; without one the address is an incoming webhook.
    pub bot: Option<SlackBot>,
    /// What proves that a pressed button comes from Slack; without it there are no buttons.
    pub signing_secret: Option<Secret>,
}

/// A Slack bot and where it posts.
#[derive(Clone, Debug, PartialEq)]
pub struct SlackBot {
    /// The bot token, `xoxb-…`.
    pub token: Secret,
    /// The channel, by id or name.
    pub channel: String,
}

/// A Telegram bot and where it posts.
#[derive(Clone, Debug, PartialEq)]
pub struct Telegram {
    /// The bot's token.
    pub token: Secret,
    /// The chat, by number or `@name`.
    pub chat_id: String,
    /// What proves that a pressed button comes from Telegram; without it there are no
    /// buttons.
    pub secret_token: Option<Secret>,
}

/// Who writes mails to whom; the address of the destination is that of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// The sender.
    pub from: String,
    /// Everybody who gets each mail.
    pub to: Vec<String>,
}

/// What a tool can do once the case behind a message moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// Every event is sent for itself.
    EveryEvent,
    /// The message is changed in place.
    Edits,
    /// What follows is written below the message.
    Thread,
    /// The message stays as it is; one more may follow it.
    OneFollowUp,
}

impl DestinationKind {
    /// The names of all kinds in the configuration, in the order of the documentation.
    pub const NAMES: [&'static str; 11] = [
        "generic",
        "slack",
        "discord",
        "teams",
        "mattermost",
        "google-chat",
        "telegram",
        "ntfy",
        "email",
        "pagerduty",
        "file",
    ];

    /// The name in the configuration.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Slack(_) => "slack",
            Self::Discord => "discord",
            Self::Teams => "teams",
            Self::Mattermost => "mattermost",
            Self::GoogleChat => "google-chat",
            Self::Telegram(_) => "telegram",
            Self::Ntfy { .. } => "ntfy",
            Self::Email(_) => "email",
            Self::PagerDuty { .. } => "pagerduty",
            Self::File { .. } => "file",
        }
    }

    /// What happens to a message when its case moves on.
    pub fn follows(&self) -> Follows {
        match self {
            Self::Generic | Self::File { .. } => Follows::EveryEvent,
            Self::Slack(Slack { bot: Some(_), .. })
            | Self::Discord
            | Self::Telegram(_)
            | Self::PagerDuty { .. } => Follows::Edits,
            Self::GoogleChat => Follows::Thread,
            Self::Slack(Slack { bot: None, .. })
            | Self::Teams
            | Self::Mattermost
            | Self::Ntfy { .. }
            | Self::Email(_) => Follows::OneFollowUp,
        }
    }

    /// Every secret that belongs to the kind itself, so that none is ever shown.
    pub fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::Slack(slack) => slack
                .bot
                .iter()
                .map(|bot| &bot.token)
                .chain(&slack.signing_secret)
                .collect(),
            Self::Telegram(telegram) => std::iter::once(&telegram.token)
                .chain(&telegram.secret_token)
                .collect(),
            Self::Ntfy { token } => token.iter().collect(),
            Self::PagerDuty { routing_key } => vec![routing_key],
            Self::Generic
            | Self::Discord
            | Self::Teams
            | Self::Mattermost
            | Self::GoogleChat
            | Self::Email(_)
            | Self::File { .. } => Vec::new(),
        }
    }
}

/// A configured webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// Its name, unique in a configuration and the key of its deliveries.
    pub name: String,
    /// The tool behind it.
    pub kind: DestinationKind,
    /// Where it is posted to, or the tool's own address where the configuration gives none;
    /// an address may hold a token, so it is a secret. Empty for a file.
    pub url: Secret,
    /// What signs it; several while a secret rotates, none for no signature.
    pub secrets: Vec<Secret>,
    /// Where people reach the page, without a final slash; `None` leaves out the links to it.
    pub page: Option<String>,
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
