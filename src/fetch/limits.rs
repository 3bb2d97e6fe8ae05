//! What the body of an answer says about limits: Stack Exchange's `backoff` and
//! `quota_remaining`, Telegram's and Discord's `retry_after`, Google's quota errors, which
//! come with HTTP 403, 429 or even 200.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use serde_json::{Map, Value};

/// What a body says about asking again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodyLimits {
    /// How long the site asks us to stay away.
    pub wait: Option<Duration>,
    /// The site's word for "no more": then the body is no answer.
    pub refusal: Option<Refusal>,
}

/// Why a site gave no answer although it was asked rightly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too fast: a short rest helps.
    TooFast,
    /// What we may ask in a day is used up.
    Quota {
        /// The site's own word, such as `quotaExceeded`.
        reason: String,
    },
}

/// None of these words, nothing to read: cheaper than parsing every answer twice.
const WORDS: [&str; 7] = [
    "\"backoff\"",
    "\"quota_remaining\"",
    "\"retry_after\"",
    "\"error\"",
    "\"errors\"",
    "\"status\"",
    "\"error_name\"",
];

/// Google's and others' words for a limit that comes back the next day.
const DAILY: [&str; 6] = [
    "quotaExceeded",
    "dailyLimitExceeded",
    "OVER_DAILY_LIMIT",
    "OVER_QUERY_LIMIT",
    "ACCESS_LIMIT_REACHED",
    "TOO_MANY_REQUESTS_PER_DAY",
];

/// Words for "not so fast".
const FAST: [&str; 7] = [
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "RESOURCE_EXHAUSTED",
    "RATE_LIMIT_EXCEEDED",
    "TOO_MANY_REQUESTS_PER_SECOND",
    "throttle_violation",
    "too_many_requests",
];

impl BodyLimits {
    /// Reads a body that came at `now`. Whatever is not a JSON object says nothing.
    pub fn of(body: &[u8], now: DateTime<Utc>) -> Self {
        let Ok(text) = std::str::from_utf8(body) else {
            return Self::default();
        };
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if !text.starts_with('{') || !WORDS.iter().any(|word| text.contains(word)) {
            return Self::default();
        }
        let Ok(Value::Object(object)) = serde_json::from_str(text) else {
            return Self::default();
        };
        let refusal = refusal(&object);
        let asked = [
            seconds(object.get("backoff")),
            seconds(object.get("retry_after")),
            object
                .get("parameters")
                .and_then(|parameters| seconds(parameters.get("retry_after"))),
            retry_delay(&object),
            violation_secs(&object),
        ]
        .into_iter()
        .flatten()
        .max();
        let quota_used_up = object.get("quota_remaining").and_then(Value::as_i64) == Some(0);
        let wait = match &refusal {
            Some(Refusal::Quota { reason }) if asked.is_none() => {
                is_google(reason).then(|| until_midnight_pacific(now))
            }
            _ if quota_used_up => asked.max(Some(until_midnight_utc(now))),
            _ => asked,
        };
        Self { wait, refusal }
    }
}

/// Only error objects are looked into: a post may well speak of quotas.
fn refusal(object: &Map<String, Value>) -> Option<Refusal> {
    let error = object.get("error");
    let mut words: Vec<&str> = Vec::new();
    words.extend(object.get("status").and_then(Value::as_str));
    words.extend(object.get("error_name").and_then(Value::as_str));
    words.extend(error.and_then(Value::as_str));
    if let Some(Value::Object(error)) = error {
        words.extend(error.get("status").and_then(Value::as_str));
        words.extend(error.get("code").and_then(Value::as_str));
        let inner = error.get("errors").and_then(Value::as_array);
        let details = error.get("details").and_then(Value::as_array);
        words.extend(
            inner
                .into_iter()
                .chain(details)
                .flatten()
                .filter_map(|detail| detail.get("reason").and_then(Value::as_str)),
        );
    }
    if let Some(word) = words.iter().find(|word| DAILY.contains(word)) {
        return Some(Refusal::Quota {
            reason: (*word).to_owned(),
        });
    }
    let is_fast = words.iter().any(|word| FAST.contains(word))
        // Telegram: {"ok":false,"error_code":429}; Discord has no more than the wait.
        || object.get("error_code").and_then(Value::as_i64) == Some(429)
        || (object.get("retry_after").is_some_and(Value::is_number)
            && object.get("message").is_some_and(Value::is_string));
    is_fast.then_some(Refusal::TooFast)
}

/// Google writes it as `{"@type": "…RetryInfo", "retryDelay": "30s"}`.
fn retry_delay(object: &Map<String, Value>) -> Option<Duration> {
    let details = object.get("error")?.get("details")?.as_array()?;
    details.iter().find_map(|detail| {
        let text = detail.get("retryDelay")?.as_str()?;
        let secs: f64 = text.strip_suffix('s')?.parse().ok()?;
        Duration::try_from_secs_f64(secs.ceil()).ok()
    })
}

