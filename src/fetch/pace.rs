//! Politeness per host, shared by all sources of that host: few requests at once and a
//! pause between their starts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};
use url::{Host, Url};

/// A service on this machine is ours, but it may ask others in turn (RSS-Bridge).
const AT_ONCE_ON_LOOPBACK: usize = 16;

/// Hosts without a request under way are forgotten from this many on.
const FORGET_FROM: usize = 1_024;

/// A host that is told to rest keeps its other sources waiting this long at most; after
/// that their own requests show whether the rest is over.
const LONGEST_REST: Duration = Duration::from_secs(600);

/// How much a host is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceLimits {
    /// Requests under way at the same time.
    pub at_once: usize,
    /// Between the starts of two requests; none for loopback addresses.
    pub gap: Duration,
}

impl Default for PaceLimits {
    fn default() -> Self {
        Self {
            at_once: 2,
            gap: Duration::from_secs(1),
        }
    }
}

/// The pace of every host. Cheap to clone; all clones share it.
#[derive(Clone, Debug)]
pub struct HostPace {
    limits: PaceLimits,
    hosts: Arc<Mutex<HashMap<String, Arc<HostState>>>>,
}

#[derive(Debug)]
struct HostState {
    slots: Arc<Semaphore>,
    gap: Duration,
    next_start: Mutex<Instant>,
}

/// The right to one request; the next one may start when it is dropped.
#[derive(Debug)]
#[must_use = "the request may only run while the permit is held"]
pub struct Permit {
    _slot: Option<OwnedSemaphorePermit>,
    // Keeps the host from being forgotten while it is being asked.
    _host: Arc<HostState>,
}

impl HostPace {
    /// A pace that has seen no host yet.
    pub fn new(limits: PaceLimits) -> Self {
        Self {
            limits,
            hosts: Arc::default(),
        }
    }

    /// Waits until the host of this address may be asked. First come, first served.
    pub async fn acquire(&self, url: &Url) -> Permit {
        let host = self.host(url);
        // The semaphore is never closed, so there is always a slot in the end.
        let slot = Arc::clone(&host.slots).acquire_owned().await.ok();
        // A rest may have been ordered while we slept, so look again.
        loop {
            let now = Instant::now();
            let start = {
                let mut next_start = lock(&host.next_start);
                if *next_start <= now {
                    *next_start = now + host.gap;
                    break;
                }
                *next_start
            };
            sleep_until(start).await;
        }
        Permit {
            _slot: slot,
            _host: host,
        }
    }

    /// Lets a host rest, because one of its sources was told to wait: the others would
    /// only be told the same.
    pub fn rest(&self, url: &Url, wait: Duration) {
        let host = self.host(url);
        let until = Instant::now() + wait.min(LONGEST_REST);
        let mut next_start = lock(&host.next_start);
        *next_start = until.max(*next_start);
    }

    fn host(&self, url: &Url) -> Arc<HostState> {
        let name = url.host_str().unwrap_or_default();
        let now = Instant::now();
        let mut hosts = lock(&self.hosts);
        if let Some(host) = hosts.get(name) {
            return Arc::clone(host);
        }
        if hosts.len() >= FORGET_FROM {
            // Whoever holds or waits for a permit holds the host as well; changes to
            // the count happen under this lock or only lower it.
            hosts.retain(|_, host| Arc::strong_count(host) > 1 || *lock(&host.next_start) > now);
        }
        let host = Arc::new(self.new_host(url, now));
        hosts.insert(name.to_owned(), Arc::clone(&host));
        host
    }

    fn new_host(&self, url: &Url, now: Instant) -> HostState {
        let at_once = self.limits.at_once.max(1);
        let (at_once, gap) = if is_loopback(url) {
            (at_once.max(AT_ONCE_ON_LOOPBACK), Duration::ZERO)
        } else {
            (at_once, self.limits.gap)
        };
        HostState {
            slots: Arc::new(Semaphore::new(at_once)),
            gap,
            next_start: Mutex::new(now),
        }
    }
}

impl Default for HostPace {
    fn default() -> Self {
        Self::new(PaceLimits::default())
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        None => false,
    }
}

/// A panic elsewhere leaves at worst a start time behind, which is no reason to stop.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;
    use tokio::time::sleep;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn pace(at_once: usize, gap_ms: u64) -> HostPace {
        HostPace::new(PaceLimits {
            at_once,
            gap: Duration::from_millis(gap_ms),
        })
    }

    /// Starts `n` requests that take `work_ms` each; returns when each began, in ms.
    async fn starts(pace: &HostPace, address: &str, n: usize, work_ms: u64) -> Vec<u128> {
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..n {
            let (pace, address) = (pace.clone(), url(address));
            tasks.spawn(async move {
                let permit = pace.acquire(&address).await;
                let at = began.elapsed().as_millis();
                sleep(Duration::from_millis(work_ms)).await;
                drop(permit);
                at
            });
        }
        let mut starts = tasks.join_all().await;
        starts.sort_unstable();
        starts
    }

    #[tokio::test(start_paused = true)]
    async fn starts_on_one_host_keep_a_gap() {
        let starts = starts(&pace(8, 1_000), "https://a.example/1", 4, 10).await;
        assert_eq!(starts, [0, 1_000, 2_000, 3_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_run_at_once() {
        let starts = starts(&pace(2, 0), "https://a.example/1", 5, 500).await;
        assert_eq!(starts, [0, 0, 500, 500, 1_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn another_host_does_not_wait() {
        let pace = pace(1, 60_000);
        let _busy = pace.acquire(&url("https://a.example/")).await;
        assert_eq!(starts(&pace, "https://b.example/", 1, 0).await, [0]);
    }

    #[tokio::test(start_paused = true)]
    async fn loopback_has_no_gap() {
        let starts = starts(&pace(2, 1_000), "http://127.0.0.1:9/feed", 16, 10).await;
        assert_eq!(starts, [0; 16]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_told_to_rest_is_left_alone_but_not_for_ever() {
        let pace = pace(2, 0);
        pace.rest(&url("https://a.example/x"), Duration::from_secs(30));
        assert_eq!(starts(&pace, "https://a.example/y", 1, 0).await, [30_000]);
        pace.rest(&url("https://a.example/x"), Duration::from_secs(9_999_999));
        assert_eq!(starts(&pace, "https://a.example/y", 1, 0).await, [600_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiter_that_goes_away_blocks_nobody() {
        let pace = pace(1, 1_000);
        let address = url("https://a.example/");
        drop(pace.acquire(&address).await);
        let gone = tokio::time::timeout(Duration::from_millis(10), pace.acquire(&address)).await;
        assert!(gone.is_err());
        assert_eq!(starts(&pace, "https://a.example/", 1, 0).await, [990]);
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_that_are_not_asked_any_more_are_forgotten() {
        let pace = pace(1, 1);
        let kept = pace.acquire(&url("https://kept.example/")).await;
        for number in 0..5 * FORGET_FROM {
            drop(
                pace.acquire(&url(&format!("https://host{number}.example/")))
                    .await,
            );
            tokio::time::advance(Duration::from_millis(2)).await;
        }
        let n_hosts = lock(&pace.hosts).len();
        assert!(n_hosts <= FORGET_FROM + 1, "{n_hosts} hosts are remembered");
        assert!(lock(&pace.hosts).contains_key("kept.example"));
        drop(kept);
    }
}
