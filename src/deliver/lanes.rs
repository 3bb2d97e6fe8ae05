//! The sender: claims what is due, sends side by side, and records what came of it in
//! batches. Of each story one message is under way to a destination, so that a story
//! arrives in order; a destination that is down is tried with one message at a time and
//! holds up nobody else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rand::Rng;
use tokio::task::{Id, JoinHandle, JoinSet};
use tracing::{error, info, warn};

use super::attempt::{TIMEOUT, send_within};
use super::ledger::{self, Done, Finished, Work};
use super::pace::{Bucket, Limit, Pace};
use super::schedule::{self, Next};
use super::{DeliverError, Now};
use crate::domain::{Delivery, Destination, Event};
use crate::net::Client;
use crate::store::{AttemptOutcome, Holds, Store, StoreError, Tried};

/// What a pass came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Messages that a receiver took.
    pub n_delivered: usize,
    /// Attempts that failed.
    pub n_failed: usize,
}

/// Sends what is due to the destinations it was given.
pub struct Sender {
    shared: Arc<Shared>,
    destinations: Arc<Vec<Destination>>,
    lanes: HashMap<String, Lane>,
    /// What is being sent.
    running: JoinSet<(Finished, Option<Bucket>)>,
    /// To whom each of them goes, should one break off.
    names: HashMap<Id, String>,
    /// What has come to its end and is not recorded yet.
    finished: Vec<Finished>,
    /// The work with the store; one at a time, while sending goes on.
    job: Option<JoinHandle<Result<Done, StoreError>>>,
    /// Whether the queues are to be looked at.
    is_asked: bool,
    /// When more will be due, as far as is known.
    next_at: Option<DateTime<Utc>>,
    pass: Pass,
    unlogged: Pass,
}

struct Shared {
    store: Store,
    client: Client,
    now: Now,
    timeout: Duration,
}

/// A destination that is sent to.
struct Lane {
    pace: Pace,
    n_under_way: usize,
}

impl Sender {
    /// A sender without destinations; see [`Sender::set_destinations`].
    pub fn new(store: Store, client: Client, now: Now) -> Self {
        Self {
            shared: Arc::new(Shared {
                store,
                client,
                now,
                timeout: TIMEOUT,
            }),
            destinations: Arc::default(),
            lanes: HashMap::new(),
            running: JoinSet::new(),
            names: HashMap::new(),
            finished: Vec::new(),
            job: None,
            is_asked: true,
            next_at: None,
            pass: Pass::default(),
            unlogged: Pass::default(),
        }
    }

    #[cfg(test)]
    pub(super) fn with_timeout(mut self, timeout: Duration) -> Self {
        Arc::get_mut(&mut self.shared)
            .expect("nothing has been started yet")
            .timeout = timeout;
        self
    }

    /// Takes the destinations of the configuration; those no longer in it get nothing more.
    pub fn set_destinations(&mut self, destinations: Vec<Destination>) {
        if *self.destinations == destinations {
            return;
        }
        for destination in &destinations {
            let old = self
                .destinations
                .iter()
                .find(|old| old.name == destination.name);
            // A new address need not wait for what was tried at the old one.
            if old.is_some_and(|old| old.url != destination.url || old.kind != destination.kind) {
                if let Err(error) = self.shared.store.release_destination(&destination.name) {
                    warn!(destination = %destination.name, %error, "A changed webhook waits for its next try");
                }
                self.lanes.remove(&destination.name);
            }
        }
        self.destinations = Arc::new(destinations);
        self.is_asked = true;
    }

    /// Has the queues looked at: something new may be due.
    pub(super) fn ask(&mut self) {
        self.is_asked = true;
    }

    /// Sends everything that is due, waits for it, and says what it came to.
    ///
    /// # Errors
    /// When the outbox cannot be read; what is being sent is finished all the same.
    pub async fn send_due(&mut self) -> Result<Pass, DeliverError> {
        self.ask();
        let mut outcome = Ok(());
        loop {
            self.begin_job(true);
            let is_idle = self.job.is_none() && self.running.is_empty() && self.finished.is_empty();
            if is_idle {
                outcome?;
                return Ok(std::mem::take(&mut self.pass));
            }
            if let Err(error) = self.step().await {
                outcome = Err(error);
            }
        }
    }

