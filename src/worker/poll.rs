//! One poll of one source, from fetch to store. Whatever happens is recorded: what was
//! found together with the moved cursor, or why nothing was.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Engine, Plan, PlannedSource};
use crate::classify::{Classifier, Input};
use crate::dedupe::{Identity, identify};
use crate::domain::{
    BrandMatch, Case, Event, EventId, EventType, HealthState, Item, Mention, Sentiment,
    SourceStatus, hex_digest,
};
use crate::fetch::{self, Checked, FetchPlan, Fetched, next_check};
use crate::language;
use crate::matching::is_own;
use crate::parse::{self, Answer, Parsed};
use crate::store::{NewMention, PollOutcome, StoreError};
use crate::triage::{TriageInput, triage};
use crate::web::PollReport;

/// Mentions judged and stored together. Between two such parts a stop is heeded; the
/// cursor moves with the last one.
const PART: usize = 256;
/// Failed polls in a row before people are told.
const N_FAILURES_BEFORE_ALERT: u32 = 3;

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

/// An item that speaks of a brand, before it is judged.
struct Found {
    item: Item,
    brands: Vec<BrandMatch>,
    lang: Option<String>,
    identity: Identity,
    own: bool,
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

    let fetched = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(PollError::Stopped),
        fetched = fetch_answer(engine, plan, source, &before) => fetched,
    };
    let now = Engine::now();
    let (bytes, content_type, url, cursor, hints, mut notes) = match fetched {
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
            let failure = Failure::of(error.to_string());
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
    let Some(found) = find(plan, source, parsed, started).await else {
        let failure = Failure::of("the items could not be matched: the matcher failed on one");
        return Err(record_failure(engine, plan, source, status, failure, now, mode).await);
    };
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
    report.n_updated = counts.n_updated;
    report.n_flagged = counts.n_flagged;
    Ok((report, next_at))
}

async fn fetch_answer(
    engine: &Engine,
    plan: &Plan,
    source: &PlannedSource,
    status: &SourceStatus,
) -> Result<Fetched, fetch::FetchError> {
    let asked = FetchPlan {
        url: source.request.url.clone(),
        headers: source.request.headers.clone(),
        cap_bytes: None,
    };
    let address = asked.address(&status.cursor);
    let _permit = engine.pace.acquire(&address).await;
    let fetched = fetch::fetch(&plan.client, &asked, &status.cursor, Engine::now()).await;
    if let Err(error @ fetch::FetchError::Throttled { .. }) = &fetched
        && let Some(wait) = error.retry_after()
    {
        // A host that has had enough has had enough of all its sources.
        engine.pace.rest(&address, wait);
    }
    fetched
}

/// When a source is due again after a poll that ended like this.
fn next_at(source: &PlannedSource, checked: Checked, now: DateTime<Utc>) -> DateTime<Utc> {
    let wait = next_check(source.every, checked, rand::random());
    // A day at most, so it always fits.
    now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1))
}

fn succeeded(mut status: SourceStatus, now: DateTime<Utc>, next_at: DateTime<Utc>) -> SourceStatus {
    let health = &mut status.health;
    health.state = HealthState::Ok;
    health.last_ok_at = Some(now);
    health.last_poll_at = Some(now);
    health.next_poll_at = Some(next_at);
    health.reason = None;
    health.n_failures = 0;
    health.n_polls_ok += 1;
    status
}

/// Which items speak of a brand of this source, in which language, and who they are.
async fn find(
    plan: &Arc<Plan>,
    source: &PlannedSource,
    parsed: Parsed,
    seen_at: DateTime<Utc>,
) -> Option<Vec<Found>> {
    let plan = plan.clone();
    let source = source.clone();
    blocking_plain(move || {
        let identities = identify(&source.name, &parsed.items, seen_at);
        parsed
            .items
            .into_iter()
            .zip(identities)
            .filter_map(|(item, identity)| {
                let lang = language::detect(&item.full_text(), item.lang.as_deref());
                let mut brands = plan.matcher.find(&item, lang, Some(source.name.as_str()));
                if !source.brands.is_empty() {
                    brands.retain(|found| source.brands.contains(&found.name));
                }
                if brands.is_empty() {
                    return None;
                }
                let own = plan.brands.iter().any(|brand| {
                    brands.iter().any(|found| found.name == brand.name) && is_own(brand, &item)
                });
                Some(Found {
                    item,
                    brands,
                    lang: lang.map(str::to_owned),
                    identity,
                    own,
                })
            })
            .collect()
    })
    .await
}

