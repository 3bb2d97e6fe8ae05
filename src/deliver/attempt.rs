//! One attempt: build, sign, post, and say what came back. Neither the address nor a secret
//! is part of what is returned.

use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use super::pace::Bucket;
use super::schedule::{self, Answer};
use super::{body, sign};
use crate::domain::{Attempt, Destination, Event};
use crate::net::{Cap, Client, Request};

/// Standard Webhooks asks for 15 to 30 s; receivers that take longer work before they
/// answer, which they should not.
pub(super) const TIMEOUT: Duration = Duration::from_secs(20);
/// How much of an answer is kept.
const ANSWER_LIMIT_BYTES: u64 = 1024;

/// What one attempt came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// What is recorded.
    pub attempt: Attempt,
    /// What the schedule goes by.
    pub answer: Answer,
    /// What the receiver says about its limits.
    pub bucket: Option<Bucket>,
}

impl Sent {
    /// Whether the receiver took it: only a status of 200 to 299 says so.
    pub fn is_delivered(&self) -> bool {
        matches!(
            self.answer,
            Answer::Status {
                status: 200..=299,
                ..
            }
        )
    }
}

/// Posts an event to a destination once and returns what the receiver answered, without
/// recording anything.
pub async fn send_one(
    client: &Client,
    destination: &Destination,
    event: &Event,
    now: &(dyn Fn() -> DateTime<Utc> + Send + Sync),
) -> Sent {
    send_within(client, destination, event, now, TIMEOUT).await
}

pub(super) async fn send_within(
    client: &Client,
    destination: &Destination,
    event: &Event,
    now: &(dyn Fn() -> DateTime<Utc> + Send + Sync),
    timeout: Duration,
) -> Sent {
    let at = now();
    let request = match request(destination, event, at, timeout) {
        Ok(request) => request,
        Err(why) => return failed(at, now(), why),
    };
    let response = match client.send(request).await {
        Ok(response) => response,
        Err(error) => return failed(at, now(), error.to_string()),
    };
    let ended = now();
    let status = response.status;
    let retry_after = response
        .headers
        .get("retry-after")
        .and_then(|header| schedule::retry_after(header, ended));
    Sent {
        attempt: Attempt {
            at,
            duration_ms: duration_ms(at, ended),
            status: Some(status),
            error: refusal(status),
            answer: String::from_utf8_lossy(&response.body).into_owned(),
        },
        answer: Answer::Status {
            status,
            retry_after,
        },
        bucket: Bucket::read(|name| response.headers.get(name)),
    }
}

fn request(
    destination: &Destination,
    event: &Event,
    at: DateTime<Utc>,
    timeout: Duration,
) -> Result<Request, String> {
    // The parser's own message could repeat a part of the address.
    let url = Url::parse(destination.url.reveal())
        .map_err(|_| "its address cannot be read".to_owned())?;
    let body = body::build(destination.kind, event);
    let headers = sign::headers(&event.id, at, &body.bytes, &destination.secrets)
        .map_err(|error| error.to_string())?;
    let mut request = Request {
        cap_bytes: Some(ANSWER_LIMIT_BYTES),
        on_cap: Cap::Truncate,
        total_timeout: Some(timeout),
        ..Request::post(url, body.bytes)
    }
    .header("content-type", body.content_type);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    Ok(request)
}

fn failed(at: DateTime<Utc>, ended: DateTime<Utc>, why: String) -> Sent {
    Sent {
        attempt: Attempt {
            at,
            duration_ms: duration_ms(at, ended),
            status: None,
            error: Some(why),
            answer: String::new(),
        },
        answer: Answer::None,
        bucket: None,
    }
}

/// What a status that is not a success means, for people.
fn refusal(status: u16) -> Option<String> {
    let why = match status {
        200..=299 => return None,
        300..=399 => "the receiver redirects; write its new address into the configuration",
        401 | 403 => "the receiver does not let us in",
        404 => "the receiver knows no such address",
        410 => "the receiver is gone for good",
        429 => "the receiver asks for fewer messages",
        400..=499 => "the receiver refuses the message",
        _ => "the receiver failed",
    };
    Some(format!("{why} ({status})"))
}

fn duration_ms(from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
    u64::try_from((to - from).num_milliseconds()).unwrap_or(0)
}
