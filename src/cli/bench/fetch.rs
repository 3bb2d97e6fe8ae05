//! `hearken bench fetch`: many feeds served from loopback, polled by the real pipeline in a
//! process of its own, so that its memory is its own; then the same by a Python peer where
//! one is installed, and the memory of a daemon that has nothing to do.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::feeds::{Feeds, Shape};
use crate::cli::print;
use crate::store::Store;
use crate::worker::{self, Engine, Mode, Plan};

/// Polls at the same time, as the scheduler does.
const AT_ONCE: usize = 16;
/// Sources of the small daemon that the large one is compared with.
const FEW: usize = 50;
/// How long a daemon may take to be ready and to come to rest.
const PATIENCE: Duration = Duration::from_secs(600);

/// Examples:
///   hearken bench fetch                     # 5,000 feeds of 20 entries, 10 % changed
///   hearken bench fetch --feeds 200 --json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(in crate::cli) struct Arguments {
    /// Feeds
    #[arg(long, default_value_t = 5_000)]
    feeds: usize,
    /// Entries in each
    #[arg(long, default_value_t = 20)]
    entries: usize,
    /// Of a hundred feeds, how many have changed since the last poll
    #[arg(long, default_value_t = 10)]
    changed: usize,
    /// The Python of the peer (`benches/peers/install` makes it); used when it is there
    #[arg(
        long,
        value_name = "FILE",
        default_value = "benches/peers/.venv/bin/python"
    )]
    peer: PathBuf,
    /// Leave out the memory of idle sources
    #[arg(long)]
    no_idle: bool,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// The child that polls; started by `bench fetch` only.
#[derive(Debug, Args)]
pub(in crate::cli) struct Poller {
    /// The configuration with the feeds
    file: PathBuf,
}

pub(super) async fn call(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if arguments.feeds == 0 || arguments.entries == 0 || arguments.changed > 100 {
        bail!("--feeds and --entries must be at least 1, --changed at most 100");
    }
    let feeds = Feeds::serve(Shape {
        n_entries: arguments.entries,
        changed_percent: arguments.changed,
    })
    .await
    .context("the feeds cannot be served")?;
    let folder = tempfile::Builder::new()
        .prefix("hearken-bench-")
        .tempdir()
        .context("no temporary folder")?;
    let many = place(folder.path(), "many", &feeds, arguments.feeds)?;
    let program = std::env::current_exe().context("the path of this program is unknown")?;

    let mut command = Command::new(&program);
    command.args(["bench", "fetch-poller"]).arg(&many);
    let ours = measure(command, &feeds).await.context("our own polls")?;
    let script = Path::new("benches/peers/fetch.py");
    let peer = if arguments.peer.is_file() && script.is_file() {
        let mut command = Command::new(&arguments.peer);
        command
            .arg(script)
            .arg(format!("http://{}", feeds.address))
            .args([arguments.feeds.to_string(), AT_ONCE.to_string()]);
        Some(measure(command, &feeds).await.context("the peer's polls")?)
    } else {
        None
    };
    let idle = if arguments.no_idle || arguments.feeds <= FEW {
        None
    } else {
        let few = place(folder.path(), "few", &feeds, FEW)?;
        let mut command = Command::new(&program);
        command.args(["bench", "fetch-poller"]).arg(&few);
        measure(command, &feeds).await.context("the few feeds")?;
        Some(idle_memory(&program, &few, &many, arguments.feeds).await?)
    };
    show(arguments, &ours, peer.as_ref(), idle.as_ref())?;
    Ok(ExitCode::SUCCESS)
}

/// A folder with a configuration for these feeds.
fn place(folder: &Path, name: &str, feeds: &Feeds, n_feeds: usize) -> anyhow::Result<PathBuf> {
    let folder = folder.join(name);
    std::fs::create_dir(&folder)?;
    let mut text =
        "[[brand]]\nname = \"Nobody writes of this\"\n\n[web]\nlisten = \"127.0.0.1:0\"\n\n\
                    [net]\nallow_private = [\"127.0.0.1\"]\n\n"
            .to_owned();
    for number in 0..n_feeds {
        text.push_str(&format!(
            "[[source]]\nname = \"feed {number}\"\ndefinition = \"feed\"\n\
             params = {{ url = \"http://{}/feeds/{number}\" }}\nevery = \"6h\"\n\n",
            feeds.address
        ));
    }
    let file = folder.join("hearken.toml");
    std::fs::write(&file, text)?;
    Ok(file)
}

