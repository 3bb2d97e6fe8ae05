//! A text cut into words: one `Field` per title or body, made once and asked by every
//! query. Words keep their place, what glues them to the word before, and their `@` or `#`.

use super::fold::{self, Folded, is_apostrophe, is_word_char};

/// How a word hangs on the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glue {
    /// Something that is no part of a word stands between, or nothing comes before.
    Apart,
    /// Only an apostrophe stands between: `Acme'nin`, `l'Acme`.
    Apostrophe,
    /// Nothing stands between but the script changes: `Acmeలో`.
    Script,
}

/// One word of a text.
#[derive(Debug)]
pub(super) struct Word {
    /// Its letters as they are compared.
    pub(super) folded: String,
    /// For every letter of `folded`, the character of the text that it came from.
    pub(super) at: Vec<usize>,
    /// First character in the text.
    pub(super) start: usize,
    /// One past the last character in the text.
    pub(super) end: usize,
    pub(super) glue: Glue,
    /// `@` or `#` directly before it.
    pub(super) sigil: Option<char>,
}

impl Word {
    /// Where the first `n_letters` folded letters end in the text; marks that folding
    /// dropped belong to the letter before them.
    pub(super) fn end_after(&self, n_letters: usize) -> usize {
        self.at.get(n_letters).copied().unwrap_or(self.end)
    }
}

/// A title or a body, ready for matching.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub(super) source: &'a str,
    pub(super) chars: Vec<char>,
    pub(super) words: Vec<Word>,
}

impl<'a> Field<'a> {
    /// Cuts and folds a text.
    pub(super) fn new(source: &'a str) -> Self {
        let chars: Vec<char> = source.chars().collect();
        let words = cut(&chars);
        Self {
            source,
            chars,
            words,
        }
    }

    /// The characters `[start, end)` as text.
    pub(super) fn slice(&self, start: usize, end: usize) -> String {
        self.chars[start..end].iter().collect()
    }

    /// The account or tag that starts at this word, without its sign: letters, digits
    /// and the joints that handles have (`acme.bsky.social`, `acme@example.org`).
    pub(super) fn handle_at(&self, word: &Word) -> String {
        /// Longer than the handles of any site; `@a.@a.@a.…` must not be read to its end
        /// from each of its beginnings.
        const MOST_CHARS: usize = 256;
        let joints = ['.', '-', '@', '_'];
        let run: Vec<char> = self.chars[word.start..]
            .iter()
            .copied()
            .take(MOST_CHARS)
            .take_while(|c| c.is_ascii_alphanumeric() || joints.contains(c))
            .collect();
        // A full stop that ends a sentence is no joint, not even without a blank behind it.
        let cut = (1..run.len())
            .find(|&i| {
                run[i - 1] == '.' && run[i].is_ascii_uppercase() && !run[0].is_ascii_uppercase()
            })
            .unwrap_or(run.len());
        let handle: String = run[..cut].iter().collect();
        fold::fold_text(handle.trim_end_matches(['.', '-', '@']))
    }
}

/// Scripts matter in two ways: some are written without blanks between words, and a
/// change of script inside a run is a boundary of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    /// Every character is a word of its own, and phrases put them together again.
    Unspaced,
    /// Digits, marks and underscores go with whatever they stand in.
    Neutral,
    /// Any other script, told apart by its block of Unicode.
    Block(u32),
}

fn script_of(character: char) -> Script {
    match character as u32 {
        _ if character.is_ascii_alphabetic() => Script::Latin,
        _ if !character.is_alphabetic() => Script::Neutral,
        0xaa | 0xba | 0xc0..=0x2af | 0x1e00..=0x1eff | 0xff21..=0xff5a | 0x1d400..=0x1d7ff => {
            Script::Latin
        }
        0xe00..=0xeff
        | 0x1000..=0x109f
        | 0x1780..=0x17ff
        | 0x3040..=0x309f
        | 0x3400..=0x9fff
        | 0xf900..=0xfaff
        | 0x20000..=0x3ffff => Script::Unspaced,
        // Blocks of 128 fit the Indic scripts; the larger alphabets are put together.
        0x370..=0x3ff | 0x1f00..=0x1fff => Script::Block(0x370),
        0x400..=0x52f => Script::Block(0x400),
        0x600..=0x6ff | 0x750..=0x77f | 0xfb50..=0xfdff | 0xfe70..=0xfeff => Script::Block(0x600),
        0x1100..=0x11ff | 0xac00..=0xd7ff => Script::Block(0x1100),
        code => Script::Block(code & !0x7f),
    }
}

