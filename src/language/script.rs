//! What the script of a text says of its language. Scripts that one language is written in
//! decide at once; in shared ones (Devanagari, Arabic, Cyrillic) letters and words do.

use std::collections::HashMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    None,
    Latin,
    Devanagari,
    Arabic,
    Cyrillic,
    /// A script that one language (of those we can name) is written in.
    Sure(&'static str),
}

/// The script that the text is in. Names and English words are mixed into every script, so
/// another script wins from a quarter of the letters on.
pub(super) fn script_of(text: &str) -> Script {
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

pub(super) fn devanagari(text: &str, hint: Option<&'static str>) -> &'static str {
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

pub(super) fn arabic(text: &str) -> &'static str {
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

pub(super) fn cyrillic(text: &str, hint: Option<&'static str>) -> Option<&'static str> {
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
        .and_then(code_of)
        .or(hint)
}

fn code_of(lang: whatlang::Lang) -> Option<&'static str> {
    use whatlang::Lang;
    match lang {
        Lang::Rus => Some("ru"),
        Lang::Ukr => Some("uk"),
        Lang::Bul => Some("bg"),
        Lang::Srp => Some("sr"),
        Lang::Bel => Some("be"),
        Lang::Mkd => Some("mk"),
        _ => None,
    }
}
