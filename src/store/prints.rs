//! The index of reprints: which articles of the last days a new one repeats. A story is
//! given out here, atomically and before anything is judged, so that two sources that find
//! the same article at the same moment still make one story and one alert.
//!
//! An entry without a mention (the program died in between) does no harm: the same item
//! gets the same story again, and the entry goes away with its time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError, keys,
    tables::{Change, View, get, put, put_bytes, text},
};
use crate::domain::{ArticlePrint, MentionId, REPRINTED_WITHIN, StoryId};

pub(super) const TABLE: &str = "prints";
pub(super) const BANDS: &str = "print_bands";

/// Articles placed in one transaction; each touches the rows of 32 bands.
const N_PER_TRANSACTION: usize = 16;
/// Outdated articles that one placement takes out of the index, so that it cleans itself.
const N_EXPIRED_AT_ONCE: usize = 64;
/// A band that more articles share tells nothing (a footer, an empty template); the newest
/// are kept.
const MOST_IN_BAND: usize = 64;

/// An article in the index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PrintRow {
    pub(super) print: ArticlePrint,
    /// When it leaves the index.
    pub(super) until: DateTime<Utc>,
}

impl PrintRow {
    pub(super) fn time_key(&self) -> Vec<u8> {
        keys::timed(self.until, self.print.id.as_str())
    }
}

impl Store {
    /// The story of each article: that of an earlier article which it reprints, or the one
    /// that it brings. Placed twice, it keeps the story it was given first.
    pub fn place_articles(
        &self,
        prints: &[ArticlePrint],
        now: DateTime<Utc>,
    ) -> Result<Vec<StoryId>, StoreError> {
        self.in_parts(prints, now, |view, print| {
            let story = match get::<PrintRow>(&view.prints, TABLE, print.id.as_str())? {
                Some(row) => row.print.story,
                None => match original_of(view, print, now)? {
                    Some(original) => original.story,
                    None => print.story.clone(),
                },
            };
            let placed = ArticlePrint {
                story: story.clone(),
                ..print.clone()
            };
            put_print(view, placed, now)?;
            Ok(story)
        })
    }

    /// Puts the new text of articles that were corrected into the index; each stays in the
    /// story that it brings.
    pub fn renew_articles(
        &self,
        prints: &[ArticlePrint],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.in_parts(prints, now, |view, print| {
            put_print(view, print.clone(), now)
        })
        .map(|_| ())
    }

    fn in_parts<A>(
        &self,
        prints: &[ArticlePrint],
        now: DateTime<Utc>,
        place: impl Fn(&View, &ArticlePrint) -> Change<A>,
    ) -> Result<Vec<A>, StoreError> {
        let mut placed = Vec::with_capacity(prints.len());
        for part in prints.chunks(N_PER_TRANSACTION) {
            let expired = self.expired_prints(now)?;
            placed.extend(self.transact(|view| {
                for id in &expired {
                    take_out_expired(view, id, now)?;
                }
                part.iter()
                    .map(|print| place(view, print))
                    .collect::<Change<Vec<A>>>()
            })?);
        }
        Ok(placed)
    }

    fn expired_prints(&self, now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
        self.tables()
            .prints_by_time
            .range(..keys::time(now).to_vec())
            .keys()
            .take(N_EXPIRED_AT_ONCE)
            .map(|key| Ok(text(keys::id_after(&key?, keys::TIME_BYTES))))
            .collect()
    }
}

/// The earliest article in the index that this one reprints.
fn original_of(
    view: &View,
    print: &ArticlePrint,
    now: DateTime<Utc>,
) -> Change<Option<ArticlePrint>> {
    let mut looked_at: Vec<MentionId> = Vec::new();
    let mut original: Option<ArticlePrint> = None;
    for band in print.sketch.bands() {
        for id in band_ids(view, &band)? {
            if id == print.id || looked_at.contains(&id) {
                continue;
            }
            let row: Option<PrintRow> = get(&view.prints, TABLE, id.as_str())?;
            looked_at.push(id);
            let Some(row) = row.filter(|row| row.until > now) else {
                continue;
            };
            let is_earlier = original
                .as_ref()
                .is_none_or(|known| (row.print.posted, &row.print.id) < (known.posted, &known.id));
            if is_earlier && print.is_reprint_of(&row.print) {
                original = Some(row.print);
            }
        }
    }
    Ok(original)
}

/// Writes an article with its entries; those of an earlier text are taken away.
fn put_print(view: &View, print: ArticlePrint, now: DateTime<Utc>) -> Change<()> {
    let old: Option<PrintRow> = get(&view.prints, TABLE, print.id.as_str())?;
    if old.as_ref().is_some_and(|old| old.print == print) {
        return Ok(());
    }
    if let Some(old) = &old {
        take_out(view, old)?;
    }
    let row = PrintRow {
        // The clock of the index runs from when we saw it: a first poll brings old articles
        // whose reprints come with the next source.
        until: now + REPRINTED_WITHIN,
        print,
    };
    for band in row.print.sketch.bands() {
        let mut ids = band_ids(view, &band)?;
        ids.push(row.print.id.clone());
        let n_too_many = ids.len().saturating_sub(MOST_IN_BAND);
        put(&view.print_bands, &band, &ids.split_off(n_too_many))?;
    }
    put_bytes(&view.prints_by_time, row.time_key(), Vec::new())?;
    put(&view.prints, row.print.id.as_str(), &row)
}

/// The row may have been renewed since it was found to be outdated.
fn take_out_expired(view: &View, id: &str, now: DateTime<Utc>) -> Change<()> {
    match get::<PrintRow>(&view.prints, TABLE, id)? {
        Some(row) if row.until <= now => take_out(view, &row),
        _ => Ok(()),
    }
}

fn take_out(view: &View, row: &PrintRow) -> Change<()> {
    for band in row.print.sketch.bands() {
        let mut ids = band_ids(view, &band)?;
        ids.retain(|id| *id != row.print.id);
        if ids.is_empty() {
            view.print_bands.remove(band)?;
        } else {
            put(&view.print_bands, &band, &ids)?;
        }
    }
    view.prints_by_time.remove(row.time_key())?;
    view.prints.remove(row.print.id.as_str())?;
    Ok(())
}

fn band_ids(view: &View, band: &[u8]) -> Change<Vec<MentionId>> {
    Ok(get(&view.print_bands, BANDS, band)?.unwrap_or_default())
}
