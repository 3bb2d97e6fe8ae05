//! Which language a text is in: a text and what the site states come in, an ISO 639-1 code
//! or nothing comes out. Made for short posts that mix English into everything.
//!
//! The script decides first. Latin text is weighed by everyday words and letters of nine
//! languages, Hindi and Telugu as people type them in Latin script among them; what that
//! leaves open goes to whatlang. Nothing is better than a guess: `None` means unsure.

mod words;

use std::collections::HashMap;
use std::sync::LazyLock;

use words::{ENDINGS, LETTERS, WORDS};

/// Finds the language of a text. `hint` is what the site states; it decides where the text
/// does not, and never against clear evidence, since sites often state the language of an
/// account's settings.
pub fn detect(text: &str, hint: Option<&str>) -> Option<&'static str> {
    let text = without_addresses(text);
    let hint = hint.and_then(known_code);
    match script_of(&text) {
        Script::None => hint,
        Script::Latin => latin(&text, hint),
        Script::Devanagari => Some(devanagari(&text, hint)),
        Script::Arabic => Some(arabic(&text)),
        Script::Cyrillic => cyrillic(&text, hint),
        Script::Sure(code) => Some(code),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    None,
    Latin,
    Devanagari,
    Arabic,
    Cyrillic,
    /// A script that one language (of those we can name) is written in.
    Sure(&'static str),
}

/// Links, accounts and the signs of tags say nothing about the language.
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
        .filter(|word| {
            let is_link =
                word.starts_with("http") || word.starts_with("www.") || word.contains("://");
            !(is_link || word.starts_with('@') || word.contains('@') && word.contains('.'))
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The script that the text is in. Names and English words are mixed into every script, so
/// another script wins from a quarter of the letters on.
fn script_of(text: &str) -> Script {
    let mut counts: HashMap<&'static str, usize> = HashMap::new();
    for character in text.chars() {
        let name = match character as u32 {
            _ if character.is_ascii_alphabetic() => "latin",
            0xc0..=0x24f | 0x1e00..=0x1eff if character.is_alphabetic() => "latin",
            0x900..=0x97f => "devanagari",
            0xc00..=0xc7f => "te",
            0x600..=0x6ff | 0x750..=0x77f | 0xfb50..=0xfdff | 0xfe70..=0xfefc => "arabic",
            0x400..=0x52f => "cyrillic",
            0x370..=0x3ff | 0x1f00..=0x1fff => "el",
            0x590..=0x5ff => "he",
            0x980..=0x9ff => "bn",
            0xa00..=0xa7f => "pa",
            0xa80..=0xaff => "gu",
            0xb00..=0xb7f => "or",
            0xb80..=0xbff => "ta",
            0xc80..=0xcff => "kn",
            0xd00..=0xd7f => "ml",
            0xd80..=0xdff => "si",
            0xe00..=0xe7f => "th",
            0x1000..=0x109f => "my",
            0x10a0..=0x10ff => "ka",
            0x530..=0x58f => "hy",
            0x1200..=0x137f => "am",
            0x1780..=0x17ff => "km",
            0x3040..=0x30ff => "ja",
            0x4e00..=0x9fff => "zh",
            0xac00..=0xd7af => "ko",
            _ => continue,
        };
        *counts.entry(name).or_default() += 1;
    }
    let total: usize = counts.values().sum();
    let latin = counts.remove("latin").unwrap_or_default();
    // Japanese is written with Chinese signs as well; kana tell.
    if counts.contains_key("ja")
        && let Some(han) = counts.remove("zh")
    {
        *counts.entry("ja").or_default() += han;
    }
    let other = counts
        .into_iter()
        .max_by_key(|(name, count)| (*count, *name))
        .filter(|(_, count)| count * 4 >= total);
    match other {
        Some(("devanagari", _)) => Script::Devanagari,
        Some(("arabic", _)) => Script::Arabic,
        Some(("cyrillic", _)) => Script::Cyrillic,
        Some((code, _)) => Script::Sure(code),
        None if latin > 0 => Script::Latin,
        None => Script::None,
    }
}

fn devanagari(text: &str, hint: Option<&'static str>) -> &'static str {
    const MARATHI: &[&str] = &[
        "आहे",
        "आहेत",
        "नाही",
        "आणि",
        "मध्ये",
        "होते",
        "केले",
        "झाले",
        "काय",
        "मला",
        "खूप",
        "तुम्ही",
        "ळ",
    ];
    const NEPALI: &[&str] = &[
        "छ",
        "छन्",
        "हुन्छ",
        "गर्न",
        "भएको",
        "पनि",
        "नेपाल",
        "गरेको",
        "तपाईं",
        "छैन",
    ];
    let count = |list: &[&str]| {
        text.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation() || c == '।')
            .filter(|word| list.contains(word))
            .count()
    };
    let n_words = text.split_whitespace().count();
    let (marathi, nepali) = (count(MARATHI), count(NEPALI));
    match hint {
        Some("mr") if marathi >= 1 => "mr",
        Some("ne") if nepali >= 1 => "ne",
        // Dialects and songs in Hindi use a word of a neighbour now and then.
        _ if marathi >= 2 && marathi > nepali && marathi * 12 >= n_words => "mr",
        _ if nepali >= 2 && nepali * 12 >= n_words => "ne",
        _ => "hi",
    }
}

fn arabic(text: &str) -> &'static str {
    let count = |letters: &[char]| text.chars().filter(|c| letters.contains(c)).count();
    let urdu = count(&['ٹ', 'ڈ', 'ڑ', 'ں', 'ے', 'ھ', 'ہ']);
    let persian = count(&['پ', 'چ', 'ژ', 'گ', 'ی', 'ک']);
    const PERSIAN: &[&str] = &[
        "است", "این", "که", "را", "می", "از", "خیلی", "شما", "نیست", "هم", "برای", "بود",
    ];
    let has_persian_word = text.split_whitespace().any(|word| PERSIAN.contains(&word));
    let arabic = count(&['ي', 'ك', 'ة', 'ى', 'أ', 'إ', 'ؤ']);
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if urdu * 20 >= letters && urdu >= 2 {
        "ur"
    } else if has_persian_word && persian > arabic && persian * 12 >= letters {
        "fa"
    } else {
        "ar"
    }
}

fn cyrillic(text: &str, hint: Option<&'static str>) -> Option<&'static str> {
    const LANGUAGES: [whatlang::Lang; 6] = [
        whatlang::Lang::Rus,
        whatlang::Lang::Ukr,
        whatlang::Lang::Bul,
        whatlang::Lang::Srp,
        whatlang::Lang::Bel,
        whatlang::Lang::Mkd,
    ];
    let has = |letters: &[char]| text.to_lowercase().contains(letters);
    if has(&['і', 'ї', 'є', 'ґ']) && !has(&['ў']) {
        return Some("uk");
    }
    if has(&['ы', 'э', 'ё']) && !has(&['ў']) {
        return Some("ru");
    }
    whatlang::Detector::with_allowlist(LANGUAGES.to_vec())
        .detect_lang(text)
        .and_then(|lang| known_code(code_of(lang)))
        .or(hint)
}

/// Words of Latin script with the languages that they speak for.
static LANGUAGES_OF_WORD: LazyLock<HashMap<&'static str, Vec<(&'static str, f64)>>> =
    LazyLock::new(|| {
        let mut by_word: HashMap<&'static str, Vec<(&'static str, f64)>> = HashMap::new();
        for (lang, weight, list) in WORDS {
            for word in list.split_whitespace() {
                by_word.entry(word).or_default().push((lang, *weight));
            }
        }
        // A word of three languages speaks for each of them a third as loudly.
        for languages in by_word.values_mut() {
            let n_languages = languages.len() as f64;
            languages
                .iter_mut()
                .for_each(|(_, weight)| *weight /= n_languages);
        }
        by_word
    });

/// A stated language counts as much as this many everyday words.
const HINT_WEIGHT: f64 = 1.0;
/// Below this a text has said too little.
const ENOUGH: f64 = 0.9;
/// The runner-up must stay this far behind.
const MARGIN: f64 = 1.2;

fn latin(text: &str, hint: Option<&'static str>) -> Option<&'static str> {
    let lower = lower_case(text);
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .take(400)
        .collect();
    if words.is_empty() {
        return hint;
    }
    let mut scores: HashMap<&'static str, f64> = HashMap::new();
    for word in &words {
        score_word(word, &mut scores);
    }
    let n_words = words.len() as f64;
    let evidence = best_two(&scores);
    // Few known words among many are loans; other languages are left to whatlang.
    let is_sparse = words.len() >= 6 && evidence.0.1 < n_words * 0.1;
    if let Some(hint) = hint {
        *scores.entry(hint).or_default() += HINT_WEIGHT;
    }
    let ((best, score), (_, second)) = best_two(&scores);
    if score >= ENOUGH && score >= second * MARGIN && !is_sparse {
        return Some(best);
    }
    by_letters(&lower, words.len(), &scores, evidence.0.1)
        .or(hint.filter(|_| evidence.0.1 < ENOUGH || best == hint.unwrap_or_default()))
}

fn score_word(word: &str, scores: &mut HashMap<&'static str, f64>) {
    if let Some(languages) = LANGUAGES_OF_WORD.get(word) {
        for (lang, weight) in languages {
            *scores.entry(lang).or_default() += weight;
        }
        return;
    }
    // Stretched for feeling: `bahuuut`, `sooo`.
    let squeezed = squeezed(word);
    if squeezed != word
        && let Some(languages) = LANGUAGES_OF_WORD.get(squeezed.as_str())
    {
        for (lang, weight) in languages {
            *scores.entry(lang).or_default() += weight;
        }
        return;
    }
    for (lang, weight, letters) in LETTERS {
        if word.contains(*letters) {
            *scores.entry(lang).or_default() += weight;
        }
    }
    const SHORTEST: usize = 5;
    if word.chars().count() >= SHORTEST {
        for (lang, weight, endings) in ENDINGS {
            if endings
                .split_whitespace()
                .any(|ending| word.ends_with(ending))
            {
                *scores.entry(lang).or_default() += weight;
            }
        }
    }
}

fn best_two(scores: &HashMap<&'static str, f64>) -> ((&'static str, f64), (&'static str, f64)) {
    let mut best = ("", 0.0);
    let mut second = ("", 0.0);
    let mut ordered: Vec<(&'static str, f64)> =
        scores.iter().map(|(lang, score)| (*lang, *score)).collect();
    // The order of a map is not the same twice.
    ordered.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    if let Some(first) = ordered.first() {
        best = *first;
    }
    if let Some(next) = ordered.get(1) {
        second = *next;
    }
    (best, second)
}

/// What letter statistics say, once there are enough letters for them.
fn by_letters(
    text: &str,
    n_words: usize,
    scores: &HashMap<&'static str, f64>,
    evidence: f64,
) -> Option<&'static str> {
    const FEWEST_LETTERS: usize = 18;
    const SURE: f64 = 0.9;
    let n_letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if n_letters < FEWEST_LETTERS || n_words < 4 {
        return None;
    }
    let info = whatlang::detect(text)?;
    let code = known_code(code_of(info.lang()))?;
    let supported = scores.get(code).copied().unwrap_or_default();
    // Letters alone are believed when they are clear, or agree with the words found.
    let agrees = evidence > 0.0 && supported >= evidence * 0.8;
    (agrees || (info.is_reliable() && info.confidence() >= SURE && n_letters >= 2 * FEWEST_LETTERS))
        .then_some(code)
}

fn lower_case(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c == 'İ' { 'i' } else { c }.to_lowercase())
        .collect()
}

/// Three or more equal letters in a row become one.
fn squeezed(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut text = String::with_capacity(word.len());
    let mut at = 0;
    while at < letters.len() {
        let run = letters[at..]
            .iter()
            .take_while(|c| **c == letters[at])
            .count();
        for _ in 0..(if run >= 3 { 1 } else { run }) {
            text.push(letters[at]);
        }
        at += run;
    }
    text
}

fn code_of(lang: whatlang::Lang) -> &'static str {
    use whatlang::Lang;
    match lang {
        Lang::Eng => "en",
        Lang::Tur => "tr",
        Lang::Spa => "es",
        Lang::Deu => "de",
        Lang::Fra => "fr",
        Lang::Ita => "it",
        Lang::Por => "pt",
        Lang::Nld => "nl",
        Lang::Pol => "pl",
        Lang::Swe => "sv",
        Lang::Dan => "da",
        Lang::Nob => "nb",
        Lang::Fin => "fi",
        Lang::Ces => "cs",
        Lang::Hun => "hu",
        Lang::Ron => "ro",
        Lang::Ind => "id",
        Lang::Vie => "vi",
        Lang::Cat => "ca",
        Lang::Rus => "ru",
        Lang::Ukr => "uk",
        Lang::Bul => "bg",
        Lang::Srp => "sr",
        Lang::Bel => "be",
        Lang::Mkd => "mk",
        _ => "",
    }
}

/// The two-letter code of a tag such as `pt-BR`, when it is one that we know.
fn known_code(tag: &str) -> Option<&'static str> {
    const CODES: &[&str] = &[
        "en", "tr", "hi", "te", "es", "de", "fr", "it", "pt", "ar", "fa", "ur", "ru", "uk", "bg",
        "sr", "be", "mk", "el", "he", "bn", "pa", "gu", "or", "ta", "kn", "ml", "si", "th", "my",
        "ka", "hy", "am", "km", "ja", "zh", "ko", "mr", "ne", "nl", "pl", "sv", "da", "nb", "no",
        "fi", "cs", "sk", "hu", "ro", "id", "ms", "vi", "ca", "az", "hr", "sl", "et", "lv", "lt",
        "sq", "eu", "gl", "is", "ga", "cy", "tl", "sw",
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
