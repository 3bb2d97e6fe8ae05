//! Text of strangers made fit to be shown: cleaned of what moves the reader's screen, its
//! matched words marked, an excerpt around them, and cut so that no receiver refuses it.
//! Pure; escaping is each tool's own.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;

/// What stands where something was cut off.
const ELLIPSIS: &str = "…";
/// How much of the text an excerpt shows before the first marked word.
const LEAD_CHARS: usize = 160;
/// How far an excerpt looks for white space to begin and end at.
const WORD_CHARS: usize = 40;
/// A letter with more marks than this is no letter: it is cut like any text.
const GRAPHEME_LIMIT_BYTES: usize = 64;

/// A text with some words marked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// Its pieces in order; none is empty.
    pub pieces: Vec<Piece>,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it says.
    pub text: String,
    /// Whether it is why the text was found.
    pub is_marked: bool,
}

impl Marked {
    /// Cleans a text and marks these spans, which count characters, as a mention's do.
    /// Spans that overlap or lie outside do no harm.
    pub fn new(text: &str, spans: &[[usize; 2]]) -> Self {
        let mut spans = spans.to_vec();
        spans.sort_unstable();
        let mut spans = spans.into_iter().peekable();
        let mut marked = Self::default();
        let mut piece = Piece {
            text: String::new(),
            is_marked: false,
        };
        for (place, character) in text.chars().enumerate() {
            while spans.next_if(|[_, end]| *end <= place).is_some() {}
            // Sorted by start, so a later span may only begin later.
            let is_marked = spans.peek().is_some_and(|[start, _]| *start <= place);
            let Some(character) = cleaned(character) else {
                continue;
            };
            if piece.is_marked != is_marked && !piece.text.is_empty() {
                let text = std::mem::take(&mut piece.text);
                marked.pieces.push(Piece { text, ..piece });
            }
            piece.is_marked = is_marked;
            piece.text.push(character);
        }
        if !piece.text.is_empty() {
            marked.pieces.push(piece);
        }
        marked.trimmed()
    }

    /// A text without marks.
    pub fn plain(text: &str) -> Self {
        Self::new(text, &[])
    }

    fn push(&mut self, character: char, is_marked: bool) {
        match self.pieces.last_mut() {
            Some(last) if last.is_marked == is_marked => last.text.push(character),
            _ => self.pieces.push(Piece {
                text: character.to_string(),
                is_marked,
            }),
        }
    }

    fn push_text(&mut self, text: &str, is_marked: bool) {
        for character in text.chars() {
            self.push(character, is_marked);
        }
    }

    /// Whether there is nothing to be seen.
    pub fn is_blank(&self) -> bool {
        self.pieces.iter().all(|piece| is_blank(&piece.text))
    }

    /// The text without its marks.
    pub fn text(&self) -> String {
        self.pieces
            .iter()
            .map(|piece| piece.text.as_str())
            .collect()
    }

    /// White space at both ends says nothing, and some tools refuse it.
    fn trimmed(mut self) -> Self {
        while let Some(first) = self.pieces.first_mut() {
            let kept = first.text.trim_start();
            first.text = kept.to_owned();
            if !first.text.is_empty() {
                break;
            }
            self.pieces.remove(0);
        }
        while let Some(last) = self.pieces.last_mut() {
            last.text.truncate(last.text.trim_end().len());
            if !last.text.is_empty() {
                break;
            }
            self.pieces.pop();
        }
        self
    }

    /// At most about `n_chars` characters that show the first marked word, beginning and
    /// ending at white space where there is some; whether anything was left out.
    pub fn excerpt(&self, n_chars: usize) -> (Self, bool) {
        let characters: Vec<(char, bool)> = self
            .pieces
            .iter()
            .flat_map(|piece| {
                piece
                    .text
                    .chars()
                    .map(|character| (character, piece.is_marked))
            })
            .collect();
        if characters.len() <= n_chars {
            return (self.clone(), false);
        }
        let first = characters
            .iter()
            .position(|(_, is_marked)| *is_marked)
            .unwrap_or(0);
        let wanted = if first + LEAD_CHARS < n_chars {
            0
        } else {
            first - LEAD_CHARS.min(first)
        };
        let is_space = |place: usize| characters[place].0.is_whitespace();
        let start = if wanted == 0 {
            0
        } else {
            (wanted..(wanted + WORD_CHARS).min(first))
                .find(|place| is_space(place - 1))
                .unwrap_or(wanted)
        };
        let limit = (start + n_chars).min(characters.len());
        let end = if limit == characters.len() {
            limit
        } else {
            (limit.saturating_sub(WORD_CHARS).max(start + 1)..limit)
                .rev()
                .find(|place| is_space(*place))
                .unwrap_or(limit)
        };
        let mut part = Self::default();
        for (character, is_marked) in &characters[start..end] {
            part.push(*character, *is_marked);
        }
        let part = part.trimmed();
        let mut framed = Self::default();
        if start > 0 {
            framed.push_text("… ", false);
        }
        for piece in &part.pieces {
            framed.push_text(&piece.text, piece.is_marked);
        }
        if end < characters.len() {
            framed.push_text(" …", false);
        }
        (framed, true)
    }

