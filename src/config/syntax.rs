//! Syntax errors of the TOML parser in the form of every other problem, with a hint for the
//! usual causes.

use std::borrow::Cow;
use std::ops::Range;

use toml::de::DeTable;

use super::problem::Problem;
use super::read::Reader;

/// How the parser's message about a line that is no `key = value` begins. It gives up
/// there, so everything below would seem to be missing.
const STRAY_LINE: &str = "key with no value";
/// A file with more of them is no configuration.
const STRAY_LINES_LIMIT: usize = 50;

/// Reports the lines that are no TOML at all and returns the text with spaces in their
/// place, so that the rest can be read and every place stays where it was.
pub(super) fn without_stray_lines<'a>(reader: &Reader<'a>) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(reader.text);
    for _ in 0..STRAY_LINES_LIMIT {
        let (_, errors) = DeTable::parse_recoverable(&text);
        let stray = errors
            .iter()
            .find(|error| error.message().starts_with(STRAY_LINE))
            .map(|error| (error.message().to_owned(), error.span().unwrap_or(0..0)));
        let Some((message, span)) = stray else { break };
        let line = reader.bytes_of_line(span.start);
        if text[line.clone()].trim().is_empty() {
            break;
        }
        keep_syntax_error(reader, &message, span);
        let spaces = " ".repeat(line.len());
        text.to_mut().replace_range(line, &spaces);
    }
    text
}

/// Keeps one syntax error of the TOML parser, with a hint for the usual causes.
pub(super) fn keep_syntax_error(reader: &Reader<'_>, message: &str, span: Range<usize>) {
    // At the very end of the file the place is past the last character.
    let at = span.start.min(reader.text.trim_end().len());
    let line = reader.line_of(at);
    let (what, mend) = explained(message, reader.line_text(line));
    reader.problems.borrow_mut().push(Problem {
        file: reader.file.to_path_buf(),
        line: Some(line),
        column: Some(reader.column_of(at)),
        key: String::new(),
        what,
        mend,
    });
}

/// What is wrong and how to mend it, from the parser's message and the line it points at.
fn explained(message: &str, line: &str) -> (String, String) {
    let line = line.trim();
    // The list of everything that could stand there instead helps nobody.
    let said = match message.split_once(", expected ") {
        Some((said, expected)) if expected.contains(',') => said,
        _ => message,
    };
    let (what, mend) = if line.ends_with('=') {
        (
            "the value is missing",
            "write one after the =: key = \"value\"",
        )
    } else if message.contains("must be quoted") {
        ("a text must stand in quotes", "write key = \"value\"")
    } else if message.contains("duplicate key") {
        ("the key stands twice", "remove one of the two")
    } else if message.contains("unclosed array table") || message.contains("unclosed table") {
        (said, "close every bracket: [web] or [[source]]")
    } else if message.contains("unclosed array") {
        ("the list is not closed", "write [\"one\", \"two\"]")
    } else if message.contains("escape") {
        (
            "a backslash stands before something that is no escape",
            "write the backslash twice, or put the text in 'single quotes'",
        )
    } else if line.matches('"').count() % 2 == 1 {
        (
            "a quotation mark is not closed",
            "close it; inside \"…\" write \\\" for a quotation mark, or use 'single quotes'",
        )
    } else if !line.contains('=') && !line.starts_with('[') {
        (
            "the line is neither a setting nor a comment",
            "write key = \"value\", or start the line with # to make it a comment",
        )
    } else {
        (
            said,
            "write key = \"value\" below a [table] or [[table]] header",
        )
    };
    (what.to_owned(), mend.to_owned())
}