/// Stack Exchange: "too many requests from this IP, more requests available in 82216 seconds".
fn violation_secs(object: &Map<String, Value>) -> Option<Duration> {
    if object.get("error_name").and_then(Value::as_str) != Some("throttle_violation") {
        return None;
    }
    let message = object.get("error_message")?.as_str()?;
    let (_, after) = message.split_once("available in ")?;
    let secs = after.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_secs(secs))
}

fn seconds(value: Option<&Value>) -> Option<Duration> {
    let secs = value?.as_f64()?;
    Duration::try_from_secs_f64(secs.ceil())
        .ok()
        .filter(|wait| !wait.is_zero())
}

fn is_google(reason: &str) -> bool {
    !matches!(reason, "ACCESS_LIMIT_REACHED" | "TOO_MANY_REQUESTS_PER_DAY")
}

fn until_midnight_utc(now: DateTime<Utc>) -> Duration {
    let midnight = (now.date_naive() + TimeDelta::days(1)).and_time(NaiveTime::MIN);
    (midnight.and_utc() - now).to_std().unwrap_or_default()
}

/// Google counts days in Pacific time.
fn until_midnight_pacific(now: DateTime<Utc>) -> Duration {
    let zone = chrono_tz::America::Los_Angeles;
    let tomorrow = now.with_timezone(&zone).date_naive() + TimeDelta::days(1);
    zone.from_local_datetime(&tomorrow.and_time(NaiveTime::MIN))
        .earliest()
        .and_then(|midnight| (midnight.to_utc() - now).to_std().ok())
        .unwrap_or(Duration::from_secs(3_600))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-01T10:00:00Z".parse().expect("a moment")
    }

    fn quota(reason: &str) -> Option<Refusal> {
        Some(Refusal::Quota {
            reason: reason.to_owned(),
        })
    }

    #[track_caller]
    fn check(body: &str, wait_secs: Option<u64>, refusal: Option<Refusal>) {
        let expected = BodyLimits {
            wait: wait_secs.map(Duration::from_secs),
            refusal,
        };
        assert_eq!(BodyLimits::of(body.as_bytes(), now()), expected, "{body}");
    }

    #[test]
    fn stack_exchange_says_when_to_come_back() {
        check(
            r#"{"items":[{"title":"x"}],"backoff":10,"quota_remaining":200}"#,
            Some(10),
            None,
        );
        check(
            r#"{"items":[],"quota_remaining":0}"#,
            Some(14 * 3_600),
            None,
        );
        check(r#"{"items":[],"quota_remaining":299}"#, None, None);
        check(
            r#"{"error_id":502,"error_name":"throttle_violation","error_message":"too many requests from this IP, more requests available in 120 seconds"}"#,
            Some(120),
            Some(Refusal::TooFast),
        );
    }

    #[test]
    fn chat_tools_write_the_wait_into_the_body() {
        check(
            r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}"#,
            Some(35),
            Some(Refusal::TooFast),
        );
        check(
            r#"{"message":"You are being rate limited.","retry_after":0.65,"global":false}"#,
            Some(1),
            Some(Refusal::TooFast),
        );
    }

    #[test]
    fn google_s_quota_comes_back_at_midnight_in_california() {
        check(
            r#"{"error":{"code":403,"errors":[{"domain":"youtube.quota","reason":"quotaExceeded"}]}}"#,
            Some(22 * 3_600),
            quota("quotaExceeded"),
        );
        check(
            r#"{"html_attributions":[],"result":{},"status":"OVER_QUERY_LIMIT"}"#,
            Some(22 * 3_600),
            quota("OVER_QUERY_LIMIT"),
        );
        check(
            r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"29.5s"}]}}"#,
            Some(30),
            Some(Refusal::TooFast),
        );
        check(
            r#"{"error":{"code":403,"errors":[{"reason":"userRateLimitExceeded"}]}}"#,
            None,
            Some(Refusal::TooFast),
        );
        check(
            r#"{"error":{"code":"ACCESS_LIMIT_REACHED","description":"You've reached the access limit"}}"#,
            None,
            quota("ACCESS_LIMIT_REACHED"),
        );
    }

    #[test]
    fn what_is_no_error_says_nothing() {
        check(r#"{"status":"OK","results":[]}"#, None, None);
        check(
            r#"{"data":[{"text":"my \"retry_after\" and quotaExceeded"}]}"#,
            None,
            None,
        );
        check("[]", None, None);
        check("<html>\"error\"</html>", None, None);
        check(r#"{"error":"#, None, None);
    }
}
