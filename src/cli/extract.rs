//! `hearken extract`: saved answers in, items out; no network and no store.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use serde_json::json;
use url::Url;

use super::{Global, print};
use crate::config;
use crate::domain::{Definition, Item, ParamProblem};
use crate::parse::{self, Answer, ParseError};
use crate::source::{self, Definitions};
use crate::worker;

/// The most that one answer may hold, as when fetching.
const LIMIT_BYTES: u64 = 10 * 1024 * 1024;

/// Examples:
///   hearken extract --definition feed saved/*.xml --json
///   hearken extract --definition reviews-page --url https://shop.example/kettle page.html
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// The definition that reads the files
    #[arg(long, value_name = "NAME")]
    definition: String,
    /// Where the answers came from: the base of relative links
    #[arg(long)]
    url: Option<Url>,
    /// A parameter of the definition, which may give the address as well
    #[arg(long = "param", value_name = "KEY=VALUE", value_parser = key_value)]
    params: Vec<(String, String)>,
    /// One JSON object per item
    #[arg(long)]
    json: bool,
    /// The saved answers
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(flatten)]
    item: &'a Item,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "write KEY=VALUE".to_owned())
}

pub(super) fn call(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let definitions = definitions(global)?;
    let Some(definition) = definitions.find(&arguments.definition) else {
        let known: Vec<&str> = definitions
            .iter()
            .map(|known| known.name.as_str())
            .collect();
        bail!(
            "there is no definition `{}`; use one of {}",
            arguments.definition,
            known.join(", ")
        );
    };
    let params: BTreeMap<String, String> = arguments.params.iter().cloned().collect();
    let told = |wrong: Vec<ParamProblem>| {
        let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        anyhow!(wrong.join("\n"))
    };
    let url = match (&arguments.url, definition.request(&params)) {
        (Some(url), _) => Some(url.clone()),
        (None, Ok(request)) => Some(request.url),
        // Reading needs no address, so parameters that only make one may be left out.
        (None, Err(wrong)) if wrong.iter().all(ParamProblem::is_missing) => None,
        (None, Err(wrong)) => return Err(told(wrong)),
    };
    let definition = &*source::fill_rules(definition, &params).map_err(told)?;
    let mut code = ExitCode::SUCCESS;
    for file in &arguments.files {
        let shown = file.display().to_string();
        match read(definition, file, url.as_ref()) {
            Ok(items) => {
                for item in &items {
                    if arguments.json {
                        print::json(&Line { file: &shown, item })?;
                    } else {
                        show(item)?;
                    }
                }
            }
            Err(error) => {
                code = ExitCode::FAILURE;
                if arguments.json {
                    print::json(&json!({
                        "file": shown,
                        "error": { "kind": error.kind(), "message": error.to_string() },
                    }))?;
                } else {
                    eprintln!("hearken: {shown}: {error}");
                }
            }
        }
    }
    Ok(code)
}

/// The built-in definitions and, where a configuration names a folder, the user's own.
pub(super) fn definitions(global: &Global) -> anyhow::Result<Definitions> {
    let file = global.config_path();
    if !file.exists() {
        return Ok(source::builtin().clone());
    }
    Ok(worker::load_definitions(&config::load(&file)?)?)
}

fn read(definition: &Definition, file: &Path, url: Option<&Url>) -> Result<Vec<Item>, ParseError> {
    let unreadable = |error: std::io::Error| ParseError::Broken(format!("cannot be read: {error}"));
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(unreadable)?;
    // A saved answer is as old as its file: what "3 days ago" counts back from.
    let at = opened.metadata().and_then(|about| about.modified()).ok();
    opened
        .take(LIMIT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LIMIT_BYTES {
        return Err(ParseError::TooLarge {
            limit_bytes: LIMIT_BYTES,
        });
    }
    let answer = Answer {
        bytes: &bytes,
        content_type: None,
        url,
        at: at.map(DateTime::<Utc>::from),
    };
    // A reader that fails on one file must not keep the others from being read.
    std::panic::catch_unwind(|| parse::read(definition, &answer))
        .unwrap_or_else(|_| Err(ParseError::Broken("the reader failed on it".to_owned())))
        .map(|parsed| parsed.items)
}

/// An item for people.
pub(super) fn show(item: &Item) -> anyhow::Result<()> {
    let at = item.published_at.map_or_else(
        || "no date".to_owned(),
        |at| at.format("%Y-%m-%d %H:%M").to_string(),
    );
    let author = item
        .author
        .as_ref()
        .and_then(|author| author.name.as_deref().or(author.handle.as_deref()))
        .unwrap_or("unknown");
    let stars = item.rating.map_or_else(String::new, |rating| {
        format!(" {}/{}", rating.value, rating.best)
    });
    print::line(&format!(
        "{at}  {}{stars}  {}",
        item.kind.as_str(),
        print::one_line(author, 40)
    ))?;
    print::line(&format!("  {}", print::one_line(&item.full_text(), 160)))?;
    if let Some(url) = &item.url {
        print::line(&format!("  {}", print::one_line(url, 200)))?;
    }
    Ok(())
}
