//! What an answer says about its source rather than about brands: which items are new,
//! whether some may have been missed, how often it publishes and whether it has fallen
//! silent. Pure.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::dedupe::Identity;
use crate::domain::{Gap, Item, Rhythm, Seen, SourceStatus};
use crate::fetch::{
    Entry, Missed, Voice, are_new, expected_items, learn, missed, remember, usual_per_week,
};

/// Gaps remembered of a source.
const N_GAPS: usize = 5;

/// The items of an answer with their identities, in order.
#[derive(Clone, Copy)]
pub(super) struct Heard<'a> {
    pub(super) items: &'a [Item],
    pub(super) identities: &'a [Identity],
}

impl<'a> Heard<'a> {
    fn entries(self) -> Vec<Entry<'a>> {
        self.items
            .iter()
            .zip(self.identities)
            .map(|(item, identity)| Entry {
                keys: &identity.keys,
                published_at: item.published_at,
            })
            .collect()
    }

    /// The time of which items may be missing when nothing further back is read.
    pub(super) fn missed(self, before: &SourceStatus, now: DateTime<Utc>) -> Option<Missed> {
        let last_ok_at = before.health.last_ok_at;
        let n_expected = last_ok_at.and_then(|at| expected_items(&before.rhythm, at, now));
        missed(
            &before.cursor.seen,
            &self.entries(),
            last_ok_at,
            n_expected,
            now,
        )
    }

    /// Whether these items, further back than the others, reach what was read before.
    pub(super) fn reaches(self, before: &SourceStatus, missed: Missed) -> bool {
        let entries = self.entries();
        let is_known = |is_new: &bool| !is_new;
        are_new(&before.cursor.seen, &entries).iter().any(is_known)
            || entries
                .iter()
                .any(|entry| entry.published_at.is_some_and(|at| at <= missed.from))
    }

    /// When the items came that were not in the answer before.
    fn arrivals(self, before: &SourceStatus, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let seen = &before.cursor.seen;
        if seen.is_empty() && before.rhythm.hour.is_some() {
            // There is nothing to compare with, and the clock runs already.
            return Vec::new();
        }
        let entries = self.entries();
        are_new(seen, &entries)
            .into_iter()
            .zip(&entries)
            .filter(|(is_new, _)| *is_new)
            .map(|(_, entry)| entry.published_at.unwrap_or(now).min(now))
            .collect()
    }
}

/// What there is to tell about a source after a good poll.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// It fell silent or speaks again.
    pub(super) voice: Option<Voice>,
    /// A time of which items may be missing.
    pub(super) gap: Option<Gap>,
}

/// Takes over what an answer says about its source. `n_first_page` of the items came
/// without reading further back, `n_pages` pages were read behind them.
pub(super) fn watch(
    before: &SourceStatus,
    after: &mut SourceStatus,
    heard: Heard<'_>,
    (n_first_page, n_pages): (usize, u32),
    now: DateTime<Utc>,
) -> News {
    let gap = heard.missed(before, now).map(|missed| Gap {
        from: missed.from,
        to: missed.to,
        noticed_at: now,
        n_pages,
    });
    let gaps = &mut after.health.gaps;
    gaps.extend(gap.clone());
    gaps.drain(..gaps.len().saturating_sub(N_GAPS));
    let arrivals = heard.arrivals(before, now);
    let voice = listen(before, after, &arrivals, now);
    let seen: Seen = remember(&before.cursor.seen, &heard.entries(), n_first_page);
    after.cursor.seen = seen;
    News { voice, gap }
}

/// The same when the site says that nothing has changed.
pub(super) fn watch_unchanged(
    before: &SourceStatus,
    after: &mut SourceStatus,
    now: DateTime<Utc>,
) -> News {
    News {
        voice: listen(before, after, &[], now),
        gap: None,
    }
}

fn listen(
    before: &SourceStatus,
    after: &mut SourceStatus,
    arrivals: &[DateTime<Utc>],
    now: DateTime<Utc>,
) -> Option<Voice> {
    let (rhythm, voice) = learn(&before.rhythm, arrivals, now);
    after.health.silent_since = rhythm.silent_since;
    after.health.usual_per_week = usual_per_week(&rhythm);
    after.rhythm = rhythm;
    (voice != Voice::Usual).then_some(voice)
}

/// How often a source is asked: its own interval, or what its rhythm makes of it.
pub(super) fn interval(
    every: Duration,
    adaptive: Option<Duration>,
    rhythm: &Rhythm,
    now: DateTime<Utc>,
) -> Duration {
    adaptive.map_or(every, |slowest| {
        crate::fetch::adapted(every, slowest, rhythm, now)
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::dedupe::identify;
    use crate::domain::{Kind, SourceName};

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().expect("a time")
    }

    fn items(numbers: std::ops::Range<i64>) -> Vec<Item> {
        numbers
            .map(|number| Item {
                native_id: Some(format!("post-{number}")),
                text: format!("This is the text of post number {number}"),
                published_at: Some(noon() + TimeDelta::minutes(number)),
                ..Item::empty("feed", Kind::Post)
            })
            .collect()
    }

    fn poll(before: &SourceStatus, items: &[Item], mins: i64) -> (SourceStatus, News) {
        let now = noon() + TimeDelta::minutes(mins);
        let identities = identify(&before.name, items, now);
        let heard = Heard {
            items,
            identities: &identities,
        };
        let mut after = before.clone();
        after.health.last_ok_at = Some(now);
        let news = watch(before, &mut after, heard, (items.len(), 2), now);
        (after, news)
    }

    #[test]
    fn a_gap_is_told_once_and_remembered() {
        let new = SourceStatus::new(SourceName::new("blog"));
        let (first, news) = poll(&new, &items(-30..0), 0);
        assert_eq!(
            news,
            News::default(),
            "the first poll has nothing before it"
        );
        let (second, news) = poll(&first, &items(-20..10), 10);
        assert_eq!(news, News::default(), "it follows on");
        let (third, news) = poll(&second, &items(100..130), 130);
        let gap = news.gap.expect("ninety posts are missing");
        assert_eq!(gap.from, noon() + TimeDelta::minutes(9));
        assert_eq!(gap.to, noon() + TimeDelta::minutes(100));
        assert_eq!((gap.n_pages, &third.health.gaps), (2, &vec![gap.clone()]));
        let (fourth, news) = poll(&third, &items(105..135), 140);
        assert_eq!((news.gap, fourth.health.gaps), (None, vec![gap]));
    }

    #[test]
    fn only_so_many_gaps_are_kept() {
        let mut status = SourceStatus::new(SourceName::new("blog"));
        for round in 0..20 {
            let start = round * 1_000;
            (status, _) = poll(&status, &items(start..start + 30), start + 30);
        }
        assert_eq!(status.health.gaps.len(), N_GAPS);
        let last = status.health.gaps.last().expect("five gaps");
        assert_eq!(last.to, noon() + TimeDelta::minutes(19_000));
    }

    #[test]
    fn what_was_known_of_a_source_before_it_was_watched_is_no_news() {
        let mut old = SourceStatus::new(SourceName::new("blog"));
        old.cursor.polled_before = true;
        old.health.last_ok_at = Some(noon());
        let (after, news) = poll(&old, &items(100..130), 130);
        assert_eq!(news, News::default());
        assert_eq!(
            after.rhythm.last_item_at,
            Some(noon() + TimeDelta::minutes(129))
        );
    }
}
