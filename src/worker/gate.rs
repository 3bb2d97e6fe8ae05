//! The gate between the schedule and the sites: how many polls run at once, each host's
//! pace, and what a site asks of automatic readers. Whoever waits for a host holds no place
//! that another host's source could use.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::{Engine, Plan, PlannedSource};
use crate::domain::{Format, Health, HealthState};
use crate::fetch::{Allowed, FetchError, Permit};

/// Polls at the same time; each holds at most one body in memory.
const MAX_POLLS: usize = 24;
/// Of these, polls of sources that have not proved themselves: new ones and those that
/// failed. They may all hang until they time out, and the others are still on schedule.
const MAX_UNPROVEN: usize = 16;

/// The places of polls. Cheap to clone; all clones share them.
#[derive(Clone, Debug)]
pub struct Places {
    all: Arc<Semaphore>,
    unproven: Arc<Semaphore>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(MAX_POLLS)),
            unproven: Arc::new(Semaphore::new(MAX_UNPROVEN)),
        }
    }
}

/// A place, until it is dropped.
struct Place {
    _one_of_all: Option<OwnedSemaphorePermit>,
    _one_of_unproven: Option<OwnedSemaphorePermit>,
}

impl Places {
    async fn take(&self, is_proven: bool) -> Place {
        // The semaphores are never closed. The smaller one comes first, so that nobody
        // waits for it with a place in hand.
        let unproven = if is_proven {
            None
        } else {
            Arc::clone(&self.unproven).acquire_owned().await.ok()
        };
        Place {
            _one_of_all: Arc::clone(&self.all).acquire_owned().await.ok(),
            _one_of_unproven: unproven,
        }
    }
}

/// One poll's way through the gate.
pub(super) struct Gate<'a> {
    engine: &'a Engine,
    plan: &'a Plan,
    source: &'a PlannedSource,
    is_proven: bool,
    place: Option<Place>,
    host: Option<(String, Permit)>,
}

impl<'a> Gate<'a> {
    /// A way that nothing has gone yet.
    pub(super) fn new(
        engine: &'a Engine,
        plan: &'a Plan,
        source: &'a PlannedSource,
        health: &Health,
    ) -> Self {
        Self {
            engine,
            plan,
            source,
            is_proven: health.state == HealthState::Ok,
            place: None,
            host: None,
        }
    }

    /// Waits until this address may be asked.
    ///
    /// # Errors
    /// The site does not want automatic readers there, or its rules cannot be read.
    pub(super) async fn pass(&mut self, url: &Url) -> Result<(), FetchError> {
        let name = url.host_str().unwrap_or_default();
        let permit = match self.host.take() {
            Some((host, permit)) if host == name => {
                permit.again().await;
                permit
            }
            other => {
                // First the host, then a place; never a place while waiting for a host.
                drop(other);
                self.place = None;
                let limit = self.source.definition.limits.requests_per_minute;
                let permit = self.engine.pace.acquire(url, limit).await;
                self.place = Some(self.engine.places.take(self.is_proven).await);
                permit
            }
        };
        self.heed_robots(url, &permit).await?;
        self.host = Some((name.to_owned(), permit));
        Ok(())
    }

    /// Lets others ask the host while this poll works on what it has got.
    pub(super) fn leave_host(&mut self) {
        self.host = None;
    }

    /// Lets a host rest, because one of its sources was told to wait.
    pub(super) fn rest(&self, url: &Url, wait: Duration) {
        self.engine.pace.rest(url, wait);
    }

    async fn heed_robots(&self, url: &Url, permit: &Permit) -> Result<(), FetchError> {
        if self.source.ignore_robots || !matches!(self.source.definition.format, Format::Html(_)) {
            return Ok(());
        }
        let (robots, client) = (&self.engine.robots, &self.plan.client);
        let allowed = match robots.known(client, url, Engine::now()) {
            Some(allowed) => allowed,
            None => {
                let allowed = robots.ask(client, url, Engine::now()).await?;
                if let Allowed::Yes(pause) = allowed {
                    permit.heed(pause);
                    permit.again().await;
                }
                allowed
            }
        };
        match allowed {
            Allowed::Yes(pause) => {
                permit.heed(pause);
                Ok(())
            }
            Allowed::No(why) => Err(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sources_that_hang_leave_places_for_those_that_work() {
        let places = Places::default();
        let mut held = Vec::new();
        for _ in 0..MAX_UNPROVEN {
            held.push(places.take(false).await);
        }
        let mut waits = std::pin::pin!(places.take(false));
        assert!(
            futures_util::poll!(waits.as_mut()).is_pending(),
            "one more has to wait"
        );
        let mut proven = Vec::new();
        for _ in 0..MAX_POLLS - MAX_UNPROVEN {
            let place = places.take(true);
            let mut place = std::pin::pin!(place);
            match futures_util::poll!(place.as_mut()) {
                std::task::Poll::Ready(place) => proven.push(place),
                std::task::Poll::Pending => panic!("{} places only", proven.len()),
            }
        }
        drop(held.pop());
        waits.await;
    }
}
