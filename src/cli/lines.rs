//! Lines of input as people really have them: with a byte order mark, of megabytes, in bytes
//! that are no UTF-8. A line that is too long costs that line, never the ones behind it.

use std::io::{BufRead, Read as _};

/// Longer lines are no text that anybody wrote; nothing of them is kept in memory.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// One line of input.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: usize,
    /// The text without its end, or why there is none.
    pub(super) text: Result<String, String>,
    /// Whether bytes that are no UTF-8 were replaced by U+FFFD.
    pub(super) was_mended: bool,
}

/// Reads lines, one after the other.
pub(super) struct Lines<R> {
    reader: R,
    n_read: usize,
    most_bytes: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn of(reader: R) -> Self {
        Self {
            reader,
            n_read: 0,
            most_bytes: MOST_BYTES,
        }
    }

    /// The next line, until there is none.
    ///
    /// # Errors
    /// Those of the reader.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let limit = self.most_bytes + 1;
        let n = self
            .reader
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut bytes)?;
        if n == 0 {
            return Ok(None);
        }
        self.n_read += 1;
        if n as u64 == limit && bytes.last() != Some(&b'\n') {
            self.skip_line()?;
            let why = format!(
                "the line is longer than {} MiB",
                self.most_bytes / 1024 / 1024
            );
            return Ok(Some(self.line(Err(why), false)));
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let (text, was_mended) = match String::from_utf8(bytes) {
            Ok(text) => (text, false),
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
        };
        // What Windows programs put in front of UTF-8.
        let text = match text.strip_prefix('\u{feff}') {
            Some(text) if self.n_read == 1 => text.to_owned(),
            _ => text,
        };
        Ok(Some(self.line(Ok(text), was_mended)))
    }

    fn line(&self, text: Result<String, String>, was_mended: bool) -> Line {
        Line {
            number: self.n_read,
            text,
            was_mended,
        }
    }

    fn skip_line(&mut self) -> std::io::Result<()> {
        loop {
            let bytes = self.reader.fill_buf()?;
            if bytes.is_empty() {
                return Ok(());
            }
            match bytes.iter().position(|&byte| byte == b'\n') {
                Some(end) => {
                    self.reader.consume(end + 1);
                    return Ok(());
                }
                None => {
                    let n = bytes.len();
                    self.reader.consume(n);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], most_bytes: u64) -> Vec<Line> {
        let mut lines = Lines {
            most_bytes,
            ..Lines::of(std::io::BufReader::with_capacity(4, bytes))
        };
        let mut read = Vec::new();
        while let Some(line) = lines.next().expect("bytes can be read") {
            read.push(line);
        }
        read
    }

    #[test]
    fn a_line_that_is_too_long_costs_only_itself() {
        let lines = read(b"ab\r\n\n123456789\nlast", 6);
        let texts: Vec<Option<&str>> = lines.iter().map(|line| line.text.as_deref().ok()).collect();
        assert_eq!(texts, [Some("ab"), Some(""), None, Some("last")]);
        assert_eq!(lines[3].number, 4);
        // As long as may be.
        assert_eq!(read(b"123456\n", 6)[0].text.as_deref(), Ok("123456"));
        assert!(read(b"1234567", 6)[0].text.is_err());
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced_and_told() {
        let lines = read(b"\xef\xbb\xbfgood\nbad \xff\xfe\n\xef\xbb\xbfmark", 60);
        assert_eq!(lines[0].text.as_deref(), Ok("good"));
        assert!(!lines[0].was_mended);
        assert_eq!(lines[1].text.as_deref(), Ok("bad \u{fffd}\u{fffd}"));
        assert!(lines[1].was_mended);
        assert_eq!(lines[2].text.as_deref(), Ok("\u{feff}mark"));
    }
}
