//! `hearken model train --from …`: fits the model in use to what people said, on this
//! machine and beside its other work, and puts it in use when it has become better.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::classify::settings;
use super::super::desk::{self, Desk};
use super::super::{Global, print};
use super::choose;
use crate::classify::learn::{
    self, Outcome, Progress, TRAINING, Text, Training, TuneRecipe, prepare_texts,
};
use crate::classify::{Input, Settings, Shelf, read_labelled};
use crate::config;
use crate::domain::Mention;
use crate::language;
use crate::worker::Engine;

/// The word for what people said in this store.
const CORRECTIONS: &str = "corrections";
/// Mentions asked for at once.
const PAGE: usize = 500;
/// The user's own texts that keep their verdicts.
const MOST_OWN: usize = 2_000;
/// How often the file that says how far the training is, is written.
const TOLD_EVERY: Duration = Duration::from_millis(500);
/// The niceness of a training: everything else goes first.
#[cfg(unix)]
const NICENESS: i32 = 19;

/// How to learn from people.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Learn {
    /// What to learn from: `corrections`, or files or folders of .jsonl or .jsonl.gz with `text` and `label`
    #[arg(long, value_name = "corrections|PATH")]
    pub(super) from: Vec<PathBuf>,
    /// Go on without this terminal
    #[arg(long, requires = "from")]
    background: bool,
    /// How far the training is
    #[arg(long)]
    pub(super) status: bool,
    /// Begin anew instead of going on with a training that was stopped
    #[arg(long, requires = "from")]
    fresh: bool,
    /// Passes over what people said [default: 10]
    #[arg(long, requires = "from", value_parser = clap::value_parser!(u16).range(1..=1000))]
    epochs: Option<u16>,
    /// Intra-op threads of libtorch
    #[arg(long, requires = "from")]
    threads: Option<usize>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// `progress.json` in the training's folder.
#[derive(Serialize, Deserialize)]
struct Told {
    pid: u32,
    progress: Progress,
    /// What came out of the last one.
    #[serde(default)]
    outcome: Option<Outcome>,
}

