//! How often a source publishes, learned for every hour of the week, and whether it has
//! been quiet for longer than that explains. Pure: times come in, a rhythm goes out.
//!
//! The measure of quiet is surprise: `-ln` of the chance that nothing comes although the
//! source behaves as always, summed over the hours. Hours in which it never publishes add
//! nothing, so nights, weekends and sources that publish rarely do not alarm.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::Rhythm;

/// Hours of a week, Monday 00:00 UTC first.
const HOURS: usize = 168;
const HOUR_SECS: i64 = 3_600;
/// 1970 began on a Thursday.
const FIRST_HOUR: i64 = 3 * 24;

/// What is older than this many weeks hardly counts.
const MEMORY_WEEKS: u32 = 6;
/// Nothing is called silent before two weeks were watched …
const TRAINED_HOURS: u32 = 2 * HOURS as u32;
/// … and this many hours brought something: a rare source has no rhythm to break.
const TRAINED_BUSY_HOURS: u32 = 24;
/// From here on the wait for the next item may follow the rhythm.
const ADAPTED_HOURS: u32 = HOURS as u32;

/// One chance in twenty thousand; a source that publishes in bursts is measured by its
/// own longest quiet instead.
const SILENT_SURPRISE: f64 = 10.0;
/// How much longer than ever before is too long.
const TIMES_LONGEST_QUIET: f64 = 2.0;
/// Shorter quiet is not worth a message, however busy the source.
const SHORTEST_SILENCE: TimeDelta = TimeDelta::hours(6);
/// Without a poll for so long nobody watched: nothing is learned of that time.
const UNWATCHED_HOURS: i64 = 30;
/// Nobody waits longer than this for a verdict; it bounds the sums below.
const LONGEST_LOOK_HOURS: i64 = 100 * 24;

/// What a poll says about a source's rhythm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// As usual, or too little is known.
    Usual,
    /// It has just fallen silent; its last item came at this time.
    FellSilent(DateTime<Utc>),
    /// It was silent since this time and publishes again.
    SpeaksAgain(DateTime<Utc>),
}

/// Takes over what a good poll at `now` brought. `arrivals` are the times of the items
/// that were not there before: their own, or `now` for those without one. The first poll
/// only sets the clock.
pub fn learn(before: &Rhythm, arrivals: &[DateTime<Utc>], now: DateTime<Utc>) -> (Rhythm, Voice) {
    let mut rhythm = before.clone();
    let this_hour = hour_of(now);
    let Some(hour) = before.hour.filter(|hour| *hour <= this_hour) else {
        rhythm.hour = Some(this_hour);
        rhythm.n_in_hour = 0;
        rhythm.last_item_at = arrivals.iter().copied().max().map(|at| at.min(now));
        return (rhythm, Voice::Usual);
    };
    let mut voice = Voice::Usual;
    if let Some(newest) = arrivals.iter().copied().max() {
        if let Some(last) = before.last_item_at {
            let later = arrivals.iter().copied().filter(|at| *at > last).min();
            let quiet = surprise(before, last, later.unwrap_or(last).min(now));
            // After an alarm it may have been a fault, so no more than the limit is learned.
            let learned = quiet.min(limit(before));
            rhythm.longest_quiet_milli = rhythm.longest_quiet_milli.max(milli(learned));
        }
        rhythm.last_item_at = rhythm.last_item_at.max(Some(newest.min(now)));
        if let Some(since) = rhythm.silent_since.take() {
            voice = Voice::SpeaksAgain(since);
        }
    }
    watch(&mut rhythm, before, hour, this_hour, arrivals);
    if voice == Voice::Usual
        && let Some(last) = rhythm.last_item_at
        && rhythm.silent_since.is_none()
        && is_trained(&rhythm)
        && now - last >= SHORTEST_SILENCE
        && surprise(&rhythm, last, now) >= limit(&rhythm)
    {
        rhythm.silent_since = Some(last);
        voice = Voice::FellSilent(last);
    }
    (rhythm, voice)
}

