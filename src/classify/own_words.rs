//! What of a text its author did not write: quoted lines and mails, reposts, blockquotes,
//! and words in quotation marks that the text says somebody else said. A text comes in, the
//! byte ranges that are not the author's go out. Nothing is judged here.

mod mail;
mod speech;

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// A repost: from here on it is another's text. With nothing before it the author shares
/// what was said as it is.
static REPOST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|\s)(?:RT|QT|MT)\s*:?\s*@[\w.\-]+").expect("a constant pattern compiles")
});
/// `[quote=Jane]…[/quote]` of forums; the innermost first.
static BBCODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?is)\[quote(?:=[^\]]{0,120})?\]").expect("a constant pattern compiles")
});
const BBCODE_END: &str = "[/quote]";

/// What is left of a text without the words of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Words of the author, or nothing was quoted.
    Words,
    /// A word or two (“same”, “+1”): they say something about the quoted text only.
    Remark,
    /// Nothing: the text is a repost, which passes on what it says.
    Repost,
    /// Nothing: the text only quotes.
    Nothing,
}

/// Words that the author must have written to be judged by them alone.
const ENOUGH_WORDS: usize = 3;

/// The byte ranges that are not the author's, in order, without overlaps, and what is left.
/// `blockquotes` are parts of the text that its markup marked as quoted.
pub(super) fn of_others(text: &str, blockquotes: &[String]) -> (Vec<Range<usize>>, Left) {
    let repost = REPOST.find(text).map(|found| {
        let blank = found.as_str().len() - found.as_str().trim_start().len();
        found.start() + blank..text.len()
    });
    let is_repost = repost
        .as_ref()
        .is_some_and(|repost| !has_word(&text[..repost.start]));
    let mut others: Vec<Range<usize>> = mail::quoted(text);
    others.extend(repost);
    others.extend(bbcode(text));
    for quote in blockquotes.iter().filter(|quote| has_word(quote)) {
        others.extend(text.find(quote.as_str()).map(|at| at..at + quote.len()));
    }
    let mut others = merged(others);
    let speech = speech::of_others(text)
        .into_iter()
        .filter(|said| {
            let behind = others.partition_point(|other| other.end <= said.start);
            others.get(behind).is_none_or(|other| !overlap(said, other))
        })
        .collect::<Vec<_>>();
    // Who only reports what somebody said has said little, but the report is theirs.
    if n_words(text, &merged([&others[..], &speech[..]].concat())) >= ENOUGH_WORDS {
        others.extend(speech);
        others = merged(others);
    }
    let left = match n_words(text, &others) {
        _ if others.is_empty() => Left::Words,
        0 if is_repost => Left::Repost,
        0 => Left::Nothing,
        n if n < ENOUGH_WORDS => Left::Remark,
        _ => Left::Words,
    };
    (others, left)
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

fn has_word(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Words outside of some ranges; links and accounts are none.
fn n_words(text: &str, without: &[Range<usize>]) -> usize {
    let mut n_words = 0;
    let mut start = 0;
    let ends = without
        .iter()
        .cloned()
        .chain(std::iter::once(text.len()..text.len()));
    for other in ends {
        n_words += text[start..other.start.max(start)]
            .split_whitespace()
            .filter(|word| has_word(word) && !word.starts_with('@') && !word.contains("://"))
            .count();
        start = other.end.max(start);
    }
    n_words
}

fn bbcode(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let starts = BBCODE
        .find_iter(text)
        .map(|tag| (tag.start(), tag.end(), true));
    let ends = find_ascii_fold(text, BBCODE_END).map(|at| (at, at + BBCODE_END.len(), false));
    let mut tags: Vec<(usize, usize, bool)> = starts.chain(ends).collect();
    tags.sort_unstable();
    for (start, end, opens) in tags {
        if opens {
            open.push(start);
        } else if let Some(began) = open.pop() {
            found.push(began..end);
        }
    }
    found
}

/// Where a word stands, whatever the case of its ASCII letters.
pub(super) fn find_ascii_fold<'a>(
    text: &'a str,
    word: &'a str,
) -> impl Iterator<Item = usize> + 'a {
    text.char_indices().map(|(at, _)| at).filter(move |&at| {
        text.as_bytes()
            .get(at..at + word.len())
            .is_some_and(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str, left: Left) {
        check_marked(text, &[], expected, left);
    }

    #[track_caller]
    fn check_marked(text: &str, blockquotes: &[&str], expected: &str, left: Left) {
        let blockquotes: Vec<String> = blockquotes.iter().map(|&quote| quote.to_owned()).collect();
        let (others, found) = of_others(text, &blockquotes);
        let mut own = String::new();
        let mut start = 0;
        for other in others {
            own.push_str(&text[start..other.start]);
            own.push('¦');
            start = other.end;
        }
        own.push_str(&text[start..]);
        assert_eq!(own, expected, "{text:?}");
        assert_eq!(found, left, "{text:?}");
    }

    #[test]
    fn quoted_lines_are_not_the_authors() {
        check(
            "> Acme never delivers\nMine came the next day.",
            "¦Mine came the next day.",
            Left::Words,
        );
        check(
            ">> older\n> Acme never delivers\nNot true for me.\n>also quoted\nbye",
            "¦Not true for me.\n¦bye",
            Left::Words,
        );
        check("> Acme never delivers", "¦", Left::Nothing);
        check("> Acme never delivers\n+1", "¦+1", Left::Remark);
    }

    #[test]
    fn signs_that_look_like_quotes_are_not() {
        for text in [
            ">:( my parcel is gone again",
            ">5 days and no answer",
            ">.< why always me",
            "2 > 1 as they say",
            "Acme >>> everyone else in town",
            "->see the picture of the box",
            "no complaints so far",
            "",
            "😡",
        ] {
            check(text, text, Left::Words);
        }
    }

    #[test]
    fn mails_quote_what_they_answer() {
        check(
            "Still broken.\nOn Tue, 3 Mar 2026 at 10:20, Acme <help@acme.example> wrote:\nWe fixed it, enjoy!",
            "Still broken.\n¦",
            Left::Remark,
        );
        check(
            "Bu cevap hiç yardımcı olmadı.\n3 Mar 2026 Sal, 10:20 tarihinde Acme şunu yazdı:\n> Çok teşekkürler",
            "Bu cevap hiç yardımcı olmadı.\n¦",
            Left::Words,
        );
        check(
            "I want my money back.\n-----Original Message-----\nFrom: Acme\nThank you so much!",
            "I want my money back.\n¦",
            Left::Words,
        );
        check(
            "My mother wrote: never buy there",
            "My mother wrote: never buy there",
            Left::Words,
        );
    }

    #[test]
    fn reposts_pass_on_what_they_say() {
        check("RT @jane: Acme lost my bag", "¦", Left::Repost);
        check(
            "could not agree more RT @jane: Acme lost my bag",
            "could not agree more ¦",
            Left::Words,
        );
        check("this!! RT @jane Acme lost it", "this!! ¦", Left::Remark);
        check("RT if you love Acme", "RT if you love Acme", Left::Words);
    }

    #[test]
    fn forums_and_markup_mark_quotes() {
        check(
            "[quote=\"Jo\"]Acme is great[/quote]\nNot for me, sorry.",
            "¦\nNot for me, sorry.",
            Left::Words,
        );
        check(
            "[quote]a [QUOTE]b[/QUOTE] c[/quote] I have my doubts",
            "¦ I have my doubts",
            Left::Words,
        );
        check(
            "[quote] never closed, still mine",
            "[quote] never closed, still mine",
            Left::Words,
        );
        check_marked(
            "She says\nAcme is great\nbut I doubt that very much",
            &["Acme is great"],
            "She says\n¦\nbut I doubt that very much",
            Left::Words,
        );
        check_marked("Acme is great", &["Acme is great"], "¦", Left::Nothing);
    }

    #[test]
    fn what_somebody_else_said_is_theirs() {
        check(
            "“Best coffee in this town”, says the sign. It is not true.",
            "¦, says the sign. It is not true.",
            Left::Words,
        );
        check(
            "My boss said: \"Acme is the worst tool ever\" and I kept using it happily",
            "My boss said: ¦ and I kept using it happily",
            Left::Words,
        );
        check(
            "\"Acme'den sakın bir şey almayın\" diyenlere bakmayın, ben çok memnunum",
            "¦ diyenlere bakmayın, ben çok memnunum",
            Left::Words,
        );
        check(
            "लोग कहते हैं \"एक्मे सबको धोखा देता है\", मुझे कभी दिक्कत नहीं हुई",
            "लोग कहते हैं ¦, मुझे कभी दिक्कत नहीं हुई",
            Left::Words,
        );
        check(
            "\"ఆక్మే అందరినీ మోసం చేస్తుంది\" అంటారు, నాకు ఎప్పుడూ ఇబ్బంది రాలేదు",
            "¦ అంటారు, నాకు ఎప్పుడూ ఇబ్బంది రాలేదు",
            Left::Words,
        );
        check(
            "Der Chef sagte: „Acme ist die beste Firma“, ich sehe das anders",
            "Der Chef sagte: ¦, ich sehe das anders",
            Left::Words,
        );
    }

    #[test]
    fn what_the_author_said_or_only_marks_stays() {
        for text in [
            "I told them: \"this is the worst service ever\" and hung up",
            "Ben de \"böyle rezalet görmedim hayatımda\" dedim ve kapattım",
            "They call it \"premium support\" and nobody answers",
            "Bankom iki haftadır \"inceliyoruz\" diyor",
            "the \"new and improved app by Acme\" is slower than before",
            "She said \"Acme is really awful, never again\"",
        ] {
            check(text, text, Left::Words);
        }
    }

    #[test]
    fn endless_and_odd_texts_are_read_in_one_pass() {
        for text in [
            "\"".repeat(100_000),
            "> a\n".repeat(50_000),
            "[quote]".repeat(20_000),
            "RT ".repeat(50_000),
            "said \"a b c d e".repeat(20_000),
            "\u{202e}„“«»\u{0}".repeat(1_000),
        ] {
            let (others, _) = of_others(&text, &[]);
            for other in others {
                assert!(text.is_char_boundary(other.start) && text.is_char_boundary(other.end));
            }
        }
    }
}
