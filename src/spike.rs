//! Is a brand spoken of more, or worse, than is usual at this hour? Counts of hours come
//! in, how the spike stands and what is to be told goes out. Pure: nothing is kept or
//! asked here.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use crate::domain::{Measured, Spike, SpikePolicy, Unusual};

/// Mentions and negative mentions of one hour.
pub type Counts = (u32, u32);

/// How many weeks the same hour is looked back at.
pub const WEEKS: i64 = 8;
/// From so many standard deviations on a level is reached.
const LEVELS: [f64; 3] = [1.5, 2.0, 3.0];
/// Fewer mentions in the hour say nothing.
const SMALLEST_SAMPLE: u32 = 10;
/// The same hour of so many weeks is a baseline; with fewer, every hour counts.
const WEEKS_FOR_A_BASELINE: usize = 3;
/// With less than a day known, nothing is unusual yet.
const HOURS_FOR_A_BASELINE: usize = 24;
/// A share is never taken for certain.
const SHARE_RANGE: (f64, f64) = (0.02, 0.98);

/// What is to be told.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing new; the spike, when there is one, may have grown.
    Same(Option<Spike>),
    /// A spike begins.
    Started(Spike),
    /// It is over.
    Ended(Spike),
}

/// Follows a brand by one step: `hours` are its counts of the last weeks, the hour of
/// `now` among them.
pub fn step(
    before: Option<&Spike>,
    hours: &BTreeMap<DateTime<Utc>, Counts>,
    policy: SpikePolicy,
    now: DateTime<Utc>,
) -> Step {
    let hour = start_of_hour(now);
    let measured = measure(hours, hour).filter(|measured| measured.level >= policy.level);
    match (before.filter(|spike| spike.ended_at.is_none()), measured) {
        (Some(spike), Some(measured)) => {
            let mut spike = spike.clone();
            spike.last_hour = hour;
            if measured.sigma > spike.peak.sigma {
                spike.peak = measured;
            }
            Step::Same(Some(spike))
        }
        // An hour that has just begun proves nothing: a whole one must have been usual.
        (Some(spike), None) if hour - spike.last_hour < TimeDelta::hours(2) => {
            Step::Same(Some(spike.clone()))
        }
        (Some(spike), None) => Step::Ended(Spike {
            ended_at: Some(now),
            ..spike.clone()
        }),
        (None, Some(measured)) if !rests(before, policy, now) => Step::Started(Spike {
            started_at: now,
            ended_at: None,
            last_hour: hour,
            peak: measured,
        }),
        (None, _) => Step::Same(before.cloned()),
    }
}

fn rests(before: Option<&Spike>, policy: SpikePolicy, now: DateTime<Utc>) -> bool {
    let cooldown = TimeDelta::from_std(policy.cooldown).unwrap_or(TimeDelta::days(1));
    before
        .and_then(|spike| spike.ended_at)
        .is_some_and(|ended| now < ended + cooldown)
}

/// Compares an hour with what is usual; `None` when too little is known or was said.
fn measure(hours: &BTreeMap<DateTime<Utc>, Counts>, hour: DateTime<Utc>) -> Option<Measured> {
    let (n_mentions, n_negative) = hours.get(&hour).copied()?;
    if n_mentions < SMALLEST_SAMPLE {
        return None;
    }
    let baseline = baseline(hours, hour)?;
    let volumes: Vec<f64> = baseline.iter().map(|(n, _)| f64::from(*n)).collect();
    let (usual_mentions, deviation) = mean_and_deviation(&volumes);
    // Counts scatter by at least the root of their mean, however alike a few weeks were.
    let deviation = deviation.max(usual_mentions.sqrt()).max(1.0);
    let volume_sigma = (f64::from(n_mentions) - usual_mentions) / deviation;

    let n_before: u32 = baseline.iter().map(|(n, _)| n).sum();
    let n_negative_before: u32 = baseline.iter().map(|(_, negative)| negative).sum();
    // One imagined negative and one other: a share of few is not sharper than it is.
    let usual_negative_share = (f64::from(n_negative_before) + 1.0) / (f64::from(n_before) + 2.0);
    let share = usual_negative_share.clamp(SHARE_RANGE.0, SHARE_RANGE.1);
    let scatter = (share * (1.0 - share) / f64::from(n_mentions)).sqrt();
    let negative_sigma = (f64::from(n_negative) / f64::from(n_mentions) - share) / scatter;

    let (what, sigma) = if negative_sigma > volume_sigma && n_before >= SMALLEST_SAMPLE {
        (Unusual::Negative, negative_sigma)
    } else {
        (Unusual::Volume, volume_sigma)
    };
    Some(Measured {
        what,
        level: level(sigma),
        sigma,
        n_mentions,
        n_negative,
        usual_mentions,
        usual_negative_share,
    })
}

fn level(sigma: f64) -> u8 {
    LEVELS.iter().filter(|limit| sigma >= **limit).count() as u8
}