/// Why what was found is not stored; the cursor has not moved.
enum Unstored {
    Stopped,
    Store(StoreError),
    Unjudged(String),
}

impl From<StoreError> for Unstored {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// How many mentions one poll stored.
#[derive(Default)]
struct Counts {
    n_new: usize,
    n_updated: usize,
    n_flagged: usize,
}

#[expect(
    clippy::too_many_arguments,
    reason = "the last step of a poll knows everything before it"
)]
async fn store_found(
    engine: &Engine,
    plan: &Arc<Plan>,
    source: &PlannedSource,
    found: Vec<Found>,
    before: &SourceStatus,
    mut after: SourceStatus,
    now: DateTime<Utc>,
    stop: &CancellationToken,
) -> Result<Counts, Unstored> {
    let mut counts = Counts::default();
    let mut backlog_ids = Vec::new();
    let mut parts: Vec<Vec<Found>> = Vec::new();
    for found in found {
        match parts.last_mut() {
            Some(part) if part.len() < PART => part.push(found),
            _ => parts.push(vec![found]),
        }
    }
    if parts.is_empty() {
        save(engine, plan, before, after).await?;
        return Ok(counts);
    }
    let n_parts = parts.len();
    for (place, part) in parts.into_iter().enumerate() {
        if stop.is_cancelled() {
            return Err(Unstored::Stopped);
        }
        let mentions = judge(engine, plan, source, part, now)
            .await
            .map_err(Unstored::Unjudged)?;
        backlog_ids.extend(
            mentions
                .iter()
                .filter(|new| new.mention.backlog && new.mention.seen_at == now)
                .map(|new| new.mention.id.to_string()),
        );
        let is_last = place + 1 == n_parts;
        let mut events = Vec::new();
        if is_last {
            if !backlog_ids.is_empty() {
                events.push(Engine::addressed(
                    plan,
                    backlog_event(source, &backlog_ids, before, now),
                ));
            }
            events.extend(recovery(plan, before, &after, now));
            after.health.n_mentions += counts.n_new as u64
                + mentions
                    .iter()
                    .filter(|new| new.mention.seen_at == now)
                    .count() as u64;
        }
        let outcome = PollOutcome {
            source: source.name.clone(),
            status: is_last.then(|| after.clone()),
            mentions,
            events,
        };
        let store = engine.store.clone();
        let (outcome, recorded) = blocking(move || {
            let recorded = store.record_poll(&outcome)?;
            Ok::<_, StoreError>((outcome, recorded))
        })
        .await?;
        counts.n_new += recorded.new.len();
        counts.n_updated += recorded.updated.len();
        let stored: HashSet<&EventId> = recorded.events.iter().collect();
        let told: Vec<Event> = outcome
            .mentions
            .iter()
            .flat_map(|new| &new.events)
            .chain(&outcome.events)
            .map(|(event, _)| event)
            .filter(|event| stored.contains(&event.id))
            .cloned()
            .collect();
        counts.n_flagged += told
            .iter()
            .filter(|event| event.event_type == EventType::MentionFlagged)
            .count();
        engine.announce(told);
    }
    Ok(counts)
}

