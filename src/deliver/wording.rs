//! The words of messages: who, where, what the verdict was, by when. Pure; every value is
//! on one line and of bounded length.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value as Json;
use url::Url;

use super::message::{Fact, Severity, Value};
use super::text::{is_blank, one_line};
use crate::domain::{AuthorHistory, CaseState, Flag, Label, Mention};

/// Longer addresses are refused by one tool or another.
const URL_LIMIT: usize = 1_900;
/// From this score on nobody should wait for the next look at the chat.
const CRITICAL_SCORE: f64 = 0.9;

/// What happened to a mention that people know already.
pub(super) fn news(event_type: &str, mention: &Mention) -> Option<String> {
    let assignee = mention.case.as_ref().and_then(|case| case.assignee.clone());
    Some(match event_type {
        "mention.updated" => "Changed by its author".to_owned(),
        "case.claimed" => match assignee {
            Some(assignee) => format!("Claimed by {}", one_line(&assignee, 40)),
            None => "Claimed".to_owned(),
        },
        "case.replied" => "Answered".to_owned(),
        "case.verified" => "Reply seen".to_owned(),
        "case.dismissed" => "Dismissed".to_owned(),
        "case.overdue" => "Overdue".to_owned(),
        "case.reopened" => "Open again".to_owned(),
        _ => return None,
    })
}

pub(super) fn severity(event_type: &str, mention: &Mention, is_settled: bool) -> Severity {
    let score = mention.flag.as_ref().map_or(0.0, |flag| flag.score);
    match event_type {
        "case.overdue" => Severity::Critical,
        _ if is_settled => Severity::Good,
        "case.claimed" => Severity::Info,
        _ if score >= CRITICAL_SCORE => Severity::Critical,
        _ => Severity::Warning,
    }
}

/// Where something was posted, as people call it.
pub(super) fn platform(mention: &Mention) -> String {
    let host = mention
        .item
        .url
        .as_deref()
        .and_then(|url| Url::parse(url).ok())
        .and_then(|url| url.host_str().map(str::to_owned));
    match host {
        Some(host) => one_line(host.strip_prefix("www.").unwrap_or(&host), 60),
        None => one_line(&mention.item.definition, 60),
    }
}

pub(super) fn author(mention: &Mention, history: Option<AuthorHistory>) -> String {
    let Some(author) = &mention.item.author else {
        return String::new();
    };
    let part = |text: &Option<String>| {
        let text = one_line(text.as_deref().unwrap_or_default(), 80);
        (!is_blank(&text)).then_some(text)
    };
    let mut said = match (part(&author.name), part(&author.handle)) {
        (Some(name), Some(handle)) if name != handle => format!("{name} ({handle})"),
        (Some(name), _) => name,
        (None, Some(handle)) => handle,
        (None, None) => "unnamed".to_owned(),
    };
    if let Some(n_followers) = author.followers.filter(|n| *n >= 1_000) {
        said.push_str(&format!(", {n_followers} followers"));
    }
    if let Some(history) = history.filter(|history| history.n_mentions_before > 0) {
        said.push_str(&format!(
            " – {} mention, {} negative before",
            ordinal(history.n_mentions_before + 1),
            history.n_negative_before
        ));
    }
    said
}

/// Stars as signs and as a number; the number alone on scales that no line has room for.
pub(super) fn stars(value: f64, best: f64) -> String {
    if (1.0..=5.0).contains(&best) && (0.0..=best).contains(&value) {
        let full = value.round() as usize;
        let empty = (best.round() as usize).saturating_sub(full);
        format!(
            "{}{} {value} of {best}",
            "★".repeat(full),
            "☆".repeat(empty)
        )
    } else {
        format!("{value} of {best}")
    }
}

pub(super) fn verdict(mention: &Mention) -> String {
    let verdict = &mention.sentiment;
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    match verdict.label {
        Label::Negative => format!("negative ({})", percent(verdict.negative)),
        Label::Neutral => format!("neutral ({})", percent(verdict.neutral)),
        Label::Positive => format!("positive ({})", percent(verdict.positive)),
        Label::Unsure => format!(
            "unsure (negative {}, neutral {}, positive {})",
            percent(verdict.negative),
            percent(verdict.neutral),
            percent(verdict.positive)
        ),
    }
}

