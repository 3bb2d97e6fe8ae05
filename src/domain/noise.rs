//! The rules of noise of a destination: what it is spared, and until when a message waits.
//! Pure: an event and the rules come in, what becomes of the message goes out. Nothing is
//! on unless it is configured, and nothing is remembered here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, TimeZone as _, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Delivery, DeliveryState, Event, EventType, Mention, format_duration, language_fits};

/// What a destination is spared.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// Only mentions in these languages (two letters, or with their script: `hi-latn`); empty means all.
    pub languages: Vec<String>,
    /// Only mentions read by these definitions; empty means all.
    pub platforms: Vec<String>,
    /// Only mentions that this query finds.
    pub when: Option<When>,
    /// Messages wait until these hours are over.
    pub quiet: Option<Quiet>,
    /// Messages wait and come together at these times.
    pub digest: Option<Digest>,
    /// Mentions flagged at least this high wait for nothing.
    pub critical: f64,
    /// Which alerts are alike, for the cool-down.
    pub group: GroupBy,
    /// After an alert, those like it wait this long and come as one message.
    pub cooldown: Option<Duration>,
    /// A sign of life this often.
    pub heartbeat: Option<Duration>,
}

impl Noise {
    /// Flag scores from here on are critical unless the configuration says otherwise.
    pub const CRITICAL: f64 = 0.9;
}

impl Default for Noise {
    fn default() -> Self {
        Self {
            languages: Vec::new(),
            platforms: Vec::new(),
            when: None,
            quiet: None,
            digest: None,
            critical: Self::CRITICAL,
            group: GroupBy::default(),
            cooldown: None,
            heartbeat: None,
        }
    }
}

/// A query that a mention must pass. The query language is not known here: whoever knows
/// it hands in the test.
#[derive(Clone)]
pub struct When {
    text: String,
    test: Test,
}

type Test = Arc<dyn Fn(&Mention, DateTime<Utc>) -> bool + Send + Sync>;

impl When {
    /// A query as it was written, and what it means.
    pub fn new(
        text: impl Into<String>,
        test: impl Fn(&Mention, DateTime<Utc>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            text: text.into(),
            test: Arc::new(test),
        }
    }

    /// The query as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("When").field(&self.text).finish()
    }
}

impl PartialEq for When {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Hours in which people are left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// When they begin.
    pub from: NaiveTime,
    /// When they end; the next day when this is earlier.
    pub to: NaiveTime,
    /// Whose clock it is.
    pub zone: Tz,
}

impl Quiet {
    /// When the quiet hours that `at` lies in are over; `None` outside of them.
    pub fn end(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = at.with_timezone(&self.zone).time();
        let is_within = if self.from <= self.to {
            self.from <= local && local < self.to
        } else {
            local >= self.from || local < self.to
        };
        is_within.then(|| next_at(self.to, self.zone, at, |_| true))
    }
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from.format("%H:%M"), self.to.format("%H:%M"));
        write!(f, "{from}-{to} {}", self.zone)
    }
}

/// When the messages of a digest come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// At every full hour.
    Hourly,
    /// Once a day.
    Daily(NaiveTime, Tz),
    /// Once a day from Monday to Friday.
    Workdays(NaiveTime, Tz),
}

impl Digest {
    /// The first digest after `at`.
    pub fn next(self, at: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Hourly => {
                let secs = at.timestamp().div_euclid(3_600) * 3_600 + 3_600;
                DateTime::from_timestamp(secs, 0).unwrap_or(at)
            }
            Self::Daily(time, zone) => next_at(time, zone, at, |_| true),
            Self::Workdays(time, zone) => next_at(time, zone, at, |day| {
                !matches!(day, Weekday::Sat | Weekday::Sun)
            }),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hourly => write!(f, "hourly"),
            Self::Daily(time, zone) => write!(f, "daily {} {zone}", time.format("%H:%M")),
            Self::Workdays(time, zone) => write!(f, "workdays {} {zone}", time.format("%H:%M")),
        }
    }
}