    /// As much as fits into `budget`, cut between letters as readers see them. `cost` says
    /// what a letter takes once it is escaped, `mark_cost` what marking one piece takes.
    pub fn fit(&self, budget: usize, mark_cost: usize, cost: impl Fn(&str) -> usize) -> Self {
        let total: usize = self
            .pieces
            .iter()
            .map(|piece| mark_cost * usize::from(piece.is_marked) + cost(&piece.text))
            .sum();
        if total <= budget {
            return self.clone();
        }
        let mut left = budget.saturating_sub(cost(ELLIPSIS));
        let mut fitted = Self::default();
        'pieces: for piece in &self.pieces {
            if piece.is_marked {
                if left <= mark_cost {
                    break;
                }
                left -= mark_cost;
            }
            for letter in letters(&piece.text) {
                let taken = cost(letter);
                if taken > left {
                    break 'pieces;
                }
                left -= taken;
                fitted.push_text(letter, piece.is_marked);
            }
        }
        fitted.push_text(ELLIPSIS, false);
        fitted
    }
}

/// Letters as readers see them; what is too long for one comes apart.
fn letters(text: &str) -> impl Iterator<Item = &str> {
    text.graphemes(true).flat_map(|grapheme| {
        let is_whole = grapheme.len() <= GRAPHEME_LIMIT_BYTES;
        let whole = is_whole.then_some(grapheme);
        let apart = (!is_whole).then(|| {
            grapheme
                .char_indices()
                .map(|(at, character)| &grapheme[at..at + character.len_utf8()])
        });
        whole.into_iter().chain(apart.into_iter().flatten())
    })
}

/// A short text on one line, cleaned and cut.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    // White space folds, so more than the limit is looked at; a page of it is not.
    let end = text.char_indices().nth(limit * 4).map(|(at, _)| at);
    let words = Marked::plain(&text[..end.unwrap_or(text.len())]).text();
    let mut joined = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if end.is_some() && !joined.is_empty() {
        joined.push_str(ELLIPSIS);
    }
    Marked::plain(&joined).fit(limit, 0, utf16).text()
}

/// What a text takes where letters are counted in UTF-16 units: never less than where
/// characters are counted.
pub(super) fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

/// What a text takes in bytes of JSON.
pub(super) fn json_bytes(text: &str) -> usize {
    text.chars()
        .map(|character| match character {
            '"' | '\\' | '\n' => 2,
            _ => character.len_utf8(),
        })
        .sum()
}

/// Whether a text shows nothing: several tools refuse such a text, and nobody can read it.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|character| {
        character.is_whitespace()
            || matches!(
                character,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}'
                    | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
                    | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}'
                    | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
                    | '\u{e0000}'..='\u{e0fff}'
            )
    })
}

/// A character as it may be shown: line breaks stay, tabs become spaces, control
/// characters go, and so do those that turn the direction of everything behind them.
fn cleaned(character: char) -> Option<char> {
    match character {
        '\n' => Some('\n'),
        '\t' | '\u{2028}' | '\u{2029}' | '\u{85}' => Some(' '),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        // No characters at all; some parsers stop at them.
        '\u{fffe}' | '\u{ffff}' | '\u{fdd0}'..='\u{fdef}' => None,
        _ if character.is_control() => None,
        _ => Some(character),
    }
}