    /// How long nothing else will be due, as far as is known.
    pub(super) fn pause(&mut self) -> Duration {
        let now = (self.shared.now)();
        let paces = self
            .lanes
            .values_mut()
            .filter_map(|lane| lane.pace.next_at(now));
        let next_at = paces.chain(self.next_at).min();
        let pause = next_at.map(|at| (at - now).to_std().unwrap_or_default());
        pause.unwrap_or(Duration::MAX)
    }

    /// Waits until something that was begun ends, and begins what follows from it. Never
    /// returns while there is nothing; may be dropped at any time.
    ///
    /// # Errors
    /// When the store fails; the next step looks at it again.
    pub(super) async fn step(&mut self) -> Result<(), DeliverError> {
        self.begin_job(true);
        let has_job = self.job.is_some();
        let job = async {
            match &mut self.job {
                Some(job) => job.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            done = job, if has_job => {
                self.job = None;
                let done = unwrapped(done)?;
                self.next_at = done.next_at;
                for (delivery, event) in done.claimed {
                    self.start(delivery, event);
                }
                self.log_when_idle();
                Ok(())
            }
            Some(ended) = self.running.join_next_with_id(), if !self.running.is_empty() => {
                self.take(ended);
                while let Some(ended) = self.running.try_join_next_with_id() {
                    self.take(ended);
                }
                Ok(())
            }
            else => std::future::pending().await,
        }
    }

    /// Starts the work with the store, when there is some and none is going on.
    fn begin_job(&mut self, may_claim: bool) {
        if self.job.is_some() || (self.finished.is_empty() && !(self.is_asked && may_claim)) {
            return;
        }
        let now = (self.shared.now)();
        let work = Work {
            now,
            finished: std::mem::take(&mut self.finished),
            destinations: Arc::clone(&self.destinations),
            rooms: may_claim.then(|| self.rooms(now)),
        };
        self.is_asked = false;
        let store = self.shared.store.clone();
        self.job = Some(tokio::task::spawn_blocking(move || {
            ledger::run(&store, work)
        }));
    }

    /// How many deliveries may be under way to each destination now.
    fn rooms(&mut self, now: DateTime<Utc>) -> HashMap<String, usize> {
        let destinations = Arc::clone(&self.destinations);
        destinations
            .iter()
            .map(|destination| {
                let lane = self.lane(destination);
                let room = lane.n_under_way + lane.pace.free(now, lane.n_under_way);
                (destination.name.clone(), room)
            })
            .collect()
    }

    fn lane(&mut self, destination: &Destination) -> &mut Lane {
        self.lanes
            .entry(destination.name.clone())
            .or_insert_with(|| Lane {
                pace: Pace::new(Limit::of(destination.kind.name())),
                n_under_way: 0,
            })
    }

    fn start(&mut self, delivery: Delivery, event: Event) {
        let destinations = Arc::clone(&self.destinations);
        let destination = destinations
            .iter()
            .find(|known| known.name == delivery.destination);
        let Some(destination) = destination else {
            let why = format!(
                "the webhook `{}` is no longer configured",
                delivery.destination
            );
            self.finished.push(Finished {
                destination: delivery.destination,
                tried: Tried {
                    id: delivery.id,
                    attempt: None,
                    outcome: AttemptOutcome::Skipped(why),
                    holds: Holds::Story,
                },
                is_gone: false,
            });
            return;
        };
        let lane = self.lane(destination);
        lane.n_under_way += 1;
        lane.pace.took(1);
        let shared = Arc::clone(&self.shared);
        let destination = destination.clone();
        let name = destination.name.clone();
        let task = self
            .running
            .spawn(async move { shared.attempt(&destination, &delivery, &event).await });
        self.names.insert(task.id(), name);
    }

    /// Takes in what one task came to.
    fn take(&mut self, ended: Result<(Id, (Finished, Option<Bucket>)), tokio::task::JoinError>) {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(failure) => failure.id(),
        };
        let now = (self.shared.now)();
        let name = self.names.remove(&id);
        let lane = name.and_then(|name| self.lanes.get_mut(&name));
        if let Some(lane) = lane {
            lane.n_under_way = lane.n_under_way.saturating_sub(1);
            if let Ok((_, (_, Some(bucket)))) = &ended {
                lane.pace.heed(*bucket, now);
            }
        }
        match ended {
            Ok((_, (finished, _))) => {
                for pass in [&mut self.pass, &mut self.unlogged] {
                    pass.n_delivered += usize::from(finished.is_delivered());
                    pass.n_failed += usize::from(finished.is_failure());
                }
                self.finished.push(finished);
            }
            Err(failure) => {
                error!(%failure, "Sending to a webhook broke off; it goes on after a restart");
            }
        }
    }