pub(super) async fn call(global: &Global, learn: &Learn) -> anyhow::Result<ExitCode> {
    let shelf = Shelf::of_store(&desk::store_folder(global)?);
    let folder = shelf.folder().join(TRAINING);
    if learn.status {
        return show_status(&folder, learn.json);
    }
    let mut settings = settings(global)?;
    if let Some(threads) = learn.threads {
        settings.n_threads = threads;
    }
    let texts = gather(global, &learn.from).await?;
    if learn.background {
        // What is wrong is better said here than in a log.
        prepare_texts(texts.0, texts.1)?;
        return go_to_background(&folder);
    }
    let learn = learn.clone();
    let (outcome, folder) = tokio::task::spawn_blocking({
        let (shelf, learn) = (shelf.clone(), learn.clone());
        move || run(&settings, &shelf, &folder, &learn, texts)
    })
    .await??;
    if learn.json {
        print::json(&json!({
            "adopted": folder.is_some(),
            "folder": folder,
            "n_learned": outcome.n_learned,
            "before": outcome.before,
            "after": outcome.after,
            "why": outcome.why,
        }))?;
    } else {
        show(&outcome, folder.as_deref())?;
    }
    if folder.is_some() {
        warn_of_configured_model(global);
        choose::tell_daemon(global).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What people said, and the user's own texts that are to keep their verdicts.
async fn gather(global: &Global, from: &[PathBuf]) -> anyhow::Result<(Vec<Text>, Vec<Text>)> {
    let mut said = Vec::new();
    let files: Vec<PathBuf> = from
        .iter()
        .filter(|path| path.as_os_str() != CORRECTIONS)
        .cloned()
        .collect();
    if !files.is_empty() {
        said.extend(
            read_labelled(&files)?
                .into_iter()
                .map(|text| Text::said(text.input, text.label)),
        );
    }
    let wants_corrections = files.len() < from.len();
    let desk = match Desk::open(global).await {
        Ok(desk) => desk,
        // Labelled files can be learned from without any store.
        Err(_) if !wants_corrections => return Ok((said, Vec::new())),
        Err(error) => return Err(error),
    };
    if wants_corrections {
        let answer = desk.get("/api/v1/corrections?limit=10000").await?;
        let mentions: Vec<Mention> = serde_json::from_value(answer["mentions"].clone())?;
        said.extend(mentions.iter().filter_map(correction));
    }
    let own = own_texts(&desk).await?;
    desk.close().await?;
    Ok((said, own))
}

async fn own_texts(desk: &Desk) -> anyhow::Result<Vec<Text>> {
    let mut own = Vec::new();
    let mut cursor = String::new();
    while own.len() < MOST_OWN {
        let answer = desk
            .get(&format!("/api/v1/mentions?limit={PAGE}{cursor}"))
            .await?;
        let mentions: Vec<Mention> = serde_json::from_value(answer["mentions"].clone())?;
        own.extend(
            mentions
                .iter()
                .filter(|mention| mention.corrections.is_empty())
                .map(|mention| Text::rehearsed(input(mention, mention.item.full_text()))),
        );
        match answer["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    Ok(own)
}

/// What a person said last of a mention, with the text that they read.
fn correction(mention: &Mention) -> Option<Text> {
    let last = mention.corrections.last()?;
    let text = mention.text_at(last.at);
    Some(Text::said(input(mention, text), last.label))
}

fn input(mention: &Mention, text: String) -> Input {
    let brand = mention.brands.first();
    // Spans count from the start of the text; a title may stand before it.
    let brand_at = brand
        .and_then(|brand| brand.spans.first())
        .filter(|_| text.ends_with(&mention.item.text))
        .map(|span| {
            let n_before = text.chars().count() - mention.item.text.chars().count();
            span.map(|place| place + n_before)
        });
    Input {
        kind: mention.item.kind,
        lang: language::detect(&text, mention.item.lang.as_deref()).map(str::to_owned),
        brand: brand.map(|brand| brand.name.to_string()),
        brand_at,
        text,
    }
}

/// Trains in this process, with everything else going first.
fn run(
    settings: &Settings,
    shelf: &Shelf,
    folder: &Path,
    learn: &Learn,
    (said, own): (Vec<Text>, Vec<Text>),
) -> anyhow::Result<(Outcome, Option<PathBuf>)> {
    // A thread's own on Linux; the threads that libtorch starts from it inherit it.
    #[cfg(unix)]
    let _ = rustix::process::nice(NICENESS);
    if learn.fresh {
        Training::forget(folder)?;
    }
    let mut recipe = TuneRecipe::default();
    if let Some(epochs) = learn.epochs {
        recipe.n_epochs = usize::from(epochs);
    }
    let base = std::path::absolute(&settings.folder)?;
    let day = Engine::now().format("%Y-%m-%d").to_string();
    let training = Training::begin(folder, &base, &day, &recipe, || prepare_texts(said, own))?
        .with_threads(settings.n_threads);
    if training.is_resumed() {
        eprintln!(
            "hearken: goes on with the training that was stopped, on what it was begun with; \
             --fresh begins anew"
        );
    }
    let recipe = training.recipe().clone();
    let bar = bar();
    let mut told_at: Option<Instant> = None;
    let outcome = learn::train(&training, &recipe, &mut |progress| {
        bar.set_length(progress.n_all as u64);
        bar.set_position(progress.n_done as u64);
        bar.set_message(progress.stage.as_str());
        if told_at.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
            told_at = Some(Instant::now());
            tell(folder, progress, None);
        }
    })?;
    bar.finish_and_clear();
    let adopted = match &outcome.candidate {
        None => None,
        Some(candidate) => {
            let place = shelf.take(candidate, &outcome.after.model.replace('/', "-"))?;
            // The one it was made from is what one goes back to.
            shelf.put_in_use(Some(&place))?;
            Some(place)
        }
    };
    training.finish()?;
    let done = Progress {
        stage: learn::Stage::Measuring,
        n_done: 1,
        n_all: 1,
    };
    tell(folder, done, Some(&outcome));
    Ok((outcome, adopted))
}

/// Leaves word for `--status`; a disk that is full says so elsewhere.
fn tell(folder: &Path, progress: Progress, outcome: Option<&Outcome>) {
    let told = Told {
        pid: std::process::id(),
        progress,
        outcome: outcome.cloned(),
    };
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|file| {
        serde_json::to_writer(file.as_file(), &told)?;
        file.persist(folder.join("progress.json"))?;
        Ok(())
    });
    if let Err(error) = written {
        tracing::debug!(%error, "The progress of the training cannot be written");
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{msg:22} {bar:30} {pos}/{len}, {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn show(outcome: &Outcome, adopted: Option<&Path>) -> anyhow::Result<()> {
    print::line(&format!(
        "Learned from {} corrections; {} more were held out.",
        outcome.n_learned, outcome.before.n_held
    ))?;
    let row = |name: &str, measured: &learn::Measured| {
        vec![
            name.to_owned(),
            measured.model.clone(),
            format!("{}/{}", measured.n_held_wrong, measured.n_held),
            format!("{:.1}", measured.check_points()),
        ]
    };
    print::table(
        &["", "model", "held out, wrong", "check set, points"],
        &[row("before", &outcome.before), row("after", &outcome.after)],
    )?;
    match adopted {
        Some(folder) => {
            print::line(&format!("Taken: {}.", outcome.why))?;
            print::line(&format!(
                "{} is in use now, from {}; go back with `hearken model use --previous`.",
                outcome.after.model,
                folder.display()
            ))
        }
        None => print::line(&format!(
            "Not taken: {}. {} stays in use.",
            outcome.why, outcome.before.model
        )),
    }
}

/// `[model] path` comes before what stands on the shelf.
fn warn_of_configured_model(global: &Global) {
    let file = global.config_path();
    let configured = config::load(&file)
        .ok()
        .and_then(|config| config.model.path);
    if let Some(path) = configured {
        eprintln!(
            "hearken: {} names {} as [model] path, which comes first: remove that line to use the new model",
            file.display(),
            path.display()
        );
    }
}

/// Starts the same command again without this terminal.
fn go_to_background(folder: &Path) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    if Training::is_running(folder) {
        bail!(
            "another training is at work in {}; see `hearken model train --status`",
            folder.display()
        );
    }
    let log_file = folder.join("log.txt");
    let log = std::fs::File::create(&log_file)
        .with_context(|| format!("cannot write {}", log_file.display()))?;
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command
        .args(
            std::env::args_os()
                .skip(1)
                .filter(|argument| argument != "--background"),
        )
        .stdin(std::process::Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let child = command.spawn().context("the training cannot be started")?;
    print::line(&format!(
        "The training goes on in the background (process {}); see `hearken model train --status` and {}",
        child.id(),
        log_file.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn show_status(folder: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let is_running = Training::is_running(folder);
    let told: Option<Told> = std::fs::read(folder.join("progress.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let is_stopped = folder.join("plan.json").is_file() && !is_running;
    if as_json {
        print::json(&json!({
            "running": is_running,
            "stopped": is_stopped,
            "progress": told.as_ref().filter(|told| told.outcome.is_none()).map(|told| told.progress),
            "outcome": told.as_ref().and_then(|told| told.outcome.as_ref()),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let how_far = told.as_ref().map(|told| {
        let Progress {
            stage,
            n_done,
            n_all,
        } = told.progress;
        format!("{}, {n_done} of {n_all}", stage.as_str())
    });
    match (is_running, is_stopped, told.and_then(|told| told.outcome)) {
        (true, ..) => print::line(&format!(
            "A training is at work: {}",
            how_far.as_deref().unwrap_or("it has just begun")
        ))?,
        (_, true, _) => print::line(&format!(
            "A training was stopped ({}); the same command goes on with it",
            how_far.as_deref().unwrap_or("before it began")
        ))?,
        (.., Some(outcome)) => print::line(&format!(
            "No training is at work. The last one was {}: {}",
            if outcome.candidate.is_some() {
                "taken"
            } else {
                "not taken"
            },
            outcome.why
        ))?,
        _ => print::line("No training is at work, and none was yet")?,
    }
    if std::io::stdout().is_terminal() {
        std::io::stdout().flush()?;
    }
    Ok(ExitCode::SUCCESS)
}
