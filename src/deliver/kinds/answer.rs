//! What the answer of each tool means: taken, asked to wait, refused for good, a receiver in
//! trouble, or a message that is no longer there. Pure; texts of answers are never repeated
//! beyond the tool's own short error words.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use super::Step;
use crate::deliver::schedule::{self, Answer};
use crate::deliver::text::one_line;
use crate::domain::{DestinationKind, Slack};
use crate::net::Headers;

/// The longest error word of a tool that is worth repeating.
const WORD_LIMIT: usize = 120;

/// An answer, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deliver) struct Heard {
    /// What the schedule goes by.
    pub(in crate::deliver) answer: Answer,
    /// What is wrong, for people; `None` when the message was taken.
    pub(in crate::deliver) why: Option<String>,
    /// The id of the message that was posted, where the tool says it.
    pub(in crate::deliver) message: Option<String>,
    /// Where it was posted, where the tool says it.
    pub(in crate::deliver) place: Option<String>,
    /// The message to be changed is not there any more: a new one has to be posted.
    pub(in crate::deliver) is_lost: bool,
}

impl Heard {
    pub(in crate::deliver) fn taken() -> Self {
        Self {
            answer: Answer::Status {
                status: 200,
                retry_after: None,
            },
            why: None,
            message: None,
            place: None,
            is_lost: false,
        }
    }

    /// What the code of a mail server means that did not take a mail.
    pub(in crate::deliver) fn of_mail(code: u16) -> Self {
        let why = |what: &str| format!("the mail server {what} ({code})");
        match code {
            // Too large, or refused for what stands in it.
            552 | 554 => Self::refused(why("refuses the mail")),
            530 | 534 | 535 => Self::status(401, None, why("does not let us in")),
            500..=599 => Self::status(403, None, why("does not take mail for this address")),
            _ => Self::status(503, None, why("asks us to come back later")),
        }
    }

    fn status(status: u16, retry_after: Option<Duration>, why: String) -> Self {
        Self {
            answer: Answer::Status {
                status,
                retry_after,
            },
            why: Some(why),
            ..Self::taken()
        }
    }

    /// This message will never be taken; others may.
    fn refused(why: String) -> Self {
        Self {
            answer: Answer::Refused,
            why: Some(why),
            ..Self::taken()
        }
    }

    fn lost(why: String) -> Self {
        Self {
            is_lost: true,
            ..Self::refused(why)
        }
    }
}

/// Reads the answer to one request.
pub(in crate::deliver) fn heard(
    kind: &DestinationKind,
    step: &Step,
    status: u16,
    headers: &Headers,
    body: &[u8],
    now: DateTime<Utc>,
) -> Heard {
    let asked = headers
        .get("retry-after")
        .and_then(|header| schedule::retry_after(header, now));
    let json: Json = serde_json::from_slice(body).unwrap_or_default();
    match kind {
        DestinationKind::Generic => plain(status, asked),
        DestinationKind::Slack(Slack { bot: Some(_), .. }) => slack_bot(status, asked, &json),
        DestinationKind::Slack(_) => refusing(status, asked, short(body)),
        DestinationKind::Discord => discord(step, status, asked, &json),
        DestinationKind::Telegram(_) => telegram(status, asked, &json),
        DestinationKind::Teams => teams(status, asked, body),
        DestinationKind::PagerDuty { .. } => refusing(status, asked, word(&json["message"])),
        DestinationKind::Mattermost => refusing(status, asked, word(&json["message"])),
        DestinationKind::GoogleChat => {
            let mut heard = refusing(status, asked, word(&json["error"]["status"]));
            heard.message = json["name"].as_str().map(str::to_owned);
            heard
        }
        DestinationKind::Ntfy { .. } => refusing(status, asked, word(&json["error"])),
        DestinationKind::Email(_) | DestinationKind::File { .. } => plain(status, asked),
    }
}

/// An answer that says everything with its status.
fn plain(status: u16, asked: Option<Duration>) -> Heard {
    match refusal(status) {
        None => Heard {
            answer: Answer::Status {
                status,
                retry_after: asked,
            },
            ..Heard::taken()
        },
        Some(why) => Heard::status(status, asked, why),
    }
}

/// A tool that answers 400, 413 or 422 to a message that it will never take: the same body
/// would be refused again.
fn refusing(status: u16, asked: Option<Duration>, word: String) -> Heard {
    let heard = plain(status, asked);
    let said = |why: Option<String>| why.map(|why| format!("{why}{}", behind(&word)));
    if matches!(status, 400 | 413 | 415 | 422) {
        return Heard::refused(said(heard.why).unwrap_or_default());
    }
    Heard {
        why: said(heard.why),
        ..heard
    }
}

