//! What follows an attempt: done, again and when, given up, or the receiver is gone. Pure:
//! time and chance are arguments.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use crate::store::Holds;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Waits between attempts: quick at first, for a restart; then long enough in all (75 h)
/// to outlast a weekend.
const WAITS_SECS: [u64; 10] = [
    5,
    MINUTE,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];
/// A wait is longer by up to this share, so that many receivers are not asked at once.
const JITTER: f64 = 0.2;
/// A receiver that asks for time gets at least this much.
const SHORTEST_RETRY_AFTER: Duration = Duration::from_secs(MINUTE);
/// And no more than this: some answers ask for years.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * HOUR);
/// A destination that has failed for this long is switched off.
const FAILING_LIMIT: TimeDelta = TimeDelta::days(5);

/// What came back from a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP answer.
    Status {
        /// Its status.
        status: u16,
        /// How long the receiver asks us to wait.
        retry_after: Option<Duration>,
    },
    /// None that could be read, or nothing was sent.
    None,
}

/// What is to be done with a delivery after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: it has arrived.
    Done,
    /// Try it again then.
    Again {
        /// When.
        at: DateTime<Utc>,
        /// What else waits with it.
        holds: Holds,
    },
    /// It has been tried often enough.
    GiveUp {
        /// Why, for people.
        why: String,
        /// What else waits all the same.
        holds: Holds,
    },
    /// The receiver says that it is gone for good.
    Gone,
}

/// What follows the `n_attempts`-th attempt (from 1) that ended `now`; `chance` is a
/// random number from 0 to 1.
pub(super) fn next(n_attempts: usize, answer: Answer, now: DateTime<Utc>, chance: f64) -> Next {
    let (status, retry_after) = match answer {
        Answer::Status {
            status,
            retry_after,
        } => (Some(status), retry_after),
        Answer::None => (None, None),
    };
    match status {
        Some(200..=299) => return Next::Done,
        Some(410) => return Next::Gone,
        _ => (),
    }
    let Some(wait_secs) = WAITS_SECS.get(n_attempts.saturating_sub(1)) else {
        let last = WAITS_SECS[WAITS_SECS.len() - 1];
        return Next::GiveUp {
            why: format!("given up after {n_attempts} attempts"),
            holds: holds(status, after(now, Duration::from_secs(last))),
        };
    };
    let wait = match (status, retry_after) {
        (Some(429 | 503), Some(asked)) => asked.clamp(SHORTEST_RETRY_AFTER, LONGEST_RETRY_AFTER),
        _ => Duration::from_secs(*wait_secs),
    };
    let wait = wait.mul_f64(1.0 + JITTER * chance.clamp(0.0, 1.0));
    let at = after(now, wait);
    Next::Again {
        at,
        holds: holds(status, at),
    }
}

fn after(now: DateTime<Utc>, wait: Duration) -> DateTime<Utc> {
    let wait_ms = i64::try_from(wait.as_millis()).expect("no wait is longer than two days");
    whole_millis(now) + TimeDelta::milliseconds(wait_ms)
}

/// The store keeps milliseconds; a time between two of them would be found due too early.
fn whole_millis(at: DateTime<Utc>) -> DateTime<Utc> {
    let cut = at.trunc_subsecs(3);
    if cut < at {
        cut + TimeDelta::milliseconds(1)
    } else {
        cut
    }
}

/// What a failure says about other messages.
fn holds(status: Option<u16>, until: DateTime<Utc>) -> Holds {
    match status {
        // A receiver that works refuses this one message.
        Some(400 | 406 | 409 | 413 | 415 | 422) => Holds::Story,
        // It broke on this message, or it is broken.
        Some(500 | 501 | 505..=599) => Holds::LaneIfRepeated(until),
        _ => Holds::Lane(until),
    }
}

