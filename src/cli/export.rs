//! `hearken export`: every mention as JSON Lines, or the configured feeds as OPML.

use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::Args;
use indicatif::ProgressBar;

use super::Global;
use super::desk::Desk;
use crate::config::{self, Config, ParamValue};
use crate::parse::feed::opml::{self, Outline};

/// Mentions asked for at once.
const PART: usize = 500;

/// Examples:
///   hearken export mentions.jsonl          # every mention: case, flag, earlier texts
///   hearken export | gzip > mentions.jsonl.gz
///   hearken export --opml feeds.opml       # the feeds of hearken.toml, for a reader
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// Where to write; stdout unless given
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The configured feeds as OPML instead of the mentions
    #[arg(long)]
    opml: bool,
}

pub(super) async fn call(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let target = arguments.file.as_deref();
    if arguments.opml {
        let written = opml::write("Feeds of Hearken", &configured_feeds(global)?);
        let mut out = Output::open(target)?;
        out.write(written.as_bytes())?;
        out.finish()?;
        return Ok(ExitCode::SUCCESS);
    }
    let desk = Desk::open(global).await?;
    let progress = progress();
    let mut out = Output::open(target)?;
    let mut after: Option<String> = None;
    let mut n_written = 0_u64;
    loop {
        let answer = desk.get(&part_path(after.as_deref())).await?;
        for mention in answer["mentions"].as_array().into_iter().flatten() {
            let mut line = serde_json::to_vec(mention)?;
            line.push(b'\n');
            out.write(&line)?;
            n_written += 1;
        }
        progress.set_position(n_written);
        after = answer["next"].as_str().map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    out.finish()?;
    progress.finish_and_clear();
    desk.close().await?;
    eprintln!("{n_written} mention(s) written");
    Ok(ExitCode::SUCCESS)
}

fn part_path(after: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &PART.to_string());
    if let Some(after) = after {
        query.append_pair("after", after);
    }
    format!("/api/v1/export?{}", query.finish())
}

/// A count on a terminal, nothing in a pipe.
pub(super) fn progress() -> ProgressBar {
    if std::io::stderr().is_terminal() {
        ProgressBar::new_spinner().with_message("mentions")
    } else {
        ProgressBar::hidden()
    }
}

/// The feeds that the configuration names.
fn configured_feeds(global: &Global) -> anyhow::Result<Vec<Outline>> {
    let file = global.config_path();
    let config = config::load(&file).map_err(|error| anyhow!(error))?;
    Ok(feeds_of(&config))
}

/// The sources of a configuration that are plain feeds, as a list has them.
pub(super) fn feeds_of(config: &Config) -> Vec<Outline> {
    config
        .sources
        .iter()
        .filter(|source| source.definition == "feed")
        .filter_map(|source| match source.params.get("url")? {
            ParamValue::Text(url) => Some(Outline {
                title: source.name.as_ref().map(ToString::to_string),
                url: url.clone(),
                folders: Vec::new(),
            }),
            // An address that is a secret stays one.
            ParamValue::Secret(_) => None,
        })
        .collect()
}

/// A file that appears when it is whole, or stdout.
enum Output {
    Stdout,
    File {
        file: tempfile::NamedTempFile,
        target: PathBuf,
    },
}

impl Output {
    fn open(target: Option<&Path>) -> anyhow::Result<Self> {
        let Some(target) = target.filter(|target| *target != Path::new("-")) else {
            return Ok(Self::Stdout);
        };
        let folder = match target.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let file = tempfile::NamedTempFile::new_in(folder)
            .with_context(|| format!("cannot write into {}", folder.display()))?;
        Ok(Self::File {
            file,
            target: target.to_owned(),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::Stdout => std::io::stdout().lock().write_all(bytes)?,
            Self::File { file, target } => file
                .as_file_mut()
                .write_all(bytes)
                .with_context(|| format!("cannot write {}", target.display()))?,
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Stdout => std::io::stdout().lock().flush()?,
            Self::File { file, target } => {
                file.as_file().sync_all()?;
                file.persist(&target)
                    .with_context(|| format!("cannot write {}", target.display()))?;
            }
        }
        Ok(())
    }
}
