//! One poll of one source, from fetch to store. Whatever happens is recorded: what was
//! found together with the moved cursor, or why nothing was.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use super::ask::fetch_answer;
use super::gate::Gate;
use super::judge::find;
use super::keep::{Unstored, store_found};
use super::outcome::{
    Failure, failed_store, next_at, record_failure, save, succeeded, told_of_source,
};
use super::watch::{Heard, watch, watch_unchanged};
use super::{Engine, Plan, PlannedSource, blocking, blocking_plain};
use crate::dedupe::identify;
use crate::fetch::{Checked, Fetched};
use crate::parse::{self, Answer};
use crate::web::PollReport;

/// Whether a poll leaves traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Store what is found and move the cursor.
    Store,
    /// Read unconditionally, store nothing.
    DryRun,
}

/// Why a poll gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The program is stopping; the next start polls again.
    #[error("stopped before the poll was done")]
    Stopped,
    /// The source could not be read; recorded with the reason.
    #[error("{reason}")]
    Failed {
        /// A sentence for people.
        reason: String,
        /// When it is tried again.
        next_at: DateTime<Utc>,
    },
}

/// Polls a source; what it did, and when it is due again.
///
/// # Errors
/// `Failed` has been recorded already; `Stopped` leaves everything as it was.
pub async fn poll(
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
    let mut before = status.clone();
    let read_for = plan.read_for(source);
    let is_read_anew = before.cursor.read_for.as_ref() != Some(&read_for);
    if mode == Mode::DryRun || is_read_anew {
        before.cursor.etag = None;
        before.cursor.last_modified = None;
    }

    // Held to the end: what is read and judged takes memory as well.
    let mut gate = Gate::new(engine, plan, source, &before.health);
    let fetched = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(PollError::Stopped),
        fetched = fetch_answer(plan, source, &before.cursor, &mut gate) => fetched,
    };
    gate.leave_host();
    let now = Engine::now();
    let (bytes, content_type, url, cursor, hints, mut notes) = match fetched {
        Err(error) => {
            let failure = Failure::from(error);
            return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
        }
        Ok(Fetched::Unchanged { cursor, hints }) => {
            let fine = Checked::Fine {
                hints,
                feed_min_interval: None,
            };
            let mut after = status.clone();
            let news = watch_unchanged(&status, &mut after, now);
            let next_at = next_at(source, &after.rhythm, fine, now);
            let mut after = succeeded(after, now, next_at);
            after.cursor = cursor;
            after.cursor.read_for = Some(read_for);
            if mode == Mode::Store {
                let told = told_of_source(plan, &status, &after, &news, now);
                save(engine, after, told)
                    .await
                    .map_err(|error| failed_store(source, &error))?;
            }
            let report = PollReport {
                unchanged: true,
                ..PollReport::default()
            };
            return Ok((report, next_at));
        }
        Ok(Fetched::Fresh {
            bytes,
            content_type,
            url,
            cursor,
            hints,
            notes,
        }) => (bytes, content_type, url, cursor, hints, notes),
    };

    let parsed = {
        let definition = source.definition.clone();
        blocking_plain(move || {
            let answer = Answer {
                bytes: &bytes,
                content_type: content_type.as_deref(),
                url: Some(&url),
            };
            parse::read(&definition, &answer)
        })
        .await
    };
    let parsed = match parsed {
        Some(Ok(parsed)) => parsed,
        Some(Err(error)) => {
            let failure = Failure::from(error);
            return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
        }
        None => {
            let failure = Failure::of("the answer could not be read: the reader failed on it");
            return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
        }
    };

    let fine = Checked::Fine {
        hints,
        feed_min_interval: parsed.min_interval_secs.map(Duration::from_secs),
    };
    let identities = {
        let (name, items) = (source.name.clone(), parsed.items.clone());
        blocking_plain(move || identify(&name, &items, started)).await
    };
    let Some(identities) = identities else {
        let failure = Failure::of("the items could not be told apart: the reader failed on one");
        return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
    };
    // Validators and items belong together: the answer is compared with what was known of
    // the same address.
    let mut known = status.clone();
    known.cursor.seen.clone_from(&cursor.seen);
    let mut after = status.clone();
    after.cursor = cursor;
    let heard = Heard {
        items: &parsed.items,
        identities: &identities,
    };
    let news = watch(&known, &mut after, heard, (parsed.items.len(), 0), now);
    let next_at = next_at(source, &after.rhythm, fine, now);
    notes.extend(parsed.notes.iter().cloned());
    let mut after = succeeded(after, now, next_at);
    after.cursor.read_for = Some(read_for);
    after.health.n_items += parsed.items.len() as u64;
    after.health.notes.clone_from(&notes);

    let mut report = PollReport {
        items: parsed.items.clone(),
        notes,
        ..PollReport::default()
    };
    if mode == Mode::DryRun {
        return Ok((report, next_at));
    }
    let told = told_of_source(plan, &status, &after, &news, now);
    let found = find(plan, source, parsed.items, identities).await;
    let Some(found) = found else {
        let failure = Failure::of("the items could not be matched: the matcher failed on one");
        return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
    };
    let counts = match store_found(
        engine,
        plan,
        source,
        found,
        &status,
        (after, told),
        now,
        stop,
    )
    .await
    {
        Ok(counts) => counts,
        Err(Unstored::Stopped) => return Err(PollError::Stopped),
        Err(Unstored::Store(error)) => return Err(failed_store(source, &error)),
        Err(Unstored::Unjudged(reason)) => {
            let failure = Failure::of(reason);
            return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
        }
    };
    report.n_new = counts.n_new;
    report.n_updated = counts.n_updated;
    report.n_flagged = counts.n_flagged;
    Ok((report, next_at))
}
