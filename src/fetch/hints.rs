//! What the headers of an answer say about when to come again: Retry-After, rate
//! limits, Cache-Control and Expires.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use crate::net::Headers;

/// Numbers above this are moments since 1970, smaller ones are seconds to wait: sites
/// write the reset of a rate limit both ways.
const FIRST_EPOCH_SECS: f64 = 1_000_000_000.0;

/// What an answer says about the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheHints {
    /// How long the answer stays fresh, by Cache-Control or else Expires.
    pub fresh_for: Option<Duration>,
    /// How long the site asks us to stay away, by Retry-After or a used-up rate limit.
    pub retry_after: Option<Duration>,
}

impl CacheHints {
    /// Reads the headers of an answer that came at `now`.
    pub fn of(headers: &Headers, now: DateTime<Utc>) -> Self {
        let asked = headers
            .get("retry-after")
            .and_then(|value| parse_retry_after(value, now));
        Self {
            fresh_for: fresh_for(headers, now),
            retry_after: asked.or_else(|| limit_reset(headers, now)),
        }
    }
}

/// Reads `Retry-After`: seconds or an HTTP date, relative to `now`; a date that has
/// passed means no wait.
pub fn parse_retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(secs) = value.parse::<u64>() {
        return Some(Duration::from_secs(secs));
    }
    // "1.5" is not in the standard and sent all the same.
    if let Some(wait) = value.parse().ok().and_then(secs_up) {
        return Some(wait);
    }
    Some(until(parse_http_date(value)?, now))
}

/// Reads the three date forms of HTTP: RFC 1123, RFC 850 and asctime.
pub fn parse_http_date(value: &str) -> Option<DateTime<Utc>> {
    let value = value.trim();
    if let Ok(date) = DateTime::parse_from_rfc2822(value) {
        return Some(date.to_utc());
    }
    [
        "%A, %d-%b-%y %H:%M:%S GMT",
        "%a, %d-%b-%Y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %Y",
    ]
    .into_iter()
    .find_map(|form| NaiveDateTime::parse_from_str(value, form).ok())
    .map(|date| date.and_utc())
}

/// The wait of a rate limit that is used up. Names and units differ: epoch seconds
/// (Bluesky, GitHub), ISO times (Mastodon), seconds from now (Reddit).
fn limit_reset(headers: &Headers, now: DateTime<Utc>) -> Option<Duration> {
    ["x-ratelimit", "ratelimit", "x-rate-limit"]
        .into_iter()
        .find_map(|family| {
            let remaining: f64 = headers
                .get(&format!("{family}-remaining"))?
                .trim()
                .parse()
                .ok()?;
            if remaining >= 1.0 {
                return None;
            }
            let reset = headers.get(&format!("{family}-reset"))?.trim();
            let Some(secs) = reset.parse::<f64>().ok().filter(|secs| secs.is_finite()) else {
                let at = DateTime::parse_from_rfc3339(reset).ok()?.to_utc();
                return Some(until(at, now));
            };
            if secs < FIRST_EPOCH_SECS {
                return secs_up(secs);
            }
            // A float beyond i64 saturates, and chrono then refuses it.
            #[expect(clippy::cast_possible_truncation, reason = "whole seconds are enough")]
            let at = DateTime::from_timestamp(secs.ceil() as i64, 0)?;
            Some(until(at, now))
        })
}

fn fresh_for(headers: &Headers, now: DateTime<Utc>) -> Option<Duration> {
    let directives: Vec<(String, Option<u64>)> = headers
        .get_all("cache-control")
        .flat_map(|value| value.split(','))
        .map(read_directive)
        .collect();
    let says = |name: &str| directives.iter().find(|(known, _)| known == name);
    if says("no-cache").is_some() || says("no-store").is_some() {
        return None;
    }
    if let Some((_, Some(max_age_secs))) = says("max-age") {
        // A cache on the way has used up part of the time already.
        let age_secs = headers
            .get("age")
            .and_then(|value| value.trim().parse::<u64>().ok())
            .unwrap_or(0);
        return positive(Duration::from_secs(max_age_secs.saturating_sub(age_secs)));
    }
    let expires = parse_http_date(headers.get("expires")?)?;
    // Against the server's own clock, which may be years off.
    let sent = headers.get("date").and_then(parse_http_date).unwrap_or(now);
    positive(until(expires, sent))
}

fn read_directive(text: &str) -> (String, Option<u64>) {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, value.trim().trim_matches('"').parse().ok()),
        None => (text, None),
    };
    (name.trim().to_ascii_lowercase(), value)
}

