//! Finds the words that matter: a text comes in, the signs it gives and the words that
//! gave them come out, sentence by sentence, so that "not a scam" is none.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::phrases_main::MAIN;
use super::phrases_more::MORE;
use super::phrases_public::{PUBLIC, THREATS};
use super::words::{NEGATIONS, NEGATIONS_BEHIND, QUESTIONS, Sign};

/// A sign and the words that gave it, as the author wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) sign: Sign,
    pub(super) words: String,
}

/// What a text says beyond its mood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// Each sign once, with the first words that gave it.
    pub(super) signs: Vec<Found>,
    pub(super) asks: bool,
}

/// Longer texts say what they want in their beginning, or nowhere.
const MOST_WORDS: usize = 1_500;

/// Reads a text. Phrases of other languages count only where the language is not known;
/// English ones always do, since people mix it into everything.
pub(super) fn read(text: &str, lang: Option<&str>) -> Reading {
    let lang = lang.map(|tag| {
        tag.split(['-', '_'])
            .next()
            .unwrap_or(tag)
            .to_ascii_lowercase()
    });
    let mut reading = Reading::default();
    let mut n_words = 0;
    for sentence in sentences(text) {
        let words: Vec<Word<'_>> = words(sentence).collect();
        n_words += words.len();
        reading.asks |= sentence.ends_with(['?', '؟', '？']) || asks(&words);
        for at in 0..words.len() {
            signs_at(&words, at, lang.as_deref(), &mut reading.signs);
        }
        if n_words > MOST_WORDS {
            break;
        }
    }
    reading
}

struct Phrase {
    lang: &'static str,
    sign: Sign,
    words: Vec<String>,
}

/// Every list: language, sign, phrases.
fn lists() -> impl Iterator<Item = &'static (&'static str, Sign, &'static str)> {
    MAIN.iter().chain(MORE).chain(PUBLIC).chain(THREATS)
}

static PHRASES_BY_LETTER: LazyLock<HashMap<char, Vec<Phrase>>> = LazyLock::new(|| {
    let mut by_letter: HashMap<char, Vec<Phrase>> = HashMap::new();
    for (lang, sign, list) in lists() {
        for phrase in list.split('|') {
            let words: Vec<String> = phrase.split_whitespace().map(plain).collect();
            let Some(first) = words.first().and_then(|word| word.chars().next()) else {
                continue;
            };
            by_letter.entry(first).or_default().push(Phrase {
                lang,
                sign: *sign,
                words,
            });
        }
    }
    by_letter
});

fn signs_at(words: &[Word<'_>], at: usize, lang: Option<&str>, signs: &mut Vec<Found>) {
    let Some(phrases) = words[at]
        .plain
        .chars()
        .next()
        .and_then(|first| PHRASES_BY_LETTER.get(&first))
    else {
        return;
    };
    for phrase in phrases {
        let is_read = phrase.lang == "en"
            || lang.is_none_or(|lang| lang == phrase.lang)
            || !phrase.words[0].is_ascii();
        if !is_read || signs.iter().any(|found| found.sign == phrase.sign) {
            continue;
        }
        let end = at + phrase.words.len();
        let Some(said) = words.get(at..end) else {
            continue;
        };
        let fits = said
            .iter()
            .zip(&phrase.words)
            .all(|(word, wanted)| is_word(&word.plain, wanted));
        if fits && !is_negated(words, at, end, phrase) {
            signs.push(Found {
                sign: phrase.sign,
                words: said
                    .iter()
                    .map(|word| word.written)
                    .collect::<Vec<_>>()
                    .join(" "),
            });
        }
    }
}

fn is_word(plain: &str, wanted: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(stem) => plain.starts_with(stem),
        None => plain == wanted,
    }
}

