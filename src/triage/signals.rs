//! Everything that is known of an item, as numbers of one size with a sentence each: what
//! the weights are multiplied with, and what people are told. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::part::Part;
use super::signs::{self, Reading};
use super::{TriageInput, stars_of_five};
use crate::domain::{self, Engagement, Item, Kind, Mention, ReachSeen};

/// One part of the score before it is weighed.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// Which part.
    pub part: Part,
    /// How much of it there is, on the scale that `Part::about` describes.
    pub value: f64,
    /// A sentence that a person can read; empty where there is nothing to tell.
    pub said: String,
}

/// Log-odds of the verdict end here: nothing is certain.
const SUREST_VERDICT: f64 = 0.98;
/// Log-odds of the heads end here.
const SUREST_HEAD: f64 = 3.0;
/// Interactions at which reach counts in full.
const FULL_REACH: f64 = 1_000.0;
/// Fewer new interactions than this are no growth, whatever the pace.
const LEAST_GROWTH: f64 = 5.0;
/// New followers that count as one interaction.
const FOLLOWERS_A_REACTION: f64 = 100.0;
/// The pace of a shorter time between two polls would be chance.
const SHORTEST_PACE: TimeDelta = TimeDelta::minutes(5);

/// What is known of an item, in the order of `Part::ALL`.
pub fn signals(input: &TriageInput<'_>, now: DateTime<Utc>) -> Vec<Signal> {
    let item = input.item;
    let reading = signs::read(&item.full_text(), input.lang.or(item.lang.as_deref()));
    let mut found = mood(input);
    found.extend(stars(input));
    found.extend(heads(input));
    found.extend(words(&reading));
    found.extend(reach(item));
    found.extend(growth(item, input.evidence.reach_before.as_ref(), now));
    found.extend(followers(item));
    found.extend(place(item));
    found.extend(freshness(input, now));
    found.extend(repeat_author(input));
    found
}

fn signal(part: Part, value: f64, said: impl Into<String>) -> Signal {
    Signal {
        part,
        value,
        said: said.into(),
    }
}

fn log_odds(probability: f64, surest: f64) -> f64 {
    let probability = probability.clamp(1.0 - surest, surest);
    (probability / (1.0 - probability)).ln()
}

/// Nothing is certain, so "100 %" is never said.
fn percent(probability: f64) -> f64 {
    (probability * 100.0).round().clamp(1.0, 99.0)
}

fn mood(input: &TriageInput<'_>) -> Vec<Signal> {
    if let Some(correction) = input.correction {
        let is = |label| f64::from(u8::from(correction.label == label));
        return vec![
            signal(
                Part::Negativity,
                log_odds(is(domain::Label::Negative), SUREST_VERDICT),
                correction.reason(),
            ),
            signal(Part::Praise, is(domain::Label::Positive), ""),
        ];
    }
    let sentiment = input.sentiment;
    let negative = sentiment.negative.clamp(0.0, 1.0);
    let positive = sentiment.positive.clamp(0.0, 1.0);
    vec![
        signal(
            Part::Negativity,
            log_odds(negative, SUREST_VERDICT),
            format!("negative with {} % probability", percent(negative)),
        ),
        signal(
            Part::Praise,
            positive,
            format!("positive with {} % probability", percent(positive)),
        ),
    ]
}

fn stars(input: &TriageInput<'_>) -> Option<Signal> {
    let stars = stars_of_five(input.item)?;
    let rating = input.item.rating?;
    let mut said = format!("{} of {} stars", rating.value, rating.best);
    if stars <= 2.0 && input.sentiment.label == domain::Label::Positive {
        said.push_str(", although the text reads positive");
    }
    Some(if stars < 3.0 {
        signal(Part::FewStars, ((3.0 - stars) / 2.0).min(1.0).sqrt(), said)
    } else {
        signal(Part::ManyStars, (stars - 3.0) / 2.0, said)
    })
}

fn heads(input: &TriageInput<'_>) -> Vec<Signal> {
    let Some(intent) = input.evidence.intent else {
        return vec![signal(Part::NoHeads, 1.0, "")];
    };
    let head = |part, probability: f64, what: &str| {
        let surest = 1.0 / (1.0 + (-SUREST_HEAD).exp());
        signal(
            part,
            log_odds(probability, surest),
            format!("reads like a {what} ({} %)", percent(probability)),
        )
    };
    vec![
        head(Part::Complaint, intent.complaint, "complaint"),
        head(Part::Question, intent.question, "question"),
        head(Part::Request, intent.request, "request"),
    ]
}

fn words(reading: &Reading) -> Vec<Signal> {
    let mut found = Vec::new();
    if reading.asks {
        found.push(signal(
            Part::Asks,
            1.0,
            "asks a question that waits for an answer",
        ));
    }
    found.extend(reading.signs.iter().map(|sign| {
        let said = format!("{}: “{}”", sign.sign.reason(), sign.words);
        signal(sign.sign.part(), 1.0, said)
    }));
    found
}

