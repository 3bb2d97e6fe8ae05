//! What commands print: data on stdout, a line each; a reader that closes the pipe ends
//! the command quietly.

use std::io::Write as _;

use serde::Serialize;

/// Prints one line.
///
/// # Errors
/// When stdout is closed.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    Ok(())
}

/// Prints one value as a line of JSON.
///
/// # Errors
/// When stdout is closed.
pub(super) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string(value)?)
}

/// Whether this is only the reader of our output having had enough.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// One line of at most `width` characters, without control characters: a post must not
/// drive the terminal.
pub(super) fn one_line(text: &str, width: usize) -> String {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let clean: String = folded
        .chars()
        .filter(|character| !character.is_control())
        .collect();
    if clean.chars().count() <= width {
        return clean;
    }
    let mut cut: String = clean.chars().take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// A table with aligned columns.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> anyhow::Result<()> {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let show = |cells: &[String]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.chars().count())))
            .collect();
        line(padded.join("  ").trim_end())
    };
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    show(&head)?;
    rows.iter().try_for_each(|row| show(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_cannot_drive_the_terminal() {
        assert_eq!(one_line("a\u{1b}[31mb\n\nc", 40), "a[31mb c");
        assert_eq!(one_line("తెలుగు మాట", 5), "తెలు…");
    }
}