/// Two passes of a child over all feeds; the second, after some have changed, counts.
async fn measure(command: Command, feeds: &Feeds) -> anyhow::Result<Value> {
    feeds.set_changed(false);
    let feeds = feeds.clone();
    tokio::task::spawn_blocking(move || {
        let mut child = Talker::start(command)?;
        let first = child.hear()?;
        feeds.take_requests();
        feeds.set_changed(true);
        child.say("go\n")?;
        let mut second = child.hear()?;
        second["n_requests"] = json!(feeds.take_requests());
        second["first_wall_s"] = first["wall_s"].clone();
        let ended = child.child.wait()?;
        if !ended.success() {
            bail!("the child failed: {ended}");
        }
        Ok(second)
    })
    .await?
}

/// A child that is spoken to in lines.
struct Talker {
    child: Child,
    said: BufReader<ChildStdout>,
    ear: ChildStdin,
}

impl Talker {
    fn start(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{:?} does not start", command.get_program()))?;
        let said = child.stdout.take().context("stdout is piped")?;
        let ear = child.stdin.take().context("stdin is piped")?;
        Ok(Self {
            child,
            said: BufReader::new(said),
            ear,
        })
    }

    fn hear(&mut self) -> anyhow::Result<Value> {
        let mut line = String::new();
        if self.said.read_line(&mut line)? == 0 {
            bail!("the child ended early");
        }
        serde_json::from_str(&line).context("the child's figures cannot be read")
    }

    fn say(&mut self, line: &str) -> anyhow::Result<()> {
        self.ear.write_all(line.as_bytes())?;
        Ok(self.ear.flush()?)
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        // Already gone is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The child: polls every source of a configuration, says how long it took, waits for a
/// line, and polls them again.
pub(super) async fn poll_all(arguments: &Poller) -> anyhow::Result<ExitCode> {
    let plan = worker::read_plan(&arguments.file).map_err(|error| anyhow!(error))?;
    let folder = plan.config.store_path.clone();
    let store = tokio::task::spawn_blocking(move || Store::open(&folder, Engine::now())).await??;
    let engine = Engine::new(store.clone(), plan, None);
    let plan = engine.plan_now();
    for number in 0..2 {
        if number > 0 {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            forget_peak();
        }
        print::json(&one_pass(&engine, &plan).await?)?;
    }
    tokio::task::spawn_blocking(move || store.flush()).await??;
    Ok(ExitCode::SUCCESS)
}

async fn one_pass(engine: &Engine, plan: &Arc<Plan>) -> anyhow::Result<Value> {
    let (mut n_ok, mut n_unchanged, mut n_failed, mut n_items) = (0_u64, 0_u64, 0_u64, 0_u64);
    let started = Instant::now();
    let mut waiting = plan.sources.iter();
    let mut polls = JoinSet::new();
    loop {
        while polls.len() < AT_ONCE
            && let Some(source) = waiting.next()
        {
            let (engine, plan, source) = (engine.clone(), plan.clone(), source.clone());
            polls.spawn(async move {
                let stop = CancellationToken::new();
                worker::poll(&engine, &plan, &source, Mode::Store, &stop).await
            });
        }
        match polls.join_next().await {
            None => break,
            Some(Ok(Ok((report, _)))) if report.unchanged => n_unchanged += 1,
            Some(Ok(Ok((report, _)))) => {
                n_ok += 1;
                n_items += report.items.len() as u64;
            }
            Some(_) => n_failed += 1,
        }
    }
    Ok(json!({
        "wall_s": started.elapsed().as_secs_f64(), "peak_kib": status_kib("self", "VmHWM"),
        "n_ok": n_ok, "n_unchanged": n_unchanged, "n_failed": n_failed, "n_items": n_items,
    }))
}

/// A figure of a process, where the system tells it (Linux).
fn status_kib(process: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
}

/// Lets the peak start again from here. Where the system does not, the peak of the whole
/// run is what is told, which is no less.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// What an idle source costs: a daemon with many sources that are not due, against one
/// with few.
async fn idle_memory(
    program: &Path,
    few: &Path,
    many: &Path,
    n_many: usize,
) -> anyhow::Result<Value> {
    let few_kib = resting_kib(program, few).await?;
    let many_kib = resting_kib(program, many).await?;
    let per_source = many_kib.saturating_sub(few_kib) as f64 / (n_many - FEW) as f64;
    Ok(json!({ "few_kib": few_kib, "many_kib": many_kib, "kib_per_source": per_source }))
}

/// The memory of a daemon once its model is loaded and nothing grows any more.
async fn resting_kib(program: &Path, file: &Path) -> anyhow::Result<u64> {
    let mut command = Command::new(program);
    command
        .args(["run", "--config"])
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().context("the daemon does not start")?;
        let process = child.id().to_string();
        let found = rest_of(&process);
        // Whatever was found, nothing is left running.
        let _ = child.kill();
        let mut said = String::new();
        if let Some(mut errors) = child.stderr.take() {
            let _ = errors.read_to_string(&mut said);
        }
        let _ = child.wait();
        found.with_context(|| format!("the daemon never came to rest: {said}"))
    })
    .await?
}

