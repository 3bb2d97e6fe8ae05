//! What is sent to each kind of destination, and what its answer means: one file a tool, all
//! of it pure. Sending itself is `attempt`'s work.

mod answer;
mod discord;
mod email;
mod google_chat;
mod mattermost;
mod ntfy;
mod pagerduty;
mod slack;
mod teams;
mod telegram;

#[cfg(test)]
mod tests;

use serde_json::{Value as Json, json};
use url::Url;

use super::message::Message;
use crate::domain::{AuthorHistory, Destination, DestinationKind, Event, Posted};
use crate::net::Method;

pub(super) use answer::{Heard, heard};
pub(super) use email::Mail;

/// What is done with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is posted for itself.
    Post,
    /// An earlier message is changed.
    Edit(Posted),
    /// It is written below an earlier message.
    Reply(Posted),
    /// It is posted as the one message that follows an earlier one.
    FollowUp(Posted),
}

/// What goes out.
pub(super) enum Outgoing {
    /// A request.
    Call(Call),
    /// A mail.
    Mail(Mail),
    /// A line of a file, its end included.
    Line(Vec<u8>),
}

/// One request. Address, headers and body may hold secrets.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) authorization: Option<String>,
    pub(super) body: Vec<u8>,
}

/// What goes out to a destination.
///
/// # Errors
/// Why nothing can: only where the configuration was not checked.
pub(super) fn outgoing(
    destination: &Destination,
    event: &Event,
    step: &Step,
    history: Option<AuthorHistory>,
) -> Result<Outgoing, &'static str> {
    let message = || Message::of(event, destination.page.as_deref(), history);
    match &destination.kind {
        DestinationKind::Generic => Ok(Outgoing::Call(Call {
            method: Method::Post,
            url: address(destination)?,
            authorization: None,
            body: event.body.clone().into_bytes(),
        })),
        DestinationKind::File { .. } => Ok(Outgoing::Line(file_line(event))),
        DestinationKind::Email(_) => {
            let is_follow_up = !matches!(step, Step::Post);
            Ok(Outgoing::Mail(email::mail(&message(), is_follow_up)))
        }
        _ => call(destination, &message(), step).map(Outgoing::Call),
    }
}

/// The request that tells a chat tool a message.
fn call(destination: &Destination, message: &Message, step: &Step) -> Result<Call, &'static str> {
    let mut url = address(destination)?;
    let mut method = Method::Post;
    let mut authorization = None;
    let body = match &destination.kind {
        DestinationKind::Slack(slack) => {
            let mut body = slack::body(message, slack.signing_secret.is_some());
            if let Some(bot) = &slack.bot {
                authorization = Some(format!("Bearer {}", bot.token.reveal()));
                let verb = match step {
                    Step::Edit(_) => "chat.update",
                    _ => "chat.postMessage",
                };
                extend(&mut url, &[verb])?;
                body["channel"] = bot.channel.as_str().into();
                match step {
                    Step::Edit(posted) => {
                        body["ts"] = posted.message.as_str().into();
                        body["channel"] = place(posted, &bot.channel).into();
                    }
                    Step::Reply(posted) | Step::FollowUp(posted) => {
                        body["thread_ts"] = posted.message.as_str().into();
                        body["channel"] = place(posted, &bot.channel).into();
                    }
                    Step::Post => (),
                }
            }
            body
        }
        DestinationKind::Discord => {
            if let Step::Edit(posted) = step {
                method = Method::Patch;
                extend(&mut url, &["messages", &posted.message])?;
            } else {
                // Without it the answer does not say which message it became.
                url.query_pairs_mut().append_pair("wait", "true");
            }
            discord::body(message)
        }
        DestinationKind::Teams => teams::body(message),
        DestinationKind::Mattermost => mattermost::body(message),
        DestinationKind::GoogleChat => {
            let key = message
                .case
                .as_ref()
                .map(|case| format!("hearken-{}", case.story));
            if key.is_some() {
                url.query_pairs_mut()
                    .append_pair("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
            }
            google_chat::body(message, key.as_deref())
        }
        DestinationKind::Telegram(telegram) => {
            let mut body = telegram::body(message, telegram.secret_token.is_some());
            let bot = format!("bot{}", telegram.token.reveal());
            body["chat_id"] = telegram.chat_id.as_str().into();
            let verb = match step {
                Step::Edit(posted) => {
                    let id = posted.message.parse::<i64>();
                    body["message_id"] = id.map_err(|_| "its message id is not a number")?.into();
                    body["chat_id"] = place(posted, &telegram.chat_id).into();
                    "editMessageText"
                }
                _ => "sendMessage",
            };
            extend(&mut url, &[&bot, verb])?;
            body
        }
        DestinationKind::Ntfy { token } => {
            authorization = token
                .as_ref()
                .map(|token| format!("Bearer {}", token.reveal()));
            let topic = take_topic(&mut url)?;
            ntfy::body(message, &topic)
        }
        DestinationKind::PagerDuty { routing_key } => {
            pagerduty::body(message, routing_key.reveal())
        }
        DestinationKind::Generic | DestinationKind::Email(_) | DestinationKind::File { .. } => {
            return Err("its kind is sent in another way");
        }
    };
    Ok(Call {
        method,
        url,
        authorization,
        body: body.to_string().into_bytes(),
    })
}

/// An event as a line: its body with its id before it, so that a repeat is recognised.
fn file_line(event: &Event) -> Vec<u8> {
    let mut line = json!({"id": event.id});
    if let (Some(line), Ok(Json::Object(body))) =
        (line.as_object_mut(), serde_json::from_str(&event.body))
    {
        line.extend(body);
    }
    let mut bytes = line.to_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

fn address(destination: &Destination) -> Result<Url, &'static str> {
    // The parser's own message could repeat a part of the address.
    Url::parse(destination.url.reveal()).map_err(|_| "its address cannot be read")
}

/// Adds segments to the path of an address, whether or not it ends with a slash.
fn extend(url: &mut Url, segments: &[&str]) -> Result<(), &'static str> {
    url.path_segments_mut()
        .map_err(|()| "its address has no path")?
        .pop_if_empty()
        .extend(segments);
    Ok(())
}

/// ntfy takes messages of JSON at the root; the topic is the last segment of the address.
fn take_topic(url: &mut Url) -> Result<String, &'static str> {
    let topic = url
        .path_segments()
        .and_then(|mut segments| segments.next_back().map(str::to_owned))
        .filter(|topic| !topic.is_empty())
        .ok_or("its address does not end with a topic")?;
    url.path_segments_mut()
        .map_err(|()| "its address has no path")?
        .pop()
        .push("");
    Ok(topic)
}

/// Where an earlier message stands, which some tools name better than the configuration.
fn place(posted: &Posted, configured: &str) -> String {
    posted
        .place
        .clone()
        .unwrap_or_else(|| configured.to_owned())
}
