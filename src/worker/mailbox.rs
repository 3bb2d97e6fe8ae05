//! One poll of a mailbox: new mails become items and go the way of every other poll.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use super::judge::find;
use super::keep::{Unstored, store_found};
use super::outcome::{Failure, failed_store, next_at, record_failure, save, succeeded};
use super::poll::{Mode, PollError};
use super::{Engine, Plan, PlannedSource, blocking, blocking_plain};
use crate::domain::Secret;
use crate::fetch::{CacheHints, Checked, MailSecurity, MailboxPlan, read_mailbox};
use crate::parse::{Answer, Parsed, email};
use crate::web::PollReport;

pub(super) async fn poll_mailbox(
    engine: &Engine,
    plan: &Arc<Plan>,
    source: &PlannedSource,
    mode: Mode,
    stop: &CancellationToken,
) -> Result<(PollReport, DateTime<Utc>), PollError> {
    let started = Engine::now();
    let store = engine.store.clone();
    let name = source.name.clone();
    let status = blocking(move || store.source_status(&name))
        .await
        .map_err(|error| failed_store(source, &error))?;
    let fail = async |why: String, now| {
        let failure = Failure::of(why);
        record_failure(engine, plan, source, status.clone(), failure, now, mode).await
    };
    let mailbox = match mailbox_of(source, mode) {
        Ok(mailbox) => mailbox,
        Err(why) => return Err(fail(why, started).await),
    };
    let from = match mode {
        Mode::Store => status.cursor.resume.clone(),
        Mode::DryRun => None,
    };
    let read = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(PollError::Stopped),
        read = read_mailbox(&plan.client, &mailbox, from.as_deref(), started) => read,
    };
    let now = Engine::now();
    let mails = match read {
        Ok(mails) => mails,
        Err(error) => return Err(fail(error.to_string(), now).await),
    };
    let n_mails = mails.mails.len();
    let definition = source.definition.clone();
    let parsed = blocking_plain(move || {
        let mut all = Parsed::default();
        let mut n_broken = 0;
        for bytes in &mails.mails {
            let answer = Answer {
                bytes,
                content_type: None,
                url: None,
                at: None,
            };
            match email::read(&answer, &definition) {
                Ok(parsed) => all.items.extend(parsed.items),
                Err(_) => n_broken += 1,
            }
        }
        if n_broken > 0 {
            all.notes
                .push(format!("{n_broken} of {n_mails} mails could not be read"));
        }
        all
    })
    .await;
    let Some(parsed) = parsed else {
        let why = "the mails could not be read: the reader failed on one".to_owned();
        return Err(fail(why, now).await);
    };
    let fine = Checked::Fine {
        hints: CacheHints::default(),
        feed_min_interval: None,
    };
    let next_at = if mails.has_more {
        now
    } else {
        next_at(source, &status.rhythm, fine, now)
    };
    let mut after = succeeded(status.clone(), now, next_at);
    after.cursor.resume = Some(mails.resume);
    after.cursor.polled_before = true;
    after.health.n_items += parsed.items.len() as u64;
    after.health.notes.clone_from(&parsed.notes);
    let mut report = PollReport {
        items: parsed.items.clone(),
        notes: parsed.notes.clone(),
        unchanged: n_mails == 0,
        ..PollReport::default()
    };
    if mode == Mode::DryRun {
        return Ok((report, next_at));
    }
    if parsed.items.is_empty() {
        save(engine, plan, &status, after)
            .await
            .map_err(|error| failed_store(source, &error))?;
        return Ok((report, next_at));
    }
    let Some(found) = find(plan, source, parsed, started).await else {
        let why = "the mails could not be matched: the matcher failed on one".to_owned();
        return Err(fail(why, now).await);
    };
    match store_found(engine, plan, source, found, &status, after, now, stop).await {
        Ok(counts) => {
            report.n_new = counts.n_new;
            report.n_updated = counts.n_updated;
            report.n_flagged = counts.n_flagged;
            Ok((report, next_at))
        }
        Err(Unstored::Stopped) => Err(PollError::Stopped),
        Err(Unstored::Store(error)) => Err(failed_store(source, &error)),
        Err(Unstored::Unjudged(why)) => Err(fail(why, now).await),
    }
}

/// The mailbox that the source's address and parameters name.
fn mailbox_of(source: &PlannedSource, mode: Mode) -> Result<MailboxPlan, String> {
    let url = &source.request.url;
    let value = |name: &str| {
        let param = source
            .definition
            .params
            .iter()
            .find(|param| param.name == name);
        let default = param.and_then(|param| param.default.as_deref());
        source.params.get(name).or(default).map(str::to_owned)
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    let is_here = host == "localhost"
        || host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback());
    let security = match value("security").as_deref() {
        None | Some("tls") => MailSecurity::Tls,
        Some("starttls") => MailSecurity::StartTls,
        Some("none") if is_here => MailSecurity::None,
        Some("none") => {
            return Err("security = \"none\" would send the password in clear through the network; write \"tls\" or \"starttls\"".to_owned());
        }
        Some(other) => {
            return Err(format!(
                "security = `{other}` is not known; write \"tls\" or \"starttls\""
            ));
        }
    };
    let mark_seen = match value("mark_seen").as_deref() {
        None | Some("no" | "false") => false,
        Some("yes" | "true") => mode == Mode::Store,
        Some(other) => {
            return Err(format!(
                "mark_seen = `{other}` is neither \"yes\" nor \"no\""
            ));
        }
    };
    let usual_port = if security == MailSecurity::Tls {
        993
    } else {
        143
    };
    Ok(MailboxPlan {
        port: url.port().unwrap_or(usual_port),
        security,
        user: value("user").ok_or("the parameter `user` is missing")?,
        password: Secret::new(value("password").ok_or("the parameter `password` is missing")?),
        folder: value("folder").unwrap_or_else(|| "INBOX".to_owned()),
        mark_seen,
        host,
    })
}