/// Whether a destination that has failed since `first_failure` is to be switched off.
pub(super) fn has_failed_too_long(
    first_failure: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> bool {
    first_failure.is_some_and(|first| now - first >= FAILING_LIMIT)
}

/// Reads `Retry-After`: seconds, or a date.
pub(super) fn retry_after(header: &str, now: DateTime<Utc>) -> Option<Duration> {
    let header = header.trim();
    if let Ok(secs) = header.parse::<u64>() {
        return Some(Duration::from_secs(secs));
    }
    let date = DateTime::parse_from_rfc2822(header).ok()?;
    // A date that has passed means: now.
    Some((date.to_utc() - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn status(status: u16) -> Answer {
        Answer::Status {
            status,
            retry_after: None,
        }
    }

    #[track_caller]
    fn check(n_attempts: usize, answer: Answer, chance: f64, wait_secs: i64) {
        let next = next(n_attempts, answer, NOW, chance);
        let expected = NOW + TimeDelta::seconds(wait_secs);
        assert!(
            matches!(next, Next::Again { at, .. } if at == expected),
            "{answer:?}: {next:?}"
        );
    }

    #[test]
    fn waits_grow_until_three_days_have_passed() {
        check(1, Answer::None, 0.0, 5);
        check(1, status(500), 1.0, 6);
        check(2, status(404), 0.0, 60);
        check(3, status(302), 0.5, 330);
        check(10, status(500), 0.0, 86_400);
        check(10, status(500), 1.0, 103_680);
        assert!(matches!(
            next(11, status(500), NOW, 0.0),
            Next::GiveUp { .. }
        ));
        assert!(WAITS_SECS.iter().sum::<u64>() >= 75 * HOUR);
    }

    #[test]
    fn times_are_whole_milliseconds() {
        let now = NOW + TimeDelta::nanoseconds(1_000_001);
        let again = next(1, Answer::None, now, 0.0);
        let at = NOW + TimeDelta::milliseconds(5_002);
        assert!(matches!(again, Next::Again { at: found, .. } if found == at));
    }

    #[test]
    fn a_receiver_may_refuse_one_message_without_holding_up_the_rest() {
        let at = NOW + TimeDelta::seconds(5);
        let held_by = |status| holds(Some(status), at);
        assert_eq!(held_by(400), Holds::Story);
        assert_eq!(held_by(413), Holds::Story);
        assert_eq!(held_by(500), Holds::LaneIfRepeated(at));
        assert_eq!(held_by(401), Holds::Lane(at));
        assert_eq!(held_by(503), Holds::Lane(at));
        assert_eq!(holds(None, at), Holds::Lane(at));
    }

    #[test]
    fn a_receiver_may_ask_for_time() {
        let asked = |status, secs| Answer::Status {
            status,
            retry_after: Some(Duration::from_secs(secs)),
        };
        check(1, asked(429, 1), 0.0, 60);
        check(1, asked(503, 600), 0.0, 600);
        check(1, asked(429, 600), 1.0, 720);
        check(1, asked(429, u64::MAX), 0.0, 86_400);
        check(1, asked(500, 600), 0.0, 5);
        check(1, status(429), 0.0, 5);
    }

    #[test]
    fn answers_that_end_it() {
        assert_eq!(next(1, status(204), NOW, 0.0), Next::Done);
        assert_eq!(next(11, status(200), NOW, 0.0), Next::Done);
        assert_eq!(next(1, status(410), NOW, 0.0), Next::Gone);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let secs = |header| retry_after(header, NOW).map(|wait| wait.as_secs());
        assert_eq!(secs("120"), Some(120));
        assert_eq!(secs(" 0 "), Some(0));
        assert_eq!(secs("Thu, 01 Jan 1970 00:02:00 GMT"), Some(120));
        assert_eq!(secs("Wed, 31 Dec 1969 23:00:00 GMT"), Some(0));
        assert_eq!(secs("soon"), None);
        assert_eq!(secs("-5"), None);
    }

    #[test]
    fn five_days_of_failures_are_too_long() {
        assert!(!has_failed_too_long(None, NOW));
        assert!(!has_failed_too_long(Some(NOW - TimeDelta::days(4)), NOW));
        assert!(has_failed_too_long(Some(NOW - TimeDelta::days(5)), NOW));
    }
}
