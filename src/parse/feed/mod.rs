//! Feeds become items: RSS 0.9 to 2.0, RSS 1.0, Atom 0.3 and 1.0, JSON Feed. Bytes are
//! decoded and repaired (`tree`, `repair`), feed-rs reads them, and `mend` puts right what
//! feed-rs leaves out or mixes up. Nothing that a feed holds can make this panic.

mod content;
mod dialect;
mod json;
mod links;
mod mend;
mod names;
pub mod opml;
mod people;
mod references;
mod repair;
mod tag;
mod tree;

use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use super::text::Sanitiser;
use super::{Answer, ParseError, Parsed, dates, encoding};
use crate::domain::{Item, Kind};
use dialect::Document;

/// Compressed bytes that were not announced are unpacked up to this size, the limit that
/// fetching has for all answers.
const MOST_UNPACKED_BYTES: u64 = 10 * 1024 * 1024;

/// Reads a feed of any format.
///
/// # Errors
/// `Empty`, `NotAFeed` with what the answer is instead, `Broken` with the place, or
/// `TooLarge` for compressed bytes. A valid feed without entries is no error.
pub fn read(answer: &Answer<'_>, definition: &str, kind: Kind) -> Result<Parsed, ParseError> {
    let unpacked = unpack(answer.bytes)?;
    let bytes = unpacked.as_deref().unwrap_or(answer.bytes);
    let decoded = encoding::decode(bytes, answer.content_type);
    let text = decoded.text.trim_start_matches(is_before_a_document);
    if text.trim().is_empty() {
        return Err(ParseError::Empty);
    }
    let reader = Reader {
        definition,
        kind,
        answer,
    };
    let mut parsed = if text.starts_with(['{', '[']) {
        json::read(&reader, text)?
    } else {
        reader.read_xml(text)?
    };
    if decoded.repaired {
        parsed.notes.insert(
            0,
            format!(
                "the charset was wrong or mixed; read as {}",
                decoded.encoding
            ),
        );
    }
    Ok(parsed)
}

/// What may stand in front of a document by mistake.
fn is_before_a_document(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '\u{feff}' | '\u{200b}' | '\u{fffd}')
}

/// Undoes gzip that no header announced.
fn unpack(bytes: &[u8]) -> Result<Option<Vec<u8>>, ParseError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(None);
    }
    let mut unpacked = Vec::new();
    let outcome = MultiGzDecoder::new(bytes)
        .take(MOST_UNPACKED_BYTES + 1)
        .read_to_end(&mut unpacked);
    if unpacked.len() as u64 > MOST_UNPACKED_BYTES {
        return Err(ParseError::TooLarge {
            limit_bytes: MOST_UNPACKED_BYTES,
        });
    }
    match outcome {
        Ok(_) => Ok(Some(unpacked)),
        Err(_) if !unpacked.is_empty() => Ok(Some(unpacked)),
        Err(_) => Err(ParseError::Broken(
            "the answer is compressed and damaged".to_owned(),
        )),
    }
}

/// What is the same for every entry of one answer.
struct Reader<'a> {
    definition: &'a str,
    kind: Kind,
    answer: &'a Answer<'a>,
}

impl Reader<'_> {
    fn empty_item(&self) -> Item {
        Item::empty(self.definition, self.kind)
    }

    fn read_xml(&self, text: &str) -> Result<Parsed, ParseError> {
        let tree = tree::read(text, self.answer.url);
        let mut document = dialect::find(&tree)?;
        let mut notes: Vec<String> = tree
            .repairs
            .iter()
            .map(|repair| (*repair).to_owned())
            .collect();
        // Half an entry is worth keeping when it can be told again: should the next poll
        // bring it whole, it is an edit and not a second mention.
        if document.entries.iter().any(|entry| entry.cut) {
            document
                .entries
                .retain(|entry| !entry.cut || mend::has_identity(entry));
            notes.push("the answer ends in the middle of an entry".to_owned());
        }
        if document.entries.is_empty() && document.root.cut && !is_complete(text) {
            let n_lines = text.lines().count();
            return Err(ParseError::Broken(format!(
                "the feed breaks off at line {n_lines}, before its first entry is complete"
            )));
        }
        let (entries, problem) = read_with_feed_rs(&document);
        notes.extend(problem);
        let head = mend::Head::of(&document);
        let sanitiser = Sanitiser::new(self.answer.url);
        let items = document
            .entries
            .iter()
            .enumerate()
            .map(|(place, element)| {
                let entry = entries.as_ref().and_then(|entries| entries.get(place));
                mend::item(self, &document, &head, element, entry, &sanitiser)
            })
            .collect();
        Ok(Parsed {
            items,
            min_interval_secs: head.min_interval_secs,
            next_page: head.next_page.clone(),
            deleted: dialect::tombstones(&document),
            notes,
        })
    }
}

/// Whether a document at least ends with a tag.
fn is_complete(text: &str) -> bool {
    text.trim_end().ends_with('>')
}

/// The parser of record for the repaired document. When it and the tree do not see the
/// same entries its answer cannot be matched to them, and the tree has to do alone.
fn read_with_feed_rs(
    document: &Document<'_>,
) -> (Option<Vec<feed_rs::model::Entry>>, Option<String>) {
    let base = document.root.base.as_deref().map(url::Url::as_str);
    let parser = feed_rs::parser::Builder::new()
        .base_uri(base)
        // Missing ids stay missing: fingerprints are made where identity is decided.
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(dates::parse)
        .build();
    let xml = repair::write(document);
    // A panic inside feed-rs must not cost the feed: the tree does alone then as well.
    let parsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        parser.parse(xml.as_bytes())
    }));
    let Ok(parsed) = parsed else {
        return (
            None,
            Some("feed-rs failed on it; it was read without".to_owned()),
        );
    };
    match parsed {
        Ok(feed) if feed.entries.len() == document.entries.len() => (Some(feed.entries), None),
        Ok(feed) => {
            let note = format!(
                "feed-rs sees {} entries of {}; the document's own were read",
                feed.entries.len(),
                document.entries.len()
            );
            (None, Some(note))
        }
        Err(error) => (
            None,
            Some(format!(
                "feed-rs could not read it ({error}); it was read without"
            )),
        ),
    }
}

#[cfg(test)]
mod tests;
