//! Whether an answer follows on the last one or leaves a gap in which items may have been
//! missed. Pure: identity keys and times come in, a verdict goes out.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{Seen, mark};

/// An answer shorter than this says nothing by being all new: a page with the latest post
/// only is all new with every post.
const TELLING_ITEMS: usize = 5;

/// Sites show an item up to so long after its own time.
const LATEST_SHOWN: TimeDelta = TimeDelta::hours(2);

/// What the comparison needs of one item.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Its identity keys.
    pub keys: &'a [String],
    /// Its own time.
    pub published_at: Option<DateTime<Utc>>,
}

/// A time of which items may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Up to here everything was read.
    pub from: DateTime<Utc>,
    /// From here on everything was read.
    pub to: DateTime<Utc>,
}

/// Which entries were not in the answer before.
pub fn are_new(before: &Seen, entries: &[Entry<'_>]) -> Vec<bool> {
    let marks = before.marks();
    entries
        .iter()
        .map(|entry| !entry.keys.iter().any(|key| marks.contains(&mark(key))))
        .collect()
}

/// The time of which items may be missing, given the answer before, the last good poll and
/// how many items were to be expected since. All must be new, and as many as the site ever
/// shows: a shorter answer ends because there is no more.
pub fn missed(
    before: &Seen,
    entries: &[Entry<'_>],
    last_ok_at: Option<DateTime<Utc>>,
    n_expected: Option<f64>,
    now: DateTime<Utc>,
) -> Option<Missed> {
    let n_items = entries.len();
    let is_window_full = n_items > 0 && n_items >= before.window_items as usize;
    if before.is_empty() || !is_window_full || !are_new(before, entries).iter().all(|new| *new) {
        return None;
    }
    if n_items < TELLING_ITEMS && n_expected.is_none_or(|expected| expected < n_items as f64) {
        return None;
    }
    // What was newest then; but nothing older than the last poll is in doubt for long. A
    // date in the future is no date.
    let newest_known = before.newest_at.filter(|at| *at <= now);
    let shown_by_then = last_ok_at.map(|at| at - LATEST_SHOWN);
    let from = match newest_known {
        Some(newest) => Some(newest).max(shown_by_then),
        None => last_ok_at,
    }?;
    let oldest = entries.iter().filter_map(|entry| entry.published_at).min();
    let to = oldest.unwrap_or(now).min(now);
    // Items from before the last answer prove that the times overlap: the site has only
    // changed its ids or its order.
    (to > from).then_some(Missed { from, to })
}

/// What to remember of an answer. `first_page` is how many of its entries came without
/// reading further back.
pub fn remember(before: &Seen, entries: &[Entry<'_>], first_page: usize) -> Seen {
    if entries.is_empty() {
        // An empty answer follows on everything; what was known is still known.
        return before.clone();
    }
    let keys = entries
        .iter()
        .flat_map(|entry| entry.keys)
        .map(String::as_str);
    // A site that shows less from now on is believed after some answers.
    let shown_before = before.window_items - before.window_items.div_ceil(8);
    let shown_now = u32::try_from(first_page).unwrap_or(u32::MAX);
    Seen::of(
        keys,
        shown_now.max(shown_before),
        entries.iter().filter_map(|entry| entry.published_at).max(),
    )
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().expect("a time")
    }

    /// Items by number; the number is also how many minutes before noon they were
    /// published, negative ones after it.
    fn items(numbers: impl IntoIterator<Item = i64>) -> Vec<(Vec<String>, Option<DateTime<Utc>>)> {
        numbers
            .into_iter()
            .map(|number| {
                let keys = vec![format!("native {number}"), format!("link {number}")];
                (keys, Some(noon() - TimeDelta::minutes(number)))
            })
            .collect()
    }

    fn entries(items: &[(Vec<String>, Option<DateTime<Utc>>)]) -> Vec<Entry<'_>> {
        items
            .iter()
            .map(|(keys, published_at)| Entry {
                keys,
                published_at: *published_at,
            })
            .collect()
    }

    /// Compares an answer at one o'clock with one at noon.
    #[track_caller]
    fn check(
        before: &[(Vec<String>, Option<DateTime<Utc>>)],
        after: &[(Vec<String>, Option<DateTime<Utc>>)],
        n_expected: Option<f64>,
        expected: Option<(i64, i64)>,
    ) {
        let seen = remember(&Seen::default(), &entries(before), before.len());
        let now = noon() + TimeDelta::hours(1);
        let actual = missed(&seen, &entries(after), Some(noon()), n_expected, now);
        let expected = expected.map(|(from, to)| Missed {
            from: noon() - TimeDelta::minutes(from),
            to: noon() - TimeDelta::minutes(to),
        });
        assert_eq!(actual, expected);
    }

    #[test]
    fn a_window_full_of_news_is_a_gap_between_the_newest_known_and_the_oldest_new() {
        check(&items(0..10), &items(-30..-20), None, Some((0, -21)));
        check(&items(3..13), &items(-30..-15), None, Some((3, -16)));
        check(
            &items(9_000..9_010),
            &items(-30..-20),
            None,
            Some((120, -21)),
        );
    }

    #[test]
    fn one_known_item_closes_it() {
        check(&items(0..10), &items(-9..1), None, None);
        check(&items(0..10), &items((-30..-20).chain([5])), None, None);
    }

    #[test]
    fn an_answer_that_is_not_full_ends_because_there_is_no_more() {
        check(&items(0..10), &items(-30..-22), None, None);
        check(&items(0..10), &[], None, None);
        check(&[], &items(-30..-20), None, None);
    }

    #[test]
    fn times_that_overlap_are_no_gap_although_every_id_has_changed() {
        let mut renamed = items(0..10);
        for (keys, _) in &mut renamed {
            *keys = vec![format!("other {}", keys[0])];
        }
        check(&items(0..10), &renamed, None, None);
    }

    #[test]
    fn a_page_with_the_latest_only_needs_more_than_its_length_to_be_expected() {
        check(&items([0]), &items([-20]), None, None);
        check(&items([0]), &items([-20]), Some(0.4), None);
        check(&items([0]), &items([-20]), Some(6.0), Some((0, -20)));
    }

    #[test]
    fn without_times_the_whole_time_between_the_polls_is_in_doubt() {
        let undated = |numbers| {
            let mut items = items(numbers);
            items.iter_mut().for_each(|(_, at)| *at = None);
            items
        };
        check(&undated(0..10), &undated(-30..-20), None, Some((0, -60)));
        check(&items(0..10), &undated(-30..-20), None, Some((0, -60)));
    }

    #[test]
    fn a_site_that_shows_less_is_believed_in_the_end() {
        let mut seen = remember(&Seen::default(), &entries(&items(0..40)), 40);
        assert_eq!(seen.window_items, 40);
        for _ in 0..20 {
            seen = remember(&seen, &entries(&items(0..10)), 10);
        }
        assert_eq!(seen.window_items, 10);
        assert_eq!(remember(&seen, &[], 0), seen);
    }
}