fn until(moment: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (moment - now)
        .max(TimeDelta::zero())
        .to_std()
        .unwrap_or_default()
}

fn secs_up(secs: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(secs.ceil()).ok()
}

fn positive(duration: Duration) -> Option<Duration> {
    (!duration.is_zero()).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Sun, 01 Mar 2026 10:00:00 GMT";

    fn now() -> DateTime<Utc> {
        parse_http_date(DATE).expect("a date")
    }

    #[track_caller]
    fn check(headers: &[(&str, &str)], fresh_secs: Option<u64>, wait_secs: Option<u64>) {
        let headers: Headers = headers.iter().copied().collect();
        let expected = CacheHints {
            fresh_for: fresh_secs.map(Duration::from_secs),
            retry_after: wait_secs.map(Duration::from_secs),
        };
        assert_eq!(CacheHints::of(&headers, now()), expected, "{headers:?}");
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        check(&[("retry-after", "120")], None, Some(120));
        check(&[("retry-after", " 1.5 ")], None, Some(2));
        check(
            &[("retry-after", "Sun, 01 Mar 2026 10:05:00 GMT")],
            None,
            Some(300),
        );
        check(
            &[("retry-after", "Sunday, 01-Mar-26 10:05:00 GMT")],
            None,
            Some(300),
        );
        check(
            &[("retry-after", "Sun Mar  1 10:05:00 2026")],
            None,
            Some(300),
        );
        check(
            &[("retry-after", "Sun, 01 Mar 2026 09:00:00 GMT")],
            None,
            Some(0),
        );
        check(&[("retry-after", "-5")], None, None);
        check(&[("retry-after", "soon")], None, None);
        check(&[("retry-after", "99999999999999999999999")], None, None);
    }

    #[test]
    fn a_used_up_rate_limit_is_a_wait() {
        check(
            &[
                ("x-ratelimit-remaining", "0.0"),
                ("x-ratelimit-reset", "90"),
            ],
            None,
            Some(90),
        );
        check(
            &[
                ("ratelimit-remaining", "0"),
                ("ratelimit-reset", "1772359260"),
            ],
            None,
            Some(60),
        );
        check(
            &[
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", "2026-03-01T10:01:00.000Z"),
            ],
            None,
            Some(60),
        );
        check(
            &[("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", "90")],
            None,
            None,
        );
        check(
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "NaN")],
            None,
            None,
        );
        check(
            &[
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", "1e300"),
            ],
            None,
            None,
        );
        check(&[("x-ratelimit-remaining", "0")], None, None);
    }

    #[test]
    fn freshness_is_read_from_cache_control_before_expires() {
        check(&[("cache-control", "max-age=600")], Some(600), None);
        check(
            &[("cache-control", "public, MAX-AGE=\"600\"")],
            Some(600),
            None,
        );
        check(
            &[
                ("cache-control", "public"),
                ("cache-control", "max-age=600"),
            ],
            Some(600),
            None,
        );
        check(
            &[("cache-control", "max-age=600"), ("age", "100")],
            Some(500),
            None,
        );
        check(
            &[("cache-control", "max-age=600"), ("age", "700")],
            None,
            None,
        );
        check(&[("cache-control", "no-cache, max-age=600")], None, None);
        check(&[("cache-control", "max-age=0")], None, None);
        check(&[("cache-control", "max-age=-1")], None, None);
        check(
            &[("expires", "Sun, 01 Mar 2026 11:00:00 GMT")],
            Some(3_600),
            None,
        );
        check(
            &[
                ("expires", "Sun, 01 Mar 2026 11:00:00 GMT"),
                ("cache-control", "max-age=60"),
            ],
            Some(60),
            None,
        );
        check(&[("expires", "0")], None, None);
        check(&[("expires", "Thu, 01 Jan 1970 00:00:00 GMT")], None, None);
    }

    #[test]
    fn a_server_whose_clock_is_years_off_is_measured_by_its_own_clock() {
        check(
            &[
                ("date", "Fri, 01 Mar 2019 10:00:00 GMT"),
                ("expires", "Fri, 01 Mar 2019 10:10:00 GMT"),
            ],
            Some(600),
            None,
        );
        check(
            &[
                ("date", "Fri, 01 Mar 2041 10:00:00 GMT"),
                ("expires", "Fri, 01 Mar 2041 10:10:00 GMT"),
            ],
            Some(600),
            None,
        );
    }
}