/// The next time after `at` when the clock of `zone` shows `time` on a day that fits.
fn next_at(
    time: NaiveTime,
    zone: Tz,
    at: DateTime<Utc>,
    fits: impl Fn(Weekday) -> bool,
) -> DateTime<Utc> {
    let today = at.with_timezone(&zone).date_naive();
    // A week and a day: the time of today may have passed already.
    (0..=8)
        .filter_map(|n_days| today.checked_add_signed(TimeDelta::days(n_days)))
        .filter(|day| fits(day.weekday()))
        .filter_map(|day| {
            let local = day.and_time(time);
            // A time that the clocks skip comes an hour later.
            let moment = zone
                .from_local_datetime(&local)
                .earliest()
                .or_else(|| {
                    zone.from_local_datetime(&(local + TimeDelta::hours(1)))
                        .earliest()
                })?
                .to_utc();
            (moment > at).then_some(moment)
        })
        .next()
        .unwrap_or(at)
}

/// Which alerts are alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupBy {
    /// Those about the same brands.
    #[default]
    Brand,
    /// Those that came from the same source.
    Source,
    /// Those that were read by the same definition.
    Platform,
    /// All of them.
    All,
}

impl GroupBy {
    /// Every way, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Brand, Self::Source, Self::Platform, Self::All];

    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Brand => "brand",
            Self::Source => "source",
            Self::Platform => "platform",
            Self::All => "all",
        }
    }

    fn key(self, event: &Event, mention: &Mention) -> String {
        let what = match self {
            Self::Brand => {
                let names: Vec<&str> = event.brands.iter().map(|brand| brand.as_str()).collect();
                names.join(", ")
            }
            Self::Source => mention.source.to_string(),
            Self::Platform => mention.item.definition.clone(),
            Self::All => String::new(),
        };
        format!("{} {what}", event.event_type.as_str())
    }
}

/// Why a stored message waits although nothing has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PutOff {
    /// Until quiet hours are over.
    Quiet,
    /// Until the case is no longer snoozed.
    Snooze,
    /// For the next digest.
    Digest,
    /// For the end of a cool-down.
    Burst,
}

impl PutOff {
    /// Whether it is told together with others.
    pub fn is_bundled(self) -> bool {
        matches!(self, Self::Digest | Self::Burst)
    }
}

/// What an alert has in common with those that are held back after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alike {
    /// The same for all that are alike.
    pub key: String,
    /// How long they are held back.
    pub cooldown_secs: u64,
}

impl Noise {
    /// Whether anything here looks at the mention itself.
    pub(super) fn looks_at_mentions(&self) -> bool {
        !self.languages.is_empty()
            || !self.platforms.is_empty()
            || self.when.is_some()
            || self.cooldown.is_some()
    }

    /// Whether a mention gets through.
    pub(super) fn lets_through(&self, mention: &Mention, now: DateTime<Utc>) -> bool {
        let language = mention.item.lang.as_deref();
        let is_spoken = |tag: &str| {
            self.languages
                .iter()
                .any(|wanted| language_fits(tag, wanted))
        };
        let language_fits = self.languages.is_empty() || language.is_some_and(is_spoken);
        let platform_fits =
            self.platforms.is_empty() || self.platforms.contains(&mention.item.definition);
        let query_fits = self
            .when
            .as_ref()
            .is_none_or(|when| (when.test)(mention, now));
        language_fits && platform_fits && query_fits
    }

