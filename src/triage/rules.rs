//! The score of version 0.1, by weights that were set by hand: what `hearken triage eval`
//! measures the present one against in the same run. Nothing is flagged by it any more.

use chrono::{DateTime, TimeDelta, Utc};

use super::signs::{self, Reading};
use super::words::Sign;
use super::{TriageInput, stars_of_five};
use crate::domain::{Item, Kind, Label, Mention};

const BASE: f64 = -2.8;
const NEGATIVITY: f64 = 4.2;
/// What whole stars of five added.
const STARS: [f64; 6] = [3.6, 3.6, 3.1, 0.2, -1.6, -2.8];
const MOST_FROM_SIGNS: f64 = 2.6;
const QUESTION: f64 = 0.4;
const ARTICLE: f64 = -2.2;
const REVIEW: f64 = 0.2;
const REACH: f64 = 0.22;
const MOST_FROM_REACH: f64 = 1.5;
const FOLLOWERS: f64 = 0.3;
const MOST_FROM_FOLLOWERS: f64 = 0.9;
const FRESHNESS: f64 = 0.3;

/// The score from 0 to 1, as version 0.1 gave it.
pub fn score_by_rules(input: &TriageInput<'_>, now: DateTime<Utc>) -> f64 {
    let item = input.item;
    let reading = signs::read(&item.full_text(), input.lang.or(item.lang.as_deref()));
    if !may_be_flagged(input, &reading) {
        return 0.0;
    }
    let kind = match item.kind {
        Kind::Article => ARTICLE,
        Kind::Review => REVIEW,
        Kind::Question => QUESTION / 2.0,
        Kind::Post | Kind::Comment => 0.0,
    };
    let sum = BASE
        + NEGATIVITY * input.sentiment.negative.clamp(0.0, 1.0)
        + kind
        + stars(item)
        + signs_of(&reading)
        + reach(item)
        + followers(item)
        + freshness(input, now);
    (super::weights::probability(sum) * 100.0).round() / 100.0
}

fn may_be_flagged(input: &TriageInput<'_>, reading: &Reading) -> bool {
    let has_low_stars = stars_of_five(input.item).is_some_and(|stars| stars <= 2.0);
    let signs = || {
        reading
            .signs
            .iter()
            .filter(|found| found.sign != Sign::Viral)
    };
    match input.sentiment.label {
        Label::Negative => true,
        Label::Unsure => has_low_stars || signs().next().is_some(),
        Label::Neutral | Label::Positive => {
            has_low_stars || signs().any(|found| found.sign.is_serious())
        }
    }
}

fn stars(item: &Item) -> f64 {
    let Some(stars) = stars_of_five(item) else {
        return 0.0;
    };
    let lower = stars.floor();
    // `stars` is between 0 and 5, so both places exist.
    let (below, above) = (STARS[lower as usize], STARS[stars.ceil() as usize]);
    below + (above - below) * (stars - lower)
}

fn signs_of(reading: &Reading) -> f64 {
    let weight = |sign: Sign| match sign {
        Sign::Danger => 1.8,
        Sign::Legal | Sign::Fraud => 1.6,
        Sign::Refund => 1.2,
        Sign::Waiting | Sign::Leaving => 0.9,
        Sign::Fault | Sign::Service => 0.8,
        // Version 0.1 did not know it.
        Sign::Viral => 0.0,
    };
    let sum: f64 = reading.signs.iter().map(|found| weight(found.sign)).sum();
    sum.min(MOST_FROM_SIGNS) + if reading.asks { QUESTION } else { 0.0 }
}

fn reach(item: &Item) -> f64 {
    let engagement = item.engagement;
    let reach =
        engagement.likes as f64 + 2.0 * engagement.shares as f64 + 1.5 * engagement.replies as f64;
    (REACH * (1.0 + reach).ln()).min(MOST_FROM_REACH)
}

fn followers(item: &Item) -> f64 {
    let followers = item.author.as_ref().and_then(|author| author.followers);
    followers.map_or(0.0, |n_followers| {
        let weight = FOLLOWERS * (n_followers as f64 / 1_000.0).max(1.0).log10();
        weight.min(MOST_FROM_FOLLOWERS)
    })
}

fn freshness(input: &TriageInput<'_>, now: DateTime<Utc>) -> f64 {
    const DAY_MINUTES: f64 = 24.0 * 60.0;
    let (start, estimated) = Mention::clock_start(input.item, input.seen_at);
    if estimated {
        return 0.0;
    }
    let age = (now - start).max(TimeDelta::zero());
    FRESHNESS * (1.0 - age.num_minutes() as f64 / DAY_MINUTES).max(-1.0)
}