/// Verdict, flag and events of each; what is known and unchanged keeps what it has.
async fn judge(
    engine: &Engine,
    plan: &Arc<Plan>,
    source: &PlannedSource,
    part: Vec<Found>,
    now: DateTime<Utc>,
) -> Result<Vec<NewMention>, String> {
    let store = engine.store.clone();
    let keys: Vec<Vec<String>> = part
        .iter()
        .map(|found| found.identity.keys.clone())
        .collect();
    let known = blocking(move || store.known(&keys))
        .await
        .map_err(|error| format!("the store could not be read: {error}"))?;

    // Only the source that found a mention first may change it: two sources that shorten a
    // text differently would change it for ever.
    let is_same = |found: &Found, known: &Mention| {
        known.source != source.name
            || (found.item.text == known.item.text
                && found.item.title == known.item.title
                && found.item.rating == known.item.rating)
    };
    let inputs: Vec<Input> = part
        .iter()
        .zip(&known)
        .filter(|(found, known)| known.as_ref().is_none_or(|known| !is_same(found, known)))
        .map(|(found, _)| Input {
            text: found.item.full_text(),
            kind: found.item.kind,
            lang: found.lang.clone(),
        })
        .collect();
    let classifier: &Classifier = engine
        .classifier()
        .await
        .map_err(|error| error.to_string())?;
    let mut verdicts = classifier
        .classify(inputs)
        .await
        .map_err(|error| error.to_string())?
        .into_iter();

    Ok(part
        .into_iter()
        .zip(known)
        .map(|(found, known)| match known {
            Some(known) if is_same(&found, &known) => {
                let mut mention = known;
                if mention.source == source.name {
                    mention.item.engagement = found.item.engagement;
                    mention.item.updated_at = found.item.updated_at.or(mention.item.updated_at);
                }
                NewMention {
                    mention,
                    keys: found.identity.keys,
                    events: Vec::new(),
                }
            }
            known => {
                let verdict = verdicts
                    .next()
                    .expect("one verdict per text that was handed in");
                judged(plan, source, found, known, verdict, now)
            }
        })
        .collect())
}

fn judged(
    plan: &Plan,
    source: &PlannedSource,
    found: Found,
    known: Option<Mention>,
    sentiment: Sentiment,
    now: DateTime<Utc>,
) -> NewMention {
    let seen_at = known.as_ref().map_or(now, |known| known.seen_at);
    let outcome = triage(
        &TriageInput {
            item: &found.item,
            sentiment: &sentiment,
            own: found.own,
            seen_at,
            lang: found.lang.as_deref(),
        },
        &plan.policy,
        now,
    );
    let mut item = found.item;
    if item.lang.is_none() {
        item.lang = found.lang;
    }
    let mention = Mention {
        id: known
            .as_ref()
            .map_or(found.identity.id, |known| known.id.clone()),
        source: known
            .as_ref()
            .map_or_else(|| source.name.clone(), |known| known.source.clone()),
        seen_at,
        brands: found.brands,
        story: found.identity.story,
        sentiment,
        case: outcome.flag.is_some().then(Case::open),
        flag: outcome.flag,
        backlog: known
            .as_ref()
            .map_or(outcome.backlog, |known| known.backlog),
        own: found.own,
        earlier: known
            .as_ref()
            .map_or_else(Vec::new, |known| known.earlier.clone()),
        item,
    };
    let is_told = !mention.backlog
        && (mention.flag.is_some() || known.as_ref().is_some_and(|known| known.flag.is_some()));
    let events = if is_told {
        vec![Engine::addressed(
            plan,
            mention_event(&mention, known.is_some(), now),
        )]
    } else {
        Vec::new()
    };
    NewMention {
        mention,
        keys: found.identity.keys,
        events,
    }
}

fn mention_event(mention: &Mention, was_known: bool, now: DateTime<Utc>) -> Event {
    let (event_type, id) = if was_known {
        // An edit is told once, however often the edited text is read.
        let text = hex_digest(
            "text",
            &[
                mention.item.title.as_deref().unwrap_or(""),
                &mention.item.text,
            ],
        );
        let event_type = EventType::MentionUpdated;
        (
            event_type,
            EventId::of(event_type.as_str(), &[mention.id.as_str(), &text]),
        )
    } else {
        let event_type = EventType::MentionFlagged;
        (
            event_type,
            EventId::of(event_type.as_str(), &[mention.id.as_str()]),
        )
    };
    let mut event = Event::new(id, event_type, now, json!({ "mention": mention }));
    event.mention = Some(mention.id.clone());
    event.brands = mention
        .brands
        .iter()
        .map(|brand| brand.name.clone())
        .collect();
    event.score = mention.flag.as_ref().map(|flag| flag.score);
    event
}

fn backlog_event(
    source: &PlannedSource,
    ids: &[String],
    before: &SourceStatus,
    now: DateTime<Utc>,
) -> Event {
    let event_type = EventType::MentionBacklog;
    let subject = if before.cursor.polled_before {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        hex_digest("backlog", &ids)
    } else {
        // Repeated after a crash, the first poll is still the first poll.
        "first".to_owned()
    };
    Event::new(
        EventId::of(event_type.as_str(), &[source.name.as_str(), &subject]),
        event_type,
        now,
        json!({ "source": { "name": source.name }, "n_mentions": ids.len() }),
    )
}

