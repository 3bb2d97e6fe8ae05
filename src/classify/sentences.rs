//! Cuts a text into sentences: a text comes in, the places of its sentences go out, in
//! order and without overlaps. The rules are Unicode's (UAX #29, which knows the danda of
//! Hindi and the marks of Arabic); added are the abbreviations that stand before names and
//! numbers in our languages, and lines that were broken by a mail program, not by a thought.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

/// Titles and the like, after which a name follows and the sentence goes on. Lower case,
/// without the last dot.
const BEFORE_NAMES: &[&str] = &[
    // English
    "mr",
    "mrs",
    "ms",
    "dr",
    "prof",
    "st",
    "mt",
    "rev",
    "gen",
    "sgt",
    "capt",
    "vs",
    "e.g",
    "i.e",
    // Turkish
    "sn",
    "doç",
    "yrd",
    "öğr",
    "gör",
    "av",
    "uzm",
    "müh",
    "hz",
    "bkz",
    "örn",
    // German
    "z.b",
    "bzw",
    "hr",
    "u.a",
    "d.h",
    "inkl",
    "zzgl",
    // French, Spanish, Italian, Portuguese
    "mme",
    "mlle",
    "sr",
    "sra",
    "srta",
    "dra",
    "ud",
    "uds",
    "avda",
    "sig",
    "dott",
    "p.ej",
    "p.ex",
    // Hindi
    "डॉ",
    "प्रो",
    "श्री",
    "श्रीमती",
    "कु",
    "मो",
    // Telugu
    "డా",
    "శ్రీ",
    "శ్రీమతి",
    "కు",
    "ప్రొ",
];

/// Words after which a number follows.
const BEFORE_NUMBERS: &[&str] = &[
    "no", "nr", "núm", "num", "approx", "ca", "fig", "tel", "ext", "pág", "p", "cad", "sok", "रु",
    "नं", "రూ", "నం",
];

/// The byte ranges of the sentences of a text, without the blanks around them. A text
/// without any letter or digit has none.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, piece) in text.split_sentence_bound_indices() {
        let mut range = trimmed(text, start..start + piece.len());
        if let Some(last) = found.last_mut() {
            // Unicode lets a smiley begin the next sentence; people put it behind theirs.
            let n_signs = signs_before(text, last, &range);
            if n_signs > 0 {
                last.end = range.start + n_signs;
                range = trimmed(text, last.end..range.end);
            }
        }
        if range.is_empty() {
            continue;
        }
        match found.last_mut() {
            // What has no word of its own (an emoji, a row of dots) belongs to what it follows.
            Some(last) if !has_word(piece) || goes_on(text, last, &range) => last.end = range.end,
            _ => found.push(range),
        }
    }
    if found
        .first()
        .is_some_and(|first| !has_word(&text[first.clone()]))
    {
        let first = found.remove(0);
        match found.first_mut() {
            Some(next) => next.start = first.start,
            None => return Vec::new(),
        }
    }
    found
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let piece = &text[range.clone()];
    let start = range.start + (piece.len() - piece.trim_start().len());
    let end = range.end - (piece.len() - piece.trim_end().len());
    start..end.max(start)
}

/// Bytes of the signs, smileys for the most part, with which a sentence begins on the line
/// of the one before; marks that open something belong to what they open.
fn signs_before(text: &str, before: &Range<usize>, sentence: &Range<usize>) -> usize {
    if text[before.end..sentence.start].contains(['\n', '\r']) {
        return 0;
    }
    let said = &text[sentence.clone()];
    let first = said.split_whitespace().next().unwrap_or_default();
    let opens = |sign: char| "\"'“„«‘([{<-–—•*#@$€₹₺>¿¡".contains(sign);
    if first.is_empty() || has_word(first) || first.contains(opens) {
        return 0;
    }
    first.len()
}

fn has_word(piece: &str) -> bool {
    piece.chars().any(char::is_alphanumeric)
}

/// Whether the sentence before goes on in the one behind.
fn goes_on(text: &str, before: &Range<usize>, behind: &Range<usize>) -> bool {
    let (said, follows) = (&text[before.clone()], &text[behind.clone()]);
    let is_new_line = text[before.end..behind.start].contains(['\n', '\r']);
    if is_new_line {
        return !ends(said) && follows.chars().next().is_some_and(char::is_lowercase);
    }
    ends_in_abbreviation(said, follows)
}