/// How many items are to be expected between two moments; `None` while too little is known.
pub fn expected_items(rhythm: &Rhythm, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<f64> {
    let per_busy_hour = f64::from(rhythm.items_per_busy_hour_milli) / 1_000.0;
    (rhythm.n_hours >= ADAPTED_HOURS)
        .then(|| over_hours(from, to, |hour| share(rhythm, hour) * per_busy_hour))
}

/// How many items it usually publishes in a week; `None` while too little is known.
pub fn usual_per_week(rhythm: &Rhythm) -> Option<u32> {
    if rhythm.n_hours < ADAPTED_HOURS {
        return None;
    }
    let per_busy_hour = f64::from(rhythm.items_per_busy_hour_milli) / 1_000.0;
    let busy_hours: f64 = (0..HOURS).map(|hour| share(rhythm, hour)).sum();
    Some(whole(busy_hours * per_busy_hour))
}

/// Counts the hours that have ended since the last poll.
fn watch(
    rhythm: &mut Rhythm,
    before: &Rhythm,
    hour: i64,
    this_hour: i64,
    arrivals: &[DateTime<Utc>],
) {
    // What bears an older time counts when it came, what bears a later one now.
    let in_hour = |wanted: i64| {
        let n = arrivals
            .iter()
            .filter(|at| hour_of(**at).clamp(hour, this_hour) == wanted)
            .count();
        u32::try_from(n).unwrap_or(u32::MAX)
    };
    if before.silent_since.is_some() || this_hour - hour > UNWATCHED_HOURS {
        // A fault must not become a habit, and what nobody watched is unknown.
        rhythm.hour = Some(this_hour);
        rhythm.n_in_hour = in_hour(this_hour);
        return;
    }
    let mut n_in_hour = before.n_in_hour.saturating_add(in_hour(hour));
    for ended in hour..this_hour {
        count_hour(rhythm, ended, n_in_hour);
        n_in_hour = in_hour(ended + 1);
    }
    rhythm.hour = Some(this_hour);
    rhythm.n_in_hour = n_in_hour;
}

fn count_hour(rhythm: &mut Rhythm, hour: i64, n_items: u32) {
    if rhythm.busy.len() != HOURS {
        rhythm.busy = vec![0; HOURS];
    }
    let n_weeks = (rhythm.n_hours / HOURS as u32 + 1).min(MEMORY_WEEKS);
    let busy = &mut rhythm.busy[hour_of_week(hour)];
    let target = if n_items > 0 {
        f64::from(u16::MAX)
    } else {
        0.0
    };
    let moved = f64::from(*busy) + (target - f64::from(*busy)) / f64::from(n_weeks);
    *busy = u16::try_from(whole(moved)).unwrap_or(u16::MAX);
    if n_items > 0 {
        rhythm.n_busy_hours = rhythm.n_busy_hours.saturating_add(1);
        let n = f64::from(rhythm.n_busy_hours.min(MEMORY_WEEKS * 24));
        let mean = f64::from(rhythm.items_per_busy_hour_milli);
        let moved = mean + (f64::from(n_items) * 1_000.0 - mean) / n;
        rhythm.items_per_busy_hour_milli = milli(moved / 1_000.0);
    }
    rhythm.n_hours = rhythm.n_hours.saturating_add(1);
    if rhythm.n_hours.is_multiple_of(HOURS as u32) {
        // One odd week is forgiven in the end.
        rhythm.longest_quiet_milli -= rhythm.longest_quiet_milli / 10;
    }
}

fn is_trained(rhythm: &Rhythm) -> bool {
    rhythm.n_hours >= TRAINED_HOURS && rhythm.n_busy_hours >= TRAINED_BUSY_HOURS
}

/// The surprise from which on quiet is silence.
fn limit(rhythm: &Rhythm) -> f64 {
    let longest = f64::from(rhythm.longest_quiet_milli) / 1_000.0;
    SILENT_SURPRISE.max(TIMES_LONGEST_QUIET * longest)
}

/// How surprising it is that nothing came between two moments.
fn surprise(rhythm: &Rhythm, from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    let n_weeks = (f64::from(rhythm.n_hours) / HOURS as f64).clamp(1.0, f64::from(MEMORY_WEEKS));
    over_hours(from, to, |hour| {
        // "Always so far" after two weeks is less than "always" after six.
        -(1.0 - share(rhythm, hour) * n_weeks / (n_weeks + 0.5)).ln()
    })
}

/// In which share of the weeks this hour of the week brings something. The hours beside it
/// count as well: people are not punctual.
fn share(rhythm: &Rhythm, hour: usize) -> f64 {
    let at = |hour: usize| {
        let busy = rhythm.busy.get(hour % HOURS).copied().unwrap_or(0);
        f64::from(busy) / f64::from(u16::MAX)
    };
    0.25 * at(hour + HOURS - 1) + 0.5 * at(hour) + 0.25 * at(hour + 1)
}

/// The sum of a figure of the hour of the week over the hours between two moments.
fn over_hours(from: DateTime<Utc>, to: DateTime<Utc>, figure: impl Fn(usize) -> f64) -> f64 {
    let earliest = to - TimeDelta::hours(LONGEST_LOOK_HOURS);
    let (from, to) = (from.max(earliest).timestamp(), to.timestamp());
    let mut sum = 0.0;
    let mut at = from;
    while at < to {
        let hour = at.div_euclid(HOUR_SECS);
        let end = ((hour + 1) * HOUR_SECS).min(to);
        sum += figure(hour_of_week(hour)) * (end - at) as f64 / HOUR_SECS as f64;
        at = end;
    }
    sum
}

fn hour_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(HOUR_SECS)
}

