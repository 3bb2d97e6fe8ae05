//! The tool behind a `[[webhook]]`: its kind, its address and the keys that only this kind
//! has. Addresses and tokens are secrets, so no message repeats one.

use lettre::message::Mailbox;
use url::Url;

use super::problem::nearest;
use super::read::{Fields, Placed};
use super::{GivenSecret, SecretOrigin};
use crate::domain::{DestinationKind, Email, Secret, Slack, SlackBot, Telegram};

/// The keys of a webhook that belong to some kinds only.
pub(super) const KIND_KEYS: [&str; 9] = [
    "token",
    "channel",
    "signing_secret",
    "chat_id",
    "secret_token",
    "from",
    "to",
    "routing_key",
    "path",
];

/// Where Slack's methods are called.
const SLACK_API: &str = "https://slack.com/api";
/// Where Telegram's methods are called.
const TELEGRAM_API: &str = "https://api.telegram.org";
/// Where PagerDuty takes events.
const PAGERDUTY_API: &str = "https://events.pagerduty.com/v2/enqueue";

/// The longest secret token that Telegram takes.
const SECRET_TOKEN_LIMIT: usize = 256;
/// More receivers than this belong on a mailing list.
const RECIPIENT_LIMIT: usize = 50;

/// A value of the kind as it was written, to be written again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Text(String),
    Texts(Vec<String>),
    Secret(GivenSecret),
}

/// What was read of the tool behind a webhook.
pub(super) struct Receiver {
    pub(super) kind: DestinationKind,
    pub(super) url: Secret,
    /// Where the address was found; `None` when it is the tool's own.
    pub(super) url_origin: Option<SecretOrigin>,
    pub(super) written: Vec<(&'static str, Written)>,
}

/// Reads kind, address and the kind's own keys.
pub(super) fn receiver(fields: &Fields<'_, '_>) -> Option<Receiver> {
    let name = kind_name(fields)?;
    let mut keys = KindKeys {
        fields,
        name,
        allowed: Vec::new(),
        written: Vec::new(),
    };
    let kind = keys.kind();
    keys.refuse_others();
    let url = address(fields, name, kind.as_ref());
    let (url, url_origin) = url?;
    Some(Receiver {
        kind: kind?,
        url,
        url_origin,
        written: keys.written,
    })
}

/// The name of the kind, which must exist.
fn kind_name(fields: &Fields<'_, '_>) -> Option<&'static str> {
    if fields.value("kind").is_none() {
        return Some("generic");
    }
    let place = fields.text("kind", "kind = \"generic\"")?;
    let found = DestinationKind::NAMES
        .into_iter()
        .find(|name| *name == place.value);
    if found.is_none() {
        let mend = match nearest(&place.value, DestinationKind::NAMES) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("write one of {}", DestinationKind::NAMES.join(", ")),
        };
        fields
            .reader
            .problem(&place, format!("there is no kind `{}`", place.value), mend);
    }
    found
}

/// Reads the keys of one kind and remembers which ones that are.
struct KindKeys<'f, 'r, 'a> {
    fields: &'f Fields<'r, 'a>,
    name: &'static str,
    allowed: Vec<&'static str>,
    written: Vec<(&'static str, Written)>,
}

