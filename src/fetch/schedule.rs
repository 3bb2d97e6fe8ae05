//! When a source is asked next: a pure function of how it went, what the site said and
//! a random number.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::CacheHints;
use super::rhythm::expected_items;
use crate::domain::Rhythm;

const HOUR: Duration = Duration::from_secs(3_600);

/// No hint keeps us away for longer: a site that says "next month" by mistake would
/// otherwise be lost without anyone noticing.
const LONGEST_HINT: Duration = Duration::from_secs(24 * 3_600);

/// Errors back off to this and no further: a source is never given up.
const LONGEST_BACKOFF: Duration = HOUR.saturating_mul(6);

/// An adaptive source is asked again when so many items are to be expected: about twice
/// for every item, so that half of them are seen at most half their spacing late.
const EXPECTED_PER_CHECK: f64 = 0.5;

/// The steps in which the wait of an adaptive source grows.
const ADAPTIVE_STEP: Duration = Duration::from_secs(300);

/// How a check ended, as far as the next one is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It went well.
    Fine {
        /// What the headers said.
        hints: CacheHints,
        /// What the feed itself said (`ttl`, `sy:updatePeriod`).
        feed_min_interval: Option<Duration>,
    },
    /// It failed.
    Failed {
        /// Failures in a row, this one included.
        n_failures: u32,
        /// How long the site asks us to stay away.
        retry_after: Option<Duration>,
    },
}

/// How long to wait before the source is asked again, given its own interval and a
/// `random` number from 0 to 1.
///
/// The interval varies by ±10 %, so that sources that start together drift apart. What
/// the site asks for is never undercut, up to a day; jitter is then added on top.
pub fn next_check(every: Duration, checked: Checked, random: f64) -> Duration {
    let random = if random.is_finite() {
        random.clamp(0.0, 1.0)
    } else {
        0.5
    };
    match checked {
        Checked::Fine {
            hints,
            feed_min_interval,
        } => {
            let asked = [hints.fresh_for, hints.retry_after, feed_min_interval]
                .into_iter()
                .flatten()
                .max();
            not_before(every.mul_f64(0.9 + 0.2 * random), every, asked, random)
        }
        Checked::Failed {
            n_failures,
            retry_after,
        } => {
            let wait = backoff(every, n_failures).mul_f64(0.9 + 0.2 * random);
            let wait = wait.min(LONGEST_BACKOFF.max(every.mul_f64(1.1)));
            not_before(wait, every, retry_after, random)
        }
    }
}

/// The interval of an adaptive source: from its own `every`, while much is published, up
/// to `slowest`, while little is to be expected. Until its rhythm is known it is `every`.
pub fn adapted(
    every: Duration,
    slowest: Duration,
    rhythm: &Rhythm,
    now: DateTime<Utc>,
) -> Duration {
    let mut wait = every;
    while wait < slowest {
        let until = now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1));
        match expected_items(rhythm, now, until) {
            Some(n_items) if n_items < EXPECTED_PER_CHECK => {
                wait = (wait + ADAPTIVE_STEP).min(slowest);
            }
            _ => break,
        }
    }
    wait
}

/// Doubles with every failure after the first, from the interval to six hours, and is
/// never shorter than the interval.
fn backoff(every: Duration, n_failures: u32) -> Duration {
    let doublings = n_failures.saturating_sub(1).min(31);
    every
        .saturating_mul(1 << doublings)
        .min(LONGEST_BACKOFF)
        .max(every)
}

