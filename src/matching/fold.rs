//! Folding: text goes in as it was written, letters come out as they are compared, each
//! with the place it came from. Nothing here knows about words or queries.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{decompose_canonical, decompose_compatible, is_combining_mark};

/// Text folded for comparing: `chars[i]` came from character `at[i]` of the source.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub(super) chars: Vec<char>,
    pub(super) at: Vec<usize>,
}

/// Folds case everywhere and accents in Latin, Greek and Cyrillic only.
///
/// Marks of other scripts carry vowels (`కి` is not `క`), so they stay. The three Turkish
/// spellings of i become one letter: capitals are typed on whatever keyboard is at hand.
pub(super) fn fold(text: &[char]) -> Folded {
    let mut folded = Folded::default();
    let mut accents_fold = false;
    for (place, &character) in text.iter().enumerate() {
        fold_char(character, &mut accents_fold, &mut |letter| {
            folded.chars.push(letter);
            folded.at.push(place);
        });
    }
    folded
}

/// Folds a short text when its places do not matter.
pub(super) fn fold_text(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut accents_fold = false;
    for character in text.chars() {
        fold_char(character, &mut accents_fold, &mut |letter| {
            folded.push(letter);
        });
    }
    folded
}

/// Folds case only, for exact words: accents and marks stay what they are.
pub(super) fn fold_case(text: &str) -> String {
    text.nfc()
        .filter(|character| !is_invisible(*character))
        .flat_map(|character| {
            let plain = match character {
                'İ' | 'I' | 'ı' => 'i',
                '’' | '‘' | 'ʼ' | '＇' | '´' | '`' => '\'',
                other => other,
            };
            plain.to_lowercase()
        })
        .collect()
}

/// Whether the character can stand inside a word. Marks belong to their letter; the
/// invisible joiners of Indic scripts belong to the word they shape.
pub(super) fn is_word_char(character: char) -> bool {
    !is_apostrophe(character)
        && (character.is_alphanumeric()
            || character == '_'
            || is_combining_mark(character)
            || matches!(character, '\u{200b}'..='\u{200d}' | '\u{ad}' | '\u{2060}'))
}

/// The signs people type between a name and its ending.
pub(super) fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '’' | '‘' | 'ʼ' | '＇' | '´' | '`')
}

/// Characters that shape or separate without being seen.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

fn fold_char(character: char, accents_fold: &mut bool, push: &mut impl FnMut(char)) {
    if character.is_ascii() {
        *accents_fold = character.is_ascii_alphabetic();
        push(character.to_ascii_lowercase());
        return;
    }
    match character {
        'İ' | 'ı' => {
            *accents_fold = true;
            push('i');
        }
        hidden if is_invisible(hidden) => (),
        sign if is_apostrophe(sign) => push('\''),
        // Full-width and mathematical letters are Latin letters in fancy dress.
        '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}' => {
            decompose_compatible(character, |part| fold_part(part, accents_fold, push));
        }
        _ => decompose_canonical(character, |part| fold_part(part, accents_fold, push)),
    }
}

fn fold_part(part: char, accents_fold: &mut bool, push: &mut impl FnMut(char)) {
    if is_combining_mark(part) {
        if !(*accents_fold && is_accent(part)) {
            push(part);
        }
        return;
    }
    *accents_fold = has_foldable_accents(part);
    let plain = match part {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'ł' | 'Ł' => "l",
        'þ' | 'Þ' => "th",
        'ς' => "σ",
        'ı' | 'I' => "i",
        _ => {
            part.to_lowercase().for_each(push);
            return;
        }
    };
    plain.chars().for_each(push);
}

fn is_accent(mark: char) -> bool {
    matches!(mark,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

fn has_foldable_accents(letter: char) -> bool {
    letter.is_ascii_alphabetic()
        || matches!(letter,
            '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{2c60}'..='\u{2c7f}'
            | '\u{a720}'..='\u{a7ff}' | '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}'
            | '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{a640}'..='\u{a69f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(fold_text(text), expected, "{text:?}");
    }

    #[test]
    fn case_and_accents_fold_in_latin_greek_and_cyrillic_only() {
        check("İSTANBUL", "istanbul");
        check("ISTANBUL", "istanbul");
        check("ıstanbul", "istanbul");
        check("Café", "cafe");
        check("Cafe\u{301}", "cafe");
        check("Straße", "strasse");
        check("Ørsted", "orsted");
        check("Ελλάς", "ελλασ");
        check("Ёлка", "елка");
        check("అక్మేకి", "అక్మేకి");
        check("एक्मे", "एक्मे");
        check("ＡＣＭＥ", "acme");
        check("𝐀𝐜𝐦𝐞", "acme");
        check("Acme’s", "acme's");
        check("శాంసంగ్\u{200c}లో", "శాంసంగ్లో");
    }

    #[test]
    fn precomposed_and_decomposed_indic_letters_are_the_same() {
        assert_eq!(fold_text("\u{958}"), fold_text("\u{915}\u{93c}"));
        assert_eq!(fold_text("\u{c48}"), fold_text("\u{c46}\u{c56}"));
    }

    #[test]
    fn every_folded_letter_knows_its_place() {
        let text: Vec<char> = "Stra\u{308}ße".chars().collect();
        let folded = fold(&text);
        assert_eq!(folded.chars.iter().collect::<String>(), "strasse");
        assert_eq!(folded.at, [0, 1, 2, 3, 5, 5, 6]);
    }
}