/// Slack's methods answer 200 to almost everything and say `ok: false`.
fn slack_bot(status: u16, asked: Option<Duration>, json: &Json) -> Heard {
    if !(200..300).contains(&status) {
        return plain(status, asked);
    }
    if json["ok"] == Json::Bool(true) {
        return Heard {
            message: json["ts"].as_str().map(str::to_owned),
            place: json["channel"].as_str().map(str::to_owned),
            ..Heard::taken()
        };
    }
    let error = word(&json["error"]);
    let why = format!("Slack does not take it{}", behind(&error));
    match error.as_str() {
        "ratelimited" | "rate_limited" => Heard::status(429, asked, why),
        "message_not_found" | "cant_update_message" | "edit_window_closed" | "thread_not_found" => {
            Heard::lost(why)
        }
        "invalid_blocks"
        | "invalid_blocks_format"
        | "msg_too_long"
        | "msg_blocks_too_long"
        | "no_text"
        | "invalid_arguments"
        | "invalid_form_data"
        | "invalid_post_type"
        | "invalid_charset"
        | "duplicate_message_not_found" => Heard::refused(why),
        // Whatever is wrong with Slack itself passes.
        ""
        | "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org" => Heard::status(503, asked, why),
        // The token, the channel or a right is missing: nothing gets there until it is mended.
        _ => Heard::status(403, asked, why),
    }
}

fn discord(step: &Step, status: u16, asked: Option<Duration>, json: &Json) -> Heard {
    let code = json["code"].as_u64();
    let said = behind(&word(&json["message"]));
    match status {
        200..=299 => Heard {
            message: json["id"].as_str().map(str::to_owned),
            ..Heard::taken()
        },
        429 => {
            let body = json["retry_after"].as_f64().and_then(secs);
            let wait = [asked, body].into_iter().flatten().max();
            Heard::status(429, wait, refusal(429).unwrap_or_default())
        }
        // Unknown Message: somebody deleted it.
        404 if matches!(step, Step::Edit(_)) && code != Some(10_015) => {
            Heard::lost(format!("the message is not there any more{said}"))
        }
        // Unknown Webhook: it was deleted and never comes back.
        404 if code == Some(10_015) => Heard::status(
            410,
            None,
            format!("the webhook was deleted in Discord{said}"),
        ),
        _ => refusing(status, asked, word(&json["message"])),
    }
}

fn telegram(status: u16, asked: Option<Duration>, json: &Json) -> Heard {
    if (200..300).contains(&status) && json["ok"] == Json::Bool(true) {
        let result = &json["result"];
        return Heard {
            message: result["message_id"].as_i64().map(|id| id.to_string()),
            place: result["chat"]["id"].as_i64().map(|id| id.to_string()),
            ..Heard::taken()
        };
    }
    let description = word(&json["description"]);
    let status = json["error_code"]
        .as_u64()
        .and_then(|code| u16::try_from(code).ok())
        .unwrap_or(status);
    let why = format!("Telegram does not take it{}", behind(&description));
    let says = |part: &str| description.to_lowercase().contains(part);
    match status {
        429 => {
            let body = json["parameters"]["retry_after"]
                .as_u64()
                .map(Duration::from_secs);
            let wait = [asked, body].into_iter().flatten().max();
            Heard::status(429, wait, why)
        }
        // The same text again: what was wanted is there.
        400 if says("message is not modified") => Heard::taken(),
        400 if says("message to edit not found") || says("message can't be edited") => {
            Heard::lost(why)
        }
        400 if json["parameters"]["migrate_to_chat_id"].is_i64() => Heard::status(
            403,
            asked,
            "the group has become a supergroup; write its new number as chat_id".to_owned(),
        ),
        400 if says("chat not found") || says("not enough rights") || says("topic") => {
            Heard::status(403, asked, why)
        }
        400 | 413 => Heard::refused(why),
        200..=299 => Heard::status(502, asked, "the answer is not one of Telegram".to_owned()),
        _ => Heard::status(status, asked, why),
    }
}

/// The older connectors answer 200 and say in words that nothing arrived.
fn teams(status: u16, asked: Option<Duration>, body: &[u8]) -> Heard {
    let text = String::from_utf8_lossy(body);
    if (200..300).contains(&status) && text.contains("delivery failed") {
        let status = if text.contains("HTTP error 429") {
            429
        } else {
            502
        };
        return Heard::status(status, asked, refusal(status).unwrap_or_default());
    }
    refusing(status, asked, String::new())
}

/// What a status that is not a success means, for people.
pub(in crate::deliver) fn refusal(status: u16) -> Option<String> {
    let why = match status {
        200..=299 => return None,
        300..=399 => "the receiver redirects; write its new address into the configuration",
        401 | 403 => "the receiver does not let us in",
        404 => "the receiver knows no such address",
        410 => "the receiver is gone for good",
        413 => "the receiver finds the message too large",
        429 => "the receiver asks for fewer messages",
        400..=499 => "the receiver refuses the message",
        _ => "the receiver failed",
    };
    Some(format!("{why} ({status})"))
}

/// A tool's own short word for what is wrong.
fn word(json: &Json) -> String {
    one_line(json.as_str().unwrap_or_default(), WORD_LIMIT)
}

fn short(body: &[u8]) -> String {
    one_line(&String::from_utf8_lossy(body), WORD_LIMIT)
}

fn behind(word: &str) -> String {
    if word.is_empty() {
        String::new()
    } else {
        format!(": {word}")
    }
}

/// Seconds with a fraction, as long as they make sense.
fn secs(secs: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(secs).ok()
}
