//! Politeness per host, shared by all sources of that host: few requests at once and a
//! pause between their starts, as long as the strictest of its sources or the host itself
//! asks for.

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

const MINUTE: Duration = Duration::from_secs(60);

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
    is_loopback: bool,
    gap: Mutex<Gap>,
    next_start: Mutex<Instant>,
}

/// What the pause between two starts is made of; the longest counts.
#[derive(Debug)]
struct Gap {
    /// Ours, or what a definition of one of its sources allows.
    limit: Duration,
    /// What the host asks for in its `robots.txt`, by its last word.
    asked: Duration,
}

/// The right to ask a host, one request after the other; others may start when it is
/// dropped.
#[derive(Debug)]
#[must_use = "the request may only run while the permit is held"]
pub struct Permit {
    _slot: Option<OwnedSemaphorePermit>,
    // Also keeps the host from being forgotten while it is being asked.
    host: Arc<HostState>,
}

impl Permit {
    /// Waits until the same host may be asked again: for the next page of the same answer.
    pub async fn again(&self) {
        self.host.wait_for_start().await;
    }

    /// The pause that the host itself asks for between two requests, from now on.
    pub fn heed(&self, asked: Option<Duration>) {
        lock(&self.host.gap).asked = asked.unwrap_or_default();
    }
}

impl HostPace {
    /// A pace that has seen no host yet.
    pub fn new(limits: PaceLimits) -> Self {
        Self {
            limits,
            hosts: Arc::default(),
        }
    }

    /// Waits until the host of this address may be asked. First come, first served. A
    /// definition's `requests_per_minute` holds for all sources of the host from then on;
    /// on this machine nobody minds.
    pub async fn acquire(&self, url: &Url, requests_per_minute: Option<u32>) -> Permit {
        let host = self.host(url, Instant::now());
        if let Some(limit) = requests_per_minute {
            host.allow_per_minute(limit);
        }
        // The semaphore is never closed, so there is always a slot in the end.
        let slot = Arc::clone(&host.slots).acquire_owned().await.ok();
        host.wait_for_start().await;
        Permit { _slot: slot, host }
    }

    /// Lets a host rest, because one of its sources was told to wait: the others would
    /// only be told the same.
    pub fn rest(&self, url: &Url, wait: Duration) {
        let now = Instant::now();
        self.host(url, now).rest(now + wait.min(LONGEST_REST));
    }

    fn host(&self, url: &Url, now: Instant) -> Arc<HostState> {
        let name = url.host_str().unwrap_or_default();
        let mut hosts = lock(&self.hosts);
        if let Some(host) = hosts.get(name) {
            return Arc::clone(host);
        }
        if hosts.len() >= FORGET_FROM {
            // Whoever holds or waits for a permit holds the host as well; its count only
            // grows under this lock.
            hosts.retain(|_, host| Arc::strong_count(host) > 1 || *lock(&host.next_start) > now);
        }
        let host = Arc::new(self.new_host(url, now));
        hosts.insert(name.to_owned(), Arc::clone(&host));
        host
    }

    fn new_host(&self, url: &Url, now: Instant) -> HostState {
        let at_once = self.limits.at_once.max(1);
        let is_loopback = is_loopback(url);
        let (at_once, limit) = if is_loopback {
            (at_once.max(AT_ONCE_ON_LOOPBACK), Duration::ZERO)
        } else {
            (at_once, self.limits.gap)
        };
        HostState {
            slots: Arc::new(Semaphore::new(at_once)),
            is_loopback,
            gap: Mutex::new(Gap {
                limit,
                asked: Duration::ZERO,
            }),
            next_start: Mutex::new(now),
        }
    }
}

impl HostState {
    fn allow_per_minute(&self, n_requests: u32) {
        if self.is_loopback {
            return;
        }
        let mut gap = lock(&self.gap);
        gap.limit = gap.limit.max(MINUTE / n_requests.max(1));
    }

    async fn wait_for_start(&self) {
        // A rest may have been ordered while we slept, so ask again.
        while let Err(start) = self.claim(Instant::now()) {
            sleep_until(start).await;
        }
    }

    /// Takes the start that is due, or says when the next one is.
    fn claim(&self, now: Instant) -> Result<(), Instant> {
        let mut next_start = lock(&self.next_start);
        if *next_start > now {
            return Err(*next_start);
        }
        let gap = lock(&self.gap);
        *next_start = now + gap.limit.max(gap.asked);
        Ok(())
    }

