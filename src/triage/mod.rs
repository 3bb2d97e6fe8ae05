//! Decides whether a mention needs a fast public answer, why, and by when. A judged item,
//! the policy and the time come in; a flag with reasons, or none, comes out.
//!
//! The score is a logistic sum: every part adds its weight, and the sum becomes a number
//! from 0 to 1. More negative, fewer stars, more signs, more reach and less age never
//! lower it. Only a negative verdict flags by itself; anything else needs low stars or
//! words that ask for an answer whatever the mood.

mod phrases_main;
mod phrases_more;
mod signs;
mod words;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{self, Flag, Item, Kind, Label, Mention, Sentiment, TriagePolicy};

use signs::Reading;

/// What is known of an item when it is triaged.
#[derive(Clone, Copy, Debug)]
pub struct TriageInput<'a> {
    /// The item.
    pub item: &'a Item,
    /// What the classifier said.
    pub sentiment: &'a Sentiment,
    /// Its language, when it was found out.
    pub lang: Option<&'a str>,
    /// Whether the brand itself wrote it.
    pub own: bool,
    /// When it was first seen.
    pub seen_at: DateTime<Utc>,
}

/// What is to be done about an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Triage {
    /// Set when it needs a fast public answer.
    pub flag: Option<Flag>,
    /// So old when first seen that nobody is alerted and nothing is overdue.
    pub backlog: bool,
}

/// Where the sum starts: a neutral post without anything else scores 0.1.
const BASE: f64 = -2.8;
/// What certainty of anger adds. With `BASE`, 0.77 is flagged at the default threshold.
const NEGATIVITY: f64 = 4.2;
/// What whole stars of five add. One or two outweigh any text.
const STARS: [f64; 6] = [3.6, 3.6, 3.1, 0.2, -1.6, -2.8];
/// Signs add up to here; a text does not become more urgent by using every bad word.
const MOST_FROM_SIGNS: f64 = 2.6;
/// A question waits for an answer.
const QUESTION: f64 = 0.4;
/// Nobody answers a newspaper in public, unless it is serious or spreads.
const ARTICLE: f64 = -2.2;
/// Reviews are about the brand by definition.
const REVIEW: f64 = 0.2;
/// What e-fold reach adds, and where it ends (about 900 shares).
const REACH: f64 = 0.22;
const MOST_FROM_REACH: f64 = 1.5;
/// What every tenfold of a thousand followers adds, up to a million.
const FOLLOWERS: f64 = 0.3;
const MOST_FROM_FOLLOWERS: f64 = 0.9;
/// What a post of this minute adds; from two days on the same is taken away.
const FRESHNESS: f64 = 0.3;
/// Parts below this are not worth a reason.
const WORTH_A_REASON: f64 = 0.1;

/// Triages one item. `now` is when the answer is asked for; on first sight it is `seen_at`.
pub fn triage(input: &TriageInput<'_>, policy: &TriagePolicy, now: DateTime<Utc>) -> Triage {
    let (start, estimated) = Mention::clock_start(input.item, input.seen_at);
    let backlog = input.seen_at - start > span(policy.alert_max_age);
    if is_never_flagged(input) {
        return Triage {
            flag: None,
            backlog,
        };
    }
    let (score, reasons) = score(input, now);
    let flag = (score >= policy.flag_threshold).then(|| Flag {
        score,
        reasons,
        goal_by: later(start, policy.goal),
        reply_by: later(start, policy.latest),
        estimated,
    });
    Triage { flag, backlog }
}

fn is_never_flagged(input: &TriageInput<'_>) -> bool {
    let is_happy = input.sentiment.label == Label::Positive
        && stars_of_five(input.item).is_some_and(|stars| stars >= 4.0);
    input.own || input.item.is_brand_reply || is_happy
}

/// A part of the score and the sentence for it.
struct Part {
    weight: f64,
    reason: Option<String>,
}

/// The score from 0 to 1 and its reasons, strongest first.
fn score(input: &TriageInput<'_>, now: DateTime<Utc>) -> (f64, Vec<String>) {
    let item = input.item;
    let reading = signs::read(
        &item.full_text(),
        input
            .lang
            .or(item.lang.as_deref())
            .map(domain::base_language),
    );
    if !may_be_flagged(input, &reading) {
        return (0.0, Vec::new());
    }
    let mut parts = vec![negativity(input.sentiment), kind(item.kind)];
    parts.extend(stars(item, input.sentiment));
    parts.extend(signs_of(&reading));
    parts.extend(reach(item));
    parts.extend(followers(item));
    parts.extend(freshness(input, now));
    let sum: f64 = BASE + parts.iter().map(|part| part.weight).sum::<f64>();
    parts.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let reasons = parts
        .into_iter()
        .filter(|part| part.weight >= WORTH_A_REASON)
        .filter_map(|part| part.reason)
        .collect();
    // Two digits are what people and configurations compare.
    let score = 1.0 / (1.0 + (-sum).exp());
    ((score * 100.0).round() / 100.0, reasons)
}

