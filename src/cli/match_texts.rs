//! `hearken match`: tries a brand's query on texts before it goes live.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::{Global, print};
use crate::config;
use crate::domain::{Item, Kind};
use crate::language;
use crate::matching::{Query, Scope, Subject};
use crate::worker::Engine;

/// Examples:
///   echo "Acme'nin kargosu gelmedi" | hearken match --brand hearken.toml
///   hearken match --brand brand.toml posts.txt --json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// A file with one or more [[brand]] tables, for example a configuration
    #[arg(long, value_name = "FILE.toml")]
    brand: PathBuf,
    /// One JSON object per text and brand
    #[arg(long)]
    json: bool,
    /// A file with one text a line, or JSON Lines with the fields of an item; `-` is stdin
    #[arg(default_value = "-", value_name = "FILE")]
    file: PathBuf,
}

/// A line of JSON input: what a rule may ask about.
#[derive(Deserialize)]
struct Line {
    text: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    kind: Kind,
}

#[derive(Serialize)]
struct Tried<'a> {
    text: &'a str,
    brand: &'a str,
    matched: bool,
    rule: Option<&'a str>,
    spans: Vec<[usize; 2]>,
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    rule: &'a str,
    matched: bool,
    spans: &'a [[usize; 2]],
    why: &'a str,
}

pub(super) fn call(_: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = config::load(&arguments.brand)?;
    if config.brands.is_empty() {
        bail!("{} has no [[brand]]", arguments.brand.display());
    }
    let queries = config
        .brand_list()
        .into_iter()
        .map(|brand| match Query::parse(&brand.query, Scope::Brand) {
            Ok(query) => Ok((brand.name, query)),
            Err(error) => Err(anyhow!("{}: the query is wrong {error}", brand.name)),
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let shown = arguments.file.display().to_string();
    let reader: Box<dyn Read> = if shown == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(
            std::fs::File::open(&arguments.file).with_context(|| format!("cannot open {shown}"))?,
        )
    };
    let mut code = ExitCode::SUCCESS;
    for (place, line) in BufReader::new(reader).split(b'\n').enumerate() {
        let line = line.with_context(|| format!("cannot read {shown}"))?;
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        let item = match read_item(text.trim()) {
            Ok(item) => item,
            Err(error) => {
                eprintln!("hearken: {shown}:{}: {error}", place + 1);
                code = ExitCode::FAILURE;
                continue;
            }
        };
        let lang = language::detect(&item.full_text(), item.lang.as_deref());
        for (name, query) in &queries {
            let subject = Subject {
                item: &item,
                lang,
                source: None,
                mention: None,
                now: Engine::now(),
            };
            show(arguments.json, name.as_str(), query, &subject)?;
        }
    }
    Ok(code)
}

fn read_item(line: &str) -> Result<Item, String> {
    let mut item = Item::empty("match", Kind::default());
    if !line.starts_with('{') {
        line.clone_into(&mut item.text);
        return Ok(item);
    }
    let line: Line = serde_json::from_str(line)
        .map_err(|error| format!("not a JSON object with a `text`: {error}"))?;
    item.text = line.text;
    item.title = line.title;
    item.url = line.url;
    item.lang = line.lang;
    item.kind = line.kind;
    Ok(item)
}

fn show(as_json: bool, brand: &str, query: &Query, subject: &Subject<'_>) -> anyhow::Result<()> {
    let hit = query.find(subject);
    let parts = query.explain(subject);
    if as_json {
        return print::json(&Tried {
            text: &subject.item.text,
            brand,
            matched: hit.is_some(),
            rule: hit.as_ref().map(|hit| hit.rule.as_str()),
            spans: hit.as_ref().map_or_else(Vec::new, |hit| hit.spans.clone()),
            parts: parts
                .iter()
                .map(|part| Part {
                    rule: &part.rule,
                    matched: part.matched,
                    spans: &part.spans,
                    why: &part.why,
                })
                .collect(),
        });
    }
    print::line(&format!(
        "{:<8}  {brand}  {}",
        if hit.is_some() { "match" } else { "no match" },
        print::one_line(&subject.item.full_text(), 100)
    ))?;
    for part in &parts {
        let sign = if part.matched { "+" } else { "-" };
        print::line(&format!("  {sign} {}: {}", part.rule, part.why))?;
    }
    Ok(())
}
