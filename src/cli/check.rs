//! `hearken check`: everything that can be wrong before anything runs, all at once.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Global, print};
use crate::classify::{self, Shelf};
use crate::config::ConfigError;
use crate::parse::{self, Answer};
use crate::source::{self, Definitions};
use crate::worker;

pub(super) fn call(global: &Global) -> anyhow::Result<ExitCode> {
    let mut problems: Vec<String> = Vec::new();
    let mut definitions = source::builtin().clone();
    let file = global.config_path();
    let mut summary = None;
    if file.exists() || global.config.is_some() {
        match worker::read_plan(&file) {
            Err(ConfigError {
                problems: found, ..
            }) => {
                problems.extend(found.iter().map(ToString::to_string));
            }
            Ok(plan) => {
                for warning in &plan.config.warnings {
                    print::line(&format!("note: {warning}"))?;
                }
                if plan.config.web.public_url.is_none() {
                    print::line(
                        "note: without [web] public_url, messages to chat tools carry no link to the case",
                    )?;
                }
                let model = global.model.as_ref().or(plan.config.model.path.as_ref());
                let shelf = Shelf::of_store(&plan.config.store_path);
                let chosen = shelf
                    .choose(model.map(PathBuf::as_path))
                    .and_then(|folder| classify::look_over(&folder));
                if let Err(error) = chosen {
                    problems.push(error.to_string());
                }
                if let Err(idle) = plan.config.require_work() {
                    problems.extend(idle.problems.iter().map(ToString::to_string));
                }
                definitions = worker::load_definitions(&plan.config)?;
                summary = Some(format!(
                    "{}: {} brand(s), {} source(s), {} webhook(s)",
                    file.display(),
                    plan.brands.len(),
                    plan.sources.len(),
                    plan.destinations.len()
                ));
            }
        }
    } else {
        print::line(&format!(
            "note: no {} here, so only the definitions are checked",
            file.display()
        ))?;
    }
    problems.extend(check_samples(&definitions));

    if problems.is_empty() {
        if let Some(summary) = summary {
            print::line(&summary)?;
        }
        print::line(&format!(
            "{} definition(s), every sample reads as it should. All is well.",
            definitions.iter().count()
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    for problem in &problems {
        print::line(problem)?;
    }
    eprintln!("hearken: {} problem(s)", problems.len());
    Ok(ExitCode::FAILURE)
}

fn check_samples(definitions: &Definitions) -> Vec<String> {
    source::check_samples(definitions, |definition, saved| {
        let answer = Answer {
            bytes: saved.bytes,
            content_type: None,
            url: saved.url.as_ref(),
            at: saved.at,
        };
        parse::read(definition, &answer)
            .map(|parsed| parsed.items)
            .map_err(|error| error.to_string())
    })
}