fn rest_of(process: &str) -> anyhow::Result<u64> {
    /// Equal for so long is at rest.
    const STILL: Duration = Duration::from_secs(8);
    const LOOK_EVERY: Duration = Duration::from_millis(250);
    /// Smaller changes are noise.
    const NOISE_KIB: u64 = 256;
    let started = Instant::now();
    let mut last = 0_u64;
    let mut since = Instant::now();
    while started.elapsed() < PATIENCE {
        std::thread::sleep(LOOK_EVERY);
        let now = status_kib(process, "VmRSS").context("its memory cannot be read")?;
        if now.abs_diff(last) > NOISE_KIB {
            last = now;
            since = Instant::now();
        } else if since.elapsed() >= STILL {
            return Ok(now);
        }
    }
    bail!("its memory still changes")
}

fn show(
    arguments: &Arguments,
    ours: &Value,
    peer: Option<&Value>,
    idle: Option<&Value>,
) -> anyhow::Result<()> {
    if arguments.json {
        return print::json(&json!({
            "feeds": arguments.feeds, "entries": arguments.entries, "changed_percent": arguments.changed,
            "at_once": AT_ONCE, "hearken": ours, "python": peer, "idle": idle,
        }));
    }
    print::line(&format!(
        "{} feeds of {} entries, {} % changed since the last poll, {AT_ONCE} at a time:",
        arguments.feeds, arguments.entries, arguments.changed
    ))?;
    line("hearken", arguments.feeds, ours)?;
    match peer {
        Some(peer) => line("feedparser + httpx", arguments.feeds, peer)?,
        None => print::line(&format!(
            "feedparser + httpx: not measured, {} is not there (benches/peers/install)",
            arguments.peer.display()
        ))?,
    }
    if let Some(idle) = idle {
        print::line(&format!(
            "an idle source: {:.1} KiB (a daemon with {} sources {:.0} MiB, with {FEW} {:.0} MiB)",
            idle["kib_per_source"].as_f64().unwrap_or_default(),
            arguments.feeds,
            idle["many_kib"].as_f64().unwrap_or_default() / 1024.0,
            idle["few_kib"].as_f64().unwrap_or_default() / 1024.0,
        ))?;
    }
    Ok(())
}

fn line(who: &str, n_feeds: usize, figures: &Value) -> anyhow::Result<()> {
    let number = |name: &str| figures[name].as_f64().unwrap_or_default();
    print::line(&format!(
        "{who}: {:.1} s, {:.0} requests/s, peak memory {:.0} MiB ({} read, {} unchanged, {} failed; first poll of all {:.1} s)",
        number("wall_s"),
        n_feeds as f64 / number("wall_s").max(f64::EPSILON),
        number("peak_kib") / 1024.0,
        figures["n_ok"],
        figures["n_unchanged"],
        figures["n_failed"],
        number("first_wall_s"),
    ))
}
