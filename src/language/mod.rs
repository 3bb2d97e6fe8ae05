//! Which language a text is in: a text and what the site states come in, a code or nothing
//! comes out. Made for short posts that mix English into everything.
//!
//! Codes are ISO 639-1; Hindi and Telugu as people type them in Latin letters are `hi-Latn`
//! and `te-Latn` (`domain::base_language` says whose they are). The script decides first.
//! Latin letters are weighed by a small linear model over words and runs of letters, made
//! by `hearken model language train`. Nothing is better than a guess: `None` means unknown.

mod features;
mod measure;
mod script;
mod train;
mod weights;

pub use measure::{Line, Row, Table, measure, reference, reference_as_labelled};
pub use train::{Recipe, Taught, train};
pub use weights::{Header, Weights};

use features::{Features, is_address, words_of};
use script::{Script, script_of};
use weights::{LATIN, softmax};

/// What a stated language adds to the logit of that language: about as much as one telling
/// word. Sites often state the language of an account's settings, so it is a prior and no
/// more. Chosen on dev texts (`models/hearken-language/README.md`).
const HINT_LOGIT: f32 = 1.5;

/// A text of fewer letters is often a name, or a word that several languages share.
const SHORT: usize = 10;
/// The share that the answer needs there.
const SHORT_ANSWER_FROM: f32 = 0.8;

/// Finds the language of a text. `hint` is what the site states; it decides where the text
/// says nothing, tips the balance where it says little, and loses to clear evidence.
pub fn detect(text: &str, hint: Option<&str>) -> Option<&'static str> {
    let text = without_addresses(text);
    let hint = hint.and_then(known_code);
    match script_of(&text) {
        Script::None => hint,
        Script::Latin => latin(&text, hint),
        Script::Devanagari => Some(script::devanagari(&text, hint)),
        Script::Arabic => Some(script::arabic(&text)),
        Script::Cyrillic => script::cyrillic(&text, hint),
        Script::Sure(code) => Some(code),
    }
}

/// Links and accounts say nothing about the language.
fn without_addresses(text: &str) -> String {
    /// A language shows in its first lines.
    const MOST_WORDS: usize = 600;
    /// What is longer is no word, or is written without blanks and long enough.
    const MOST_CHARS: usize = 200;
    text.split_whitespace()
        .take(MOST_WORDS)
        .map(|word| match word.char_indices().nth(MOST_CHARS) {
            Some((end, _)) => &word[..end],
            None => word,
        })
        .filter(|word| !is_address(word))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The code of what belongs to no language of the model.
const OTHER: &str = "und";

fn latin(text: &str, hint: Option<&'static str>) -> Option<&'static str> {
    let words = words_of(text);
    if words.is_empty() {
        return hint;
    }
    if is_azerbaijani(&words) {
        return Some("az");
    }
    let languages = &LATIN.header.languages;
    let mut logits = LATIN.logits(&Features::of(words.iter().map(String::as_str)));
    let hinted = hint.and_then(|hint| column_of(languages, hint));
    if let Some(place) = hinted {
        logits[place] += HINT_LOGIT;
    }
    let shares = softmax(&logits);
    let best = (0..shares.len()).max_by(|&a, &b| shares[a].total_cmp(&shares[b]))?;
    let is_short = words.iter().map(|word| word.chars().count()).sum::<usize>() < SHORT;
    let needed = if is_short {
        LATIN.header.answer_from.max(SHORT_ANSWER_FROM)
    } else {
        LATIN.header.answer_from
    };
    if languages[best] != OTHER && shares[best] >= needed {
        return Some(&languages[best]);
    }
    // A word or two may be a name. And a language that the model does not know can only be
    // taken on trust.
    hint.filter(|_| is_short || hinted.is_none())
}

/// Nearest to Turkish, and not among the languages learned: its own letter tells.
fn is_azerbaijani(words: &[String]) -> bool {
    let n_telling = words.iter().filter(|word| word.contains('ə')).count();
    n_telling > 0 && n_telling * 8 >= words.len()
}

/// The column of a stated language: Hindi in Latin letters is `hi-Latn`.
fn column_of(languages: &[String], hint: &str) -> Option<usize> {
    let in_latin = match hint {
        "hi" => "hi-Latn",
        "te" => "te-Latn",
        "no" => "nb",
        "sr" | "bs" => "hr",
        "tl" => "fil",
        other => other,
    };
    languages.iter().position(|code| code == in_latin)
}

/// The code of a tag such as `pt-BR`, without its country, when it is one that we know.
fn known_code(tag: &str) -> Option<&'static str> {
    const CODES: &[&str] = &[
        "en", "tr", "hi", "te", "es", "de", "fr", "it", "pt", "ar", "fa", "ur", "ru", "uk", "bg",
        "sr", "be", "mk", "el", "he", "bn", "pa", "gu", "or", "ta", "kn", "ml", "si", "th", "my",
        "ka", "hy", "am", "km", "ja", "zh", "ko", "mr", "ne", "nl", "pl", "sv", "da", "nb", "no",
        "fi", "cs", "sk", "hu", "ro", "id", "ms", "vi", "ca", "az", "hr", "bs", "sl", "et", "lv",
        "lt", "sq", "eu", "gl", "is", "ga", "cy", "fil", "tl", "sw",
    ];
    let primary = tag
        .split(['-', '_'])
        .next()
        .unwrap_or(tag)
        .to_ascii_lowercase();
    CODES.iter().find(|code| **code == primary).copied()
}

#[cfg(test)]
mod tests;
