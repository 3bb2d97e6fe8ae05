//! `[[webhook]]`: whom we tell. Addresses are secrets here, so no message repeats one.

use super::brand::{name, report_repeats, wanted_brands};
use super::noise::noise;
use super::problem::nearest;
use super::read::{Fields, Keys};
use super::receiver::receiver;
use super::{BrandConfig, SecretOrigin, WebConfig, WebhookConfig};
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
        // Those of the kinds; see `KIND_KEYS`.
        "token",
        "channel",
        "signing_secret",
        "chat_id",
        "secret_token",
        "from",
        "to",
        "routing_key",
        "path",
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

/// Event types that later versions have.
const LATER_EVENTS: [&str; 1] = ["case.verified"];

/// `[[webhook]]`.
pub(super) fn webhooks(
    root: &Fields<'_, '_>,
    brands: &[BrandConfig],
    policy: &TriagePolicy,
    web: &WebConfig,
) -> Vec<WebhookConfig> {
    let page = web
        .public_url
        .as_ref()
        .map(|url| url.as_str().trim_end_matches('/').to_owned());
    let mut names = Vec::new();
    let mut webhooks = Vec::new();
    for fields in root.tables("webhook", &WEBHOOK) {
        let written = fields
            .required_text("name", "name = \"team-chat\"")
            .and_then(|place| name(&fields, place));
        let receiver = receiver(&fields);
        let kind = receiver.as_ref().map(|receiver| &receiver.kind);
        let (secrets, secret_origins) = signing_secrets(&fields, kind);
        let events = events(&fields);
        let wanted = wanted_brands(&fields, brands);
        let min_score = fields
            .share("min_score", "min_score = 0.6")
            .map_or(policy.flag_threshold, |share| share.value);
        let (noise, when) = noise(&fields);
        names.extend(written.clone());
        let (Some(written), Some(receiver)) = (written, receiver) else {
            continue;
        };
        webhooks.push(WebhookConfig {
            destination: Destination {
                name: written.value,
                kind: receiver.kind,
                url: receiver.url,
                secrets,
                page: page.clone(),
                events,
                brands: wanted,
                min_score,
                noise,
            },
            line: fields.line,
            when,
            url_origin: receiver.url_origin,
            secret_origins,
            kind_keys: receiver.written,
        });
    }
    report_repeats(root, &names, "webhook");
    webhooks
}

/// What signs the messages. Only receivers of `generic` can check a signature; the chat
/// tools would not know what to do with one.
fn signing_secrets(
    fields: &Fields<'_, '_>,
    kind: Option<&DestinationKind>,
) -> (Vec<Secret>, Vec<SecretOrigin>) {
    const EXAMPLE: &str = "secret = { env = \"NAME\" }";
    let is_signed = matches!(kind, None | Some(DestinationKind::Generic));
    if !is_signed {
        if let (Some(place), Some(kind)) = (fields.value("secret"), kind) {
            fields.reader.problem(
                &place,
                format!("is not a key of kind = \"{}\"", kind.name()),
                "remove it: only receivers of kind = \"generic\" check signatures",
            );
        }
        return (Vec::new(), Vec::new());
    }
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
