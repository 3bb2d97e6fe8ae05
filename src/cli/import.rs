//! `hearken import`: mentions from JSON Lines into the store, or feeds from an OPML list
//! into the configuration. A line that cannot be read is named, and the rest goes on.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use super::desk::Desk;
use super::{Global, export, import_feeds};
use crate::dedupe::identify;
use crate::domain::Mention;
use crate::store::ExportedMention;

/// Mentions handed over at once.
const PART: usize = 200;
/// The longest OPML list that is read; those of readers have some hundred kilobytes.
const MOST_LIST_BYTES: u64 = 64 * 1024 * 1024;

/// Examples:
///   hearken import mentions.jsonl      # what `hearken export` wrote; .gz is read as well
///   hearken import feeds.opml          # adds the feeds to hearken.toml
///   hearken import --print feeds.opml  # shows the tables instead
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// JSON Lines of mentions, or an OPML list; `-` or nothing is stdin
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Print the [[source]] tables of an OPML list, and change no file
    #[arg(long)]
    print: bool,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn call(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut input = open(arguments.file.as_deref())?;
    if is_list(&mut *input)? {
        let mut bytes = Vec::new();
        input
            .take(MOST_LIST_BYTES)
            .read_to_end(&mut bytes)
            .context("the list cannot be read")?;
        return import_feeds::call(global, &bytes, arguments.print, arguments.json);
    }
    if arguments.print {
        bail!("--print shows the tables of an OPML list; this is none");
    }
    import_mentions(global, &mut *input, arguments.json).await
}

/// A file or stdin, unpacked when it is compressed.
fn open(file: Option<&Path>) -> anyhow::Result<Box<dyn BufRead + Send>> {
    let mut input: Box<dyn BufRead + Send> = match file.filter(|file| *file != Path::new("-")) {
        None => Box::new(BufReader::new(std::io::stdin())),
        Some(file) => Box::new(BufReader::new(
            File::open(file).with_context(|| format!("cannot read {}", file.display()))?,
        )),
    };
    let is_packed = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    if is_packed {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(input))));
    }
    Ok(input)
}

/// An OPML list begins with `<`, JSON Lines with `{`. UTF-16 has zeros around it.
fn is_list(input: &mut dyn BufRead) -> anyhow::Result<bool> {
    let start = input.fill_buf().context("the file cannot be read")?;
    Ok(start
        .iter()
        .find(|byte| {
            !byte.is_ascii_whitespace() && !matches!(byte, 0 | 0xef | 0xbb | 0xbf | 0xfe | 0xff)
        })
        .is_some_and(|byte| *byte == b'<'))
}

/// What became of the lines of a file.
#[derive(Default)]
struct Counts {
    n_new: u64,
    n_known: u64,
    n_bad: u64,
}

async fn import_mentions(
    global: &Global,
    input: &mut (dyn BufRead + Send),
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(global).await?;
    let progress = export::progress();
    let mut counts = Counts::default();
    let mut part: Vec<ExportedMention> = Vec::with_capacity(PART);
    let mut first_line = 1_u64;
    let mut line_number = 0_u64;
    let mut line = Vec::new();
    loop {
        line.clear();
        let n_bytes = input
            .read_until(b'\n', &mut line)
            .with_context(|| format!("the file cannot be read after line {line_number}"))?;
        if n_bytes > 0 {
            line_number += 1;
            match read_line(&line) {
                Ok(None) => (),
                Ok(Some(mention)) => part.push(mention),
                Err(what) => {
                    counts.n_bad += 1;
                    progress.suspend(|| eprintln!("line {line_number}: {what}"));
                }
            }
        }
        let is_end = n_bytes == 0;
        if part.len() == PART || (is_end && !part.is_empty()) {
            send(&desk, &part, &mut counts)
                .await
                .with_context(|| format!("lines {first_line} to {line_number} are not stored"))?;
            part.clear();
            first_line = line_number + 1;
            progress.set_position(counts.n_new + counts.n_known);
        }
        if is_end {
            break;
        }
    }
    progress.finish_and_clear();
    desk.close().await?;
    let Counts {
        n_new,
        n_known,
        n_bad,
    } = counts;
    if as_json {
        super::print::json(&json!({ "n_new": n_new, "n_known": n_known, "n_bad": n_bad }))?;
    } else {
        eprintln!("{n_new} new mention(s), {n_known} there already, {n_bad} bad line(s)");
    }
    Ok(ExitCode::from(u8::from(n_bad > 0)))
}

