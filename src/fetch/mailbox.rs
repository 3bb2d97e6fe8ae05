//! Reads the new mails of an IMAP folder. Nothing is marked as read unless asked for, and
//! nothing is moved or deleted. The position is UIDVALIDITY and UID: when the server numbers
//! its mails anew, the last days are read again.

use std::time::Duration;

use async_imap::error::Error as ImapError;
use async_imap::{Client as ImapClient, Session};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt as _;

use super::FetchError;
use crate::domain::Secret;
use crate::net::{Client, Connection};

/// Mails in one go; the next poll reads on.
const MOST_MAILS: usize = 200;
/// Mails asked for with one command, so that a large folder does not fill the memory.
const AT_ONCE: usize = 20;
/// How far back the first poll reads.
const FIRST_REACH: TimeDelta = TimeDelta::days(7);
/// For everything together.
const PATIENCE: Duration = Duration::from_secs(120);

/// How the connection is kept from prying eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte (port 993).
    Tls,
    /// TLS after a word in clear (port 143).
    StartTls,
    /// None: only for this machine.
    None,
}

/// Which folder, and how to get in.
#[derive(Clone, Debug)]
pub struct MailboxPlan {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// Who signs in.
    pub user: String,
    /// With which password.
    pub password: Secret,
    /// The folder.
    pub folder: String,
    /// Whether mails that were read are marked so.
    pub mark_seen: bool,
}

/// What was new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mails {
    /// The mails as they stand on the server, oldest first.
    pub mails: Vec<Vec<u8>>,
    /// The position behind them.
    pub resume: String,
    /// Whether more is waiting.
    pub has_more: bool,
}

/// Reads what is new since `from`.
///
/// # Errors
/// Why there was no answer, in a sentence without the password.
pub async fn read_mailbox(
    client: &Client,
    plan: &MailboxPlan,
    from: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Mails, FetchError> {
    match tokio::time::timeout(PATIENCE, read(client, plan, from, now)).await {
        Ok(read) => read,
        Err(_) => Err(mail_error("the mail server took too long")),
    }
}

fn mail_error(why: impl Into<String>) -> FetchError {
    FetchError::Mail { why: why.into() }
}

/// The server's own words, without what we sent.
fn said(doing: &str, error: &ImapError) -> FetchError {
    let words = match error {
        ImapError::No(text) | ImapError::Bad(text) => text.clone(),
        other => other.to_string(),
    };
    let words: String = words
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect();
    mail_error(format!("{doing}: {words}"))
}

async fn read(
    client: &Client,
    plan: &MailboxPlan,
    from: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Mails, FetchError> {
    let mut session = sign_in(client, plan).await?;
    // `EXAMINE` opens the folder read-only.
    let opened = if plan.mark_seen {
        session.select(&plan.folder).await
    } else {
        session.examine(&plan.folder).await
    };
    let mailbox = opened.map_err(|error| said("the folder cannot be opened", &error))?;
    let validity = mailbox.uid_validity.unwrap_or(0);
    let known = from
        .and_then(|from| from.split_once(':'))
        .and_then(|(validity, uid)| Some((validity.parse::<u32>().ok()?, uid.parse::<u32>().ok()?)))
        .filter(|(known, _)| *known == validity)
        .map(|(_, uid)| uid);
    let query = match known {
        Some(uid) => format!("UID {}:*", uid.saturating_add(1)),
        None => format!("SINCE {}", (now - FIRST_REACH).format("%d-%b-%Y")),
    };
    let mut uids: Vec<u32> = session
        .uid_search(query)
        .await
        .map_err(|error| said("the folder cannot be searched", &error))?
        .into_iter()
        // `n:*` names the last mail even when its number is below n.
        .filter(|uid| known.is_none_or(|known| *uid > known))
        .collect();
    uids.sort_unstable();
    let has_more = uids.len() > MOST_MAILS;
    uids.truncate(MOST_MAILS);
    // Without a new mail the position still moves past what the first search left out.
    let behind = uids
        .last()
        .copied()
        .or(known)
        .unwrap_or_else(|| mailbox.uid_next.map_or(0, |next| next.saturating_sub(1)));
    let mut mails = Vec::with_capacity(uids.len());
    for part in uids.chunks(AT_ONCE) {
        mails.extend(fetch_part(&mut session, part).await?);
        if plan.mark_seen {
            mark_seen(&mut session, part).await?;
        }
    }
    // The answer does not matter: everything has been read.
    let _ = tokio::time::timeout(Duration::from_secs(5), session.logout()).await;
    Ok(Mails {
        mails,
        resume: format!("{validity}:{behind}"),
        has_more,
    })
}

async fn sign_in(client: &Client, plan: &MailboxPlan) -> Result<Session<Connection>, FetchError> {
    let connection = match plan.security {
        MailSecurity::Tls => client.connect_tls(&plan.host, plan.port).await?,
        MailSecurity::StartTls | MailSecurity::None => {
            client.connect(&plan.host, plan.port).await?
        }
    };
    let mut imap = ImapClient::new(connection);
    match imap.read_response().await {
        Ok(Some(_)) => (),
        Ok(None) => return Err(mail_error("the server closed the connection at once")),
        Err(error) => {
            return Err(mail_error(format!(
                "the server does not speak IMAP: {error}"
            )));
        }
    }
    if plan.security == MailSecurity::StartTls {
        imap.run_command_and_check_ok("STARTTLS", None)
            .await
            .map_err(|error| said("the server offers no encryption (STARTTLS)", &error))?;
        let encrypted = imap.into_inner().encrypted(&plan.host).await?;
        imap = ImapClient::new(encrypted);
    }
    imap.login(&plan.user, plan.password.reveal())
        .await
        .map_err(|(error, _)| said("the mail server refuses user and password", &error))
}

async fn fetch_part(
    session: &mut Session<Connection>,
    part: &[u32],
) -> Result<Vec<Vec<u8>>, FetchError> {
    let mut answers = session
        .uid_fetch(list(part), "(UID BODY.PEEK[])")
        .await
        .map_err(|error| said("the mails cannot be read", &error))?;
    let mut mails: Vec<(u32, Vec<u8>)> = Vec::with_capacity(part.len());
    while let Some(answer) = answers.next().await {
        let answer = answer.map_err(|error| said("the mails cannot be read", &error))?;
        if let (Some(uid), Some(body)) = (answer.uid, answer.body()) {
            mails.push((uid, body.to_vec()));
        }
    }
    mails.sort_by_key(|(uid, _)| *uid);
    Ok(mails.into_iter().map(|(_, body)| body).collect())
}

async fn mark_seen(session: &mut Session<Connection>, part: &[u32]) -> Result<(), FetchError> {
    let mut answers = session
        .uid_store(list(part), "+FLAGS.SILENT (\\Seen)")
        .await
        .map_err(|error| said("the mails cannot be marked", &error))?;
    while let Some(answer) = answers.next().await {
        answer.map_err(|error| said("the mails cannot be marked", &error))?;
    }
    Ok(())
}

fn list(uids: &[u32]) -> String {
    uids.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}
