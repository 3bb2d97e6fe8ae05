//! What follows an attempt: done, again and when, given up, or the receiver is gone. Pure:
//! time and chance are arguments.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

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
    /// An answer that refuses this message for good; others may be taken.
    Refused,
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
        /// Whether everything else to this destination waits with it: true unless the
        /// receiver took exception to this one message.
        holds_others: bool,
    },
    /// It has been tried often enough.
    GiveUp(String),
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
        Answer::Refused => {
            return Next::GiveUp("the receiver refuses this message for good".to_owned());
        }
        Answer::None => (None, None),
    };
    match status {
        Some(200..=299) => return Next::Done,
        Some(410) => return Next::Gone,
        _ => (),
    }
    let Some(wait_secs) = WAITS_SECS.get(n_attempts.saturating_sub(1)) else {
        return Next::GiveUp(format!("given up after {n_attempts} attempts"));
    };
    let wait = match (status, retry_after) {
        (Some(429 | 503), Some(asked)) => asked.clamp(SHORTEST_RETRY_AFTER, LONGEST_RETRY_AFTER),
        _ => Duration::from_secs(*wait_secs),
    };
    let wait = wait.mul_f64(1.0 + JITTER * chance.clamp(0.0, 1.0));
    let wait_ms = i64::try_from(wait.as_millis()).expect("no wait is longer than two days");
    Next::Again {
        at: whole_millis(now) + TimeDelta::milliseconds(wait_ms),
        holds_others: !status.is_some_and(is_about_this_message),
    }
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

/// Statuses with which a receiver that works refuses one message.
fn is_about_this_message(status: u16) -> bool {
    matches!(status, 400 | 406 | 409 | 413 | 415 | 422)
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
    fn check(n_attempts: usize, answer: Answer, chance: f64, wait_secs: i64, holds_others: bool) {
        let expected = Next::Again {
            at: NOW + TimeDelta::seconds(wait_secs),
            holds_others,
        };
        assert_eq!(
            next(n_attempts, answer, NOW, chance),
            expected,
            "{answer:?}"
        );
    }

    #[test]
    fn waits_grow_until_three_days_have_passed() {
        check(1, Answer::None, 0.0, 5, true);
        check(1, status(500), 1.0, 6, true);
        check(2, status(404), 0.0, 60, true);
        check(3, status(302), 0.5, 330, true);
        check(10, status(500), 0.0, 86_400, true);
        check(10, status(500), 1.0, 103_680, true);
        assert!(matches!(next(11, status(500), NOW, 0.0), Next::GiveUp(_)));
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
        check(1, status(400), 0.0, 5, false);
        check(1, status(413), 0.0, 5, false);
        check(1, status(401), 0.0, 5, true);
    }

    #[test]
    fn a_receiver_may_ask_for_time() {
        let asked = |status, secs| Answer::Status {
            status,
            retry_after: Some(Duration::from_secs(secs)),
        };
        check(1, asked(429, 1), 0.0, 60, true);
        check(1, asked(503, 600), 0.0, 600, true);
        check(1, asked(429, 600), 1.0, 720, true);
        check(1, asked(429, u64::MAX), 0.0, 86_400, true);
        check(1, asked(500, 600), 0.0, 5, true);
        check(1, status(429), 0.0, 5, true);
    }

    #[test]
    fn answers_that_end_it() {
        assert_eq!(next(1, status(204), NOW, 0.0), Next::Done);
        assert_eq!(next(11, status(200), NOW, 0.0), Next::Done);
        assert_eq!(next(1, status(410), NOW, 0.0), Next::Gone);
        assert!(matches!(
            next(1, Answer::Refused, NOW, 0.0),
            Next::GiveUp(_)
        ));
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