async fn send(desk: &Desk, part: &[ExportedMention], counts: &mut Counts) -> anyhow::Result<()> {
    let answer = desk
        .post("/api/v1/import", &json!({ "mentions": part }))
        .await?;
    counts.n_new += answer["n_new"].as_u64().unwrap_or(0);
    counts.n_known += answer["n_known"].as_u64().unwrap_or(0);
    Ok(())
}

/// Reads one line; nothing for an empty one.
fn read_line(line: &[u8]) -> Result<Option<ExportedMention>, String> {
    let text = std::str::from_utf8(line)
        .map_err(|error| format!("it is no UTF-8 from byte {} on", error.valid_up_to() + 1))?
        .trim_start_matches('\u{feff}')
        .trim();
    if text.is_empty() {
        return Ok(None);
    }
    // Read as a value first: a mistake in the JSON has a column, a wrong field has a name.
    let value: Value = serde_json::from_str(text).map_err(|error| {
        format!(
            "it is no JSON (column {}): {}",
            error.column(),
            plain(&error)
        )
    })?;
    let mut mention: ExportedMention = serde_json::from_value(value)
        .map_err(|error| format!("it is no mention: {}", plain(&error)))?;
    if let Some(problem) = mention.problem() {
        return Err(format!("it is no mention: {problem}"));
    }
    if mention.keys.is_empty() {
        // What `mentions --json` printed has no keys; the next poll must know it all the same.
        let Mention {
            source,
            item,
            seen_at,
            ..
        } = &mention.mention;
        let identity = identify(source, std::slice::from_ref(item), *seen_at);
        mention.keys = identity
            .into_iter()
            .flat_map(|identity| identity.keys)
            .collect();
    }
    Ok(Some(mention))
}

/// A message without the place inside the line, which is always line 1.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let said = match read_line(line.as_bytes()) {
            Ok(None) => "nothing".to_owned(),
            Ok(Some(mention)) => format!("{} with {} keys", mention.mention.id, mention.keys.len()),
            Err(what) => what,
        };
        assert_eq!(said, expected, "{line}");
    }

    #[test]
    fn lines_are_mentions_or_say_what_they_lack() {
        let whole = r#"{"definition":"feed","native_id":"1","kind":"post","url":null,"title":null,"text":"Acme","html":null,"author":null,"lang":"en","rating":null,"published_at":null,"updated_at":null,"engagement":{"likes":0,"shares":0,"replies":0},"in_reply_to":null,"is_brand_reply":false,"id":"abc","source":"blog","seen_at":"2026-03-01T00:00:00Z","brands":[{"name":"Acme","rule":"acme","spans":[[0,4]]}],"story":"s","sentiment":{"label":"neutral","negative":0.1,"neutral":0.8,"positive":0.1,"model":"m"},"flag":null,"case":null}"#;
        check("", "nothing");
        check("  \r\n", "nothing");
        check(whole, "abc with 1 keys");
        check(&format!("\u{feff}{whole}"), "abc with 1 keys");
        check(
            &whole.replace("\"abc\"", "\"\""),
            "it is no mention: `id` is not one to 100 letters, digits, dots or dashes",
        );
        check(
            &whole.replace("\"source\":\"blog\",", ""),
            "it is no mention: missing field `source`",
        );
        check(
            "{\"id\":",
            "it is no JSON (column 6): EOF while parsing a value",
        );
        check(
            "[1]",
            "it is no mention: invalid type: sequence, expected struct ExportedMention",
        );
        let latin: &[u8] = b"{\"text\":\"caf\xe9\"}";
        assert_eq!(
            read_line(latin),
            Err("it is no UTF-8 from byte 13 on".to_owned())
        );
    }
}