/// The same hour of the weeks before; all hours before while there are too few of these.
/// Hours without a mention count, from the first one with any.
fn baseline(hours: &BTreeMap<DateTime<Utc>, Counts>, hour: DateTime<Utc>) -> Option<Vec<Counts>> {
    let first = *hours.keys().next()?;
    let count = |at: DateTime<Utc>| hours.get(&at).copied().unwrap_or_default();
    let same_hour: Vec<Counts> = (1..=WEEKS)
        .map(|n_weeks| hour - TimeDelta::weeks(n_weeks))
        .take_while(|at| *at >= first)
        .map(count)
        .collect();
    if same_hour.len() >= WEEKS_FOR_A_BASELINE {
        return Some(same_hour);
    }
    let longest = WEEKS * 7 * 24;
    let every_hour: Vec<Counts> = (1..=longest)
        .map(|n_hours| hour - TimeDelta::hours(n_hours))
        .take_while(|at| *at >= first)
        .map(count)
        .collect();
    (every_hour.len() >= HOURS_FOR_A_BASELINE).then_some(every_hour)
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / n;
    (mean, variance.sqrt())
}

fn start_of_hour(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 2026-03-02, 10:30.
    fn now() -> DateTime<Utc> {
        "2026-03-02T10:30:00Z".parse().expect("a time")
    }

    /// Every hour of some weeks before now has these counts.
    fn steady(weeks: i64, counts: Counts) -> BTreeMap<DateTime<Utc>, Counts> {
        (1..=weeks * 7 * 24)
            .map(|n_hours| (start_of_hour(now()) - TimeDelta::hours(n_hours), counts))
            .collect()
    }

    fn with_now(
        mut hours: BTreeMap<DateTime<Utc>, Counts>,
        counts: Counts,
    ) -> BTreeMap<DateTime<Utc>, Counts> {
        hours.insert(start_of_hour(now()), counts);
        hours
    }

    #[track_caller]
    fn check(hours: &BTreeMap<DateTime<Utc>, Counts>, expected: Option<(Unusual, u8)>) {
        let measured = measure(hours, start_of_hour(now()));
        let found = measured
            .filter(|measured| measured.level > 0)
            .map(|measured| (measured.what, measured.level));
        assert_eq!(found, expected, "{measured:?}");
    }

    #[test]
    fn levels_are_one_and_a_half_two_and_three_sigma_above_the_usual() {
        // 16 an hour scatter by 4.
        let usual = steady(8, (16, 4));
        check(&with_now(usual.clone(), (16, 4)), None);
        check(&with_now(usual.clone(), (21, 4)), None);
        check(
            &with_now(usual.clone(), (22, 5)),
            Some((Unusual::Volume, 1)),
        );
        check(
            &with_now(usual.clone(), (24, 5)),
            Some((Unusual::Volume, 2)),
        );
        check(&with_now(usual, (28, 6)), Some((Unusual::Volume, 3)));
    }

    #[test]
    fn more_negative_than_usual_is_a_spike_without_more_mentions() {
        let usual = steady(8, (16, 4));
        check(&with_now(usual, (16, 13)), Some((Unusual::Negative, 3)));
    }

    #[test]
    fn few_mentions_say_nothing() {
        check(&with_now(steady(8, (1, 0)), (9, 9)), None);
        check(
            &with_now(steady(8, (1, 0)), (10, 2)),
            Some((Unusual::Volume, 3)),
        );
    }

    #[test]
    fn the_same_hour_of_the_week_is_what_counts() {
        // Mondays at ten are always busy.
        let mut hours = steady(8, (2, 0));
        for n_weeks in 1..=8 {
            let at = start_of_hour(now()) - TimeDelta::weeks(n_weeks);
            hours.insert(at, (40, 10));
        }
        check(&with_now(hours, (42, 10)), None);
    }

    #[test]
    fn a_brand_that_is_new_here_has_no_spikes_for_a_day() {
        let mut hours = BTreeMap::new();
        for n_hours in 1..23 {
            hours.insert(start_of_hour(now()) - TimeDelta::hours(n_hours), (1, 0));
        }
        check(&with_now(hours.clone(), (50, 50)), None);
        hours.insert(start_of_hour(now()) - TimeDelta::hours(24), (1, 0));
        check(&with_now(hours, (50, 10)), Some((Unusual::Volume, 3)));
    }

    #[test]
    fn a_spike_starts_once_ends_after_a_usual_hour_and_then_rests() {
        let policy = SpikePolicy::default();
        let mut hours = with_now(steady(8, (16, 4)), (40, 10));
        let Step::Started(spike) = step(None, &hours, policy, now()) else {
            panic!("it starts");
        };
        assert_eq!((spike.peak.what, spike.peak.level), (Unusual::Volume, 3));
        hours.insert(start_of_hour(now()), (60, 10));
        let Step::Same(Some(grown)) = step(Some(&spike), &hours, policy, now()) else {
            panic!("it goes on");
        };
        assert_eq!(grown.peak.n_mentions, 60);
        let later = |hours| now() + TimeDelta::hours(hours);
        hours.insert(start_of_hour(later(1)), (12, 3));
        assert!(matches!(
            step(Some(&grown), &hours, policy, later(1)),
            Step::Same(Some(_))
        ));
        let Step::Ended(ended) = step(Some(&grown), &hours, policy, later(2)) else {
            panic!("a whole hour was usual");
        };
        assert_eq!(ended.ended_at, Some(later(2)));
        hours.insert(start_of_hour(later(3)), (90, 10));
        let again = step(Some(&ended), &hours, policy, later(3));
        assert_eq!(again, Step::Same(Some(ended.clone())), "it rests");
        hours.insert(start_of_hour(later(5)), (90, 10));
        assert!(matches!(
            step(Some(&ended), &hours, policy, later(5)),
            Step::Started(_)
        ));
    }
}