impl KindKeys<'_, '_, '_> {
    fn kind(&mut self) -> Option<DestinationKind> {
        Some(match self.name {
            "slack" => {
                let token = self.secret("token", "token = { env = \"SLACK_BOT_TOKEN\" }");
                let channel = self.text("channel", "channel = \"#support\"");
                let signing_secret =
                    self.secret("signing_secret", "signing_secret = { env = \"NAME\" }");
                let bot = match (token, channel) {
                    (Some(token), Some(channel)) => Some(SlackBot { token, channel }),
                    (None, None) => None,
                    (Some(_), None) => {
                        self.missing(
                            "channel",
                            "a bot must know where to post",
                            "channel = \"#support\"",
                        );
                        return None;
                    }
                    (None, Some(_)) => {
                        // An incoming webhook belongs to one channel already.
                        self.missing(
                            "token",
                            "only a bot can choose a channel",
                            "token = { env = \"SLACK_BOT_TOKEN\" }, or remove `channel`",
                        );
                        return None;
                    }
                };
                DestinationKind::Slack(Slack {
                    bot,
                    signing_secret,
                })
            }
            "discord" => DestinationKind::Discord,
            "teams" => DestinationKind::Teams,
            "mattermost" => DestinationKind::Mattermost,
            "google-chat" => DestinationKind::GoogleChat,
            "telegram" => {
                let token = self.needed_secret("token", "token = { env = \"TELEGRAM_BOT_TOKEN\" }");
                let chat_id = self.chat_id();
                let secret_token = self.secret_token();
                DestinationKind::Telegram(Telegram {
                    token: token?,
                    chat_id: chat_id?,
                    secret_token,
                })
            }
            "ntfy" => DestinationKind::Ntfy {
                token: self.secret("token", "token = { env = \"NTFY_TOKEN\" }"),
            },
            "email" => {
                let from = self.from();
                let to = self.to();
                DestinationKind::Email(Email {
                    from: from?,
                    to: to?,
                })
            }
            "pagerduty" => DestinationKind::PagerDuty {
                routing_key: self
                    .needed_secret("routing_key", "routing_key = { env = \"PAGERDUTY_KEY\" }")?,
            },
            "file" => {
                const EXAMPLE: &str = "path = \"alerts.jsonl\"";
                if self.fields.value("path").is_none() {
                    self.allowed.push("path");
                    self.fields.missing("path", &format!("write {EXAMPLE}"));
                    return None;
                }
                let path = self.text("path", EXAMPLE)?;
                DestinationKind::File {
                    path: self.fields.reader.beside_the_file(&path),
                }
            }
            _ => DestinationKind::Generic,
        })
    }

    /// Reports the keys that belong to other kinds.
    fn refuse_others(&self) {
        for key in KIND_KEYS {
            if self.allowed.contains(&key) {
                continue;
            }
            if let Some(place) = self.fields.value(key) {
                let what = format!("is not a key of kind = \"{}\"", self.name);
                let mend = if self.allowed.is_empty() {
                    "remove it".to_owned()
                } else {
                    format!("this kind has {}; remove it", self.allowed.join(", "))
                };
                self.fields.reader.problem(&place, what, mend);
            }
        }
    }

    fn missing(&self, key: &str, why: &str, example: &str) {
        self.fields.reader.problem_at(
            self.fields.line,
            &self.fields.key(key),
            format!("is missing: {why}"),
            format!("write {example}"),
        );
    }

    fn placed_text(&mut self, key: &'static str, example: &str) -> Option<Placed<String>> {
        self.allowed.push(key);
        let place = self.fields.text(key, example)?;
        self.written.push((key, Written::Text(place.value.clone())));
        Some(place)
    }

    fn text(&mut self, key: &'static str, example: &str) -> Option<String> {
        self.placed_text(key, example).map(|place| place.value)
    }

    fn placed_secret(&mut self, key: &'static str, example: &str) -> Option<Placed<GivenSecret>> {
        self.allowed.push(key);
        let place = self.fields.secret(key, example)?;
        self.written
            .push((key, Written::Secret(place.value.clone())));
        Some(place)
    }

    fn secret(&mut self, key: &'static str, example: &str) -> Option<Secret> {
        let place = self.placed_secret(key, example)?;
        Some(place.value.value)
    }

    /// A secret that becomes a part of an address or a header.
    fn needed_secret(&mut self, key: &'static str, example: &str) -> Option<Secret> {
        if self.fields.value(key).is_none() {
            self.allowed.push(key);
            self.fields.missing(key, &format!("write {example}"));
            return None;
        }
        let place = self.placed_secret(key, example)?;
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_plain(place.value.value.reveal()) {
            self.fields.reader.problem(
                &place,
                "contains a character that no token has",
                format!("write {example}"),
            );
            return None;
        }
        Some(place.value.value)
    }

    fn chat_id(&mut self) -> Option<String> {
        const EXAMPLE: &str = "chat_id = \"-1001234567890\" or chat_id = \"@channel_name\"";
        if self.fields.value("chat_id").is_none() {
            self.allowed.push("chat_id");
            self.fields.missing("chat_id", &format!("write {EXAMPLE}"));
            return None;
        }
        let place = self.placed_text("chat_id", EXAMPLE)?;
        let is_name = place.value.strip_prefix('@').is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        });
        if place.value.parse::<i64>().is_ok() || is_name {
            return Some(place.value);
        }
        self.fields.reader.problem(
            &place,
            format!("`{}` is neither a number nor an @name", place.value),
            format!("write {EXAMPLE}"),
        );
        None
    }

    fn secret_token(&mut self) -> Option<Secret> {
        const EXAMPLE: &str = "secret_token = { env = \"TELEGRAM_SECRET_TOKEN\" }";
        let place = self.placed_secret("secret_token", EXAMPLE)?;
        let text = place.value.value.reveal();
        let fits = text.len() <= SECRET_TOKEN_LIMIT
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if !fits {
            self.fields.reader.problem(
                &place,
                "is not what Telegram takes: up to 256 of A-Z, a-z, 0-9, _ and -",
                "make one with `openssl rand -hex 32` and set it with setWebhook",
            );
            return None;
        }
        Some(place.value.value)
    }

    fn from(&mut self) -> Option<String> {
        const EXAMPLE: &str = "from = \"Hearken <hearken@example.org>\"";
        if self.fields.value("from").is_none() {
            self.allowed.push("from");
            self.fields.missing("from", &format!("write {EXAMPLE}"));
            return None;
        }
        let place = self.placed_text("from", EXAMPLE)?;
        self.mailbox(&place, EXAMPLE)
    }

    /// One receiver as a text or several as a list.
    fn to(&mut self) -> Option<Vec<String>> {
        const EXAMPLE: &str = "to = [\"support@example.org\"]";
        self.allowed.push("to");
        let Some(value) = self.fields.value("to") else {
            self.fields.missing("to", &format!("write {EXAMPLE}"));
            return None;
        };
        let places = if value.value.as_str().is_some() {
            self.fields.text("to", EXAMPLE).into_iter().collect()
        } else {
            self.fields.texts("to", EXAMPLE)
        };
        let texts: Vec<String> = places.iter().map(|place| place.value.clone()).collect();
        self.written.push(("to", Written::Texts(texts)));
        if places.len() > RECIPIENT_LIMIT {
            self.fields.reader.problem(
                &value,
                format!("has more than {RECIPIENT_LIMIT} receivers"),
                "write the address of a mailing list",
            );
            return None;
        }
        let to: Vec<String> = places
            .iter()
            .filter_map(|place| self.mailbox(place, EXAMPLE))
            .collect();
        if places.is_empty() && value.value.as_array().is_some_and(|list| list.is_empty()) {
            self.fields
                .reader
                .problem(&value, "is an empty list", format!("write {EXAMPLE}"));
        }
        (!to.is_empty() && to.len() == places.len()).then_some(to)
    }

    fn mailbox(&self, place: &Placed<String>, example: &str) -> Option<String> {
        match place.value.parse::<Mailbox>() {
            Ok(mailbox) => Some(mailbox.to_string()),
            Err(_) => {
                self.fields.reader.problem(
                    place,
                    format!("`{}` is not a mail address", place.value),
                    format!("write {example}"),
                );
                None
            }
        }
    }
}