    /// One line for everything since the last one: a busy ledger would write too many.
    fn log_when_idle(&mut self) {
        let is_idle = self.running.is_empty() && self.finished.is_empty();
        if is_idle && self.unlogged != Pass::default() {
            let Pass {
                n_delivered,
                n_failed,
            } = std::mem::take(&mut self.unlogged);
            info!(n_delivered, n_failed, "Sent alerts");
        }
    }

    /// Waits for what is being sent, at most `patience`; nothing new is begun. What is not
    /// recorded by then is sent again after the next start.
    pub(super) async fn finish(mut self, patience: Duration) {
        let all = async {
            loop {
                // What was claimed by a job that was under way is not begun any more.
                if let Some(job) = self.job.take() {
                    let _ = job.await;
                }
                match self.running.join_next_with_id().await {
                    Some(ended) => self.take(ended),
                    None if self.finished.is_empty() => return,
                    None => self.begin_job(false),
                }
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            warn!(
                n_deliveries = self.running.len(),
                "Some webhooks did not answer before the stop; they are sent to again after the next start"
            );
        }
    }
}

fn unwrapped(
    done: Result<Result<Done, StoreError>, tokio::task::JoinError>,
) -> Result<Done, DeliverError> {
    match done {
        Ok(done) => Ok(done?),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(DeliverError::Stopping),
    }
}

impl Shared {
    /// Sends one delivery; what is to be recorded, and what the receiver says of its limits.
    async fn attempt(
        &self,
        destination: &Destination,
        delivery: &Delivery,
        event: &Event,
    ) -> (Finished, Option<Bucket>) {
        let sent = send_within(
            &self.client,
            destination,
            event,
            self.now.as_ref(),
            self.timeout,
        )
        .await;
        let now = (self.now)();
        let chance = rand::rng().random::<f64>();
        let n_attempts = delivery.attempts.len() + 1;
        let next = schedule::next(n_attempts, sent.answer, now, chance);
        if next != Next::Done {
            warn!(
                destination = %destination.name,
                delivery = %delivery.id,
                status = sent.attempt.status,
                n_attempts,
                "A webhook did not take an alert"
            );
        }
        let is_gone = next == Next::Gone;
        let (outcome, holds) = match next {
            Next::Done => (AttemptOutcome::Delivered, Holds::Story),
            Next::Again { at, holds } => (AttemptOutcome::RetryAt(at), holds),
            Next::GiveUp { why, holds } => (AttemptOutcome::Failed(why), holds),
            // It waits for the destination to be switched on again.
            Next::Gone => (AttemptOutcome::RetryAt(delivery.created_at), Holds::Story),
        };
        let finished = Finished {
            destination: destination.name.clone(),
            tried: Tried {
                id: delivery.id.clone(),
                attempt: Some(sent.attempt),
                outcome,
                holds,
            },
            is_gone,
        };
        (finished, sent.bucket)
    }
}
