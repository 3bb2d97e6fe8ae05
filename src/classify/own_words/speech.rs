//! Words in quotation marks that the text says somebody else said. Only a clear report
//! counts: marks, a few words between them, and a verb of saying beside them whose subject
//! is not the author.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// Opening and closing marks; straight ones close themselves.
const MARKS: [(char, &[char]); 4] = [
    ('"', &['"']),
    ('“', &['”', '“']),
    ('„', &['“', '”']),
    ('«', &['»']),
];
/// Fewer words are a term that is only marked (“premium support”).
const FEWEST_WORDS: usize = 4;
/// Nobody's remark is longer; a mark that is never closed must not swallow a text.
const MOST_CHARS: usize = 600;
/// Characters beside a quotation in which the verb must stand.
const BESIDE_CHARS: usize = 40;

/// The verb stands before the quotation.
static SAID_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?:\b(?:said|says|saying|wrote|writes|claims?|claimed|replied|answered|tells me|told (?:me|us)|goes|",
        r"sagte|sagt|schrieb|meinte|dijo|dice|dicen|disait|dit|disent|ha detto|disse|diz|",
        r"diyor ki|dedi ki|yazmış|bola|bolte hai|bole|kehte hai|kaha|annaru|antaru|annadu)",
        r"|कहते हैं|कहता है|कहा|बोला|बोले|बोलते हैं|लिखा है|लिखा था|అన్నారు|అంటారు|అన్నాడు|అంది|రాశారు|قال|قالت|يقولون)",
        r"[\s,:–-]*$",
    ))
    .expect("a constant pattern compiles")
});
/// The verb stands behind it.
static SAID_BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)^[\s,.!?…–-]*(?:(?:said|says|wrote|writes|claims?|claimed|replied|",
        r"sagte|sagt|schrieb|meinte|dijo|dice|dit|disse|diz|",
        r"dedi|dediler|diyor|diyorlar|diyen\w*|demiş\w*|yazıyor|yazmış\w*|",
        r"bola|bole|bolte|kehte|annaru|antaru|annadu|ani)\b",
        r"|कहते|कहता|कहा|बोला|बोले|बोलते|लिखा|అన్నారు|అంటారు|అన్నాడు|అంటున్నారు|అని|అన్న\b|قال|قالت)",
    ))
    .expect("a constant pattern compiles")
});
/// The author is who said it.
static BY_AUTHOR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?:\b(?:i|we|i've|ich|wir|yo|je|nous|io|noi|eu|ben|biz|dedim|dedik|diyorum|yazdım|",
        r"maine|mein|main|hum|hamne|nenu|memu|cheppa|annanu)\b",
        r"|मैंने|मैं|हमने|हम\s|నేను|మేము|అన్నాను|చెప్పాను|أنا)",
    ))
    .expect("a constant pattern compiles")
});

/// The byte ranges of quotations, with their marks, that are another's.
pub(super) fn of_others(text: &str) -> Vec<Range<usize>> {
    quotations(text)
        .into_iter()
        .filter(|said| {
            if text[said.clone()].split_whitespace().count() < FEWEST_WORDS {
                return false;
            }
            let (before, behind) = beside(text, said);
            if BY_AUTHOR.is_match(last_clause(before)) {
                return false;
            }
            SAID_BEFORE.is_match(before)
                || (SAID_BEHIND.is_match(behind) && !BY_AUTHOR.is_match(first_words(behind)))
        })
        .collect()
}

/// Everything between matching marks on one line, marks included.
fn quotations(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<(usize, usize, &[char])> = None;
    for (place, (at, sign)) in text.char_indices().enumerate() {
        match open {
            Some((start, _, closing)) if closing.contains(&sign) => {
                found.push(start..at + sign.len_utf8());
                open = None;
            }
            Some((_, began, _)) if sign == '\n' || place - began > MOST_CHARS => open = None,
            Some(_) => (),
            None => {
                let closing = MARKS.iter().find(|(opening, _)| *opening == sign);
                open = closing.map(|(_, closing)| (at, place, *closing));
            }
        }
    }
    found
}

/// What stands beside a quotation on its line.
fn beside<'a>(text: &'a str, said: &Range<usize>) -> (&'a str, &'a str) {
    let start = text[..said.start]
        .char_indices()
        .rev()
        .take_while(|(_, sign)| *sign != '\n')
        .take(BESIDE_CHARS)
        .last()
        .map_or(said.start, |(at, _)| at);
    let n_behind: usize = text[said.end..]
        .chars()
        .take_while(|sign| *sign != '\n')
        .take(BESIDE_CHARS)
        .map(char::len_utf8)
        .sum();
    (
        &text[start..said.start],
        &text[said.end..said.end + n_behind],
    )
}

/// The clause that leads to a quotation: who says it stands here.
fn last_clause(before: &str) -> &str {
    before
        .trim_end_matches([' ', ':', ','])
        .rsplit(['.', '!', '?', ',', ';'])
        .next()
        .unwrap_or_default()
}

/// The verb behind a quotation and the word beside it.
fn first_words(behind: &str) -> &str {
    let behind = behind.trim_start_matches([' ', ',', '.', '!', '?']);
    let end = behind
        .char_indices()
        .filter(|(_, sign)| sign.is_whitespace() || matches!(sign, ',' | '.'))
        .nth(1)
        .map_or(behind.len(), |(at, _)| at);
    &behind[..end]
}