/// "Not a scam" is praise. "No refund" is not, and a phrase that is itself a negation
/// ("not working") is not turned round by the one it contains.
fn is_negated(words: &[Word<'_>], start: usize, end: usize, phrase: &Phrase) -> bool {
    const REACH: usize = 3;
    if matches!(phrase.sign, Sign::Refund | Sign::Waiting | Sign::Leaving) || phrase.words.len() > 2
    {
        return false;
    }
    let before = &words[start.saturating_sub(REACH)..start];
    let behind = &words[end..(end + 2).min(words.len())];
    let negates_before = |word: &Word<'_>| NEGATIONS.contains(&word.plain.as_str());
    let negates_behind = |word: &Word<'_>| NEGATIONS_BEHIND.contains(&word.plain.as_str());
    let has_own = phrase.words.iter().any(|word| {
        NEGATIONS.contains(&word.as_str())
            || NEGATIONS_BEHIND
                .iter()
                .any(|negation| word.starts_with(negation))
    });
    !has_own && (before.iter().any(negates_before) || behind.iter().any(negates_behind))
}

fn asks(words: &[Word<'_>]) -> bool {
    // Question words ask at the beginning; later they often join clauses.
    const REACH: usize = 4;
    (0..words.len().min(REACH)).any(|at| {
        QUESTIONS.iter().any(|question| {
            let wanted: Vec<&str> = question.split(' ').collect();
            words.get(at..at + wanted.len()).is_some_and(|said| {
                said.iter()
                    .zip(&wanted)
                    .all(|(word, wanted)| word.plain == *wanted)
            })
        })
    })
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['.', '!', '?', '\n', '।', '؟', '？', '…'])
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty())
}

struct Word<'a> {
    written: &'a str,
    plain: String,
}

fn words(sentence: &str) -> impl Iterator<Item = Word<'_>> {
    sentence
        .split(|c: char| {
            !(c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '\u{200c}' | '\u{200d}'))
        })
        .filter(|word| !word.is_empty())
        .map(|written| Word {
            written,
            plain: plain(written),
        })
}

/// Lower case, without the accents of Latin letters; the lists are written this way. Marks
/// of Indic scripts are vowels and stay.
fn plain(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    let mut after_latin = false;
    for character in word.nfd() {
        match character {
            'İ' | 'I' | 'ı' => plain.push('i'),
            'ß' => plain.push_str("ss"),
            '\u{200c}' | '\u{200d}' => continue,
            '\u{300}'..='\u{36f}' if after_latin => continue,
            other => plain.extend(other.to_lowercase()),
        }
        after_latin = character.is_ascii_alphabetic() || character == 'İ' || character == 'ı';
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, lang: &str, expected: &[Sign]) {
        let lang = (!lang.is_empty()).then_some(lang);
        let mut actual: Vec<Sign> = read(text, lang)
            .signs
            .iter()
            .map(|found| found.sign)
            .collect();
        actual.sort();
        assert_eq!(actual, expected, "{text:?}");
    }

    #[test]
    fn words_are_read_sentence_by_sentence() {
        use Sign::{Danger, Fault, Fraud, Leaving, Legal, Refund, Service, Waiting};
        check("I want a refund.", "en", &[Refund]);
        check("This is not a scam.", "en", &[]);
        check("Not cheap. A scam!", "en", &[Fraud]);
        check("No refund after six weeks", "en", &[Refund]);
        check(
            "It isn't working, my lawyer will call",
            "en",
            &[Legal, Fault],
        );
        check("No problems at all", "en", &[]);
        check("It caught fire!", "en", &[Danger]);
        check("never again", "", &[Leaving]);
        check("ürünü iade etmek istiyorum", "tr", &[Refund]);
        check(
            "DOLANDIRICI bunlar, ŞİKAYET EDECEĞİM",
            "tr",
            &[Legal, Fraud, Service],
        );
        check("Sorun yok", "tr", &[]);
        check("मेरे पैसे वापस करो, धोखा है", "hi", &[Fraud, Refund]);
        check("bakwas app, paisa wapas karo", "hi", &[Refund, Service]);
        check("రీఫండ్ ఇవ్వండి, మోసం చేశారు", "te", &[Fraud, Refund]);
        check("inka raledu, chetta service", "te", &[Waiting, Service]);
        check("I love it", "en", &[]);
    }

    #[test]
    fn questions_are_seen_with_and_without_their_sign() {
        for text in [
            "Where is my order?",
            "when will you fix it",
            "ne zaman gelecek",
            "kab aayega",
            "متى يصل",
        ] {
            assert!(read(text, None).asks, "{text}");
        }
        assert!(!read("I know why it broke.", None).asks);
    }

    #[test]
    fn the_lists_are_written_as_they_are_compared() {
        for (lang, sign, list) in lists() {
            for phrase in list.split('|') {
                assert!(
                    !phrase.trim().is_empty(),
                    "{lang} {sign:?} has an empty phrase"
                );
                assert!(
                    !phrase.contains(['\'', '’', '-']),
                    "{lang} {sign:?} {phrase}"
                );
            }
        }
        let others = [NEGATIONS, NEGATIONS_BEHIND, QUESTIONS].concat();
        for word in others.iter().flat_map(|phrase| phrase.split(' ')) {
            assert_eq!(word, plain(word));
        }
    }
}