    fn rest(&self, until: Instant) {
        let mut next_start = lock(&self.next_start);
        *next_start = until.max(*next_start);
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::JoinSet;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn pace(at_once: usize, gap: Duration) -> HostPace {
        HostPace::new(PaceLimits { at_once, gap })
    }

    #[test]
    fn starts_on_one_host_keep_a_gap() {
        let (pace, began) = (pace(8, SECOND), Instant::now());
        let host = pace.host(&url("https://a.example/1"), began);
        let same = pace.host(&url("https://a.example:444/2"), began);
        assert_eq!(host.claim(began), Ok(()));
        assert_eq!(same.claim(began), Err(began + SECOND));
        assert_eq!(same.claim(began + SECOND), Ok(()));
        assert_eq!(host.claim(began + SECOND), Err(began + 2 * SECOND));
        let other = pace.host(&url("https://b.example/"), began);
        assert_eq!(other.claim(began), Ok(()));
    }

    #[test]
    fn loopback_has_no_gap() {
        let (pace, now) = (pace(2, SECOND), Instant::now());
        for address in [
            "http://127.0.0.1:9/",
            "http://localhost/",
            "http://[::1]:80/",
        ] {
            let host = pace.host(&url(address), now);
            assert_eq!(
                [host.claim(now), host.claim(now)],
                [Ok(()), Ok(())],
                "{address}"
            );
            assert_eq!(
                host.slots.available_permits(),
                AT_ONCE_ON_LOOPBACK,
                "{address}"
            );
        }
    }

    #[test]
    fn the_strictest_limit_of_its_sources_holds_for_a_host() {
        let (pace, now) = (pace(2, SECOND), Instant::now());
        let host = pace.host(&url("https://a.example/x"), now);
        assert_eq!(host.claim(now), Ok(()));
        host.allow_per_minute(10);
        let now = now + SECOND;
        assert_eq!(
            host.claim(now),
            Ok(()),
            "the start was due by the old pause"
        );
        host.allow_per_minute(60);
        assert_eq!(host.claim(now), Err(now + 6 * SECOND));
        let other = pace.host(&url("https://b.example/"), now);
        assert_eq!([other.claim(now), other.claim(now + SECOND)], [Ok(()); 2]);
    }

    #[tokio::test]
    async fn a_host_names_its_own_pause_by_its_last_word() {
        let pace = pace(1, SECOND);
        for address in ["https://a.example/", "http://127.0.0.1:9/"] {
            let permit = pace.acquire(&url(address), Some(1)).await;
            permit.heed(Some(90 * SECOND));
            let now = Instant::now() + 3_600 * SECOND;
            assert_eq!(permit.host.claim(now), Ok(()));
            assert_eq!(permit.host.claim(now), Err(now + 90 * SECOND), "{address}");
            permit.heed(None);
            let later = now + 90 * SECOND;
            assert_eq!(permit.host.claim(later), Ok(()));
            let next = if address.starts_with("https") { 60 } else { 0 };
            let expected = if next == 0 {
                Ok(())
            } else {
                Err(later + next * SECOND)
            };
            assert_eq!(permit.host.claim(later), expected, "{address}");
        }
    }

    #[test]
    fn a_host_told_to_rest_is_left_alone() {
        let (pace, now) = (pace(2, SECOND), Instant::now());
        let host = pace.host(&url("https://a.example/x"), now);
        host.rest(now + 30 * SECOND);
        host.rest(now + 10 * SECOND);
        assert_eq!(host.claim(now), Err(now + 30 * SECOND));
        assert_eq!(host.claim(now + 30 * SECOND), Ok(()));
    }

    #[test]
    fn a_rest_does_not_last_for_ever() {
        let pace = pace(2, SECOND);
        let address = url("https://a.example/x");
        pace.rest(&address, Duration::MAX);
        let now = Instant::now();
        let host = pace.host(&address, now);
        assert_eq!(host.claim(now + LONGEST_REST), Ok(()));
    }

    #[test]
    fn hosts_that_are_not_asked_any_more_are_forgotten() {
        let (pace, now) = (pace(1, SECOND), Instant::now());
        let _kept = pace.host(&url("https://kept.example/"), now);
        for number in 0..5_000 {
            let now = now + number * Duration::from_millis(1);
            let host = pace.host(&url(&format!("https://host{number}.example/")), now);
            assert_eq!(host.claim(now), Ok(()));
        }
        let hosts = lock(&pace.hosts);
        // A thousand hosts may not be asked again yet, so those have to be remembered.
        assert!(hosts.len() <= FORGET_FROM + 1_001, "{} hosts", hosts.len());
        assert!(hosts.contains_key("kept.example"));
    }

    #[tokio::test]
    async fn only_so_many_run_at_once() {
        let pace = pace(2, Duration::ZERO);
        let running = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let (pace, running) = (pace.clone(), Arc::clone(&running));
            tasks.spawn(async move {
                let _permit = pace.acquire(&url("https://a.example/"), None).await;
                let now_running = running.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::task::yield_now().await;
                running.fetch_sub(1, Ordering::SeqCst);
                now_running
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().max(), Some(2));
    }

    #[tokio::test]
    async fn a_waiter_waits_for_its_start_and_one_that_goes_away_blocks_nobody() {
        let gap = Duration::from_millis(40);
        let pace = pace(1, gap);
        let address = url("https://a.example/");
        let began = Instant::now();
        drop(pace.acquire(&address, None).await);
        let gone =
            tokio::time::timeout(Duration::from_millis(1), pace.acquire(&address, None)).await;
        assert!(gone.is_err(), "the start is not due yet");
        drop(pace.acquire(&address, None).await);
        assert!(began.elapsed() >= gap);
    }
}