fn not_before(wait: Duration, every: Duration, asked: Option<Duration>, random: f64) -> Duration {
    let Some(asked) = asked.map(|asked| asked.min(LONGEST_HINT)) else {
        return wait;
    };
    if asked <= every.mul_f64(0.9) {
        return wait;
    }
    // Everybody who was told the same moment would come at it; be a little later.
    wait.max(asked.mul_f64(1.0 + 0.1 * random).min(LONGEST_HINT))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1;
    const MINUTE: u64 = 60;
    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * HOUR;

    fn fine(fresh: Option<u64>, retry: Option<u64>, feed: Option<u64>) -> Checked {
        Checked::Fine {
            hints: CacheHints {
                fresh_for: fresh.map(Duration::from_secs),
                retry_after: retry.map(Duration::from_secs),
            },
            feed_min_interval: feed.map(Duration::from_secs),
        }
    }

    fn failed(n_failures: u32, retry: Option<u64>) -> Checked {
        Checked::Failed {
            n_failures,
            retry_after: retry.map(Duration::from_secs),
        }
    }

    /// Checks the earliest, the middle and the latest moment, in seconds.
    #[track_caller]
    fn check(every_secs: u64, checked: Checked, expected: [u64; 3]) {
        let actual = [0.0, 0.5, 1.0].map(|random| {
            next_check(Duration::from_secs(every_secs), checked, random)
                .as_secs_f64()
                .round()
        });
        #[expect(
            clippy::cast_precision_loss,
            reason = "days in seconds are small numbers"
        )]
        let expected = expected.map(|secs| secs as f64);
        assert_eq!(actual, expected, "every {every_secs} s, {checked:?}");
    }

    #[test]
    fn without_hints_the_interval_counts_give_or_take_a_tenth() {
        check(10 * MINUTE, fine(None, None, None), [540, 600, 660]);
        check(10 * SECOND, fine(None, None, None), [9, 10, 11]);
        check(2 * DAY, fine(None, None, None), [155_520, 2 * DAY, 190_080]);
    }

    #[test]
    fn the_largest_wish_of_the_site_counts_and_is_never_undercut() {
        check(
            10 * MINUTE,
            fine(Some(HOUR), None, None),
            [3_600, 3_780, 3_960],
        );
        check(
            10 * MINUTE,
            fine(None, None, Some(HOUR)),
            [3_600, 3_780, 3_960],
        );
        check(
            10 * MINUTE,
            fine(None, Some(HOUR), None),
            [3_600, 3_780, 3_960],
        );
        check(
            10 * MINUTE,
            fine(Some(2 * HOUR), Some(HOUR), Some(60)),
            [7_200, 7_560, 7_920],
        );
        check(10 * MINUTE, fine(Some(590), None, None), [590, 620, 660]);
        check(
            10 * MINUTE,
            fine(Some(60), None, Some(300)),
            [540, 600, 660],
        );
    }

    #[test]
    fn no_wish_keeps_us_away_longer_than_a_day() {
        check(
            10 * MINUTE,
            fine(Some(400 * DAY), None, None),
            [DAY, DAY, DAY],
        );
        check(10 * MINUTE, failed(1, Some(u64::MAX)), [DAY, DAY, DAY]);
        check(
            2 * DAY,
            fine(Some(400 * DAY), None, None),
            [155_520, 2 * DAY, 190_080],
        );
    }

    #[test]
    fn failures_back_off_to_six_hours_and_never_give_up() {
        check(10 * MINUTE, failed(1, None), [540, 600, 660]);
        check(10 * MINUTE, failed(2, None), [1_080, 1_200, 1_320]);
        check(10 * MINUTE, failed(3, None), [2_160, 2_400, 2_640]);
        check(10 * MINUTE, failed(7, None), [19_440, 6 * HOUR, 6 * HOUR]);
        check(
            10 * MINUTE,
            failed(u32::MAX, None),
            [19_440, 6 * HOUR, 6 * HOUR],
        );
        check(SECOND, failed(40, None), [19_440, 6 * HOUR, 6 * HOUR]);
        check(DAY, failed(9, None), [77_760, DAY, 95_040]);
    }

    #[test]
    fn a_failure_that_says_when_to_come_back_is_obeyed() {
        check(10 * MINUTE, failed(1, Some(HOUR)), [3_600, 3_780, 3_960]);
        check(10 * MINUTE, failed(4, Some(MINUTE)), [4_320, 4_800, 5_280]);
        check(
            10 * MINUTE,
            failed(12, Some(12 * HOUR)),
            [12 * HOUR, 45_360, 47_520],
        );
    }

    #[test]
    fn an_adaptive_source_follows_its_rhythm_between_its_limits() {
        let monday: DateTime<Utc> = "2026-03-02T00:00:00Z".parse().expect("a time");
        let mut rhythm = Rhythm::default();
        let wait = |rhythm: &Rhythm, hour: i64| {
            let now = monday + TimeDelta::hours(hour);
            adapted(
                Duration::from_secs(5 * MINUTE),
                Duration::from_secs(6 * HOUR),
                rhythm,
                now,
            )
            .as_secs()
        };
        assert_eq!(wait(&rhythm, 9), 5 * MINUTE, "nothing is known yet");
        // Twelve an hour from nine to twelve, one in four hours in the afternoon.
        rhythm.busy = vec![0; 168];
        for day in 0..7 {
            rhythm.busy[day * 24 + 8..day * 24 + 13].fill(u16::MAX);
        }
        rhythm.items_per_busy_hour_milli = 12_000;
        rhythm.n_hours = 168;
        assert_eq!(wait(&rhythm, 10), 5 * MINUTE);
        assert_eq!(wait(&rhythm, 16), 6 * HOUR, "nothing until tomorrow");
        let early = wait(&rhythm, 4);
        assert!(
            (3 * HOUR..=4 * HOUR).contains(&early),
            "awake when it begins: {early} s"
        );
        rhythm.items_per_busy_hour_milli = 1_000;
        let slow = wait(&rhythm, 9);
        assert!((25 * MINUTE..=35 * MINUTE).contains(&slow), "{slow} s");
    }

    #[test]
    fn a_random_number_out_of_range_does_no_harm() {
        let every = Duration::from_secs(600);
        let wait = |random| {
            next_check(every, fine(None, None, None), random)
                .as_secs_f64()
                .round()
        };
        assert_eq!(
            [wait(-3.0), wait(7.0), wait(f64::NAN)],
            [540.0, 660.0, 600.0]
        );
    }
}
