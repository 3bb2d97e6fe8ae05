//! A text reduced to what its reprints share: the smallest hashes of its word shingles
//! (MinHash). Two sketches say how much of the words two texts have in common without
//! either text at hand. Plain data and arithmetic; how a text is cut is `dedupe`'s affair.

use serde::{Deserialize, Serialize};

/// Words in one shingle. Three in a row are seldom the same by chance, and a changed word
/// spoils only three of them.
pub const SHINGLE_WORDS: usize = 3;
/// Bands of the index. With [`ROWS`] hashes in each, two texts that share half of their
/// shingles meet in at least one band with a probability of 0.986, those that share two
/// thirds always but once in a hundred thousand.
const BANDS: usize = 32;
/// Hashes in one band.
const ROWS: usize = 3;
/// Texts of no more shingles keep all of them, so that the words that two short texts have
/// in common are counted; in longer ones the estimate is far above any threshold.
const COUNTED_SHINGLES: usize = 256;

/// The sketch of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    /// The smallest hash under each permutation.
    mins: Vec<u32>,
    /// How many different shingles the text has.
    n_shingles: usize,
    /// All of them, sorted, when the text is short.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shingles: Vec<u32>,
}

impl Sketch {
    /// Sketches a text from the 64-bit hashes of its shingles; `None` for a text without any.
    pub fn of(hashes: &[u64]) -> Option<Self> {
        let mut hashes = hashes.to_vec();
        hashes.sort_unstable();
        hashes.dedup();
        if hashes.is_empty() {
            return None;
        }
        let mins = (0..BANDS * ROWS)
            .map(|place| {
                let (factor, addend) = permutation(place as u64);
                hashes
                    .iter()
                    .map(|hash| (hash.wrapping_mul(factor).wrapping_add(addend) >> 32) as u32)
                    .min()
                    .unwrap_or(u32::MAX)
            })
            .collect();
        let mut shingles = Vec::new();
        if hashes.len() <= COUNTED_SHINGLES {
            shingles.extend(hashes.iter().map(|hash| (hash >> 32) as u32));
            shingles.sort_unstable();
            shingles.dedup();
        }
        Some(Self {
            mins,
            n_shingles: hashes.len(),
            shingles,
        })
    }

    /// Where the sketch stands in an index: texts that are alike share at least one of these.
    pub fn bands(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        self.mins
            .chunks(ROWS)
            .take(BANDS)
            .enumerate()
            .map(|(place, rows)| {
                let mut key = vec![place as u8];
                key.extend(rows.iter().flat_map(|row| row.to_be_bytes()));
                key
            })
    }

    /// How much two texts have in common.
    pub fn overlap(&self, other: &Self) -> Overlap {
        let n_both = self.n_shingles + other.n_shingles;
        if !self.shingles.is_empty() && !other.shingles.is_empty() {
            let n_common = n_in_both(&self.shingles, &other.shingles);
            let n_any = self.shingles.len() + other.shingles.len() - n_common;
            return Overlap::of(n_common as f64 / n_any.max(1) as f64, n_common);
        }
        let n_equal = self
            .mins
            .iter()
            .zip(&other.mins)
            .filter(|(left, right)| left == right)
            .count();
        let similarity = n_equal as f64 / self.mins.len().max(1) as f64;
        let n_common = similarity / (1.0 + similarity) * n_both as f64;
        Overlap::of(similarity, n_common.round() as usize)
    }
}

/// What two texts have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
    /// Shared shingles as a share of all, from 0 to 1.
    pub similarity: f64,
    /// Words of common text: exact for short texts, estimated for long ones.
    pub n_words: usize,
}

impl Overlap {
    fn of(similarity: f64, n_common_shingles: usize) -> Self {
        let n_words = match n_common_shingles {
            0 => 0,
            n => n + SHINGLE_WORDS - 1,
        };
        Self {
            similarity,
            n_words,
        }
    }
}

/// How many values two sorted lists share.
fn n_in_both(left: &[u32], right: &[u32]) -> usize {
    left.iter()
        .filter(|value| right.binary_search(value).is_ok())
        .count()
}

/// The factor (odd, so that nothing is lost) and the addend of one permutation: the
/// SplitMix64 sequence, which gives the same numbers on every machine and for ever.
fn permutation(place: u64) -> (u64, u64) {
    let mix = |n: u64| {
        let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (mix(2 * place + 1) | 1, mix(2 * place + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `n` made-up shingles from `from` on.
    fn sketch(from: u64, n: u64) -> Sketch {
        let hashes: Vec<u64> = (from..from + n).map(|n| permutation(n + 1_000).1).collect();
        Sketch::of(&hashes).expect("there are shingles")
    }

    #[test]
    fn equal_texts_are_wholly_alike_and_foreign_ones_not() {
        let text = sketch(0, 100);
        assert_eq!(text.overlap(&text).similarity, 1.0);
        assert_eq!(text.overlap(&text).n_words, 102);
        let foreign = sketch(5_000, 100);
        assert_eq!(text.overlap(&foreign).n_words, 0);
        assert!(Sketch::of(&[]).is_none());
    }

    #[test]
    fn short_texts_are_counted_and_long_ones_estimated() {
        // 60 of 140 shingles are common.
        let overlap = sketch(0, 100).overlap(&sketch(40, 100));
        assert_eq!(overlap.n_words, 62);
        assert!((overlap.similarity - 60.0 / 140.0).abs() < 1e-9);
        // 600 of 1,400.
        let overlap = sketch(0, 1_000).overlap(&sketch(400, 1_000));
        assert!((overlap.similarity - 0.43).abs() < 0.15, "{overlap:?}");
        assert!((350..800).contains(&overlap.n_words), "{overlap:?}");
    }

    #[test]
    fn texts_that_are_half_alike_meet_in_a_band() {
        let mut n_met = 0;
        for round in 0..100 {
            let from = round * 10_000;
            let (left, right) = (sketch(from, 200), sketch(from + 66, 200));
            let bands: Vec<Vec<u8>> = left.bands().collect();
            n_met += usize::from(right.bands().any(|band| bands.contains(&band)));
        }
        assert!(n_met >= 95, "{n_met} of 100 met");
    }
}
