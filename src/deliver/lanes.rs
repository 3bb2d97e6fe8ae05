//! One lane per destination: within a lane one message after the other, lanes side by side.
//! When a receiver fails, everything behind the failed message waits with it, so that it
//! arrives in order once the receiver is back.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use rand::Rng;
use serde_json::json;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::attempt::{TIMEOUT, send_within};
use super::follow;
use super::kinds::Step;
use super::schedule::{self, Next};
use super::{DeliverError, Now, blocking};
use crate::domain::{
    Attempt, AuthorHistory, Delivery, DeliveryId, Destination, Event, EventId, EventType,
};
use crate::net::Client;
use crate::store::{AttemptOutcome, Store};

/// Claimed for one destination at most: enough to keep a quick receiver busy, few enough
/// that little is sent twice after a crash.
const PER_DESTINATION: usize = 16;
/// Claimed at a time in all.
const PER_CLAIM: usize = 256;

/// What a pass came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Messages that a receiver took.
    pub n_delivered: usize,
    /// Attempts that failed.
    pub n_failed: usize,
}

type Claimed = (Delivery, Event);

/// Sends what is due to the destinations it was given.
pub struct Sender {
    shared: Arc<Shared>,
    destinations: Arc<Vec<Destination>>,
    lanes: HashMap<String, Lane>,
    /// Destinations that failed, and until when nothing is sent to them.
    held: HashMap<String, DateTime<Utc>>,
    running: JoinSet<Batch>,
    pass: Pass,
}

struct Shared {
    store: Store,
    client: Client,
    now: Now,
    stop: CancellationToken,
    timeout: Duration,
}

/// A destination that is being sent to, and what comes after the present batch.
struct Lane {
    task: Id,
    waiting: VecDeque<Claimed>,
}

/// What a lane's task came to.
struct Batch {
    destination: String,
    pass: Pass,
    held_until: Option<DateTime<Utc>>,
}

impl Sender {
    /// A sender without destinations; see [`Sender::set_destinations`].
    pub fn new(store: Store, client: Client, now: Now) -> Self {
        Self {
            shared: Arc::new(Shared {
                store,
                client,
                now,
                stop: CancellationToken::new(),
                timeout: TIMEOUT,
            }),
            destinations: Arc::default(),
            lanes: HashMap::new(),
            held: HashMap::new(),
            running: JoinSet::new(),
            pass: Pass::default(),
        }
    }

    pub(super) fn with_stop(mut self, stop: CancellationToken) -> Self {
        self.shared_mut().stop = stop;
        self
    }

    #[cfg(test)]
    pub(super) fn with_timeout(mut self, timeout: Duration) -> Self {
        self.shared_mut().timeout = timeout;
        self
    }

    fn shared_mut(&mut self) -> &mut Shared {
        Arc::get_mut(&mut self.shared).expect("nothing has been started yet")
    }

    /// Takes the destinations of the configuration; those no longer in it get nothing more.
    pub fn set_destinations(&mut self, destinations: Vec<Destination>) {
        if *self.destinations != destinations {
            // What is new need not wait for what was tried at another address.
            self.held.clear();
            self.destinations = Arc::new(destinations);
        }
    }

    /// Sends everything that is due, waits for it, and says what it came to.
    ///
    /// # Errors
    /// When the outbox cannot be read; what is being sent is finished all the same.
    pub async fn send_due(&mut self) -> Result<Pass, DeliverError> {
        loop {
            let started = self.start_due().await;
            if self.running.is_empty() {
                started?;
                return Ok(std::mem::take(&mut self.pass));
            }
            self.one_finished().await;
        }
    }

    /// Starts sending what is due; how long nothing else will be.
    pub(super) async fn start_due(&mut self) -> Result<Duration, DeliverError> {
        let looked_at = loop {
            let (store, now) = (self.shared.store.clone(), (self.shared.now)());
            let claimed =
                blocking(move || store.claim_due(now, PER_DESTINATION, PER_CLAIM)).await?;
            if claimed.is_empty() {
                break now;
            }
            for (destination, batch) in by_destination(claimed) {
                match self.lanes.get_mut(&destination) {
                    Some(lane) => lane.waiting.extend(batch),
                    None => self.start(destination, batch),
                }
            }
        };
        let store = self.shared.store.clone();
        let next_at = blocking(move || store.next_due_at()).await?;
        // What was due already waits for a place in its lane: the lane's end will tell.
        let pause = next_at.and_then(|at| (at - looked_at).to_std().ok());
        Ok(pause
            .filter(|pause| !pause.is_zero())
            .unwrap_or(Duration::MAX))
    }

