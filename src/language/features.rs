//! A text in Latin letters as hashed features: its words, and the runs of one to five
//! letters inside them. Hashing needs no vocabulary, and runs of letters survive the free
//! spelling of posts.

use unicode_normalization::UnicodeNormalization as _;

/// Buckets that features are hashed into, a power of two.
pub(super) const N_BUCKETS: usize = 1 << 16;
/// The longest run of letters.
const LONGEST_RUN: usize = 5;
/// A language shows in its first lines.
const MOST_WORDS: usize = 400;
/// What is longer is no word, or is written without blanks and long enough.
const MOST_LETTERS: usize = 32;

/// Where the two blocks of a text's features are; within a block all have one value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Features {
    /// Buckets of runs of letters, each once, ascending.
    pub(super) runs: Vec<u32>,
    /// Buckets of whole words, each once, ascending.
    pub(super) words: Vec<u32>,
}

impl Features {
    /// The features of the words that `words_of` found.
    pub(super) fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut runs, mut whole) = (Vec::new(), Vec::new());
        let mut padded = Vec::with_capacity(MOST_LETTERS + 2);
        for word in words {
            padded.clear();
            padded.push(' ');
            padded.extend(word.chars().take(MOST_LETTERS));
            padded.push(' ');
            for start in 0..padded.len() {
                let longest = LONGEST_RUN.min(padded.len() - start);
                let mut hash = Hash::new(1);
                for &letter in &padded[start..start + longest] {
                    hash.add(letter as u32);
                    runs.push(hash.bucket());
                }
            }
            let mut hash = Hash::new(2);
            padded.iter().for_each(|&letter| hash.add(letter as u32));
            whole.push(hash.bucket());
        }
        Self {
            runs: once(runs),
            words: once(whole),
        }
    }

    /// Both blocks, each with the value that gives it length one.
    pub(super) fn blocks(&self) -> [(&[u32], f32); 2] {
        let value = |block: &[u32]| 1.0 / (block.len().max(1) as f32).sqrt();
        [
            (&self.runs, value(&self.runs)),
            (&self.words, value(&self.words)),
        ]
    }
}

fn once(mut buckets: Vec<u32>) -> Vec<u32> {
    buckets.sort_unstable();
    buckets.dedup();
    buckets
}

/// The words of a text in small letters. Links, accounts, digits and signs say nothing of
/// the language; letters drawn out for feeling (`sooooo`) are cut to two.
pub(super) fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for written in text.split_whitespace().take(MOST_WORDS) {
        if is_address(written) {
            continue;
        }
        let mut word = String::new();
        let (mut last, mut n_same) = ('\0', 0);
        // NFKC turns letters that only look fancy (full width, mathematical) into plain ones.
        for letter in written.chars().take(8 * MOST_LETTERS).nfkc() {
            if is_unseen(letter) {
                continue;
            }
            if !letter.is_alphabetic() {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                (last, n_same) = ('\0', 0);
                continue;
            }
            // The lower case of İ is an i with a dot of its own, which no dictionary has.
            let small = if letter == 'İ' {
                'i'
            } else {
                letter.to_lowercase().next().unwrap_or(letter)
            };
            n_same = if small == last { n_same + 1 } else { 1 };
            last = small;
            if n_same <= 2 {
                word.push(small);
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

/// Links, mail addresses and accounts.
pub(super) fn is_address(word: &str) -> bool {
    let starts = |with: &str| {
        word.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    starts("http")
        || starts("www.")
        || word.contains("://")
        || word.starts_with('@')
        || (word.contains('@') && word.contains('.'))
}

/// Zero-width and soft signs that stand inside words without being seen.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
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

    fn bucket(self) -> u32 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 45) as u32 & (N_BUCKETS as u32 - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(words_of(text), expected, "{text:?}");
    }

    #[test]
    fn words_are_small_letters_without_addresses() {
        check("@acme Sooooo GOOD!! https://x.example/a", &["soo", "good"]);
        check("l'eau don't", &["l", "eau", "don", "t"]);
        check("İSTANBUL ısı", &["istanbul", "ısı"]);
        check("jo@example.org #Acme 24h", &["acme", "h"]);
        check("ｆｕｌｌ 𝗯𝗼𝗹𝗱 ba\u{200b}hut", &["full", "bold", "bahut"]);
        check("\u{0}\u{1}…😀", &[]);
    }

    #[test]
    fn features_stay_within_their_buckets() {
        let features = Features::of(["kargo", "gelmedi"]);
        assert_eq!(features.words.len(), 2);
        assert!(features.runs.len() > 40);
        assert!(features.runs.iter().all(|&b| (b as usize) < N_BUCKETS));
    }
}
