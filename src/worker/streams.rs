//! Listens to the sources that bring their events by themselves. What comes is stored in
//! small batches by the same operation as a poll, so the position to go on from moves only
//! with the mentions before it; a connection that ends is made again, from there.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::events::source_event;
use super::judge::find;
use super::keep::{Unstored, store_found};
use super::outcome::{N_FAILURES_BEFORE_ALERT, recovery, write_status};
use super::{Engine, Plan, PlannedSource, blocking, blocking_plain};
use crate::domain::{
    EventType, Format, HealthState, JsonMapping, SourceStatus, StreamKind, hex_digest,
};
use crate::fetch::{FetchError, OpenStream, StreamEvent, open_stream};
use crate::parse::{Parsed, lines};

/// A batch is stored when it has so many events …
const BATCH_EVENTS: usize = 256;
/// … or when its first event has waited so long: the model judges a batch faster than its
/// events one by one, and nobody notices half a second.
const BATCH_WAIT: Duration = Duration::from_millis(500);
/// A batch without mentions only moves the position; a busy stream need not write that
/// more often.
const QUIET_SAVE: Duration = Duration::from_secs(5);
/// Between the end of a connection that brought something and the next one.
const SHORT_WAIT: Duration = Duration::from_millis(250);
/// After failures, waits double from this …
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// … to this.
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);
/// Connection attempts that a person need not hear of yet.
const MAX_NOTES: usize = 5;

/// Runs until `stop` fires. A reload starts the listeners anew; each goes on where it was.
pub(super) async fn run(engine: Engine, stop: CancellationToken) {
    let mut plans = engine.plan.subscribe();
    loop {
        let plan = plans.borrow_and_update().clone();
        let listening = stop.child_token();
        let mut listeners = JoinSet::new();
        for source in &plan.sources {
            if let Format::Stream(kind, mapping) = &source.definition.format {
                let listener = Listener {
                    engine: engine.clone(),
                    plan: plan.clone(),
                    source: source.clone(),
                    kind: kind.clone(),
                    mapping: mapping.clone(),
                    stop: listening.clone(),
                };
                listeners.spawn(listener.listen());
            }
        }
        let is_over = tokio::select! {
            biased;
            () = stop.cancelled() => true,
            changed = plans.changed() => changed.is_err(),
        };
        listening.cancel();
        while let Some(ended) = listeners.join_next().await {
            if ended.is_err() {
                warn!("A stream's listener ended with a panic");
            }
        }
        if is_over {
            return;
        }
    }
}

struct Listener {
    engine: Engine,
    plan: Arc<Plan>,
    source: PlannedSource,
    kind: StreamKind,
    mapping: Box<JsonMapping>,
    stop: CancellationToken,
}

/// What became of one connection.
struct Session {
    n_events: u64,
    why: String,
    wait: Option<Duration>,
    failed: bool,
}

impl Listener {
    async fn listen(self) {
        let mut n_failures: u32 = 0;
        while !self.stop.is_cancelled() {
            let session = self.session().await;
            if self.stop.is_cancelled() {
                return;
            }
            let jitter = 0.5 + rand::random::<f64>();
            let wait = if session.failed {
                n_failures = n_failures.saturating_add(1);
                let doubled = FIRST_BACKOFF.saturating_mul(1 << (n_failures - 1).min(16));
                doubled
                    .min(LONGEST_BACKOFF)
                    .mul_f64(jitter)
                    .max(session.wait.unwrap_or_default())
            } else {
                n_failures = 0;
                session.wait.unwrap_or(SHORT_WAIT).mul_f64(jitter)
            };
            if session.failed {
                warn!(source.id = %self.source.name, reason = %session.why, wait_ms = wait.as_millis() as u64, "A stream cannot be read; trying again");
                self.record_failure(&session.why, wait).await;
            } else {
                debug!(source.id = %self.source.name, reason = %session.why, n_events = session.n_events, "A stream ended; connecting again");
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(wait) => (),
            }
        }
    }