    /// Sets when and how a new delivery is sent, with the reason for people.
    pub(super) fn plan(&self, delivery: &mut Delivery, event: &Event, mention: Option<&Mention>) {
        let at = event.at;
        // A sign of life that comes late is none; the rest is urgent by nature.
        let is_exempt = matches!(
            event.event_type,
            EventType::Heartbeat
                | EventType::Digest
                | EventType::Test
                | EventType::DestinationDisabled
        );
        if is_exempt {
            return;
        }
        let case = mention.and_then(|mention| mention.case.as_ref());
        if event.event_type == EventType::MentionUpdated
            && case.is_some_and(|case| case.acknowledged_at.is_some())
        {
            delivery.state = DeliveryState::Skipped;
            delivery.next_at = None;
            delivery.reason = Some("the case is acknowledged: its updates are not told".into());
            return;
        }
        let snoozed_until = case
            .and_then(|case| case.snoozed_until)
            .filter(|until| *until > at && event.event_type.is_news());
        let is_critical = event.score.is_some_and(|score| score >= self.critical);
        let (mut until, mut put_off, mut reason) = (at, None, None);
        if let Some(end) = snoozed_until {
            (until, put_off) = (end, Some(PutOff::Snooze));
            reason = Some("the case is snoozed".to_owned());
        }
        if !is_critical {
            if let Some(digest) = self.digest {
                (until, put_off) = (digest.next(until), Some(PutOff::Digest));
                reason = Some(format!("waits for the digest ({digest})"));
            }
            if let Some(quiet) = self.quiet
                && let Some(end) = quiet.end(until)
            {
                until = end;
                if put_off != Some(PutOff::Digest) {
                    put_off = Some(PutOff::Quiet);
                    reason = Some(format!("quiet hours ({quiet})"));
                }
            }
            if let Some(cooldown) = self.cooldown
                && put_off.is_none()
                && let Some(mention) = mention.filter(|_| event.event_type.is_news())
            {
                delivery.alike = Some(Alike {
                    key: self.group.key(event, mention),
                    cooldown_secs: cooldown.as_secs(),
                });
            }
        }
        delivery.next_at = Some(until);
        delivery.put_off = put_off;
        delivery.reason = reason;
    }
}

impl Alike {
    /// What is said of an alert that is held back.
    pub fn reason(&self) -> String {
        let cooldown = format_duration(Duration::from_secs(self.cooldown_secs));
        format!("one like it was just sent; the rest comes together after {cooldown}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn time(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").expect("a time of day")
    }

    #[track_caller]
    fn check_quiet(from: &str, to: &str, zone: Tz, at: &str, expected: Option<&str>) {
        let quiet = Quiet {
            from: time(from),
            to: time(to),
            zone,
        };
        assert_eq!(quiet.end(utc(at)), expected.map(utc), "{at}");
    }

    #[test]
    fn quiet_hours_are_those_of_their_zone() {
        let zone = chrono_tz::Europe::Istanbul;
        // 22:00 in Istanbul is 19:00 UTC.
        check_quiet("22:00", "07:00", zone, "2026-03-01T18:59:00Z", None);
        let morning = Some("2026-03-02T04:00:00Z");
        check_quiet("22:00", "07:00", zone, "2026-03-01T19:00:00Z", morning);
        check_quiet("22:00", "07:00", zone, "2026-03-02T03:59:59Z", morning);
        check_quiet("22:00", "07:00", zone, "2026-03-02T04:00:00Z", None);
        let noon = Some("2026-03-02T10:00:00Z");
        check_quiet("12:00", "13:00", zone, "2026-03-02T09:30:00Z", noon);
    }

    #[test]
    fn a_time_that_the_clocks_skip_comes_an_hour_later() {
        // On 2026-03-29 Berlin goes from 02:00 to 03:00.
        let zone = chrono_tz::Europe::Berlin;
        let end = Some("2026-03-29T01:30:00Z");
        check_quiet("23:00", "02:30", zone, "2026-03-28T23:30:00Z", end);
    }

    #[track_caller]
    fn check_digest(digest: Digest, at: &str, expected: &str) {
        assert_eq!(digest.next(utc(at)), utc(expected), "{digest} after {at}");
    }

