//! Decides whether a mention needs a fast public answer, why, and by when. A judged item,
//! the weights, the policy and the time come in; a flag with reasons, or none, comes out.
//!
//! The score is a logistic sum: every part adds its weight times its value, and the sum
//! becomes the probability that a person would say "this needs an answer". More negative,
//! fewer stars, more signs, more reach and less age never lower it. Only a negative verdict
//! flags by itself; anything else needs low stars, words that ask for an answer whatever
//! the mood, or to read like a complaint.

mod fit;
mod measure;
mod part;
mod phrases_main;
mod phrases_more;
mod phrases_public;
mod rules;
mod signals;
mod signs;
mod weights;
mod words;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{
    AuthorHistory, Correction, Flag, Intent, Item, Label, Mention, ReachSeen, Sentiment,
    TriagePolicy,
};

pub use fit::{Freedom, Known, LEAST_DECISIONS, Validated, cross_validate, fit};
pub use measure::{Measured, measure};
pub use part::{Part, Way};
pub use rules::score_by_rules;
pub use signals::{Signal, signals};
pub use weights::{Contribution, Scored, Weights, WeightsError};

/// What is known of an item when it is triaged.
#[derive(Clone, Copy, Debug)]
pub struct TriageInput<'a> {
    /// The item.
    pub item: &'a Item,
    /// What the classifier said.
    pub sentiment: &'a Sentiment,
    /// What a person said instead: nothing is likelier.
    pub correction: Option<&'a Correction>,
    /// Its language, when it was found out.
    pub lang: Option<&'a str>,
    /// Whether the brand itself wrote it.
    pub own: bool,
    /// When it was first seen.
    pub seen_at: DateTime<Utc>,
    /// What others know of it.
    pub evidence: Evidence,
}

impl<'a> TriageInput<'a> {
    /// A known mention as it stands, with what else is known of it.
    pub fn of(mention: &'a Mention, evidence: Evidence) -> Self {
        Self {
            item: &mention.item,
            sentiment: &mention.sentiment,
            correction: mention.correction(),
            lang: mention.item.lang.as_deref(),
            own: mention.own,
            seen_at: mention.seen_at,
            evidence,
        }
    }
}

/// What is known beyond the text and its verdict; each may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evidence {
    /// What its author is after; `None` in a language that no head knows.
    pub intent: Option<Intent>,
    /// What was heard of its author before; `None` without an account.
    pub author: Option<AuthorHistory>,
    /// How far it had travelled at an earlier poll.
    pub reach_before: Option<ReachSeen>,
}

/// What is to be done about an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Triage {
    /// Set when it needs a fast public answer.
    pub flag: Option<Flag>,
    /// So old when first seen that nobody is alerted and nothing is overdue.
    pub backlog: bool,
}

/// Parts below this are not worth a reason.
const WORTH_A_REASON: f64 = 0.1;
/// From here on a text that is not negative reads like a complaint all the same.
const READS_LIKE_A_COMPLAINT: f64 = 0.6;

/// Triages one item. `now` is when the answer is asked for; on first sight it is `seen_at`.
pub fn triage(
    input: &TriageInput<'_>,
    weights: &Weights,
    policy: &TriagePolicy,
    now: DateTime<Utc>,
) -> Triage {
    let (start, estimated) = Mention::clock_start(input.item, input.seen_at);
    let backlog = input.seen_at - start > span(policy.alert_max_age);
    let none = Triage {
        flag: None,
        backlog,
    };
    if is_never_flagged(input) {
        return none;
    }
    let signals = signals(input, now);
    if !may_be_flagged(input, &signals) {
        return none;
    }
    let scored = weights.score(&signals);
    // Two digits are what people and configurations compare.
    let score = (scored.score * 100.0).round() / 100.0;
    let flag = (score >= policy.flag_threshold).then(|| {
        let mut flag = Flag {
            score,
            reasons: reasons(&scored),
            goal_by: later(start, policy.goal),
            reply_by: later(start, policy.latest),
            estimated,
        };
        flag.put_first(input.correction.map_or(&[], std::slice::from_ref));
        flag
    });
    Triage { flag, backlog }
}

/// The sentences of what raised a score, strongest first.
pub fn reasons(scored: &Scored) -> Vec<String> {
    scored
        .contributions
        .iter()
        .filter(|part| part.points >= WORTH_A_REASON && !part.said.is_empty())
        .map(|part| part.said.clone())
        .collect()
}

fn is_never_flagged(input: &TriageInput<'_>) -> bool {
    let is_happy = input.sentiment.label == Label::Positive
        && stars_of_five(input.item).is_some_and(|stars| stars >= 4.0);
    input.own || input.item.is_brand_reply || is_happy
}

/// Only a negative verdict flags by itself.
fn may_be_flagged(input: &TriageInput<'_>, signals: &[Signal]) -> bool {
    let has_low_stars = stars_of_five(input.item).is_some_and(|stars| stars <= 2.0);
    let complains = input
        .evidence
        .intent
        .is_some_and(|intent| intent.complaint >= READS_LIKE_A_COMPLAINT);
    let has = |is_wanted: fn(Part) -> bool| signals.iter().any(|found| is_wanted(found.part));
    match input.sentiment.label {
        Label::Negative => true,
        Label::Unsure => has_low_stars || complains || has(Part::is_words),
        Label::Neutral | Label::Positive => has_low_stars || complains || has(Part::is_serious),
    }
}

/// What an item was given, on a scale that ends at five stars.
fn stars_of_five(item: &Item) -> Option<f64> {
    let rating = item.rating?;
    (rating.best > 0.0 && rating.value.is_finite())
        .then(|| (rating.value / rating.best * 5.0).clamp(0.0, 5.0))
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