/// A share puts a text before new people, an answer keeps it in sight, a like costs nothing.
fn interactions(engagement: Engagement) -> f64 {
    engagement.likes as f64 + 2.0 * engagement.shares as f64 + 1.5 * engagement.replies as f64
}

fn reach(item: &Item) -> Option<Signal> {
    let engagement = item.engagement;
    let reach = interactions(engagement);
    if reach < 1.0 {
        return None;
    }
    let value = ((1.0 + reach).ln() / (1.0 + FULL_REACH).ln()).min(1.0);
    Some(signal(Part::Reach, value, counted(engagement)))
}

/// "12 shares, 1 reply, 40 likes".
fn counted(engagement: Engagement) -> String {
    let counted = |number: u64, one: &str, many: &str| {
        (number > 0).then(|| {
            let what = if number == 1 { one } else { many };
            format!("{} {what}", grouped(number))
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
    said.join(", ")
}

/// What came to it since an earlier poll, per hour.
fn growth(item: &Item, before: Option<&ReachSeen>, now: DateTime<Utc>) -> Option<Signal> {
    let before = before?;
    let gained = Engagement {
        likes: item
            .engagement
            .likes
            .saturating_sub(before.engagement.likes),
        shares: item
            .engagement
            .shares
            .saturating_sub(before.engagement.shares),
        replies: item
            .engagement
            .replies
            .saturating_sub(before.engagement.replies),
    };
    let followers = ReachSeen::of(item, now)
        .followers
        .zip(before.followers)
        .map_or(0, |(now, before)| now.saturating_sub(before));
    let reactions = interactions(gained) + followers as f64 / FOLLOWERS_A_REACTION;
    if reactions < LEAST_GROWTH {
        return None;
    }
    let passed = (now - before.at).max(SHORTEST_PACE);
    let per_hour = reactions * 60.0 / passed.num_minutes().max(1) as f64;
    let mut said = counted(gained);
    if followers > 0 {
        if !said.is_empty() {
            said.push_str(", ");
        }
        said.push_str(&format!("{} followers", grouped(followers)));
    }
    let passed = domain::format_duration(passed.to_std().unwrap_or_default());
    Some(signal(
        Part::Growth,
        ((1.0 + per_hour).log10() / 3.0).min(1.0),
        format!("spreads: {said} more within {passed}"),
    ))
}

fn followers(item: &Item) -> Option<Signal> {
    let n_followers = item.author.as_ref()?.followers?;
    let value = ((n_followers as f64 / 1_000.0).max(1.0).log10() / 3.0).min(1.0);
    let said = format!("the author has {} followers", grouped(n_followers));
    Some(signal(Part::Followers, value, said))
}

/// Where it stands, and who sees it there.
fn place(item: &Item) -> Option<Signal> {
    Some(match item.kind {
        Kind::Review => signal(
            Part::ReviewPage,
            1.0,
            "stands on a review page, where the next buyers read it",
        ),
        Kind::Question => signal(
            Part::QuestionPage,
            1.0,
            "stands on a page of questions, where others look for the answer",
        ),
        Kind::Article => signal(Part::Article, 1.0, "is an article, not a customer's post"),
        Kind::Comment => signal(Part::InThread, 1.0, "is a comment below something else"),
        Kind::Post if item.in_reply_to.is_some() => {
            signal(Part::InThread, 1.0, "is an answer inside a thread")
        }
        Kind::Post => return None,
    })
}

fn freshness(input: &TriageInput<'_>, now: DateTime<Utc>) -> Option<Signal> {
    const DAY_MINUTES: f64 = 24.0 * 60.0;
    let (start, estimated) = Mention::clock_start(input.item, input.seen_at);
    if estimated {
        return None;
    }
    let age = (now - start).max(TimeDelta::zero());
    // Stored with the flag, so it says what stays true.
    let said = if age < TimeDelta::minutes(1) {
        "seen as soon as it was posted".to_owned()
    } else {
        let age = domain::format_duration(age.to_std().unwrap_or_default());
        format!("seen {age} after it was posted")
    };
    let value = (1.0 - age.num_minutes() as f64 / DAY_MINUTES).max(-1.0);
    Some(signal(Part::Freshness, value, said))
}

fn repeat_author(input: &TriageInput<'_>) -> Option<Signal> {
    let n_before = input.evidence.author?.n_negative_before;
    if n_before == 0 {
        return None;
    }
    let said = if n_before == 1 {
        "the same author was negative once before".to_owned()
    } else {
        format!(
            "the same author was negative {} times before",
            grouped(n_before)
        )
    };
    let value = ((1.0 + n_before as f64).log2() / 3.0).min(1.0);
    Some(signal(Part::RepeatAuthor, value, said))
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
