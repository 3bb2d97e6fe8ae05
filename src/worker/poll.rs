//! One poll of one source, from fetch to store. Whatever happens is recorded: what was
//! found together with the moved cursor, or why nothing was.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use super::ask::fetch_answer;
use super::judge::{find_known, identify_items};
use super::keep::{Unstored, store_found};
use super::lists::take_list;
use super::mailbox::poll_mailbox;
use super::outcome::{Failure, failed_store, next_at, record_failure, save, succeeded};
use super::pages::{RawPage, ReadPage, follow_page, read_on, read_page};
use super::retract::{Gone, retract};
use super::{Engine, Plan, PlannedSource, blocking};
use crate::domain::Format;
use crate::fetch::{Checked, Fetched};
use crate::parse::{Answer, opml};
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
    if !source.definition.format.is_polled() {
        return Err(PollError::Failed {
            reason: format!(
                "{} is not asked: what it brings comes by itself while the daemon runs",
                source.definition.title
            ),
            next_at: started,
        });
    }
    if source.definition.format == Format::Email {
        return poll_mailbox(engine, plan, source, mode, stop).await;
    }
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

    let fetched = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(PollError::Stopped),
        fetched = fetch_answer(engine, plan, &source.request, &before.cursor) => fetched,
    };
    let now = Engine::now();
    let (page, mut cursor, hints, mut notes) = match fetched {
        Err(error) => {
            let failure = Failure {
                reason: error.to_string(),
                retry_after: error.retry_after(),
            };
            return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
        }
        Ok(Fetched::Unchanged { cursor, hints }) => {
            let fine = Checked::Fine {
                hints,
                feed_min_interval: None,
            };
            let next_at = next_at(source, fine, now);
            let mut after = succeeded(status.clone(), now, next_at);
            after.cursor = cursor;
            after.cursor.read_for = Some(read_for);
            if mode == Mode::Store {
                save(engine, plan, &status, after)
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
            links,
            notes,
        }) => {
            let page = RawPage {
                bytes,
                content_type,
                url,
                links,
            };
            (page, cursor, hints, notes)
        }
    };

    if source.definition.format == Format::Opml {
        let feeds = opml::read(&Answer {
            bytes: &page.bytes,
            content_type: page.content_type.as_deref(),
            url: Some(&page.url),
            at: None,
        });
        let feeds = match feeds {
            Ok(feeds) => feeds,
            Err(error) => {
                let failure = Failure::of(error.to_string());
                return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
            }
        };
        let fine = Checked::Fine {
            hints,
            feed_min_interval: None,
        };
        let next_at = next_at(source, fine, now);
        let mut after = succeeded(status.clone(), now, next_at);
        after.cursor = cursor;
        after.cursor.read_for = Some(read_for);
        return take_list(engine, plan, source, mode, feeds, (status, after), next_at).await;
    }
    // The address may be that of a page which announces its feed.
    let page = match follow_page(engine, plan, source, page, &mut cursor).await {
        Ok(page) => page,
        Err(error) => {
            let failure = Failure {
                reason: format!("the page announces a feed that cannot be read: {error}"),
                retry_after: error.retry_after(),
            };
            return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
        }
    };
    let (mut parsed, next) = match read_page(&source.definition, &source.request, page).await {
        Some(Ok(ReadPage { parsed, next })) => (parsed, next),
        Some(Err(error)) => {
            let failure = Failure::of(error.to_string());
            return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
        }
        None => {
            let failure = Failure::of("the answer could not be read: the reader failed on it");
            return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
        }
    };

    let usual_pages = source
        .definition
        .paging
        .as_ref()
        .map_or(1, |paging| paging.pages);
    let further = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(PollError::Stopped),
        further = read_on(engine, plan, source, next, usual_pages - 1, |_| true) => further,
    };
    parsed.items.extend(further.parsed.items);
    parsed.notes.extend(further.parsed.notes);
    if let Some(why) = further.failure {
        // Without validators the next poll reads all pages again.
        cursor.etag = None;
        cursor.last_modified = None;
        let place = further.n_pages + 2;
        parsed
            .notes
            .push(format!("page {place} could not be read: {why}"));
    }
    parsed.drop_error_items();

    let fine = Checked::Fine {
        hints,
        feed_min_interval: parsed.min_interval_secs.map(Duration::from_secs),
    };
    let next_at = next_at(source, fine, now);
    notes.extend(parsed.notes.iter().cloned());
    let mut after = succeeded(status.clone(), now, next_at);
    after.cursor = cursor;
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
    let Some(identities) = identify_items(source, &parsed.items, started).await else {
        let failure = Failure::of("the items could not be told apart: the reader failed on one");
        return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
    };
    let (gone, listing) = Gone::of(&source.name, &status.cursor.listing, &parsed, &identities);
    after.cursor.listing = listing;
    let Some(found) = find_known(plan, source, parsed.items, identities).await else {
        let failure = Failure::of("the items could not be matched: the matcher failed on one");
        return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
    };
    // Before the cursor moves: repeated after a crash, it marks nothing twice.
    report.n_updated = retract(engine, plan, source, gone, now)
        .await
        .map_err(|error| failed_store(source, &error))?;
    let counts = match store_found(engine, plan, source, found, &status, after, now, stop).await {
        Ok(counts) => counts,
        Err(Unstored::Stopped) => return Err(PollError::Stopped),
        Err(Unstored::Store(error)) => return Err(failed_store(source, &error)),
        Err(Unstored::Unjudged(reason)) => {
            let failure = Failure::of(reason);
            return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
        }
    };
    report.n_new = counts.n_new;
    report.n_updated += counts.n_updated;
    report.n_flagged = counts.n_flagged;
    Ok((report, next_at))
}