fn hour_of_week(hour: i64) -> usize {
    usize::try_from((hour + FIRST_HOUR).rem_euclid(HOURS as i64)).unwrap_or(0)
}

fn milli(value: f64) -> u32 {
    whole(value * 1_000.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "never negative, and a float that is too large saturates"
)]
fn whole(value: f64) -> u32 {
    value.round() as u32
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};

    use super::*;

    /// Monday, 2026-03-02 00:00 UTC.
    fn monday() -> DateTime<Utc> {
        "2026-03-02T00:00:00Z".parse().expect("a time")
    }

    /// What happened to a source that was polled every `poll_mins` for some weeks.
    struct Weeks {
        rhythm: Rhythm,
        fell_silent: Vec<DateTime<Utc>>,
        spoke_again: Vec<DateTime<Utc>>,
    }

    /// Runs a source whose chance of an item in a minute is given by the hour of the week.
    fn simulate(
        seed: u64,
        n_weeks: i64,
        poll_mins: i64,
        per_hour: impl Fn(i64) -> f64,
        burst: usize,
    ) -> Weeks {
        let mut random = StdRng::seed_from_u64(seed);
        let mut weeks = Weeks {
            rhythm: Rhythm::default(),
            fell_silent: Vec::new(),
            spoke_again: Vec::new(),
        };
        let mut arrivals = Vec::new();
        for minute in 0..n_weeks * 7 * 24 * 60 {
            let now = monday() + TimeDelta::minutes(minute);
            if random.random_bool((per_hour(minute / 60) / 60.0).clamp(0.0, 1.0)) {
                arrivals.extend(vec![now; burst]);
            }
            if minute % poll_mins == 0 {
                let (rhythm, voice) = learn(&weeks.rhythm, &arrivals, now);
                arrivals.clear();
                weeks.rhythm = rhythm;
                match voice {
                    Voice::Usual => (),
                    Voice::FellSilent(_) => weeks.fell_silent.push(now),
                    Voice::SpeaksAgain(_) => weeks.spoke_again.push(now),
                }
            }
        }
        weeks
    }

    /// Working days from eight to eighteen.
    fn office(hour: i64) -> bool {
        hour % 168 < 120 && (8..18).contains(&(hour % 24))
    }

    const WEEK: i64 = 168;

    #[test]
    fn nights_and_weekends_do_not_alarm_in_half_a_year() {
        for seed in 0..6 {
            let weeks = simulate(seed, 26, 15, |hour| if office(hour) { 3.0 } else { 0.0 }, 1);
            assert!(
                weeks.fell_silent.is_empty(),
                "seed {seed}: {:?}",
                weeks.fell_silent
            );
        }
    }

    #[test]
    fn round_the_clock_and_in_bursts_it_does_not_alarm_either() {
        for seed in 0..4 {
            let weeks = simulate(seed, 20, 15, |_| 2.0, 1);
            assert!(
                weeks.fell_silent.is_empty(),
                "steady, seed {seed}: {:?}",
                weeks.fell_silent
            );
            let weeks = simulate(seed, 20, 15, |_| 0.2, 25);
            assert!(
                weeks.fell_silent.is_empty(),
                "bursts, seed {seed}: {:?}",
                weeks.fell_silent
            );
        }
    }

    #[test]
    fn a_rare_source_never_alarms() {
        for seed in 0..6 {
            let once_in_ten_days = |_| 1.0 / 240.0;
            let weeks = simulate(seed, 52, 60, once_in_ten_days, 1);
            assert!(
                weeks.fell_silent.is_empty(),
                "seed {seed}: {:?}",
                weeks.fell_silent
            );
        }
    }

    #[test]
    fn a_broken_source_alarms_once_and_once_more_when_it_recovers() {
        for seed in 0..6 {
            // Broken from Wednesday noon of the seventh week until Monday noon of the ninth.
            let broken = 6 * WEEK + 60..8 * WEEK + 12;
            let rate = |hour: i64| {
                if office(hour) && !broken.contains(&hour) {
                    3.0
                } else {
                    0.0
                }
            };
            let weeks = simulate(seed, 12, 15, rate, 1);
            assert_eq!(weeks.fell_silent.len(), 1, "seed {seed}");
            assert_eq!(weeks.spoke_again.len(), 1, "seed {seed}");
            let noticed = weeks.fell_silent[0] - (monday() + TimeDelta::hours(broken.start));
            assert!(
                noticed <= TimeDelta::hours(30),
                "seed {seed}: noticed after {noticed}"
            );
            let again = weeks.spoke_again[0] - (monday() + TimeDelta::hours(broken.end));
            assert!(again <= TimeDelta::hours(6), "seed {seed}: {again}");
            assert_eq!(weeks.rhythm.silent_since, None);
        }
    }

    #[test]
    fn the_rhythm_is_learned_hour_by_hour_and_stays_small() {
        let weeks = simulate(1, 8, 10, |hour| if office(hour) { 4.0 } else { 0.0 }, 1);
        let usual = usual_per_week(&weeks.rhythm).expect("eight weeks are enough");
        assert!((160..=240).contains(&usual), "{usual} instead of 200");
        let at = |hours: i64| monday() + TimeDelta::hours(8 * WEEK + hours);
        let expected =
            |from, to| expected_items(&weeks.rhythm, at(from), at(to)).expect("eight weeks");
        assert!((30.0..50.0).contains(&expected(0, 24)), "Monday");
        assert!(expected(24 * 5 + 2, 24 * 7 - 2) < 1.0, "the weekend");
        assert!(expected(20, 24) < 0.5, "the evening");
        let json = serde_json::to_string(&weeks.rhythm).expect("plain data");
        assert!(json.len() < 1_500, "{} bytes", json.len());
    }

    #[test]
    fn nothing_is_said_before_two_weeks_and_nothing_learned_unwatched() {
        // It breaks after ten days, too early to know.
        let weeks = simulate(3, 3, 15, |hour| if hour < 240 { 5.0 } else { 0.0 }, 1);
        let first = weeks.fell_silent.first();
        assert!(
            first.is_none_or(|at| *at >= monday() + TimeDelta::hours(2 * WEEK)),
            "{first:?}"
        );
        let (started, _) = learn(&Rhythm::default(), &[], monday());
        let (later, _) = learn(&started, &[], monday() + TimeDelta::days(9));
        assert_eq!(later.n_hours, 0, "nobody watched those nine days");
        assert_eq!(expected_items(&later, monday(), monday()), None);
        assert_eq!(usual_per_week(&later), None);
    }

    #[test]
    fn odd_times_do_no_harm() {
        let far = monday() + TimeDelta::days(40_000);
        let (rhythm, _) = learn(&Rhythm::default(), &[far], monday());
        assert_eq!(rhythm.last_item_at, Some(monday()));
        let next = monday() + TimeDelta::hours(1);
        let (rhythm, _) = learn(&rhythm, &[DateTime::UNIX_EPOCH, far], next);
        assert_eq!((rhythm.n_hours, rhythm.n_busy_hours), (1, 1));
        // A clock that is set back starts the watch again.
        let (rhythm, voice) = learn(&rhythm, &[], monday() - TimeDelta::days(3));
        assert_eq!((rhythm.n_hours, voice), (1, Voice::Usual));
    }
}