    #[test]
    fn digests_come_at_the_next_of_their_times() {
        let nine = time("09:00");
        let zone = chrono_tz::Asia::Kolkata;
        check_digest(
            Digest::Hourly,
            "2026-03-01T10:00:00Z",
            "2026-03-01T11:00:00Z",
        );
        check_digest(
            Digest::Hourly,
            "2026-03-01T10:59:59Z",
            "2026-03-01T11:00:00Z",
        );
        // 09:00 in Kolkata is 03:30 UTC.
        let daily = Digest::Daily(nine, zone);
        check_digest(daily, "2026-03-01T03:29:00Z", "2026-03-01T03:30:00Z");
        check_digest(daily, "2026-03-01T03:30:00Z", "2026-03-02T03:30:00Z");
        // 2026-03-06 is a Friday.
        let workdays = Digest::Workdays(nine, zone);
        check_digest(workdays, "2026-03-06T03:31:00Z", "2026-03-09T03:30:00Z");
        check_digest(workdays, "2026-03-05T03:31:00Z", "2026-03-06T03:30:00Z");
    }

    fn mention() -> Mention {
        let mut item = crate::domain::Item::empty("app-store", crate::domain::Kind::Review);
        item.text = "Acme lost my parcel".into();
        item.lang = Some("tr-TR".into());
        Mention {
            item,
            id: crate::domain::MentionId::new("m"),
            source: crate::domain::SourceName::new("store"),
            seen_at: utc("2026-03-02T22:30:00Z"),
            brands: Vec::new(),
            story: crate::domain::StoryId::new("story"),
            sentiment: crate::domain::Sentiment {
                label: crate::domain::Label::Negative,
                negative: 0.9,
                neutral: 0.05,
                positive: 0.05,
                model: "test/1".into(),
                sentence: None,
            },
            flag: Some(crate::domain::Flag {
                score: 0.7,
                reasons: Vec::new(),
                goal_by: utc("2026-03-02T23:00:00Z"),
                reply_by: utc("2026-03-03T22:00:00Z"),
                estimated: false,
            }),
            case: Some(crate::domain::Case::open()),
            stars_against_text: false,
            backlog: false,
            own: false,
            corrections: Vec::new(),
            earlier: Vec::new(),
            deleted_at: None,
            reach_before: None,
        }
    }

    fn delivered(mention: &Mention, kind: EventType, noise: Noise) -> Option<Delivery> {
        let destination = crate::domain::Destination {
            name: "chat".into(),
            kind: crate::domain::DestinationKind::Generic,
            page: None,
            url: crate::domain::Secret::new("http://127.0.0.1/"),
            secrets: Vec::new(),
            events: Vec::new(),
            brands: Vec::new(),
            min_score: 0.6,
            noise,
        };
        let data = serde_json::json!({ "mention": mention });
        let event = Event::new(
            crate::domain::EventId::new("evt"),
            kind,
            mention.seen_at,
            data,
        );
        let (_, mut deliveries) = event.about(mention).addressed([&destination]);
        deliveries.pop()
    }

    #[test]
    fn without_rules_everything_is_sent_at_once() {
        let found = delivered(&mention(), EventType::MentionFlagged, Noise::default());
        let found = found.expect("it is wanted");
        assert_eq!(found.next_at, Some(found.created_at));
        assert_eq!(
            (found.put_off, found.reason, found.alike),
            (None, None, None)
        );
    }

    #[test]
    fn languages_platforms_and_queries_choose() {
        let flagged = EventType::MentionFlagged;
        let only = |languages: &[&str], platforms: &[&str], passes: bool| {
            let noise = Noise {
                languages: languages.iter().map(ToString::to_string).collect(),
                platforms: platforms.iter().map(ToString::to_string).collect(),
                when: Some(When::new("anything", move |_, _| passes)),
                ..Noise::default()
            };
            delivered(&mention(), flagged, noise).is_some()
        };
        assert!(only(&[], &[], true));
        assert!(only(&["en", "tr"], &["app-store"], true));
        assert!(!only(&["en"], &[], true));
        assert!(!only(&["tr-latn"], &[], true));
        assert!(!only(&[], &["feed"], true));
        assert!(!only(&[], &[], false));
    }