/// A text in which no tool sees somebody being called: an invisible joiner follows every
/// `@`. For tools that have no other way to say "this is only text".
pub(super) fn without_calls(text: &str) -> Cow<'_, str> {
    if text.contains('@') {
        Cow::Owned(text.replace('@', "@\u{2060}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A text in which no tool finds anybody to call, an address, a tag or a command: an
/// invisible joiner follows every sign that one of these needs.
pub(super) fn inert(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for character in text.chars() {
        inert.push(character);
        if "@.:/#".contains(character) {
            inert.push('\u{2060}');
        }
    }
    inert
}

/// The five characters that mean something in HTML, spelled out.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Markdown that shows the text as it is: everything that could begin emphasis, a link, a
/// call, a list or an address has a backslash before it.
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if "\\*_~`|<>#+-=[](){}!@:.&$^".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(marked: &Marked) -> String {
        marked
            .pieces
            .iter()
            .map(|piece| match piece.is_marked {
                true => format!("[{}]", piece.text),
                false => piece.text.clone(),
            })
            .collect()
    }

    #[track_caller]
    fn check_marks(text: &str, spans: &[[usize; 2]], expected: &str) {
        assert_eq!(shown(&Marked::new(text, spans)), expected);
    }

    #[test]
    fn marks_count_characters_and_survive_any_span() {
        check_marks("Acme is bad", &[[0, 4]], "[Acme] is bad");
        check_marks("yanlış Acme'nin", &[[7, 11]], "yanlış [Acme]'nin");
        check_marks("abc", &[[0, 2], [1, 3]], "[abc]");
        check_marks("abcd", &[[0, 4], [1, 2]], "[abcd]");
        check_marks("abc", &[[2, 1], [5, 9], [1, 99]], "a[bc]");
        check_marks("a\u{202e}b\u{7}c", &[[3, 9]], "ab[c]");
        check_marks("", &[[0, 3]], "");
    }

    #[test]
    fn what_moves_the_screen_is_taken_out() {
        check_marks(
            "  a\tb\u{0}\u{1b}[31m\r\nc\u{2066}d\u{ffff} \n",
            &[],
            "a b[31m\ncd",
        );
        // Signs that right-to-left languages and families of emoji need stay.
        check_marks(
            "שלום\u{200f}! 👨\u{200d}👩",
            &[],
            "שלום\u{200f}! 👨\u{200d}👩",
        );
    }

    #[test]
    fn an_excerpt_shows_the_match() {
        let text = format!("{}Acme failed {}", "word ".repeat(400), "more ".repeat(400));
        let (part, is_cut) = Marked::new(&text, &[[2_000, 2_004]]).excerpt(300);
        let part = shown(&part);
        assert!(
            is_cut && part.starts_with("… word") && part.ends_with("more …"),
            "{part}"
        );
        assert!(part.contains("[Acme] failed"), "{part}");
        assert!(part.chars().count() <= 310, "{}", part.chars().count());
        let (whole, is_cut) = Marked::plain("short").excerpt(300);
        assert!(!is_cut && shown(&whole) == "short");
        let unbroken = "x".repeat(5_000);
        let (part, _) = Marked::plain(&unbroken).excerpt(300);
        assert_eq!(part.text().chars().count(), 302);
    }

    #[track_caller]
    fn check_fit(text: &str, budget: usize, expected: &str) {
        let fitted = Marked::plain(text).fit(budget, 0, utf16);
        assert_eq!(fitted.text(), expected);
        assert!(utf16(&fitted.text()) <= budget);
    }

    #[test]
    fn a_text_is_cut_between_letters() {
        check_fit("abcdef", 6, "abcdef");
        check_fit("abcdef", 5, "abcd…");
        check_fit("కొనుగోలు", 4, "కొ…");
        check_fit("👨‍👩‍👧 family", 4, "…");
        check_fit("👨‍👩‍👧 family", 10, "👨‍👩‍👧 …");
        let zalgo = format!("a{}", "\u{301}".repeat(100));
        check_fit(&zalgo, 4, "a\u{301}\u{301}…");
    }

    #[test]
    fn the_cost_of_escaping_and_marking_counts() {
        let text = Marked::new("&&& Acme", &[[4, 8]]);
        let cost = |text: &str| html(text).len();
        let fitted = text.fit(16, 7, cost);
        assert_eq!(shown(&fitted), "&&…");
        let fitted = text.fit(30, 7, cost);
        assert_eq!(shown(&fitted), "&&& [Acme]");
    }

    #[test]
    fn one_line_has_no_breaks() {
        assert_eq!(one_line(" a\n\n b\tc ", 20), "a b c");
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert!(is_blank("\u{200b} \n\u{2800}"));
        assert!(!is_blank("a"));
    }
}