/// The address of the kind: read, or the tool's own where that is enough.
fn address(
    fields: &Fields<'_, '_>,
    name: &str,
    kind: Option<&DestinationKind>,
) -> Option<(Secret, Option<SecretOrigin>)> {
    let example = match name {
        "slack" => {
            "url = { env = \"SLACK_WEBHOOK_URL\" } for an incoming webhook, or token and channel for a bot"
        }
        "ntfy" => "url = \"https://ntfy.sh/your-topic\"",
        "email" => "url = { env = \"SMTP_URL\" }, as in smtps://user:password@mail.example.org",
        "discord" | "teams" | "mattermost" | "google-chat" => "url = { env = \"WEBHOOK_URL\" }",
        _ => "url = \"https://example.org/hook\" or url = { env = \"NAME\" }",
    };
    let own = match name {
        "slack" if fields.value("token").is_some() => Some(SLACK_API),
        "telegram" => Some(TELEGRAM_API),
        "pagerduty" => Some(PAGERDUTY_API),
        "file" => Some(""),
        _ => None,
    };
    let Some(value) = fields.value("url") else {
        if own.is_none() {
            fields.missing("url", &format!("write {example}"));
        }
        return own.map(|own| (Secret::new(own), None));
    };
    if matches!(kind, Some(DestinationKind::File { .. })) || name == "file" {
        fields.reader.problem(
            &value,
            "is not a key of kind = \"file\"",
            "write the file as `path` and remove it",
        );
        return None;
    }
    let place = fields.secret("url", example)?;
    // The value is left out on purpose: an address may hold a token.
    if let Err(wrong) = check_address(name, place.value.value.reveal()) {
        fields
            .reader
            .problem(&place, wrong, format!("write {example}"));
        return None;
    }
    let GivenSecret { value, origin } = place.value;
    Some((value, Some(origin)))
}

fn check_address(name: &str, text: &str) -> Result<(), &'static str> {
    let url = Url::parse(text).map_err(|_| "is not an address")?;
    let is_mail = name == "email";
    match url.scheme() {
        "smtp" | "smtps" if is_mail => (),
        _ if is_mail => return Err("is neither smtp:// nor smtps://"),
        "http" | "https" => (),
        _ => return Err("is neither http:// nor https://"),
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("names no host");
    }
    if name == "ntfy" {
        let mut parts = url.path_segments().into_iter().flatten();
        let topic = parts.next_back().unwrap_or_default();
        if topic.is_empty() {
            return Err("does not end with a topic");
        }
    }
    Ok(())
}
