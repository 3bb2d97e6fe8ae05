//! One attempt: build, sign, send, and say what came back. Neither the address nor a secret
//! is part of what is returned.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::file;
use super::follow::posted_after;
use super::kinds::{self, Call, Outgoing, Step};
use super::pace::Bucket;
use super::schedule::Answer;
use super::{sign, smtp};
use crate::domain::{Attempt, AuthorHistory, Destination, Event, Secret};
use crate::net::{Cap, Client, Request};

/// Standard Webhooks asks for 15 to 30 s; receivers that take longer work before they
/// answer, which they should not.
pub(super) const TIMEOUT: Duration = Duration::from_secs(20);
/// How much of an answer is read: chat tools repeat the whole message in theirs.
const READ_LIMIT_BYTES: u64 = 64 * 1024;
/// How much of an answer is kept.
const ANSWER_LIMIT_BYTES: usize = 1024;

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
    /// Whether the receiver took it.
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

/// What came back, before it is made an attempt.
pub(super) struct Back {
    pub(super) status: Option<u16>,
    pub(super) heard: kinds::Heard,
    pub(super) answer: Vec<u8>,
    pub(super) bucket: Option<Bucket>,
}

/// Sends an event to a destination once as a message of its own and returns what the
/// receiver answered, without recording anything.
pub async fn send_one(
    client: &Client,
    destination: &Destination,
    event: &Event,
    now: &(dyn Fn() -> DateTime<Utc> + Send + Sync),
) -> Sent {
    send_within(
        client,
        destination,
        event,
        (&Step::Post, None),
        now,
        TIMEOUT,
    )
    .await
}

/// Takes one step with an event. A message that was to be changed and is not there any more
/// is posted anew in the same attempt.
pub(super) async fn send_within(
    client: &Client,
    destination: &Destination,
    event: &Event,
    (step, history): (&Step, Option<AuthorHistory>),
    now: &(dyn Fn() -> DateTime<Utc> + Send + Sync),
    timeout: Duration,
) -> Sent {
    let at = now();
    let mut taken = step;
    let mut back = take(client, destination, event, (step, history), at, timeout).await;
    if back.as_ref().is_ok_and(|back| back.heard.is_lost) && *step != Step::Post {
        taken = &Step::Post;
        back = take(client, destination, event, (taken, history), at, timeout).await;
    }
    let duration_ms = u64::try_from((now() - at).num_milliseconds()).unwrap_or(0);
    match back {
        Ok(back) => {
            let kinds::Heard {
                answer,
                why,
                message,
                place,
                ..
            } = back.heard;
            let posted = match why {
                None => posted_after(event, taken, message, place),
                Some(_) => None,
            };
            Sent {
                attempt: Attempt {
                    at,
                    duration_ms,
                    status: back.status,
                    error: why.map(|why| without_secrets(destination, &why)),
                    answer: shown(destination, &back.answer),
                    posted,
                },
                answer,
                bucket: back.bucket,
            }
        }
        Err(why) => Sent {
            attempt: Attempt {
                at,
                duration_ms,
                status: None,
                error: Some(without_secrets(destination, &why)),
                answer: String::new(),
                posted: None,
            },
            answer: Answer::None,
            bucket: None,
        },
    }
}

async fn take(
    client: &Client,
    destination: &Destination,
    event: &Event,
    (step, history): (&Step, Option<AuthorHistory>),
    at: DateTime<Utc>,
    timeout: Duration,
) -> Result<Back, String> {
    match kinds::outgoing(destination, event, step, history)? {
        Outgoing::Call(call) => {
            let request = request(destination, event, call, at, timeout)?;
            let response = client.send(request).await;
            let response = response.map_err(|error| error.to_string())?;
            Ok(Back {
                status: Some(response.status),
                heard: kinds::heard(
                    &destination.kind,
                    step,
                    response.status,
                    &response.headers,
                    &response.body,
                    at,
                ),
                bucket: Bucket::read(|name| response.headers.get(name)),
                answer: response.body,
            })
        }
        Outgoing::Mail(mail) => smtp::send(client, destination, mail, at, timeout).await,
        Outgoing::Line(line) => file::append(&destination.kind, line).await,
    }
}

fn request(
    destination: &Destination,
    event: &Event,
    call: Call,
    at: DateTime<Utc>,
    timeout: Duration,
) -> Result<Request, String> {
    let headers = sign::headers(&event.id, at, &call.body, &destination.secrets)
        .map_err(|error| error.to_string())?;
    let mut request = Request {
        method: call.method,
        cap_bytes: Some(READ_LIMIT_BYTES),
        on_cap: Cap::Truncate,
        total_timeout: Some(timeout),
        ..Request::post(call.url, call.body)
    }
    .header("content-type", "application/json");
    if let Some(authorization) = call.authorization {
        request = request.header("authorization", authorization);
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    Ok(request)
}

/// The beginning of an answer as it is kept.
fn shown(destination: &Destination, answer: &[u8]) -> String {
    let text = without_secrets(destination, &String::from_utf8_lossy(answer));
    let mut end = text.len().min(ANSWER_LIMIT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// A receiver may repeat what we sent it: its token, or the address with one in it.
fn without_secrets(destination: &Destination, text: &str) -> String {
    let own = destination.kind.secrets();
    let all = own
        .into_iter()
        .chain(&destination.secrets)
        .chain(std::iter::once(&destination.url))
        .map(Secret::reveal)
        // Shorter ones would be found in any text.
        .filter(|secret| secret.len() >= 8);
    all.fold(text.to_owned(), |text, secret| {
        text.replace(secret, "[redacted]")
    })
}
