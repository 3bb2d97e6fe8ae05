//! `[[webhook]]`: whom we tell. Addresses are secrets here, so no message repeats one.

use url::Url;

use super::brand::{name, report_repeats, wanted_brands};
use super::noise::noise;
use super::problem::nearest;
use super::read::{Fields, Keys};
use super::{BrandConfig, SecretOrigin, WebhookConfig};
use crate::domain::{Destination, DestinationKind, EventType, Secret, SigningKey, TriagePolicy};

const WEBHOOK: Keys = Keys {
    table: "[[webhook]]",
    known: &[
        "name",
        "kind",
        "url",
        "secret",
        "events",
        "brands",
        "min_score",
        // Those of noise; see `config/noise.rs`.
        "languages",
        "platforms",
        "when",
        "quiet",
        "digest",
        "critical",
        "group",
        "cooldown",
        "heartbeat",
    ],
    later: &[],
    otherwise: None,
};

/// Kinds of webhooks that later versions have.
const LATER_KINDS: [&str; 10] = [
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

/// Event types that later versions have.
const LATER_EVENTS: [&str; 1] = ["case.verified"];

/// `[[webhook]]`.
pub(super) fn webhooks(
    root: &Fields<'_, '_>,
    brands: &[BrandConfig],
    policy: &TriagePolicy,
) -> Vec<WebhookConfig> {
    let mut names = Vec::new();
    let mut webhooks = Vec::new();
    for fields in root.tables("webhook", &WEBHOOK) {
        let written = fields
            .required_text("name", "name = \"team-chat\"")
            .and_then(|place| name(&fields, place));
        let kind = kind(&fields);
        let url = webhook_url(&fields);
        let (secrets, secret_origins) = signing_secrets(&fields);
        let events = events(&fields);
        let wanted = wanted_brands(&fields, brands);
        let min_score = fields
            .share("min_score", "min_score = 0.6")
            .map_or(policy.flag_threshold, |share| share.value);
        let (noise, when) = noise(&fields);
        names.extend(written.clone());
        let (Some(written), Some(kind), Some((url, url_origin))) = (written, kind, url) else {
            continue;
        };
        webhooks.push(WebhookConfig {
            destination: Destination {
                name: written.value,
                kind,
                url,
                secrets,
                events,
                brands: wanted,
                min_score,
                noise,
            },
            line: fields.line,
            when,
            url_origin,
            secret_origins,
        });
    }
    report_repeats(root, &names, "webhook");
    webhooks
}

fn kind(fields: &Fields<'_, '_>) -> Option<DestinationKind> {
    if fields.value("kind").is_none() {
        return Some(DestinationKind::Generic);
    }
    let place = fields.text("kind", "kind = \"generic\"")?;
    if place.value == "generic" {
        return Some(DestinationKind::Generic);
    }
    let (what, mend) = if LATER_KINDS.contains(&place.value.as_str()) {
        (
            format!("the kind `{}` comes with a later version", place.value),
            "remove this webhook, or write kind = \"generic\" for a receiver of your own",
        )
    } else {
        (
            format!("there is no kind `{}`", place.value),
            "write kind = \"generic\"",
        )
    };
    fields.reader.problem(&place, what, mend);
    None
}

fn webhook_url(fields: &Fields<'_, '_>) -> Option<(Secret, SecretOrigin)> {
    const EXAMPLE: &str = "url = \"https://example.org/hook\" or url = { env = \"NAME\" }";
    if fields.value("url").is_none() {
        fields.missing("url", &format!("write {EXAMPLE}"));
        return None;
    }
    let place = fields.secret("url", EXAMPLE)?;
    let wrong = match Url::parse(place.value.value.reveal()) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => "is neither http:// nor https://",
        Ok(url) if url.host().is_none() => "names no host",
        Ok(_) => return Some((place.value.value, place.value.origin)),
        Err(_) => "is not an address",
    };
    // The value is left out on purpose: an address may hold a token.
    fields
        .reader
        .problem(&place, wrong, format!("write {EXAMPLE}"));
    None
}

fn signing_secrets(fields: &Fields<'_, '_>) -> (Vec<Secret>, Vec<SecretOrigin>) {
    const EXAMPLE: &str = "secret = { env = \"NAME\" }";
    if fields.value("secret").is_none() {
        fields.reader.warning_at(
            fields.line,
            &fields.key("secret"),
            "is missing, so receivers cannot tell who sent a message",
            format!("write {EXAMPLE}"),
        );
    }
    let mut kept = (Vec::new(), Vec::new());
    for place in fields.secrets("secret", EXAMPLE) {
        match SigningKey::read(&place.value.value) {
            Ok(_) => {
                kept.0.push(place.value.value);
                kept.1.push(place.value.origin);
            }
            Err(why) => fields.reader.problem(
                &place,
                why,
                "write whsec_ + base64, whsk_ + base64 (ed25519), or any other text",
            ),
        }
    }
    kept
}

fn events(fields: &Fields<'_, '_>) -> Vec<EventType> {
    let mut events = Vec::new();
    for place in fields.texts("events", "events = [\"mention.flagged\"]") {
        let found = EventType::ALL
            .into_iter()
            .find(|event| event.as_str() == place.value);
        if let Some(event) = found {
            events.push(event);
            continue;
        }
        if LATER_EVENTS.contains(&place.value.as_str()) {
            fields.reader.problem(
                &place,
                format!("`{}` comes with a later version", place.value),
                "remove it",
            );
            continue;
        }
        let known = EventType::ALL.map(EventType::as_str);
        let mend = match nearest(&place.value, known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("write one of {}", known.join(", ")),
        };
        fields.reader.problem(
            &place,
            format!("there is no event type `{}`", place.value),
            mend,
        );
    }
    events
}
