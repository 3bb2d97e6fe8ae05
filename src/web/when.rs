//! Moments and deadlines in words. The text is UTC; the page's script rewrites it in
//! the reader's own zone. Pure: "now" is an argument.

use chrono::{DateTime, Datelike as _, SecondsFormat, TimeDelta, Utc};
use maud::{Markup, html};

use crate::domain::{Case, Flag, Mention};

/// How long, with its largest unit only: "40 min", "3 h", "2 days".
pub(super) fn roughly(span: TimeDelta) -> String {
    let minutes = span.num_minutes().abs();
    match minutes {
        0 => "less than a minute".to_owned(),
        1..60 => format!("{minutes} min"),
        60..2_880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

/// "40 min ago", "in 3 h", "just now".
pub(super) fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let span = now - at;
    if span.num_seconds().abs() < 60 {
        "just now".to_owned()
    } else if span > TimeDelta::zero() {
        format!("{} ago", roughly(span))
    } else {
        format!("in {}", roughly(span))
    }
}

/// The moment as machines read it.
pub(super) fn machine(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A clock time for today, with the day otherwise: "14:20 UTC", "3 Mar, 14:20 UTC"; the
/// year only when it is another.
pub(super) fn clock(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    let text = if at.date_naive() == now.date_naive() {
        at.format("%H:%M UTC")
    } else if at.year() == now.year() {
        at.format("%-d %b, %H:%M UTC")
    } else {
        at.format("%-d %b %Y, %H:%M UTC")
    };
    html! { time datetime=(machine(at)) data-clock="" { (text) } }
}

/// A moment as distance from now, with the exact time on hover.
pub(super) fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    html! {
        time datetime=(machine(at)) data-ago="" title=(at.format("%-d %b %Y, %H:%M:%S UTC")) {
            (relative(at, now))
        }
    }
}

/// A moment to come as distance from now: "in 7 min", "in a moment", "now".
pub(super) fn until(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    html! {
        time datetime=(machine(at)) data-until="" title=(at.format("%-d %b %Y, %H:%M:%S UTC")) {
            (left(at, now))
        }
    }
}

fn left(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let span = at - now;
    if span <= TimeDelta::zero() {
        "now".to_owned()
    } else if span.num_seconds() < 60 {
        "in a moment".to_owned()
    } else {
        format!("in {}", roughly(span))
    }
}

/// How urgent an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// The last moment has passed.
    Overdue,
    /// The goal was missed, the last moment not yet.
    Late,
    /// There is time to reach the goal.
    InTime,
    /// No clock runs: too old when first seen, or already answered.
    None,
}

impl Urgency {
    /// How urgent this mention is now.
    pub(super) fn of(mention: &Mention, now: DateTime<Utc>) -> Self {
        let waiting = mention
            .case
            .as_ref()
            .is_some_and(|case| case.state.is_waiting());
        match &mention.flag {
            Some(flag) if waiting && !mention.backlog => Self::of_flag(flag, now),
            _ => Self::None,
        }
    }

    fn of_flag(flag: &Flag, now: DateTime<Utc>) -> Self {
        if now > flag.reply_by {
            Self::Overdue
        } else if now > flag.goal_by {
            Self::Late
        } else {
            Self::InTime
        }
    }

    /// The class that colours a card.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Late => "late",
            Self::InTime => "in-time",
            Self::None => "no-clock",
        }
    }
}

/// "answer by 14:20 (posted 40 min ago)" and its unhappy forms.
pub(super) fn deadline(mention: &Mention, now: DateTime<Utc>) -> Markup {
    let Some(flag) = &mention.flag else {
        return html! {};
    };
    let urgency = Urgency::of(mention, now);
    html! {
        @match urgency {
            Urgency::Overdue => {
                strong { "Overdue " } "since " (clock(flag.reply_by, now))
            }
            Urgency::Late => {
                strong { "Goal missed" } ", answer by " (clock(flag.reply_by, now)) " at the latest"
            }
            Urgency::InTime => {
                strong { "Answer by " (clock(flag.goal_by, now)) }
            }
            Urgency::None => (closed_words(mention.case.as_ref(), mention.backlog, now))
        }
        " " (posted(mention, now))
        @if flag.estimated {
            " " span.estimated title="The site gives no usable posting time, so the clock runs from the moment we first saw it." { "estimated" }
        }
    }
}

fn closed_words(case: Option<&Case>, backlog: bool, now: DateTime<Utc>) -> Markup {
    let Some(case) = case else {
        return html! { "No clock runs" };
    };
    if case.state.is_waiting() {
        return html! {
            @if backlog { "No deadline: it was already old when first seen" }
            @else { "Waiting" }
        };
    }
    let word = super::words::case_word(case.state);
    match case.history.last() {
        Some(act) => {
            html! { strong { (word) } " " (ago(act.at, now)) " " (super::words::by(&act.by)) }
        }
        None => html! { strong { (word) } },
    }
}

/// "(posted 40 min ago)", or when it was seen, where the site gives no time.
fn posted(mention: &Mention, now: DateTime<Utc>) -> Markup {
    html! {
        span.posted {
            @match mention.item.published_at {
                Some(at) if at <= mention.seen_at => { "(posted " (ago(at, now)) ")" }
                _ => { "(seen " (ago(mention.seen_at, now)) ")" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(secs_ago: i64, expected: &str) {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        assert_eq!(relative(now - TimeDelta::seconds(secs_ago), now), expected);
    }

    #[test]
    fn distances_are_written_with_one_unit() {
        check(0, "just now");
        check(59, "just now");
        check(-59, "just now");
        check(61, "1 min ago");
        check(2_400, "40 min ago");
        check(7_300, "2 h ago");
        check(47 * 3_600, "47 h ago");
        check(49 * 3_600, "2 days ago");
        check(-10_900, "in 3 h");
    }

    #[test]
    fn what_is_left_is_never_in_the_past() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let left_after = |secs| left(now + TimeDelta::seconds(secs), now);
        assert_eq!(left_after(-5), "now");
        assert_eq!(left_after(0), "now");
        assert_eq!(left_after(2), "in a moment");
        assert_eq!(left_after(500), "in 8 min");
    }

    #[test]
    fn a_clock_time_names_the_day_only_when_it_is_another() {
        let now = DateTime::parse_from_rfc3339("2026-03-02T10:00:00Z")
            .expect("a valid time")
            .to_utc();
        let today = clock(now + TimeDelta::minutes(20), now).into_string();
        assert!(today.contains(">10:20 UTC<"), "{today}");
        let other = clock(now - TimeDelta::days(1), now).into_string();
        assert!(other.contains(">1 Mar, 10:00 UTC<"), "{other}");
        let long_ago = clock(now - TimeDelta::days(365), now).into_string();
        assert!(long_ago.contains(">2 Mar 2025, 10:00 UTC<"), "{long_ago}");
    }
}
