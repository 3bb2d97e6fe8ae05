//! Articles as the index of reprints knows them. Only what newspapers and blogs print is
//! ever sketched: what customers write stays out, so that no index can merge two of them.

use chrono::{DateTime, Utc};

use super::{LONG_TEXT_WORDS, Marks, folded};
use crate::domain::{
    ArticlePrint, Byline, Kind, Mention, MentionId, SHINGLE_WORDS, Sketch, SourceName, StoryId,
    hex_digest,
};

/// The print of an item; none for what is no article or too short to be a reprint.
pub(super) fn of(
    marks: &Marks<'_>,
    source: &SourceName,
    id: &MentionId,
    story: &StoryId,
    seen_at: DateTime<Utc>,
) -> Option<ArticlePrint> {
    if marks.item.kind != Kind::Article || marks.n_words < LONG_TEXT_WORDS {
        return None;
    }
    // The body alone where it is long enough: headlines are rewritten, bodies reprinted.
    let body = folded(&marks.item.text);
    let has_long_body = body.split(' ').nth(LONG_TEXT_WORDS - 1).is_some();
    let text = if has_long_body { &body } else { &marks.text };
    Some(ArticlePrint {
        id: id.clone(),
        story: story.clone(),
        source: source.clone(),
        site: marks
            .url
            .as_deref()
            .and_then(|url| url.split('/').nth(2))
            .map(str::to_owned),
        byline: marks.author.as_deref().map(|author| Byline {
            digest: hex_digest("byline", &[author]),
            is_account: marks.has_account,
        }),
        posted: Mention::clock_start(marks.item, seen_at).0,
        sketch: Sketch::of(&shingles(text))?,
    })
}

/// The hashes of every few words in a row. FNV-1a: the index needs hashes that are the same
/// tomorrow, not ones that nobody can make collide.
fn shingles(text: &str) -> Vec<u64> {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    words
        .windows(SHINGLE_WORDS)
        .map(|shingle| {
            let mut hash = 0xcbf2_9ce4_8422_2325_u64;
            for byte in shingle.iter().flat_map(|word| word.bytes().chain([b' '])) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            // The high bits of FNV are its weak ones, and the sketch lives on those.
            hash ^= hash >> 33;
            hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
            hash ^ (hash >> 33)
        })
        .collect()
}
