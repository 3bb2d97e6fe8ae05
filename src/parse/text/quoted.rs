//! Which parts of an HTML text are quotations: plain text loses the mark, and a quotation
//! is not what the author of the text says.

use super::{Piece, Scanner, plain_from_html};

/// The plain text of every outermost `<blockquote>`, in order, as it stands in the plain
/// text of the whole. One that is never closed ends nowhere and is none.
pub fn quoted_parts(html: &str) -> Vec<String> {
    let mut scanner = Scanner::new(html);
    let mut found = Vec::new();
    let mut n_open = 0_usize;
    let mut start = 0;
    loop {
        let before = html.len() - scanner.rest.len();
        let Some(piece) = scanner.next_piece() else {
            return found;
        };
        let Piece::Tag { name, closing } = piece else {
            continue;
        };
        if !name.eq_ignore_ascii_case("blockquote") {
            continue;
        }
        if !closing {
            if n_open == 0 {
                start = html.len() - scanner.rest.len();
            }
            n_open += 1;
        } else if n_open > 0 {
            n_open -= 1;
            if n_open == 0 {
                let plain = plain_from_html(&html[start..before]);
                found.extend((!plain.is_empty()).then_some(plain));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &[&str]) {
        let found = quoted_parts(html);
        assert_eq!(found, expected, "{html:?}");
        let plain = plain_from_html(html);
        for part in found {
            assert!(plain.contains(&part), "{part:?} of {plain:?}");
        }
    }

    #[test]
    fn blockquotes_are_found_as_the_plain_text_has_them() {
        check(
            "<p>See:</p><blockquote class=\"x\"><p>Acme  is\ngreat.</p><p>Really &amp; truly.</p></blockquote><p>No.</p>",
            &["Acme is great.\nReally & truly."],
        );
        check(
            "<blockquote>a<blockquote>b</blockquote>c</blockquote>d<BLOCKQUOTE>e</BLOCKQUOTE>",
            &["a\nb\nc", "e"],
        );
        check("<blockquote>never closed", &[]);
        check("</blockquote>stray<blockquote> </blockquote>", &[]);
        check("plain", &[]);
        check("", &[]);
    }
}