    fn start(&mut self, destination: String, batch: Vec<Claimed>) {
        let now = (self.shared.now)();
        let held_until = self.held.get(&destination).copied();
        let work = send_batch(
            Arc::clone(&self.shared),
            Arc::clone(&self.destinations),
            destination.clone(),
            batch,
            held_until.filter(|until| *until > now),
        );
        let lane = Lane {
            task: self.running.spawn(work).id(),
            waiting: VecDeque::new(),
        };
        self.lanes.insert(destination, lane);
    }

    /// Waits until the batch of some destination is done and starts its next one; never
    /// returns while nothing is being sent. May be dropped at any time.
    pub(super) async fn one_finished(&mut self) {
        let Some(finished) = self.running.join_next_with_id().await else {
            return std::future::pending().await;
        };
        let name = match finished {
            Ok((_, batch)) => {
                self.pass.n_delivered += batch.pass.n_delivered;
                self.pass.n_failed += batch.pass.n_failed;
                match batch.held_until {
                    Some(until) => self.held.insert(batch.destination.clone(), until),
                    None => self.held.remove(&batch.destination),
                };
                Some(batch.destination)
            }
            Err(failure) => {
                error!(%failure, "Sending to a webhook broke off; it goes on after a restart");
                let lane = self
                    .lanes
                    .iter()
                    .find(|(_, lane)| lane.task == failure.id());
                lane.map(|(name, _)| name.clone())
            }
        };
        let Some(name) = name else { return };
        let Some(lane) = self.lanes.remove(&name) else {
            return;
        };
        if !lane.waiting.is_empty() {
            self.start(name, lane.waiting.into());
        }
    }

    /// Waits for what is being sent, at most `patience`; nothing new is begun. What is not
    /// recorded by then is sent again after the next start.
    pub(super) async fn finish(mut self, patience: Duration) {
        let all = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all).await.is_err() {
            warn!(
                n_destinations = self.running.len(),
                "Some webhooks did not answer before the stop; they are sent to again after the next start"
            );
        }
    }
}

/// One list per destination, each in the order of the claims.
fn by_destination(claimed: Vec<Claimed>) -> Vec<(String, Vec<Claimed>)> {
    let mut lists: Vec<(String, Vec<Claimed>)> = Vec::new();
    for (delivery, event) in claimed {
        let name = delivery.destination.clone();
        match lists.iter_mut().find(|(known, _)| *known == name) {
            Some((_, list)) => list.push((delivery, event)),
            None => lists.push((name, vec![(delivery, event)])),
        }
    }
    lists
}

/// Sends a batch to one destination, in order. Stops at `stop`: what is left stays marked
/// as being sent, which the next start turns into due.
async fn send_batch(
    shared: Arc<Shared>,
    destinations: Arc<Vec<Destination>>,
    name: String,
    batch: Vec<Claimed>,
    mut held_until: Option<DateTime<Utc>>,
) -> Batch {
    let mut pass = Pass::default();
    let mut is_off = false;
    let destination = destinations.iter().find(|known| known.name == name);
    for (delivery, event) in batch {
        if shared.stop.is_cancelled() {
            break;
        }
        let Some(destination) = destination else {
            let why = format!("the webhook `{name}` is no longer configured");
            shared
                .record(&delivery.id, None, AttemptOutcome::Skipped(why))
                .await;
            continue;
        };
        // What waits for a destination to be switched on keeps its place in the queue.
        let waits_until = if is_off {
            Some(delivery.created_at)
        } else {
            held_until
        };
        if let Some(until) = waits_until {
            shared
                .record(&delivery.id, None, AttemptOutcome::RetryAt(until))
                .await;
            continue;
        }
        let next = shared.attempt(destination, &delivery, &event).await;
        match next {
            Next::Done => pass.n_delivered += 1,
            _ => pass.n_failed += 1,
        }
        held_until = match next {
            Next::Again {
                at,
                holds_others: true,
            } => Some(at),
            _ => None,
        };
        let is_over = match next {
            Next::Done => false,
            Next::Gone => true,
            _ => shared.has_failed_too_long(destination).await,
        };
        if is_over {
            shared.disable(destination, &destinations, &next).await;
            is_off = true;
        }
    }
    if pass != Pass::default() {
        info!(
            destination = %name,
            n_delivered = pass.n_delivered,
            n_failed = pass.n_failed,
            "Sent alerts to a webhook"
        );
    }
    Batch {
        destination: name,
        pass,
        held_until,
    }
}

