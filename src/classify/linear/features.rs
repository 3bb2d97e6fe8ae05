//! A text as hashed features: character 2–5-grams inside its words and word 1–2-grams.
//! Hashing needs no vocabulary, so no script and no spelling is left out.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::classify::prepare;
use crate::domain::Kind;

/// Buckets that features are hashed into, a power of two.
pub(super) const N_BUCKETS: usize = 1 << 19;
/// The longest character n-gram.
const LONGEST_GRAM: usize = 5;
/// A longer text says no more about how it is meant.
const MAX_CHARS: usize = 4_000;

/// Where the two blocks of a text's features are; within a block all have one value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    /// Buckets of the character n-grams, each once, ascending.
    pub grams: Vec<u32>,
    /// Buckets of words and word pairs, each once, ascending.
    pub words: Vec<u32>,
}

impl Features {
    /// The features of a text. `kind` is crossed with the words, because "3 stars" says
    /// in a review what it does not say in a post.
    pub fn of(text: &str, kind: Kind) -> Self {
        let text = fold(text);
        let mut grams = Vec::new();
        let mut padded = Vec::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            padded.clear();
            padded.push(' ');
            padded.extend(word.chars());
            padded.push(' ');
            for start in 0..padded.len() {
                let longest = LONGEST_GRAM.min(padded.len() - start);
                let mut hash = Hash::new(1);
                for (place, &letter) in padded[start..start + longest].iter().enumerate() {
                    hash.add(letter as u32);
                    if place > 0 {
                        grams.push(hash.bucket());
                    }
                }
            }
        }
        let review = u32::from(kind == Kind::Review);
        let mut words = Vec::new();
        let mut before: Option<&str> = None;
        for word in text.split_word_bounds().filter(|word| *word != " ") {
            words.push(Hash::new(2).text(word).bucket());
            words.push(Hash::new(3 + review).text(word).bucket());
            let pair = Hash::new(5).text(before.unwrap_or("")).text(word);
            words.push(pair.bucket());
            before = Some(word);
        }
        Self {
            grams: once(grams),
            words: once(words),
        }
    }

    /// Every bucket with its value: the blocks have length one each.
    pub fn values(&self) -> impl Iterator<Item = (usize, f32)> {
        let value = |block: &[u32]| 1.0 / (block.len().max(1) as f32).sqrt();
        let (of_grams, of_words) = (value(&self.grams), value(&self.words));
        let grams = self.grams.iter().map(move |&b| (b as usize, of_grams));
        let words = self.words.iter().map(move |&b| (b as usize, of_words));
        grams.chain(words)
    }
}

fn once(mut buckets: Vec<u32>) -> Vec<u32> {
    buckets.sort_unstable();
    buckets.dedup();
    buckets
}

/// Prepared as for the transformer, in small letters, digits alike, and letters that are
/// drawn out (sooooo) cut to three.
fn fold(text: &str) -> String {
    let head = match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => &text[..end],
        None => text,
    };
    let mut folded = String::with_capacity(head.len());
    let (mut last, mut n_same) = ('\0', 0);
    for letter in prepare(head).chars() {
        let small = match letter {
            // Many write Turkish without its dotless i: both spellings have to meet.
            'İ' | 'I' | 'ı' => 'i',
            _ if letter.is_numeric() => '0',
            _ => letter.to_lowercase().next().unwrap_or(letter),
        };
        n_same = if small == last { n_same + 1 } else { 1 };
        last = small;
        if n_same <= 3 {
            folded.push(small);
        }
    }
    folded
}

/// FNV-1a over code points, mixed at the end so that the low bits are good ones.
#[derive(Clone, Copy)]
struct Hash(u64);

impl Hash {
    fn new(block: u32) -> Self {
        let mut hash = Self(0xcbf2_9ce4_8422_2325);
        hash.add(block);
        hash
    }

    fn add(&mut self, value: u32) {
        self.0 = (self.0 ^ u64::from(value)).wrapping_mul(0x0100_0000_01b3);
    }

    fn text(mut self, text: &str) -> Self {
        for letter in text.chars() {
            self.add(letter as u32);
        }
        self.add(u32::MAX);
        self
    }

    fn bucket(self) -> u32 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 45) as u32 & (N_BUCKETS as u32 - 1)
    }
}