/// Whether a line ends as a sentence does, or as a heading or an item of a list may.
fn ends(line: &str) -> bool {
    line.chars()
        .next_back()
        .is_some_and(|last| !last.is_alphanumeric() && !matches!(last, ',' | '-' | '–' | '\''))
}

fn ends_in_abbreviation(said: &str, follows: &str) -> bool {
    let Some(rest) = said.strip_suffix('.') else {
        return false;
    };
    let word = rest
        .rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '“' | '/'))
        .next()
        .unwrap_or_default();
    let is_initial = word.chars().count() == 1
        && word.chars().all(char::is_uppercase)
        && !rest.trim_end_matches(word).is_empty();
    let word = word.to_lowercase();
    let is_number = follows.chars().next().is_some_and(char::is_numeric);
    is_initial
        || BEFORE_NAMES.contains(&word.as_str())
        || (is_number && BEFORE_NUMBERS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = sentences(text).into_iter().map(|at| &text[at]).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn sentences_end_as_their_script_ends_them() {
        check(
            "It broke. Never again! Why?",
            &["It broke.", "Never again!", "Why?"],
        );
        check(
            "सामान टूटा मिला। पैसे वापस नहीं मिले॥ क्यों?",
            &["सामान टूटा मिला।", "पैसे वापस नहीं मिले॥", "क्यों?"],
        );
        check(
            "పార్సిల్ రాలేదు. ఫోన్ ఎత్తరు! ఎందుకు?",
            &["పార్సిల్ రాలేదు.", "ఫోన్ ఎత్తరు!", "ఎందుకు?"],
        );
        check("هل وصل؟ لا. سيئ جدا", &["هل وصل؟", "لا.", "سيئ جدا"]);
        check("ne güzel... sonra bozuldu", &["ne güzel... sonra bozuldu"]);
    }

    #[test]
    fn a_dot_is_not_always_an_end() {
        check("Dr. Acme sent 3.5 kg.", &["Dr. Acme sent 3.5 kg."]);
        check(
            "Sn. Yetkili, 12. gün oldu. Bkz. Ek 2.",
            &["Sn. Yetkili, 12. gün oldu.", "Bkz. Ek 2."],
        );
        check(
            "Written by J. Smith. It is long.",
            &["Written by J. Smith.", "It is long."],
        );
        check("डॉ. शर्मा ने कहा। ठीक है।", &["डॉ. शर्मा ने कहा।", "ठीक है।"]);
        check("డా. రావు గారు చెప్పారు. సరే.", &["డా. రావు గారు చెప్పారు.", "సరే."]);
        check("Bei z.B. Acme ist es so.", &["Bei z.B. Acme ist es so."]);
        check("See acme.com for more.", &["See acme.com for more."]);
        check(
            "Order No. 12 is lost. No. Never.",
            &["Order No. 12 is lost.", "No.", "Never."],
        );
    }

    #[test]
    fn lines_are_sentences_unless_a_mail_program_broke_them() {
        check(
            "Pros\nGood sound\nCons\nAwful app",
            &["Pros", "Good sound", "Cons", "Awful app"],
        );
        check(
            "I ordered it in May and\nit never came.\nThanks for nothing",
            &[
                "I ordered it in May and\nit never came.",
                "Thanks for nothing",
            ],
        );
    }

    #[test]
    fn what_has_no_word_belongs_to_its_neighbour() {
        check("Great! 👏👏 Next one.", &["Great! 👏👏", "Next one."]);
        check("😡 It broke.", &["😡 It broke."]);
        check("😡\nIt broke", &["😡\nIt broke"]);
        check("👍", &[]);
        check("...", &[]);
        check("", &[]);
        check("  \n ", &[]);
    }

    #[test]
    fn places_are_in_order_and_inside_the_text() {
        for text in [
            "a\u{200b}b. c\u{0}d! \u{202e}e?",
            "🇹🇷. É. ß.\r\n\r\nx",
            &"word. ".repeat(2_000),
            &"sözcük ".repeat(20_000),
        ] {
            let mut end = 0;
            for at in sentences(text) {
                assert!(at.start >= end && at.end > at.start && at.end <= text.len());
                assert!(text.is_char_boundary(at.start) && text.is_char_boundary(at.end));
                end = at.end;
            }
        }
    }
}
