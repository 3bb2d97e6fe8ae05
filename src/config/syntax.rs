//! Syntax errors of the TOML parser in the form of every other problem, with a hint for the
//! usual causes.

use std::ops::Range;

use super::problem::Problem;
use super::read::Reader;

/// Keeps one syntax error of the TOML parser, with a hint for the usual causes.
pub(super) fn keep_syntax_error(reader: &Reader<'_>, message: &str, span: Range<usize>) {
    // At the very end of the file the place is past the last character.
    let at = span.start.min(reader.text.trim_end().len());
    let line = reader.line_of(at);
    reader.problems.borrow_mut().push(Problem {
        file: reader.file.to_path_buf(),
        line: Some(line),
        column: Some(reader.column_of(at)),
        key: String::new(),
        what: message.to_owned(),
        mend: syntax_hint(message, reader.line_text(line)),
    });
}

fn syntax_hint(message: &str, line: &str) -> String {
    let line = line.trim();
    let hint = if message.contains("duplicate key") {
        "remove one of the two"
    } else if message.contains("escape") {
        "a backslash starts an escape: write it twice, or put the text in 'single quotes'"
    } else if line.starts_with('[') && line.matches('[').count() != line.matches(']').count() {
        "close every bracket: [web] or [[source]]"
    } else if line.matches('"').count() % 2 == 1 {
        "close the quotation mark; inside \"…\" write \\\" for a quotation mark, or use 'single quotes'"
    } else if !line.contains('=') && !line.starts_with('[') {
        "write key = \"value\", or start the line with # to make it a comment"
    } else if message.contains("quoted") || message.contains("literal string") {
        "put texts in quotes: key = \"value\""
    } else {
        "write key = \"value\" below a [table] or [[table]] header"
    };
    hint.to_owned()
}