fn source_event(
    event_type: EventType,
    status: &SourceStatus,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Event {
    let outage = since.map_or_else(|| "never".to_owned(), |at| at.to_rfc3339());
    Event::new(
        EventId::of(event_type.as_str(), &[status.name.as_str(), &outage]),
        event_type,
        now,
        json!({ "source": { "name": status.name, "health": status.health } }),
    )
}

/// `source.recovered`, once, when people were told that it fails.
fn recovery(
    plan: &Plan,
    before: &SourceStatus,
    after: &SourceStatus,
    now: DateTime<Utc>,
) -> Option<(Event, Vec<crate::domain::Delivery>)> {
    (before.health.n_failures >= N_FAILURES_BEFORE_ALERT).then(|| {
        Engine::addressed(
            plan,
            source_event(
                EventType::SourceRecovered,
                after,
                before.health.last_ok_at,
                now,
            ),
        )
    })
}

/// Stores the status of a poll that brought no mentions.
async fn save(
    engine: &Engine,
    plan: &Plan,
    before: &SourceStatus,
    after: SourceStatus,
) -> Result<(), StoreError> {
    let now = after.health.last_poll_at.unwrap_or_else(Engine::now);
    let events: Vec<_> = recovery(plan, before, &after, now).into_iter().collect();
    write_status(engine, after, events).await
}

async fn write_status(
    engine: &Engine,
    status: SourceStatus,
    events: Vec<(Event, Vec<crate::domain::Delivery>)>,
) -> Result<(), StoreError> {
    let store = engine.store.clone();
    let (stored, events) = blocking(move || {
        let stored = store.save_source_status(&status, &events)?;
        Ok::<_, StoreError>((stored, events))
    })
    .await?;
    if !stored.is_empty() {
        engine.announce(
            events
                .into_iter()
                .map(|(event, _)| event)
                .filter(|event| stored.contains(&event.id)),
        );
    }
    Ok(())
}

/// What went wrong, and whether the server said when to come back.
struct Failure {
    reason: String,
    retry_after: Option<Duration>,
}

impl Failure {
    fn of(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            retry_after: None,
        }
    }
}

/// Records the failure with its reason and the next try.
async fn record_failure(
    engine: &Engine,
    plan: &Plan,
    source: &PlannedSource,
    mut status: SourceStatus,
    failure: Failure,
    now: DateTime<Utc>,
    mode: Mode,
) -> PollError {
    let Failure {
        reason,
        retry_after,
    } = failure;
    let n_failures = status.health.n_failures.saturating_add(1);
    let next_at = next_at(
        source,
        Checked::Failed {
            n_failures,
            retry_after,
        },
        now,
    );
    if mode == Mode::Store {
        let health = &mut status.health;
        health.state = HealthState::Failing;
        health.last_poll_at = Some(now);
        health.next_poll_at = Some(next_at);
        health.reason = Some(reason.clone());
        health.n_failures = n_failures;
        let events: Vec<_> = (n_failures >= N_FAILURES_BEFORE_ALERT)
            .then(|| {
                let since = status.health.last_ok_at;
                Engine::addressed(
                    plan,
                    source_event(EventType::SourceFailing, &status, since, now),
                )
            })
            .into_iter()
            .collect();
        if let Err(error) = write_status(engine, status, events).await {
            return failed_store(source, &error);
        }
    }
    PollError::Failed { reason, next_at }
}

/// The store itself failed: nothing could be recorded, so only the caller can tell.
fn failed_store(source: &PlannedSource, error: &StoreError) -> PollError {
    tracing::error!(source.id = %source.name, %error, "The store refused a poll's outcome");
    PollError::Failed {
        reason: format!("the store failed: {error}"),
        next_at: Engine::now() + TimeDelta::minutes(1),
    }
}

/// Runs a store operation on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only when the runtime is going down, and then nobody waits.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Runs pure work on a thread that may block; `None` when it panicked.
async fn blocking_plain<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
