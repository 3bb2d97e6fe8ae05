//! One poll of one source, from fetch to store. Whatever happens is recorded: what was
//! found together with the moved cursor, or why nothing was.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use super::ask::fetch_answer;
use super::back::read_back;
use super::gate::Gate;
use super::judge::find_known;
use super::keep::{Unstored, store_and_tell};
use super::lists::take_list;
use super::mailbox::poll_mailbox;
use super::outcome::{
    Failure, failed_store, next_at, record_failure, succeeded, told_of_source, write_status,
};
use super::pages::{RawPage, ReadPage, follow_page, read_on, read_page};
use super::retract::{Gone, retract};
use super::watch::{Heard, watch, watch_unchanged};
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

    // Held to the end: what is read and judged takes memory as well.
    let mut gate = Gate::new(engine, plan, source, &before.health);
    let fetched = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(PollError::Stopped),
        fetched = fetch_answer(engine, plan, &mut gate, &source.request, &before.cursor) => fetched,
    };
    let now = Engine::now();
    let (page, mut cursor, hints, mut notes) = match fetched {
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
                write_status(engine, after, told)
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
                let failure = Failure::from(error);
                return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
            }
        };
        let fine = Checked::Fine {
            hints,
            feed_min_interval: None,
        };
        let next_at = next_at(source, &status.rhythm, fine, now);
        let mut after = succeeded(status.clone(), now, next_at);
        after.cursor = cursor;
        after.cursor.read_for = Some(read_for);
        return take_list(engine, plan, source, mode, feeds, (status, after), next_at).await;
    }
    // The address may be that of a page which announces its feed.
    let page = match follow_page(engine, plan, source, &mut gate, page, &mut cursor).await {
        Ok(page) => page,
        Err(error) => {
            let failure =
                Failure::from(error).because("the page announces a feed that cannot be read");
            return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
        }
    };
    let (mut parsed, next) = match read_page(&source.definition, &source.request, page).await {
        Some(Ok(ReadPage { parsed, next })) => (parsed, next),
        Some(Err(error)) => {
            let failure = Failure::from(error);
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
        further = read_on(engine, plan, source, &mut gate, (next, usual_pages - 1), |_| true) => further,
    };
    let next = further.next;
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

    // The answer is compared with what was known of the same address.
    let mut known = status.clone();
    known.cursor.seen.clone_from(&cursor.seen);
    let n_usual = parsed.items.len();
    let back = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(PollError::Stopped),
        back = read_back(engine, plan, source, &mut gate, &known, (parsed, next), started) => back,
    };
    gate.leave_host();
    let Some((parsed, identities, n_pages)) = back else {
        let failure = Failure::of("the items could not be told apart: the reader failed on one");
        return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
    };

    let fine = Checked::Fine {
        hints,
        feed_min_interval: parsed.min_interval_secs.map(Duration::from_secs),
    };
    let mut after = status.clone();
    after.cursor = cursor;
    let heard = Heard {
        items: &parsed.items,
        identities: &identities,
    };
    let news = watch(&known, &mut after, heard, (n_usual, n_pages), now);
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
    let counts = match store_and_tell(
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
    report.n_updated += counts.n_updated;
    report.n_flagged = counts.n_flagged;
    Ok((report, next_at))
}
