//! `hearken sources`: what can be read, and how what is read is doing.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use super::desk::Desk;
use super::extract::definitions;
use super::{Global, print};
use crate::domain::{Definition, Verified};
use crate::source;

/// Examples:
///   hearken sources
///   hearken sources --json
///   hearken sources --schema > definition.schema.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// One JSON object per definition and per configured source
    #[arg(long)]
    json: bool,
    /// Print the JSON Schema of definition files, for editors, and nothing else
    #[arg(long, conflicts_with = "json")]
    schema: bool,
}

pub(super) async fn call(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if arguments.schema {
        print::line(source::definition_schema_text().trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    let definitions = definitions(global)?;
    if arguments.json {
        for definition in definitions.iter() {
            print::json(&json!({ "definition": describe(definition) }))?;
        }
    } else {
        print::line("Definitions")?;
        let rows: Vec<Vec<String>> = definitions
            .iter()
            .map(|definition| {
                let params: Vec<String> = definition
                    .params
                    .iter()
                    .map(|param| match &param.default {
                        None if param.optional => format!("[{}]", param.name),
                        None => param.name.clone(),
                        Some(default) => format!("{}={default}", param.name),
                    })
                    .collect();
                vec![
                    definition.name.clone(),
                    definition.kind.as_str().to_owned(),
                    match definition.verified {
                        Verified::Sample => "sample (experimental)".to_owned(),
                        verified => verified.as_str().to_owned(),
                    },
                    params.join(", "),
                    print::one_line(&definition.summary, 70),
                ]
            })
            .collect();
        print::table(
            &["name", "kind", "verified", "parameters", "what it reads"],
            &rows,
        )?;
    }
    if !global.config_path().exists() && global.config.is_none() {
        return Ok(ExitCode::SUCCESS);
    }
    let desk = Desk::open(global).await?;
    let answer = desk.get("/api/v1/sources").await?;
    let configured = answer["sources"].as_array().cloned().unwrap_or_default();
    if arguments.json {
        for source in &configured {
            print::json(&json!({ "source": source }))?;
        }
    } else {
        print::line("")?;
        print::line("Configured sources")?;
        let rows: Vec<Vec<String>> = configured.iter().map(row).collect();
        print::table(
            &[
                "name",
                "state",
                "last ok (UTC)",
                "next (UTC)",
                "items",
                "mentions",
                "reason",
            ],
            &rows,
        )?;
    }
    desk.close().await?;
    Ok(ExitCode::SUCCESS)
}

fn describe(definition: &Definition) -> Value {
    let params: Vec<Value> = definition
        .params
        .iter()
        .map(|param| {
            json!({
                "name": param.name,
                "type": param.param_type.as_str(),
                "help": param.help,
                "default": param.default,
                "required": param.is_required(),
                "several": param.each,
            })
        })
        .collect();
    json!({
        "name": definition.name,
        "title": definition.title,
        "summary": definition.summary,
        "help": definition.help,
        "kind": definition.kind,
        "format": definition.format.as_str(),
        "params": params,
        "keyless": definition.keyless,
        "terms": definition.terms,
        "verified": definition.verified.as_str(),
        "experimental": definition.verified == Verified::Sample,
    })
}

fn row(source: &Value) -> Vec<String> {
    let health = &source["health"];
    let time = |field: &str| {
        health[field]
            .as_str()
            .and_then(|text| text.parse::<DateTime<Utc>>().ok())
            .map_or_else(
                || "-".to_owned(),
                |at| at.format("%m-%d %H:%M:%S").to_string(),
            )
    };
    vec![
        source["name"].as_str().unwrap_or_default().to_owned(),
        match health["silent_since"].as_str() {
            Some(_) => "silent".to_owned(),
            None => health["state"].as_str().unwrap_or("new").to_owned(),
        },
        time("last_ok_at"),
        time("next_poll_at"),
        health["n_items"].to_string(),
        health["n_mentions"].to_string(),
        print::one_line(health["reason"].as_str().unwrap_or_default(), 80),
    ]
}
