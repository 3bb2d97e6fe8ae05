//! The feeds of an OPML list as `[[source]]` tables: added to the end of the
//! configuration, whose comments stay, or printed.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use serde_json::json;
use url::Url;

use super::{Global, export, print};
use crate::config::{self, Config};
use crate::dedupe::canonical_url;
use crate::parse::Answer;
use crate::parse::feed::opml::{self, Outline};
use crate::worker;

/// Longer names are no names but descriptions.
const MOST_NAME_CHARS: usize = 60;

/// A feed that becomes a source.
#[derive(Debug, PartialEq, Eq)]
struct NewFeed {
    name: Option<String>,
    url: String,
}

/// What becomes of the feeds of a list.
#[derive(Debug, Default)]
struct Sorted {
    new: Vec<NewFeed>,
    n_known: usize,
    /// Sentences for people.
    refused: Vec<String>,
}

pub(super) fn call(
    global: &Global,
    bytes: &[u8],
    only_print: bool,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let listed = opml::read(&Answer {
        bytes,
        content_type: None,
        url: None,
        at: None,
    })?;
    let file = global.config_path();
    let config =
        if file.exists() {
            Some(config::load(&file).map_err(|error| {
                anyhow!(error).context(format!("mend {} first", file.display()))
            })?)
        } else {
            None
        };
    let sorted = sort(&listed, config.as_ref());
    for refused in &sorted.refused {
        eprintln!("left out: {refused}");
    }
    let tables: String = sorted
        .new
        .iter()
        .map(|feed| config::feed_table(feed.name.as_deref(), &feed.url))
        .collect();
    if only_print || config.is_none() {
        if !only_print {
            eprintln!(
                "there is no {}: these are the tables for it",
                file.display()
            );
        }
        print::line(tables.trim_end())?;
    } else if !sorted.new.is_empty() {
        append(&file, &tables)?;
    }
    let (n_new, n_known, n_refused) = (sorted.new.len(), sorted.n_known, sorted.refused.len());
    if as_json && !only_print {
        print::json(&json!({ "n_new": n_new, "n_known": n_known, "n_refused": n_refused }))?;
    } else {
        eprintln!("{n_new} new feed(s), {n_known} there already, {n_refused} left out");
        if n_new > 0 && !only_print && config.is_some() {
            eprintln!("a running Hearken reads them after `hearken reload`");
        }
    }
    Ok(ExitCode::from(u8::from(n_refused > 0)))
}

/// Tells new feeds from known ones and from what is none. Two addresses that differ in
/// nothing but `www.` or tracking are one feed.
fn sort(listed: &[Outline], config: Option<&Config>) -> Sorted {
    let configured = config.map(export::feeds_of).unwrap_or_default();
    let mut known: HashSet<String> = configured
        .iter()
        .filter_map(|feed| Url::parse(&feed.url).ok())
        .map(|url| canonical_url(&url))
        .collect();
    let mut names: HashSet<String> = config
        .iter()
        .flat_map(|config| &config.sources)
        .filter_map(|source| source.name.as_ref())
        .map(ToString::to_string)
        .collect();
    let mut sorted = Sorted::default();
    for feed in listed {
        let url = match address(&feed.url) {
            Ok(url) => url,
            Err(what) => {
                sorted.refused.push(what);
                continue;
            }
        };
        if !known.insert(canonical_url(&url)) {
            sorted.n_known += 1;
            continue;
        }
        let name = feed
            .title
            .as_deref()
            .map(|title| print::one_line(title, MOST_NAME_CHARS))
            .filter(|name| !name.trim().is_empty() && names.insert(name.clone()));
        sorted.new.push(NewFeed {
            name,
            url: url.to_string(),
        });
    }
    sorted
}

/// The address of a feed; `feed:` in front is how old readers wrote it.
fn address(written: &str) -> Result<Url, String> {
    let shown = print::one_line(written, 100);
    let bare = written.strip_prefix("feed:").unwrap_or(written);
    let text = match bare.strip_prefix("//") {
        Some(rest) => format!("http://{rest}"),
        None => bare.to_owned(),
    };
    let url = Url::parse(&text).map_err(|error| format!("{shown}: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{shown}: only http and https can be fetched"));
    }
    if !url.has_host() {
        return Err(format!("{shown}: it names no host"));
    }
    Ok(url)
}

/// Puts tables at the end of a configuration, which is exchanged only when the result can
/// be used.
fn append(file: &Path, tables: &str) -> anyhow::Result<()> {
    let old =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut new = tempfile::Builder::new()
        .prefix(".hearken-")
        .suffix(".toml")
        .tempfile_in(folder)
        .with_context(|| format!("cannot write into {}", folder.display()))?;
    let separator = if old.is_empty() || old.ends_with("\n\n") {
        ""
    } else if old.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    };
    writeln!(new, "{old}{separator}{}", tables.trim_end())?;
    new.as_file().sync_all()?;
    if let Err(error) = worker::read_plan(new.path()) {
        bail!(
            "{} is unchanged, since with these feeds it could not be used:\n{error}",
            file.display()
        );
    }
    new.as_file()
        .set_permissions(std::fs::metadata(file)?.permissions())?;
    new.persist(file)
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(title: &str, url: &str) -> Outline {
        Outline {
            title: (!title.is_empty()).then(|| title.to_owned()),
            url: url.to_owned(),
            folders: Vec::new(),
        }
    }

    #[test]
    fn feeds_are_added_once_and_under_names_of_their_own() {
        let sorted = sort(
            &[
                feed("A", "https://a.org/feed"),
                feed("A again", "http://www.a.org/feed/?utm_source=reader"),
                feed("A", "https://b.org/feed"),
                feed("", "feed://c.org/rss"),
                feed("D", "feed:https://d.org/rss"),
                feed("E", "ftp://e.org/rss"),
                feed("F", "not an address"),
            ],
            None,
        );
        let new: Vec<(Option<&str>, &str)> = sorted
            .new
            .iter()
            .map(|feed| (feed.name.as_deref(), feed.url.as_str()))
            .collect();
        assert_eq!(
            new,
            [
                (Some("A"), "https://a.org/feed"),
                (None, "https://b.org/feed"),
                (None, "http://c.org/rss"),
                (Some("D"), "https://d.org/rss"),
            ]
        );
        assert_eq!(sorted.n_known, 1);
        assert_eq!(sorted.refused.len(), 2, "{:?}", sorted.refused);
    }
}