    /// One connection, from its opening to its end.
    async fn session(&self) -> Session {
        let failed = |why: String, wait: Option<Duration>| Session {
            n_events: 0,
            why,
            wait,
            failed: true,
        };
        let mut status = match self.status().await {
            Ok(status) => status,
            Err(why) => return failed(why, None),
        };
        let opened = tokio::select! {
            biased;
            () = self.stop.cancelled() => return failed("stopped".to_owned(), None),
            opened = self.open(&status) => opened,
        };
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(error) => {
                let wait = error.retry_after();
                return failed(error.to_string(), wait);
            }
        };
        if status.health.state != HealthState::Ok {
            info!(source.id = %self.source.name, "Listening to {}", self.source.name);
            let after = ok(status.clone(), 0);
            let events: Vec<_> = recovery(&self.plan, &status, &after, Engine::now())
                .into_iter()
                .collect();
            if let Err(error) = write_status(&self.engine, after.clone(), events).await {
                return failed(format!("the store failed: {error}"), None);
            }
            status = after;
        }
        let mut n_events = 0;
        let mut saved_at = Instant::now();
        let (why, wait) = loop {
            let (batch, end) = self.batch(&mut stream).await;
            n_events += batch.len() as u64;
            if !batch.is_empty()
                && let Err(why) = self
                    .store(&batch, &mut status, &mut saved_at, end.is_some())
                    .await
            {
                // What came with this connection is asked for again from the old position.
                return failed(why, None);
            }
            if let Some(why) = end {
                break (why, stream.retry_after());
            }
        };
        stream.close().await;
        Session {
            n_events,
            why,
            wait,
            // A server that closes at once, again and again, is not there.
            failed: n_events == 0,
        }
    }

    async fn open(&self, status: &SourceStatus) -> Result<OpenStream, FetchError> {
        let _permit = self
            .engine
            .pace
            .acquire(
                &self.source.request.url,
                self.source.definition.limits.requests_per_minute,
            )
            .await;
        let mut request = self.source.request.clone();
        if let Some(sign_in) = &request.sign_in {
            let token = self
                .engine
                .tokens
                .bearer(&self.plan.client, sign_in, Engine::now())
                .await?;
            request.headers.push((
                "Authorization".to_owned(),
                format!("Bearer {}", token.reveal()),
            ));
        }
        open_stream(
            &self.plan.client,
            &request,
            &self.kind,
            status.cursor.resume.as_deref(),
            Engine::now(),
        )
        .await
    }

    /// Events until the batch is full, its first event has waited long enough, or the
    /// stream ends.
    async fn batch(&self, stream: &mut OpenStream) -> (Vec<StreamEvent>, Option<String>) {
        let mut batch: Vec<StreamEvent> = Vec::new();
        let mut until: Option<Instant> = None;
        loop {
            let ripe = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return (batch, Some("stopped".to_owned())),
                event = stream.next() => match event {
                    Ok(event) => {
                        batch.push(event);
                        until.get_or_insert_with(|| Instant::now() + BATCH_WAIT);
                        if batch.len() >= BATCH_EVENTS {
                            return (batch, None);
                        }
                    }
                    Err(end) => return (batch, Some(end.to_string())),
                },
                () = ripe => return (batch, None),
            }
        }
    }

    /// Reads, matches, judges and stores a batch together with the position behind it.
    async fn store(
        &self,
        batch: &[StreamEvent],
        status: &mut SourceStatus,
        saved_at: &mut Instant,
        is_last: bool,
    ) -> Result<(), String> {
        let started = Engine::now();
        let (parsed, resume) = self.read(batch).await?;
        let now = Engine::now();
        let mut after = ok(status.clone(), parsed.items.len() as u64);
        if let Some(resume) = resume {
            after.cursor.resume = Some(resume);
        }
        after.cursor.for_address = Some(self.address());
        after.cursor.polled_before = true;
        after.health.notes = parsed.notes.iter().take(MAX_NOTES).cloned().collect();
        let found = find(&self.plan, &self.source, parsed, started)
            .await
            .ok_or_else(|| {
                "the items could not be matched: the matcher failed on one".to_owned()
            })?;
        if found.is_empty() && !is_last && saved_at.elapsed() < QUIET_SAVE {
            *status = after;
            return Ok(());
        }
        // A stop must not lose a batch that has been read already.
        let go_on = CancellationToken::new();
        let stored = store_found(
            &self.engine,
            &self.plan,
            &self.source,
            found,
            status,
            after,
            now,
            &go_on,
        )
        .await;
        match stored {
            Ok(counts) => {
                if counts.n_new > 0 {
                    info!(
                        source.id = %self.source.name,
                        n_events = batch.len(),
                        n_new = counts.n_new,
                        n_flagged = counts.n_flagged,
                        "Read {} events of {}", batch.len(), self.source.name
                    );
                }
            }
            Err(Unstored::Stopped) => return Err("stopped".to_owned()),
            Err(Unstored::Store(error)) => return Err(format!("the store failed: {error}")),
            Err(Unstored::Unjudged(why)) => return Err(why),
        }
        *status = self.status().await?;
        *saved_at = Instant::now();
        Ok(())
    }

    async fn read(&self, batch: &[StreamEvent]) -> Result<(Parsed, Option<String>), String> {
        let batch = batch.to_vec();
        let definition = self.source.definition.clone();
        let mapping = self.mapping.clone();
        let cursor = self.kind.cursor.clone();
        blocking_plain(move || {
            let mut all = Parsed::default();
            let mut resume = None;
            let mut n_broken = 0;
            for event in &batch {
                match lines::read_event(&event.data, &definition, &mapping) {
                    Ok(parsed) => all.items.extend(parsed.items),
                    Err(_) => n_broken += 1,
                }
                let position = match &cursor {
                    Some(path) => lines::text_at(&event.data, path),
                    None => event.id.clone(),
                };
                resume = position.or(resume);
            }
            if n_broken > 0 {
                all.notes.push(format!(
                    "{n_broken} of {} events could not be read and were left out",
                    batch.len()
                ));
            }
            (all, resume)
        })
        .await
        .ok_or_else(|| "the events could not be read: the reader failed on one".to_owned())
    }

    /// What is remembered; a position of another address means nothing here.
    async fn status(&self) -> Result<SourceStatus, String> {
        let store = self.engine.store.clone();
        let name = self.source.name.clone();
        let mut status = blocking(move || store.source_status(&name))
            .await
            .map_err(|error| format!("the store could not be read: {error}"))?;
        let address = self.address();
        if status.cursor.for_address.as_ref() != Some(&address) {
            status.cursor.resume = None;
        }
        Ok(status)
    }

    /// The address may hold a key, so the store keeps only its digest.
    fn address(&self) -> String {
        hex_digest("stream address", &[self.source.request.url.as_str()])
    }

    async fn record_failure(&self, why: &str, wait: Duration) {
        let Ok(mut status) = self.status().await else {
            return;
        };
        let now = Engine::now();
        let health = &mut status.health;
        health.n_failures = health.n_failures.saturating_add(1);
        health.state = HealthState::Failing;
        health.last_poll_at = Some(now);
        health.next_poll_at = TimeDelta::from_std(wait).ok().map(|wait| now + wait);
        health.reason = Some(why.to_owned());
        let events: Vec<_> = (health.n_failures >= N_FAILURES_BEFORE_ALERT)
            .then(|| {
                let since = status.health.last_ok_at;
                source_event(EventType::SourceFailing, &status, since, now)
                    .addressed(&self.plan.destinations)
            })
            .into_iter()
            .collect();
        if let Err(error) = write_status(&self.engine, status, events).await {
            warn!(source.id = %self.source.name, %error, "The store refused a stream's state");
        }
    }
}

/// The state of a source that brings its items by itself, when it has brought some.
pub(super) fn ok(mut status: SourceStatus, n_items: u64) -> SourceStatus {
    let now = Engine::now();
    let health = &mut status.health;
    health.state = HealthState::Ok;
    health.last_ok_at = Some(now);
    health.last_poll_at = Some(now);
    health.next_poll_at = None;
    health.reason = None;
    health.n_failures = 0;
    health.n_polls_ok += 1;
    health.n_items += n_items;
    status
}
