//! Models that others trained: from a folder or from a hub onto the user's shelf, with a
//! manifest that says what their outputs stand for.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use url::Url;

use super::super::Global;
use crate::classify::{Classifier, Manifest, Settings, Shelf, manifest_of};
use crate::config;
use crate::domain::{Label, Secret};
use crate::hub::{self, HUB, Hub};
use crate::net::{AllowList, Client, NetPolicy};

/// The revision of a model unless another one is asked for; what it is today is pinned.
const NEWEST: &str = "main";
/// The variables that tools of the Hugging Face Hub read.
const HUB_VARIABLE: &str = "HF_ENDPOINT";
const TOKEN_VARIABLE: &str = "HF_TOKEN";
/// A file of weights takes as long as it takes; silence ends it sooner.
const DOWNLOAD_WITHIN: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// What belongs to models that others trained.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Foreign {
    /// What the outputs stand for, in their order, when the model's own names do not say it
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LABEL,…")]
    labels: Vec<Meaning>,
    /// A branch, tag or commit of a model on a hub [default: main]
    #[arg(long, value_name = "REVISION")]
    pub(super) revision: Option<String>,
    /// The address of the hub [default: HF_ENDPOINT, else the Hugging Face Hub]
    #[arg(long, value_name = "URL")]
    hub: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Meaning {
    Negative,
    Neutral,
    Positive,
}

impl Foreign {
    /// Whether a revision, a hub or labels are asked for.
    pub(super) fn is_asked(&self) -> bool {
        self.revision.is_some() || self.hub.is_some() || !self.labels.is_empty()
    }

    fn labels(&self) -> Option<Vec<Label>> {
        let label = |meaning: &Meaning| match meaning {
            Meaning::Negative => Label::Negative,
            Meaning::Neutral => Label::Neutral,
            Meaning::Positive => Label::Positive,
        };
        let labels: Vec<Label> = self.labels.iter().map(label).collect();
        (!labels.is_empty()).then_some(labels)
    }
}

/// Whether this is a name on a hub.
pub(super) fn is_hub_name(name: &str) -> bool {
    let mut parts = name.split('/');
    let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.');
    matches!(
        (parts.next(), parts.next(), parts.next()),
        (Some(owner), Some(rest), None) if is_plain(owner) && is_plain(rest)
    )
}

/// Puts a folder in the layout of Hugging Face on the shelf: its files are linked or
/// copied, so that the model stays when the folder goes.
pub(super) fn shelve(shelf: &Shelf, folder: &Path, foreign: &Foreign) -> anyhow::Result<PathBuf> {
    let folder = folder
        .canonicalize()
        .with_context(|| format!("cannot find {}", folder.display()))?;
    let name = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let manifest = manifest_of(&folder, &name, "local", foreign.labels().as_deref())?;
    std::fs::create_dir_all(shelf.folder())
        .with_context(|| format!("cannot make the folder {}", shelf.folder().display()))?;
    let beside = tempfile::Builder::new()
        .prefix(".new-")
        .tempdir_in(shelf.folder())
        .with_context(|| format!("cannot write to {}", shelf.folder().display()))?;
    for entry in
        std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        let Some(file) = path.file_name().filter(|_| path.is_file()) else {
            continue;
        };
        let place = beside.path().join(file);
        if std::fs::hard_link(&path, &place).is_err() {
            std::fs::copy(&path, &place)
                .with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    finish(shelf, beside.path(), &manifest)
}

/// Downloads a model onto the shelf, or finds it there: a revision that is here already is
/// not asked for again, so this works offline.
pub(super) async fn from_hub(
    global: &Global,
    shelf: &Shelf,
    name: &str,
    foreign: &Foreign,
) -> anyhow::Result<PathBuf> {
    let hub = open_hub(global, foreign)?;
    let wanted = foreign.revision.as_deref().unwrap_or(NEWEST);
    let revision = hub.revision(name, wanted).await?;
    let version: String = revision.commit.chars().take(12).collect();
    let known = shelf
        .models()
        .into_iter()
        .find(|model| model.manifest.name == name && model.manifest.version == version);
    if let Some(known) = known {
        return relabelled(known.folder, known.manifest, foreign);
    }
    // Named after what it holds, so that a broken download is found again.
    let part = shelf
        .folder()
        .join(format!(".download-{}-{version}", name.replace('/', "--")));
    let bar = bar();
    let fetched = hub::fetch(&hub, &revision, &part, &mut |progress| {
        if let Some(n_all) = progress.n_all {
            bar.set_length(n_all);
        }
        bar.set_position(progress.n_have);
        bar.set_message(progress.file);
    })
    .await?;
    bar.finish_and_clear();
    eprintln!(
        "hearken: {} files of {name} at {version} are here, {} bytes of them new",
        fetched.files.len(),
        fetched.n_bytes
    );
    let manifest = manifest_of(&part, name, &version, foreign.labels().as_deref())?;
    finish(shelf, &part, &manifest)
}

/// The same model with other meanings of its outputs, when they are given.
fn relabelled(folder: PathBuf, manifest: Manifest, foreign: &Foreign) -> anyhow::Result<PathBuf> {
    if let Some(labels) = foreign.labels().filter(|labels| *labels != manifest.labels) {
        let manifest = manifest_of(&folder, &manifest.name, &manifest.version, Some(&labels))?;
        write_manifest(&folder, &manifest)?;
    }
    Ok(folder)
}

/// Makes sure that the model can be loaded, and gives it its place.
fn finish(shelf: &Shelf, folder: &Path, manifest: &Manifest) -> anyhow::Result<PathBuf> {
    write_manifest(folder, manifest)?;
    Classifier::start(&Settings::new(folder))?;
    Ok(shelf.take(folder, &manifest.id().replace('/', "--"))?)
}

fn write_manifest(folder: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    let place = folder.join("hearken.json");
    let text = format!("{}\n", serde_json::to_string_pretty(manifest)?);
    std::fs::write(&place, text).with_context(|| format!("cannot write {}", place.display()))
}

fn open_hub(global: &Global, foreign: &Foreign) -> anyhow::Result<Hub> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let address = foreign
        .hub
        .clone()
        .or_else(|| variable(HUB_VARIABLE))
        .unwrap_or_else(|| HUB.to_owned());
    let mut allowed: Vec<String> = Vec::new();
    let file = global.config_path();
    if file.exists() {
        let config = config::load(&file)?;
        allowed.extend(config.net.allow_private);
    }
    // Whoever names a hub inside means it.
    if let Some(host) = Url::parse(&address).ok().as_ref().and_then(Url::host_str) {
        allowed.push(
            host.trim_start_matches('[')
                .trim_end_matches(']')
                .to_owned(),
        );
    }
    let allow_private = match AllowList::parse(&allowed) {
        Ok(list) => list,
        Err(wrong) => bail!("{}", wrong.join("; ")),
    };
    let client = Client::new(NetPolicy {
        allow_private,
        total_timeout: DOWNLOAD_WITHIN,
        ..NetPolicy::default()
    })?;
    let token = variable(TOKEN_VARIABLE).map(Secret::new);
    Ok(Hub::new(client, &address, token)?)
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(
        "{msg:24} {bar:30} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left",
    ) {
        bar.set_style(style);
    }
    bar
}
