//! `hearken model use` and `hearken model list`: which models are here, and which judges.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};

use super::super::classify::settings;
use super::super::desk::{self, Desk};
use super::super::{Global, print};
use super::foreign::{Foreign, from_hub, is_hub_name, shelve};
use crate::classify::{Classifier, Settings, Shelf, find_model};
use crate::config;

/// The name of the model that came with the program.
const SHIPPED_NAME: &str = "shipped";

/// Examples:
///   hearken model use hearken-en/2+1     # one that `hearken model list` shows
///   hearken model use ./my-model         # a folder of ours, or in the layout of Hugging Face
///   hearken model use cardiffnlp/twitter-xlm-roberta-base-sentiment   # from the hub
///   hearken model use --previous         # the one before, as often as you like
///   hearken model use shipped            # the one that came with the program
#[derive(Args, Clone, Debug)]
#[command(verbatim_doc_comment)]
pub(in crate::cli) struct Use {
    /// A model of `hearken model list`, a folder, OWNER/NAME of a model on the hub, or `shipped`
    #[arg(required_unless_present = "previous", value_name = "NAME|FOLDER")]
    wanted: Option<String>,
    #[command(flatten)]
    foreign: Foreign,
    /// The model that was in use before
    #[arg(long, conflicts_with = "wanted")]
    previous: bool,
    /// Print what is in use as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct List {
    /// One JSON object per model
    #[arg(long)]
    json: bool,
}

pub(super) async fn use_model(global: &Global, wanted: &Use) -> anyhow::Result<ExitCode> {
    let shelf = Shelf::of_store(&desk::store_folder(global)?);
    let folder = match wanted.wanted.as_deref() {
        None => match shelf.go_back()? {
            Some(folder) => folder,
            None => bail!("no other model was in use before"),
        },
        Some(SHIPPED_NAME) => {
            shelf.put_in_use(None)?;
            None
        }
        Some(name) => {
            let folder = find(global, &shelf, name, &wanted.foreign).await?;
            let is_shipped = find_model(None).is_ok_and(|shipped| same(&shipped, &folder));
            let folder = (!is_shipped).then_some(folder);
            if let Some(folder) = folder.clone() {
                // A model that cannot be loaded must not be what the next start finds.
                let settings = Settings::new(&folder);
                tokio::task::spawn_blocking(move || Classifier::start(&settings)).await??;
            }
            shelf.put_in_use(folder.as_deref())?;
            folder
        }
    };
    let folder = match folder {
        Some(folder) => folder,
        None => find_model(None)?,
    };
    let id = id_of(&read_manifest(&folder)?);
    if wanted.json {
        print::json(&json!({ "model": id, "folder": shown(&folder) }))?;
    } else {
        print::line(&format!("{id} is in use, from {}", shown(&folder)))?;
    }
    if let Ok(config) = config::load(&global.config_path())
        && let Some(path) = config.model.path
    {
        eprintln!(
            "hearken: {} names {} as [model] path, which comes first: remove that line",
            global.config_path().display(),
            path.display()
        );
    }
    tell_daemon(global).await?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a running daemon take the model up; without one there is nothing to do.
pub(super) async fn tell_daemon(global: &Global) -> anyhow::Result<()> {
    let Ok(daemon) = Desk::running(global).await else {
        return Ok(());
    };
    match daemon.post("/api/v1/reload", &json!({})).await {
        Ok(answer) => eprintln!(
            "hearken: the running daemon: {}",
            answer["message"].as_str().unwrap_or("has read it")
        ),
        Err(error) => eprintln!(
            "hearken: the running daemon did not take the model up ({error:#}): restart it"
        ),
    }
    Ok(())
}

/// The folder of a model by its name, its id, its path, or its name on a hub.
async fn find(
    global: &Global,
    shelf: &Shelf,
    name: &str,
    foreign: &Foreign,
) -> anyhow::Result<PathBuf> {
    let path = Path::new(name);
    if path.join("hearken.json").is_file() {
        return std::path::absolute(path).context("the working directory is gone");
    }
    let fits = |folder: &Path| {
        let is_name = folder.file_name().is_some_and(|file| file == name);
        is_name
            || read_manifest(folder).is_ok_and(|manifest| {
                // The name on a hub is enough, unless a revision or labels are asked for.
                let is_named = manifest["name"] == name && !foreign.is_asked();
                id_of(&manifest) == name || is_named
            })
    };
    let known = known(shelf);
    // The newest of one name is meant.
    if let Some(folder) = known.iter().rev().find(|folder| fits(folder)) {
        return Ok(folder.clone());
    }
    if path.is_dir() {
        let (shelf, path, foreign) = (shelf.clone(), path.to_owned(), foreign.clone());
        return tokio::task::spawn_blocking(move || shelve(&shelf, &path, &foreign)).await?;
    }
    if is_hub_name(name) {
        return from_hub(global, shelf, name, foreign).await;
    }
    let names: Vec<String> = known
        .iter()
        .filter_map(|folder| Some(id_of(&read_manifest(folder).ok()?)))
        .collect();
    bail!(
        "there is no model `{name}`; there are {}, any folder with a model, and OWNER/NAME on the hub",
        names.join(", ")
    )
}

/// Folders of transformers: those beside the shipped one, then those on the shelf.
fn known(shelf: &Shelf) -> Vec<PathBuf> {
    let shipped = find_model(None).ok();
    let beside = shipped.as_deref().and_then(Path::parent);
    let mut folders: Vec<PathBuf> = beside
        .and_then(|folder| std::fs::read_dir(folder).ok())
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|folder| folder.join("hearken.json").is_file())
        .collect();
    folders.sort();
    folders.extend(shelf.models().into_iter().map(|model| model.folder));
    folders
}

pub(super) fn list(global: &Global, list: &List) -> anyhow::Result<()> {
    let in_use = settings(global)?.folder;
    let shelf = Shelf::of_store(&desk::store_folder(global)?);
    let mut folders = known(&shelf);
    if !folders.iter().any(|folder| same(folder, &in_use)) {
        folders.insert(0, in_use.clone());
    }
    for folder in folders {
        let manifest = read_manifest(&folder)?;
        let is_used = same(&folder, &in_use);
        if list.json {
            print::json(
                &json!({ "folder": folder, "in_use": is_used, "id": id_of(&manifest), "manifest": manifest }),
            )?;
        } else {
            print::line(&format!(
                "{} {}  {}  {}",
                if is_used { "*" } else { " " },
                id_of(&manifest),
                languages(&manifest),
                shown(&folder),
            ))?;
        }
    }
    Ok(())
}

fn same(a: &Path, b: &Path) -> bool {
    shown(a) == shown(b)
}

fn read_manifest(folder: &Path) -> anyhow::Result<Value> {
    let file = folder.join("hearken.json");
    let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", file.display()))
}

fn id_of(manifest: &Value) -> String {
    let text = |key: &str| manifest[key].as_str().unwrap_or("?").to_owned();
    format!("{}/{}", text("name"), text("version"))
}

fn languages(manifest: &Value) -> String {
    let languages: Vec<&str> = match &manifest["languages"] {
        // A linear model says something of each language, so its languages are keys.
        Value::Object(each) => each.keys().map(String::as_str).collect(),
        each => {
            let each = each.as_array().into_iter().flatten();
            each.filter_map(Value::as_str).collect()
        }
    };
    if languages.is_empty() {
        return "any language".to_owned();
    }
    languages.join(" ")
}

fn shown(folder: &Path) -> String {
    folder
        .canonicalize()
        .unwrap_or_else(|_| folder.to_owned())
        .display()
        .to_string()
}
