//! How fast a tool may be written to: a limit per kind, the place that is left now, and
//! when there will be more. Pure: time is an argument, and what a receiver says about its
//! own limits is heeded.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// How fast a kind of destination takes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many messages may be under way at a time.
    pub in_flight: usize,
    /// How many may be sent at once after a rest; `None` for no limit.
    pub burst: Option<u32>,
    /// After that, one each time this has passed.
    pub every: Duration,
}

/// A receiver of one's own takes what it can; its place is limited so that little is sent
/// twice after a crash, and wide enough for the ledger to record many at a time: with 64 the
/// flushes held up `hearken bench deliver`.
const OWN: Limit = Limit {
    in_flight: 256,
    burst: None,
    every: Duration::ZERO,
};

impl Limit {
    /// The limit of a kind, by its name in the configuration.
    pub fn of(kind: &str) -> Self {
        let limited = |in_flight, burst, every_ms| Self {
            in_flight,
            burst: Some(burst),
            every: Duration::from_millis(every_ms),
        };
        match kind {
            // "1 per second per channel", short bursts are let through but not promised.
            "slack" => limited(1, 1, 1_000),
            // 30 messages a minute and webhook; the headers say the rest.
            "discord" => limited(2, 5, 2_000),
            // Workflows: four a second until they are throttled.
            "teams" => limited(2, 4, 250),
            // RateLimitSettings of a server: 10 a second unless its owner changed it.
            "mattermost" => limited(4, 10, 100),
            // One a second and space.
            "google-chat" => limited(1, 1, 1_000),
            // One a second and chat, 20 a minute in a group: the slower one holds for both.
            "telegram" => limited(1, 3, 3_000),
            // 60 at once, then one every five seconds.
            "ntfy" => limited(2, 60, 5_000),
            "email" => limited(1, 10, 1_000),
            // 120 events a minute and integration.
            "pagerduty" => limited(2, 10, 500),
            // Lines are appended one after the other.
            "file" => Self {
                in_flight: 1,
                ..OWN
            },
            _ => OWN,
        }
    }
}

/// What a receiver says about its limits, as Discord does in every answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Messages that it would take now.
    pub remaining: u32,
    /// When it takes more.
    pub reset_after: Duration,
}

impl Bucket {
    /// Reads the headers `X-RateLimit-Remaining` and `X-RateLimit-Reset-After`.
    pub fn read<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let remaining = header("x-ratelimit-remaining")?.trim().parse().ok()?;
        let secs: f64 = header("x-ratelimit-reset-after")?.trim().parse().ok()?;
        let reset_after = Duration::try_from_secs_f64(secs.max(0.0)).ok()?;
        Some(Self {
            remaining,
            reset_after,
        })
    }
}

/// The pace of one destination.
#[derive(Clone, Debug)]
pub struct Pace {
    limit: Limit,
    /// Messages that may be sent at once; only whole ones count.
    tokens: f64,
    counted_at: Option<DateTime<Utc>>,
    closed_until: Option<DateTime<Utc>>,
}

impl Pace {
    /// A destination that has rested.
    pub fn new(limit: Limit) -> Self {
        Self {
            limit,
            tokens: f64::from(limit.burst.unwrap_or(0)),
            counted_at: None,
            closed_until: None,
        }
    }

    /// How many messages may be begun now beside those under way.
    pub fn free(&mut self, now: DateTime<Utc>, n_under_way: usize) -> usize {
        let place = self.limit.in_flight.saturating_sub(n_under_way);
        if self.closed_until.is_some_and(|until| until > now) {
            return 0;
        }
        match self.limit.burst {
            None => place,
            Some(_) => {
                self.refill(now);
                place.min(self.tokens as usize)
            }
        }
    }

    /// Remembers that messages were begun.
    pub fn took(&mut self, n: usize) {
        self.tokens = (self.tokens - n as f64).max(0.0);
    }

    /// Remembers what the receiver said.
    pub fn heed(&mut self, bucket: Bucket, now: DateTime<Utc>) {
        if bucket.remaining == 0 {
            let wait = TimeDelta::from_std(bucket.reset_after).unwrap_or(TimeDelta::days(1));
            self.closed_until = Some(now + wait);
        }
    }

    /// When more may be begun; `None` when that is now, or only waits for an answer.
    pub fn next_at(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if let Some(until) = self.closed_until.filter(|until| *until > now) {
            return Some(until);
        }
        self.limit.burst?;
        self.refill(now);
        if self.tokens >= 1.0 {
            return None;
        }
        let wait = self.limit.every.mul_f64(1.0 - self.tokens);
        // A millisecond more, so that the sum of parts is a whole one by then.
        let wait = TimeDelta::from_std(wait).ok()? + TimeDelta::milliseconds(1);
        Some(now + wait)
    }

    fn refill(&mut self, now: DateTime<Utc>) {
        let burst = f64::from(self.limit.burst.unwrap_or(0));
        let before = self.counted_at.replace(now);
        // A clock that was set back gives nothing and takes nothing.
        let passed = before
            .and_then(|before| (now - before).to_std().ok())
            .unwrap_or_default();
        let every = self.limit.every.as_secs_f64().max(0.001);
        self.tokens = (self.tokens + passed.as_secs_f64() / every).min(burst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_790_000_000_000 + millis).expect("a valid time")
    }

    #[test]
    fn a_channel_of_slack_gets_one_message_a_second() {
        let mut pace = Pace::new(Limit::of("slack"));
        let mut sent = Vec::new();
        for millis in (0..5_000).step_by(50) {
            if pace.free(at(millis), 0) > 0 {
                pace.took(1);
                sent.push(millis);
            }
        }
        assert_eq!(sent.len(), 5);
        for pair in sent.windows(2) {
            assert!(pair[1] - pair[0] >= 1_000, "{sent:?}");
        }
    }

    #[test]
    fn a_burst_is_let_through_and_then_the_rest_comes_at_its_pace() {
        let mut pace = Pace::new(Limit {
            in_flight: 100,
            burst: Some(5),
            every: Duration::from_secs(2),
        });
        assert_eq!(pace.free(at(0), 0), 5);
        pace.took(5);
        assert_eq!(pace.free(at(0), 0), 0);
        assert_eq!(pace.next_at(at(0)), Some(at(2_001)));
        assert_eq!(pace.free(at(2_001), 0), 1);
        assert_eq!(pace.free(at(100_000), 0), 5, "no more than a burst");
        assert_eq!(pace.next_at(at(100_000)), None);
    }

    #[test]
    fn what_is_under_way_takes_place() {
        let mut pace = Pace::new(Limit::of("generic"));
        assert_eq!(pace.free(at(0), 0), OWN.in_flight);
        assert_eq!(pace.free(at(0), OWN.in_flight - 4), 4);
        assert_eq!(pace.free(at(0), OWN.in_flight + 6), 0);
        assert_eq!(pace.next_at(at(0)), None);
    }

    #[test]
    fn an_empty_bucket_closes_until_it_is_filled() {
        let headers = |name: &str| match name {
            "x-ratelimit-remaining" => Some("0"),
            "x-ratelimit-reset-after" => Some("1.25"),
            _ => None,
        };
        let bucket = Bucket::read(headers).expect("both headers are there");
        let mut pace = Pace::new(Limit::of("discord"));
        pace.heed(bucket, at(0));
        assert_eq!(pace.free(at(1_249), 0), 0);
        assert_eq!(pace.next_at(at(100)), Some(at(1_250)));
        assert_eq!(pace.free(at(1_250), 0), 2);
        assert_eq!(Bucket::read(|_| None), None);
    }
}
