//! The text that is judged: title and text of an item without the words of others, and the
//! way back from a place in it to the place in the item's text.

use std::ops::Range;

use super::Subject;
use crate::classify::own_words::{self, Left};

/// Stands where somebody else's words stood inside a line.
const LEFT_OUT: &str = "…";

/// What is judged of a subject. Places are bytes.
#[derive(Debug)]
pub(super) struct Document {
    /// The text.
    pub(super) text: String,
    /// What of it is the author's.
    pub(super) left: Left,
    /// Kept parts of the item's text, in order.
    kept: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    /// Where it stands in the document.
    at: usize,
    /// Where it stands in the item's text.
    from: Range<usize>,
}

impl Document {
    /// Reads a subject. Where `spans` of a brand are accounts or tags (`@acme`, `#acme`), the
    /// sign is left out when `names_accounts`: masking accounts must not take the brand's
    /// name, and in training it stood there without the sign.
    pub(super) fn new(subject: &Subject, spans: &[Range<usize>], names_accounts: bool) -> Self {
        let text = &subject.text;
        let (others, left) = own_words::of_others(text, &subject.quoted);
        let mut gaps: Vec<(Range<usize>, &str)> = match left {
            Left::Words => others
                .into_iter()
                .map(|range| {
                    let filler = filler(text, &range);
                    (range, filler)
                })
                .collect(),
            // Without words of the author, those that they passed on are all there is.
            Left::Remark | Left::Repost | Left::Nothing => Vec::new(),
        };
        if names_accounts {
            let signs = spans
                .iter()
                .filter_map(|span| account_sign(text, span.start));
            gaps.extend(signs.map(|sign| (sign, "")));
            gaps.sort_by_key(|(range, _)| (range.start, range.end));
        }
        let mut document = Self {
            text: String::with_capacity(text.len()),
            left,
            kept: Vec::new(),
        };
        if let Some(title) = subject.shown_title() {
            document.text.push_str(title);
            document.text.push('\n');
        }
        let mut start = 0;
        for (gap, filler) in gaps {
            // A sign inside what was left out is left out already.
            if gap.start < start {
                continue;
            }
            document.keep(text, start..gap.start);
            document.text.push_str(filler);
            start = gap.end;
        }
        document.keep(text, start..text.len());
        document
    }

    fn keep(&mut self, text: &str, from: Range<usize>) {
        if !from.is_empty() {
            let at = self.text.len();
            self.text.push_str(&text[from.clone()]);
            self.kept.push(Kept { at, from });
        }
    }

    /// Where a place of the item's text stands here; `None` when it was left out.
    pub(super) fn here(&self, place: &Range<usize>) -> Option<Range<usize>> {
        let behind = self
            .kept
            .partition_point(|kept| kept.from.end <= place.start);
        let kept = self.kept.get(behind)?;
        (kept.from.start <= place.start && place.end <= kept.from.end).then(|| {
            let start = kept.at + (place.start - kept.from.start);
            start..start + place.len()
        })
    }

    /// The part of the item's text that a place here shows; `None` in the title.
    pub(super) fn original(&self, place: &Range<usize>) -> Option<Range<usize>> {
        let mut parts = self
            .kept
            .iter()
            .map(|kept| (kept, kept.at..kept.at + kept.from.len()))
            .filter(|(_, here)| here.start < place.end && place.start < here.end);
        let (first, here) = parts.next()?;
        let start = first.from.start + place.start.saturating_sub(here.start);
        let (last, here) = parts.next_back().unwrap_or((first, here));
        let end = last.from.end - here.end.saturating_sub(place.end);
        Some(start..end)
    }
}

/// The `@` or `#` of an account or tag that is or begins at `start`.
fn account_sign(text: &str, start: usize) -> Option<Range<usize>> {
    if text[start..].starts_with(['@', '#']) {
        return Some(start..start + 1);
    }
    text[..start]
        .ends_with(['@', '#'])
        .then(|| start - 1..start)
        // `jo@acme.example` is an address.
        .filter(|sign| {
            text[..sign.start]
                .chars()
                .next_back()
                .is_none_or(|before| !before.is_alphanumeric())
        })
}

fn filler(text: &str, gap: &Range<usize>) -> &'static str {
    let begins_line = text[..gap.start]
        .chars()
        .next_back()
        .is_none_or(|c| c == '\n');
    let ends_line = text[gap.end..].chars().next().is_none_or(|c| c == '\n');
    if begins_line || ends_line || text[gap.clone()].ends_with('\n') {
        ""
    } else {
        LEFT_OUT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;

    fn subject(title: Option<&str>, text: &str) -> Subject {
        Subject {
            title: title.map(str::to_owned),
            text: text.to_owned(),
            quoted: Vec::new(),
            kind: Kind::Post,
            lang: None,
            brands: Vec::new(),
        }
    }

    #[test]
    fn places_lead_there_and_back() {
        let subject = subject(Some("Late"), "> Acme is fast\nNo, Acme is slow. Very slow.");
        let document = Document::new(&subject, &[], false);
        assert_eq!(document.text, "Late\nNo, Acme is slow. Very slow.");
        let acme = subject.text.rfind("Acme").expect("it is there");
        let here = document.here(&(acme..acme + 4)).expect("it was kept");
        assert_eq!(&document.text[here.clone()], "Acme");
        assert_eq!(document.original(&here), Some(acme..acme + 4));
        assert_eq!(document.here(&(2..6)), None);
        assert_eq!(document.original(&(0..4)), None);
    }

    #[test]
    fn a_place_across_what_was_left_out_leads_back_to_all_of_it() {
        let text = "Boss said: \"Acme is very bad indeed\" and I laugh, Acme is good";
        let subject = subject(None, text);
        let document = Document::new(&subject, &[], false);
        assert_eq!(document.text, "Boss said: … and I laugh, Acme is good");
        assert_eq!(
            document.original(&(0..document.text.len())),
            Some(0..text.len())
        );
    }

    #[test]
    fn the_sign_of_the_brands_account_is_left_out() {
        let subject = subject(None, "hi @acme, and @jo, mail me@acme.example");
        let places = [(3..8), (4..8), (22..26)];
        for span in &places[..2] {
            let document = Document::new(&subject, std::slice::from_ref(span), true);
            assert_eq!(document.text, "hi acme, and @jo, mail me@acme.example");
            assert_eq!(
                Document::new(&subject, std::slice::from_ref(span), false).text,
                subject.text
            );
        }
        let at = subject.text.rfind("acme").expect("it is there");
        let tagged = self::subject(None, "no #acme");
        let document = Document::new(&tagged, std::slice::from_ref(&(3..8)), true);
        assert_eq!(document.text, "no acme");
        let mail = Document::new(&subject, std::slice::from_ref(&(at..at + 4)), true);
        assert_eq!(mail.text, subject.text);
    }

    #[test]
    fn nothing_but_a_quote_is_kept() {
        for (text, left) in [
            ("> Acme is awful", Left::Nothing),
            ("RT @jo: Acme is awful", Left::Repost),
            ("> Acme is awful\n+1", Left::Remark),
        ] {
            let document = Document::new(&subject(None, text), &[], false);
            assert_eq!((document.text.as_str(), document.left), (text, left));
        }
    }
}
