//! Server-sent events, as they arrive in pieces of any size. Pure: bytes in, events out.

/// An event without its end may grow to this; what is larger is dropped.
const MAX_EVENT_BYTES: usize = 2 * 1024 * 1024;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    /// Its name; `None` is `message`.
    pub name: Option<String>,
    /// Its text, lines joined.
    pub data: String,
    /// The last id that the stream gave, which belongs to this event.
    pub id: Option<String>,
}

/// Collects bytes until an event is whole.
#[derive(Debug, Default)]
pub struct SseReader {
    line: Vec<u8>,
    after_return: bool,
    began: bool,
    name: Option<String>,
    data: Option<String>,
    id: Option<String>,
    retry_ms: Option<u64>,
    is_too_large: bool,
}

impl SseReader {
    /// The events that these bytes complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<SseEvent> {
        let mut events = Vec::new();
        for &byte in bytes {
            // Lines end with CR, LF or both.
            let was_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if was_return => (),
                b'\n' | b'\r' => {
                    let line = std::mem::take(&mut self.line);
                    events.extend(self.end_line(&line));
                }
                _ if self.line.len() >= MAX_EVENT_BYTES => self.is_too_large = true,
                _ => self.line.push(byte),
            }
        }
        events
    }

    /// How long the server wants clients to wait before they connect again.
    pub fn retry_ms(&self) -> Option<u64> {
        self.retry_ms
    }

    fn end_line(&mut self, line: &[u8]) -> Option<SseEvent> {
        let text = String::from_utf8_lossy(line);
        let mut text = &*text;
        if !std::mem::replace(&mut self.began, true) {
            text = text.trim_start_matches('\u{feff}');
        }
        if text.is_empty() {
            let name = self.name.take().filter(|name| !name.is_empty());
            let data = self.data.take()?;
            if std::mem::take(&mut self.is_too_large) {
                return None;
            }
            return Some(SseEvent {
                name,
                data,
                id: self.id.clone(),
            });
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.name = Some(value.to_owned()),
            "data" => match &mut self.data {
                Some(data) if data.len() + value.len() > MAX_EVENT_BYTES => {
                    self.is_too_large = true;
                }
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "retry" => self.retry_ms = value.parse().ok().or(self.retry_ms),
            // A comment, or a field that is not known.
            _ => (),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: Option<&str>, data: &str, id: Option<&str>) -> SseEvent {
        SseEvent {
            name: name.map(str::to_owned),
            data: data.to_owned(),
            id: id.map(str::to_owned),
        }
    }

    /// The events, whether the bytes come at once, one by one, or in two halves.
    #[track_caller]
    fn check(text: &str, expected: &[SseEvent]) {
        assert_eq!(
            SseReader::default().push(text.as_bytes()),
            expected,
            "{text:?}"
        );
        let mut reader = SseReader::default();
        let mut single = Vec::new();
        for byte in text.as_bytes() {
            single.extend(reader.push(&[*byte]));
        }
        assert_eq!(single, expected, "{text:?} byte by byte");
    }

    #[test]
    fn events_are_read_however_they_are_cut() {
        check(
            ":)\n\nevent: update\nid: 7\ndata: {\"a\":\ndata: \"ü\"}\n\n",
            &[event(Some("update"), "{\"a\":\n\"ü\"}", Some("7"))],
        );
        check(
            "\u{feff}data:x\r\n\r\ndata: y\r\rid: 2\n\ndata\n\n",
            &[
                event(None, "x", None),
                event(None, "y", None),
                event(None, "", Some("2")),
            ],
        );
        check("event: ping\n\ndata: cut", &[]);
        check("odd: 1\nretry: 500\ndata: a\n\n", &[event(None, "a", None)]);
    }

    #[test]
    fn an_endless_event_is_dropped_and_the_next_one_read() {
        let mut reader = SseReader::default();
        assert!(reader.push(b"data: ").is_empty());
        for _ in 0..3 {
            assert!(reader.push(&vec![b'x'; MAX_EVENT_BYTES]).is_empty());
        }
        let events = reader.push(b"\n\ndata: next\n\n");
        assert_eq!(events, [event(None, "next", None)]);
    }
}