/// Only a negative verdict flags by itself.
fn may_be_flagged(input: &TriageInput<'_>, reading: &Reading) -> bool {
    let has_low_stars = stars_of_five(input.item).is_some_and(|stars| stars <= 2.0);
    match input.sentiment.label {
        Label::Negative => true,
        Label::Unsure => has_low_stars || !reading.signs.is_empty(),
        Label::Neutral | Label::Positive => {
            has_low_stars || reading.signs.iter().any(|found| found.sign.is_serious())
        }
    }
}

fn negativity(sentiment: &Sentiment) -> Part {
    let probability = sentiment.negative.clamp(0.0, 1.0);
    // Nothing is certain, so "100 %" is never said.
    let percent = (probability * 100.0).round().min(99.0);
    Part {
        weight: NEGATIVITY * probability,
        reason: (probability >= 0.5 || sentiment.label == Label::Negative)
            .then(|| format!("negative with {percent} % probability")),
    }
}

fn kind(kind: Kind) -> Part {
    let weight = match kind {
        Kind::Article => ARTICLE,
        Kind::Review => REVIEW,
        Kind::Question => QUESTION / 2.0,
        Kind::Post | Kind::Comment => 0.0,
    };
    Part {
        weight,
        reason: None,
    }
}

fn stars_of_five(item: &Item) -> Option<f64> {
    let rating = item.rating?;
    (rating.best > 0.0 && rating.value.is_finite())
        .then(|| (rating.value / rating.best * 5.0).clamp(0.0, 5.0))
}

fn stars(item: &Item, sentiment: &Sentiment) -> Option<Part> {
    let stars = stars_of_five(item)?;
    let rating = item.rating?;
    let lower = stars.floor();
    // `stars` is between 0 and 5, so both places exist.
    let (below, above) = (STARS[lower as usize], STARS[stars.ceil() as usize]);
    let weight = below + (above - below) * (stars - lower);
    let mut reason = format!("{} of {} stars", rating.value, rating.best);
    if stars <= 2.0 && sentiment.label == Label::Positive {
        reason.push_str(", although the text reads positive");
    }
    Some(Part {
        weight,
        reason: Some(reason),
    })
}

fn signs_of(reading: &Reading) -> Vec<Part> {
    let sum: f64 = reading.signs.iter().map(|found| found.sign.weight()).sum();
    let scale = if sum > MOST_FROM_SIGNS {
        MOST_FROM_SIGNS / sum
    } else {
        1.0
    };
    let mut parts: Vec<Part> = reading
        .signs
        .iter()
        .map(|found| Part {
            weight: found.sign.weight() * scale,
            reason: Some(format!("{}: “{}”", found.sign.reason(), found.words)),
        })
        .collect();
    if reading.asks {
        parts.push(Part {
            weight: QUESTION,
            reason: Some("asks a question that waits for an answer".to_owned()),
        });
    }
    parts
}

fn reach(item: &Item) -> Option<Part> {
    let engagement = item.engagement;
    // A share puts a text before new people, an answer keeps it in sight, a like costs nothing.
    let reach =
        engagement.likes as f64 + 2.0 * engagement.shares as f64 + 1.5 * engagement.replies as f64;
    if reach < 1.0 {
        return None;
    }
    let counted = |number: u64, one: &str, many: &str| {
        (number > 0).then(|| {
            format!(
                "{} {}",
                grouped(number),
                if number == 1 { one } else { many }
            )
        })
    };
    let said: Vec<String> = [
        counted(engagement.shares, "share", "shares"),
        counted(engagement.replies, "reply", "replies"),
        counted(engagement.likes, "like", "likes"),
    ]
    .into_iter()
    .flatten()
    .collect();
    Some(Part {
        weight: (REACH * (1.0 + reach).ln()).min(MOST_FROM_REACH),
        reason: Some(said.join(", ")),
    })
}

fn followers(item: &Item) -> Option<Part> {
    let n_followers = item.author.as_ref()?.followers?;
    let weight = FOLLOWERS * (n_followers as f64 / 1_000.0).max(1.0).log10();
    Some(Part {
        weight: weight.min(MOST_FROM_FOLLOWERS),
        reason: Some(format!("the author has {} followers", grouped(n_followers))),
    })
}

fn freshness(input: &TriageInput<'_>, now: DateTime<Utc>) -> Option<Part> {
    const DAY_MINUTES: f64 = 24.0 * 60.0;
    let (start, estimated) = Mention::clock_start(input.item, input.seen_at);
    if estimated {
        return None;
    }
    let age = (now - start).max(TimeDelta::zero());
    let weight = FRESHNESS * (1.0 - age.num_minutes() as f64 / DAY_MINUTES).max(-1.0);
    // Stored with the flag, so it says what stays true.
    let said = if age < TimeDelta::minutes(1) {
        "seen as soon as it was posted".to_owned()
    } else {
        let age = domain::format_duration(age.to_std().unwrap_or_default());
        format!("seen {age} after it was posted")
    };
    Some(Part {
        weight,
        reason: Some(said),
    })
}

/// 12345 as `12,345`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn span(duration: std::time::Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

fn later(start: DateTime<Utc>, duration: std::time::Duration) -> DateTime<Utc> {
    start
        .checked_add_signed(span(duration))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests;