impl Shared {
    /// Sends one delivery and records how it went.
    async fn attempt(&self, destination: &Destination, delivery: &Delivery, event: &Event) -> Next {
        let (step, history) = self.step(destination, event).await;
        let step = match step {
            Ok(step) => step,
            Err(why) => {
                let skipped = AttemptOutcome::Skipped(why.to_owned());
                self.record(&delivery.id, None, skipped).await;
                return Next::Done;
            }
        };
        let sent = send_within(
            &self.client,
            destination,
            event,
            (&step, history),
            self.now.as_ref(),
            self.timeout,
        )
        .await;
        let now = (self.now)();
        let chance = rand::rng().random::<f64>();
        let next = schedule::next(delivery.attempts.len() + 1, sent.answer, now, chance);
        let outcome = match &next {
            Next::Done => AttemptOutcome::Delivered,
            Next::Again { at, .. } => AttemptOutcome::RetryAt(*at),
            Next::GiveUp(why) => AttemptOutcome::Failed(why.clone()),
            // It waits for the destination to be switched on again.
            Next::Gone => AttemptOutcome::RetryAt(delivery.created_at),
        };
        if next != Next::Done {
            warn!(
                destination = %destination.name,
                delivery = %delivery.id,
                status = sent.attempt.status,
                n_attempts = delivery.attempts.len() + 1,
                "A webhook did not take an alert"
            );
        }
        self.record(&delivery.id, Some(sent.attempt), outcome).await;
        next
    }

    /// What is done with the event, given what this tool was told of its story, and what
    /// was heard of the author before. A store that cannot say it costs a second message at
    /// worst.
    async fn step(
        &self,
        destination: &Destination,
        event: &Event,
    ) -> (Result<Step, &'static str>, Option<AuthorHistory>) {
        let Some(mention) = follow::mention_of(event) else {
            return (Ok(Step::Post), None);
        };
        let (store, name) = (self.store.clone(), destination.name.clone());
        let found = blocking(move || {
            let posted = store.posted(&name, &mention.story)?;
            Ok((posted, store.author_history(&mention)?))
        });
        let (posted, history) = found.await.unwrap_or_else(|error| {
            warn!(destination = %destination.name, %error, "What was posted cannot be read");
            (None, None)
        });
        (follow::step(destination, event, posted), history)
    }

    /// Records an attempt. A store that fails here leaves the delivery marked as being
    /// sent, so that it is sent again after the next start rather than lost.
    async fn record(&self, id: &DeliveryId, attempt: Option<Attempt>, outcome: AttemptOutcome) {
        let (store, delivery) = (self.store.clone(), id.clone());
        let recorded = blocking(move || store.record_attempt(&delivery, attempt, &outcome)).await;
        if let Err(error) = recorded {
            error!(delivery = %id, %error, "An attempt could not be recorded; it is repeated after the next start");
        }
    }

    async fn has_failed_too_long(&self, destination: &Destination) -> bool {
        let (store, name) = (self.store.clone(), destination.name.clone());
        match blocking(move || store.destination_health(&name)).await {
            Ok(health) => schedule::has_failed_too_long(health.first_failure_at, (self.now)()),
            Err(_) => false,
        }
    }

    /// Switches a destination off and tells the others.
    async fn disable(&self, destination: &Destination, all: &[Destination], next: &Next) {
        let why = match next {
            Next::Gone => "the receiver answered that it is gone for good (410)",
            _ => "every attempt has failed for five days",
        };
        let at = (self.now)();
        let others = all.iter().filter(|other| other.name != destination.name);
        let outgoing = [disabled_event(&destination.name, why, at).addressed(others)];
        let (store, name) = (self.store.clone(), destination.name.clone());
        match blocking(move || store.disable_destination(&name, why, at, &outgoing)).await {
            Ok(true) => error!(
                destination = %destination.name,
                why,
                "A webhook was switched off; its alerts wait until `hearken webhook test` reaches it"
            ),
            Ok(false) => (),
            Err(error) => {
                error!(destination = %destination.name, %error, "A webhook could not be switched off")
            }
        }
    }
}

fn disabled_event(name: &str, why: &str, at: DateTime<Utc>) -> Event {
    let moment = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let kind = EventType::DestinationDisabled;
    Event::new(
        EventId::of(kind.as_str(), &[name, &moment]),
        kind,
        at,
        json!({"destination": {"name": name, "reason": why, "disabled_at": moment}}),
    )
}