    #[test]
    fn quiet_hours_hold_back_all_but_what_is_critical() {
        let noise = |critical| Noise {
            quiet: Some(Quiet {
                from: time("22:00"),
                to: time("07:00"),
                zone: Tz::UTC,
            }),
            critical,
            ..Noise::default()
        };
        let found = delivered(&mention(), EventType::MentionFlagged, noise(0.9));
        let found = found.expect("it is wanted");
        assert_eq!(found.put_off, Some(PutOff::Quiet));
        assert_eq!(found.next_at, Some(utc("2026-03-03T07:00:00Z")));
        assert_eq!(
            found.reason.as_deref(),
            Some("quiet hours (22:00-07:00 UTC)")
        );
        let critical = delivered(&mention(), EventType::MentionFlagged, noise(0.7));
        assert_eq!(critical.expect("it is wanted").put_off, None);
    }

    #[test]
    fn a_digest_waits_for_its_time_and_for_the_end_of_quiet_hours() {
        let noise = Noise {
            digest: Some(Digest::Hourly),
            quiet: Some(Quiet {
                from: time("22:00"),
                to: time("07:00"),
                zone: Tz::UTC,
            }),
            ..Noise::default()
        };
        let found = delivered(&mention(), EventType::MentionFlagged, noise);
        let found = found.expect("it is wanted");
        assert_eq!(found.put_off, Some(PutOff::Digest));
        assert_eq!(found.next_at, Some(utc("2026-03-03T07:00:00Z")));
    }

    #[test]
    fn an_acknowledged_case_is_quiet_and_a_snoozed_one_sleeps() {
        let mut acknowledged = mention();
        let case = acknowledged
            .case
            .get_or_insert_with(crate::domain::Case::open);
        case.acknowledged_at = Some(acknowledged.seen_at);
        let told = |mention: &Mention, kind| {
            delivered(mention, kind, Noise::default()).expect("there is a row")
        };
        let skipped = told(&acknowledged, EventType::MentionUpdated);
        assert_eq!(skipped.state, DeliveryState::Skipped);
        assert!(skipped.reason.is_some());
        let overdue = told(&acknowledged, EventType::CaseOverdue);
        assert_eq!(overdue.state, DeliveryState::Due, "a deadline is told");

        let mut snoozed = mention();
        let until = utc("2026-03-03T05:00:00Z");
        if let Some(case) = &mut snoozed.case {
            case.snoozed_until = Some(until);
        }
        let waits = told(&snoozed, EventType::CaseOverdue);
        assert_eq!(
            (waits.put_off, waits.next_at),
            (Some(PutOff::Snooze), Some(until))
        );
        let handled = told(&snoozed, EventType::CaseReplied);
        assert_eq!(handled.put_off, None, "what people do is told");
    }

    #[test]
    fn alerts_that_are_alike_share_a_key() {
        let noise = |group| Noise {
            cooldown: Some(Duration::from_secs(600)),
            group,
            ..Noise::default()
        };
        let key = |group| {
            delivered(&mention(), EventType::MentionFlagged, noise(group))
                .and_then(|delivery| delivery.alike)
                .expect("a cool-down is configured")
                .key
        };
        assert_eq!(key(GroupBy::Platform), "mention.flagged app-store");
        assert_eq!(key(GroupBy::Source), "mention.flagged store");
        assert_eq!(key(GroupBy::All), "mention.flagged ");
        let claimed = delivered(&mention(), EventType::CaseClaimed, noise(GroupBy::All));
        assert_eq!(claimed.expect("it is wanted").alike, None);
    }
}