fn cut(chars: &[char]) -> Vec<Word> {
    let Folded {
        chars: letters,
        at: places,
    } = fold::fold(chars);
    let mut words: Vec<Word> = Vec::new();
    let mut next_letter = 0;
    let mut place = 0;
    while place < chars.len() {
        if !is_word_char(chars[place]) {
            place += 1;
            continue;
        }
        let start = place;
        let mut script = Script::Neutral;
        while place < chars.len() && is_word_char(chars[place]) {
            match (script, script_of(chars[place])) {
                (Script::Unspaced, Script::Neutral) if chars[place].is_numeric() => break,
                (_, Script::Neutral) => (),
                (Script::Neutral, Script::Unspaced) if place > start => break,
                (Script::Neutral, found) => script = found,
                (Script::Unspaced, _) => break,
                (known, found) if known != found => break,
                _ => (),
            }
            place += 1;
        }
        while next_letter < places.len() && places[next_letter] < start {
            next_letter += 1;
        }
        let first = next_letter;
        while next_letter < places.len() && places[next_letter] < place {
            next_letter += 1;
        }
        if first == next_letter {
            continue;
        }
        words.push(Word {
            folded: letters[first..next_letter].iter().collect(),
            at: places[first..next_letter].to_vec(),
            start,
            end: place,
            glue: glue(chars, start, words.last(), script),
            sigil: sigil(chars, start),
        });
    }
    words
}

fn glue(chars: &[char], start: usize, before: Option<&Word>, script: Script) -> Glue {
    let Some(before) = before else {
        return Glue::Apart;
    };
    let unspaced = |place: usize| script_of(chars[place]) == Script::Unspaced;
    if before.end == start {
        if script == Script::Unspaced || unspaced(before.end - 1) || unspaced(before.start) {
            Glue::Apart
        } else {
            Glue::Script
        }
    } else if start == before.end + 1 && is_apostrophe(chars[before.end]) {
        Glue::Apostrophe
    } else {
        Glue::Apart
    }
}

fn sigil(chars: &[char], start: usize) -> Option<char> {
    let sign = match chars[..start].last()? {
        '@' | '＠' => '@',
        '#' | '＃' => '#',
        _ => return None,
    };
    let is_inside_word = start >= 2 && is_word_char(chars[start - 2]);
    (!is_inside_word).then_some(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let field = Field::new(text);
        let actual: Vec<&str> = field.words.iter().map(|w| w.folded.as_str()).collect();
        assert_eq!(actual, expected, "{text:?}");
    }

    #[test]
    fn texts_are_cut_at_the_boundaries_of_their_script() {
        check(
            "I love Acme.It works",
            &["i", "love", "acme", "it", "works"],
        );
        check("Acme’nin l'Acme", &["acme", "nin", "l", "acme"]);
        check("Acmeలో ఉంది", &["acme", "లో", "ఉంది"]);
        check("एक्मेने किया", &["एक्मेने", "किया"]);
        check("acme_support 5G", &["acme_support", "5g"]);
        check("东京Acme", &["东", "京", "acme"]);
        check("", &[]);
        check("🙂 !!", &[]);
    }

    #[test]
    fn words_know_their_sign_and_glue() {
        let field = Field::new("@acme #acme x@acme Acme'ye Acmeకి");
        let signs: Vec<_> = field.words.iter().map(|word| word.sigil).collect();
        assert_eq!(
            signs,
            [Some('@'), Some('#'), None, None, None, None, None, None]
        );
        assert_eq!(field.words[5].glue, Glue::Apostrophe);
        assert_eq!(field.words[7].glue, Glue::Script);
        assert_eq!(field.words[6].glue, Glue::Apart);
    }
}
