//! Mails to the SMTP server of a destination: TLS from the start for `smtps://`, STARTTLS
//! for `smtp://`, which is required as soon as a password is sent. Private addresses are
//! refused like everywhere else.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{Error as SmtpError, response::Response};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use percent_encoding::percent_decode_str;
use url::Url;

use super::attempt::Back;
use super::kinds::{Heard, Mail};
use crate::domain::{Destination, DestinationKind, Email};
use crate::net::Client;

/// The port of `smtps://` (RFC 8314).
const IMPLICIT_TLS_PORT: u16 = 465;
/// The port of `smtp://` (RFC 6409).
const SUBMISSION_PORT: u16 = 587;

/// Sends one mail to everybody of the destination.
pub(super) async fn send(
    client: &Client,
    destination: &Destination,
    mail: Mail,
    at: DateTime<Utc>,
    timeout: Duration,
) -> Result<Back, String> {
    let DestinationKind::Email(email) = &destination.kind else {
        return Err("its kind is not email".to_owned());
    };
    let message = addressed(email, mail, at)?;
    let url = Url::parse(destination.url.reveal())
        .map_err(|_| "its address cannot be read".to_owned())?;
    let exchange = async {
        let transport = transport(client, &url, timeout).await?;
        Ok(transport.send(message).await)
    };
    match tokio::time::timeout(timeout, exchange).await {
        Ok(Ok(answer)) => understood(answer),
        Ok(Err(why)) => Err(why),
        Err(_) => Err(format!("no answer within {} s", timeout.as_secs())),
    }
}

fn addressed(email: &Email, mail: Mail, at: DateTime<Utc>) -> Result<Message, String> {
    let mailbox = |text: &str| {
        text.parse::<Mailbox>()
            .map_err(|_| "a mail address of the configuration cannot be read".to_owned())
    };
    let mut message = Message::builder()
        .from(mailbox(&email.from)?)
        .subject(mail.subject)
        .date(SystemTime::from(at))
        .message_id(Some(mail.message_id));
    for to in &email.to {
        message = message.to(mailbox(to)?);
    }
    if let Some(first) = mail.in_reply_to {
        message = message.in_reply_to(first.clone()).references(first);
    }
    message
        .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
        .map_err(|_| "the mail cannot be built".to_owned())
}

async fn transport(
    client: &Client,
    url: &Url,
    timeout: Duration,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let host = url
        .host_str()
        .ok_or("its address names no host")?
        .trim_start_matches('[')
        .trim_end_matches(']');
    let is_implicit = url.scheme() == "smtps";
    let port = url.port().unwrap_or(if is_implicit {
        IMPLICIT_TLS_PORT
    } else {
        SUBMISSION_PORT
    });
    let address = client
        .permitted_address(host)
        .await
        .map_err(|error| error.to_string())?;
    let parameters =
        TlsParameters::new(host.to_owned()).map_err(|_| "TLS cannot be set up".to_owned())?;
    let password = url.password();
    let tls = match (is_implicit, password) {
        (true, _) => Tls::Wrapper(parameters),
        (false, Some(_)) => Tls::Required(parameters),
        (false, None) => Tls::Opportunistic(parameters),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.to_string())
        .port(port)
        .tls(tls)
        .timeout(Some(timeout));
    if let Some(password) = password {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        builder = builder.credentials(Credentials::new(decoded(url.username()), decoded(password)));
    }
    Ok(builder.build())
}

/// What a mail server said, in the words of the schedule.
fn understood(answer: Result<Response, SmtpError>) -> Result<Back, String> {
    let error = match answer {
        Ok(response) => {
            let lines: Vec<&str> = response.message().collect();
            return Ok(Back {
                status: Some(u16::from(response.code())),
                heard: Heard::taken(),
                answer: lines.join("\n").into_bytes(),
                bucket: None,
            });
        }
        Err(error) => error,
    };
    let Some(code) = error.status().map(u16::from) else {
        return Err(if error.is_tls() {
            "the mail server and we do not agree on TLS".to_owned()
        } else if error.is_timeout() {
            "the mail server did not answer in time".to_owned()
        } else {
            "the mail server cannot be reached, or does not speak SMTP".to_owned()
        });
    };
    Ok(Back {
        status: Some(code),
        heard: Heard::of_mail(code),
        answer: error.to_string().into_bytes(),
        bucket: None,
    })
}