/// By when the answer should be public: the goal, or the last moment once that has passed.
pub(super) fn deadline(mention: &Mention, flag: &Flag, at: DateTime<Utc>) -> Fact {
    let by = if flag.goal_by > at {
        flag.goal_by
    } else {
        flag.reply_by
    };
    let (start, _) = Mention::clock_start(&mention.item, mention.seen_at);
    let since = span(at - start);
    let mut note = if flag.estimated {
        format!("seen {since} ago, the site gives no time")
    } else {
        format!("posted {since} ago")
    };
    if by <= at {
        note = format!("{} late, {note}", span(at - by));
    }
    Fact {
        label: "Answer by",
        value: Value::Time {
            at: by,
            shown: clock(by, at),
            note,
        },
    }
}

/// What people did so far; empty while nobody did anything.
pub(super) fn case_line(mention: &Mention) -> String {
    let Some(case) = &mention.case else {
        return String::new();
    };
    let last = case.history.last();
    let by = last.map_or_else(String::new, |act| format!(" by {}", one_line(&act.by, 80)));
    let note = last
        .and_then(|act| act.note.as_deref())
        .map_or_else(String::new, |note| format!(": {}", one_line(note, 160)));
    match case.state {
        CaseState::Open => String::new(),
        CaseState::Claimed => format!(
            "claimed by {}",
            one_line(case.assignee.as_deref().unwrap_or("somebody"), 80)
        ),
        CaseState::Replied => format!("answered{by}{note}"),
        CaseState::Verified => "the public reply was seen".to_owned(),
        CaseState::Dismissed => format!("dismissed{by}{note}"),
    }
}

/// A moment as a clock shows it, with the day when it is another one.
fn clock(moment: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let form = if moment.date_naive() == now.date_naive() {
        "%H:%M UTC"
    } else {
        "%-d %b %H:%M UTC"
    };
    moment.format(form).to_string()
}

/// A length of time in its largest unit.
fn span(length: TimeDelta) -> String {
    let minutes = length.num_minutes().max(0);
    match minutes {
        0 => "less than a minute".to_owned(),
        1..120 => format!("{minutes} min"),
        120..2_880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

fn ordinal(n: u64) -> String {
    let ending = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// The address when it is safe to offer as a link: `http` or `https` with a host, and short
/// enough for every tool.
pub(super) fn safe_link(address: &str) -> Option<String> {
    let url = Url::parse(address.trim()).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    // Nothing that a text could hide behind: the address shown is the one opened.
    let is_plain = url.username().is_empty() && url.password().is_none();
    let url = url
        .as_str()
        .replace('(', "%28")
        .replace(')', "%29")
        .replace('|', "%7C")
        .replace('\'', "%27")
        .replace('*', "%2A")
        // Some tools look for calls even in addresses.
        .replace("@everyone", "%40everyone")
        .replace("@here", "%40here")
        .replace("@channel", "%40channel")
        .replace("@all", "%40all");
    (is_web && is_plain && url.len() <= URL_LIMIT).then_some(url)
}

pub(super) fn name_in(data: &Json) -> String {
    one_line(data["name"].as_str().unwrap_or("a source"), 80)
}

pub(super) fn capital(word: &str) -> String {
    let mut characters = word.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

/// The words and numbers of an event's data, one a line.
pub(super) fn said(data: &Json) -> Vec<String> {
    fn collect(name: &str, value: &Json, said: &mut Vec<String>) {
        match value {
            Json::Object(fields) => {
                for (key, value) in fields {
                    collect(key, value, said);
                }
            }
            Json::String(text) => said.push(format!("{name}: {text}")),
            Json::Number(number) => said.push(format!("{name}: {number}")),
            Json::Bool(value) => said.push(format!("{name}: {value}")),
            Json::Array(_) | Json::Null => (),
        }
    }
    let mut said_so_far = Vec::new();
    collect("", data, &mut said_so_far);
    said_so_far.truncate(12);
    said_so_far
}
