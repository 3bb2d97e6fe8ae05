//! `hearken bench classify`: how fast and how right the shipped model is on this machine, as
//! a whole, with its cascade and with its cache, beside other runtimes of the same weights.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chrono::{TimeDelta, Utc};
use clap::{Args, ValueEnum};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::classify::settings;
use super::super::{Global, print};
use crate::classify::{
    Classifier, Evaluation, Input, Labelled, Precision, Settings, evaluate, read_labelled,
};
use crate::demo::{Demo, Place};
use crate::domain::{Kind, Label, Sentiment};
use crate::language;

/// Texts handed over together, as a poll does.
const BATCH: usize = 256;
/// Labelled texts, where a checkout has them beside it.
const DATA: &str = "../shared/data/test";
/// Seed of the order in which texts come: a poll holds texts of all lengths.
const SEED: u64 = 1;

/// Example:
///   hearken bench classify --only full,cascade --texts 2000
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Texts {
    /// Texts per run, drawn evenly from the data
    #[arg(long, default_value_t = 20_000)]
    texts: usize,
    /// Files or folders of .jsonl or .jsonl.gz with `text`, `label`, `lang` and optional `kind`
    /// [default: ../shared/data/test where it is there, else the demo's texts, which have no labels]
    #[arg(long, value_name = "PATH")]
    data: Vec<PathBuf>,
    /// What is measured
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [What::Full, What::Cascade, What::Cached])]
    only: Vec<What>,
    /// Runs; the median is what counts
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Texts judged one by one, for the time that a single one takes
    #[arg(long, default_value_t = 500)]
    singles: usize,
    /// Intra-op threads of libtorch, in each model thread
    #[arg(long)]
    threads: Option<usize>,
    /// Model threads side by side, each with its own copy of the model
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Which peers; one that is hopeless on this machine in a first try is left out
    #[arg(long, value_delimiter = ',', default_values = RUNTIMES, value_parser = RUNTIMES)]
    runtimes: Vec<String>,
    /// Threads of the peers
    #[arg(long, default_value_t = 2)]
    peer_threads: usize,
    /// Arithmetic: auto (measured at start), f32 or bf16
    #[arg(long, default_value = "auto", value_parser = precision)]
    precision: Precision,
    /// The Python of the peers, as benches/peers/install classify leaves it
    #[arg(
        long,
        value_name = "FILE",
        default_value = "benches/peers/.venv/bin/python"
    )]
    python: PathBuf,
    /// Print the figures as JSON, an object for each
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Every text by the full model; no cache
    Full,
    /// Easy texts by the linear model alone; no cache
    Cascade,
    /// The cascade with the verdict cache, when every text has come before
    Cached,
    /// PyTorch and ONNX Runtime on the same weights, where they are installed
    Peers,
}

fn precision(text: &str) -> Result<Precision, String> {
    match text {
        "auto" => Ok(Precision::Auto),
        "f32" => Ok(Precision::F32),
        "bf16" => Ok(Precision::Bf16),
        _ => Err("write auto, f32 or bf16".to_owned()),
    }
}

/// What was measured of one way.
struct Figures {
    name: String,
    /// Ascending.
    texts_per_s: Vec<f64>,
    /// Of single texts, ascending.
    singles: Vec<Duration>,
    scores: Option<Evaluation>,
}

impl Figures {
    fn new(name: &str, mut texts_per_s: Vec<f64>, mut singles: Vec<Duration>) -> Self {
        texts_per_s.sort_by(f64::total_cmp);
        singles.sort();
        Self {
            name: name.to_owned(),
            texts_per_s,
            singles,
            scores: None,
        }
    }

    fn speed(&self, share: f64) -> f64 {
        let last = self.texts_per_s.len().saturating_sub(1);
        let place = (last as f64 * share).round() as usize;
        self.texts_per_s.get(place).copied().unwrap_or_default()
    }

    fn single_ms(&self, share: f64) -> f64 {
        let last = self.singles.len().saturating_sub(1);
        let place = (last as f64 * share).round() as usize;
        let single = self.singles.get(place).copied().unwrap_or_default();
        single.as_secs_f64() * 1e3
    }

    /// The mean over languages of the mean over their sources.
    fn macro_f1(&self) -> Option<f64> {
        let languages = &self.scores.as_ref()?.languages;
        Some(languages.values().sum::<f64>() / languages.len().max(1) as f64)
    }
}

pub(super) async fn call(global: &Global, asked: &Texts) -> anyhow::Result<ExitCode> {
    if asked.texts == 0 || asked.runs == 0 || asked.singles == 0 || asked.workers == 0 {
        bail!("--texts, --runs, --singles and --workers must be at least 1");
    }
    let mut settings = settings(global)?;
    settings.precision = asked.precision;
    if let Some(threads) = asked.threads {
        settings.n_threads = threads;
    }
    let asked = asked.clone();
    tokio::task::spawn_blocking(move || measure(&settings, &asked)).await??;
    Ok(ExitCode::SUCCESS)
}

fn measure(settings: &Settings, asked: &Texts) -> anyhow::Result<()> {
    let (texts, labelled) = texts(asked)?;
    let n_chars: usize = texts.iter().map(|text| text.text.chars().count()).sum();
    let mean_chars = n_chars as f64 / texts.len() as f64;
    let mut all: Vec<Figures> = Vec::new();
    for what in &asked.only {
        let found = match what {
            What::Peers => by_peers(settings, asked, &texts, labelled.as_deref())?,
            _ => vec![by_us(*what, settings, asked, &texts, labelled.as_deref())?],
        };
        for figures in found {
            if asked.json {
                print::json(&as_json(&figures, asked, settings, mean_chars))?;
            } else {
                eprintln!("{}", in_short(&figures));
            }
            all.push(figures);
        }
    }
    if asked.json {
        return Ok(());
    }
    print::line(&format!(
        "{} texts of {mean_chars:.0} characters on average; {} model thread(s) of {} intra-op; \
         median of {} run(s), end to end with language and tokenising",
        texts.len(),
        asked.workers,
        settings.n_threads,
        asked.runs,
    ))?;
    show(&all)?;
    show_languages(&all)
}

/// The texts, and their labels where they have some.
fn texts(asked: &Texts) -> anyhow::Result<(Vec<Input>, Option<Vec<Labelled>>)> {
    let data = if asked.data.is_empty() && Path::new(DATA).is_dir() {
        vec![PathBuf::from(DATA)]
    } else {
        asked.data.clone()
    };
    if data.is_empty() {
        eprintln!(
            "hearken: no labelled texts: name some with --data PATH (.jsonl with text, label, lang) for macro-F1; \
             these are the demo's posts and reviews"
        );
        return Ok((of_demo(asked.texts), None));
    }
    let all = read_labelled(&data)?;
    if all.is_empty() {
        bail!("there is no text in {}", shown(&data));
    }
    let n = asked.texts.min(all.len());
    let mut drawn: Vec<Labelled> = (0..n)
        .map(|place| all[place * all.len() / n].clone())
        .collect();
    drawn.shuffle(&mut StdRng::seed_from_u64(SEED));
    let inputs = drawn.iter().map(|text| text.input.clone()).collect();
    Ok((inputs, Some(drawn)))
}

fn shown(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(", ")
}

/// Each with its language found out, which is a part of the work.
fn with_languages(texts: &[Input]) -> Vec<Input> {
    texts
        .iter()
        .map(|text| Input {
            lang: language::detect(&text.text, None).map(str::to_owned),
            ..text.clone()
        })
        .collect()
}

fn by_us(
    what: What,
    settings: &Settings,
    asked: &Texts,
    texts: &[Input],
    labelled: Option<&[Labelled]>,
) -> anyhow::Result<Figures> {
    let settings = Settings {
        cascade: what != What::Full,
        // Room for all of them: what is measured is a hit.
        n_cached: if what == What::Cached {
            4 * texts.len()
        } else {
            0
        },
        ..settings.clone()
    };
    let workers: Vec<Classifier> = (0..asked.workers)
        .map(|_| Classifier::start(&settings))
        .collect::<Result<_, _>>()?;
    if what == What::Cached {
        for worker in &workers {
            run(std::slice::from_ref(worker), texts)?;
        }
    } else {
        // The first pass pays for libtorch's own setup.
        run(&workers, &texts[..texts.len().min(BATCH * workers.len())])?;
    }
    let (mut per_second, mut verdicts) = (Vec::new(), Vec::new());
    for _ in 0..asked.runs {
        let started = Instant::now();
        verdicts = run(&workers, texts)?;
        per_second.push(texts.len() as f64 / started.elapsed().as_secs_f64());
    }
    let mut singles = Vec::new();
    for text in texts
        .iter()
        .step_by((texts.len() / asked.singles).max(1))
        .take(asked.singles)
    {
        let started = Instant::now();
        workers[0].classify_blocking(with_languages(std::slice::from_ref(text)))?;
        singles.push(started.elapsed());
    }
    let name = match what {
        What::Full => "full model",
        What::Cascade => "cascade",
        What::Cached | What::Peers => "cascade + cache, seen before",
    };
    let mut figures = Figures::new(name, per_second, singles);
    figures.scores = labelled.map(|labelled| evaluate(labelled, &verdicts));
    Ok(figures)
}

/// One pass over the texts: the workers take a batch each until there is none.
fn run(workers: &[Classifier], texts: &[Input]) -> anyhow::Result<Vec<Sentiment>> {
    let batches: Vec<&[Input]> = texts.chunks(BATCH).collect();
    let next = AtomicUsize::new(0);
    let work = |worker: &Classifier| -> anyhow::Result<Vec<(usize, Vec<Sentiment>)>> {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(batch) = batches.get(place) else {
                return Ok(done);
            };
            done.push((place, worker.classify_blocking(with_languages(batch))?));
        }
    };
    let mut done = std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = workers
            .iter()
            .map(|worker| scope.spawn(move || work(worker)))
            .collect();
        let mut done = Vec::new();
        for thread in running {
            let part = thread.join();
            done.extend(part.map_err(|_| anyhow::anyhow!("a worker panicked"))??);
        }
        anyhow::Ok(done)
    })?;
    done.sort_by_key(|(place, _)| *place);
    Ok(done
        .into_iter()
        .flat_map(|(_, verdicts)| verdicts)
        .collect())
}

/// A text for the peers.
#[derive(Serialize)]
struct PeerText<'a> {
    text: &'a str,
    kind: &'a str,
    lang: Option<&'a str>,
}

/// What benches/peers/classify.py prints.
#[derive(Deserialize)]
#[serde(untagged)]
enum PeerSaid {
    Measured(PeerFigures),
    /// Texts a second of a first try: hopeless on this machine.
    Hopeless {
        too_slow: f64,
    },
}

#[derive(Deserialize)]
struct PeerFigures {
    texts_per_s: Vec<f64>,
    single_s: Vec<f64>,
    logits: Vec<[f64; 3]>,
}

const RUNTIMES: [&str; 4] = [
    "transformers-fp32",
    "transformers-bf16",
    "onnx-fp32",
    "onnx-int8",
];

fn by_peers(
    settings: &Settings,
    asked: &Texts,
    texts: &[Input],
    labelled: Option<&[Labelled]>,
) -> anyhow::Result<Vec<Figures>> {
    // …/benches/peers/.venv/bin/python
    let script = asked
        .python
        .ancestors()
        .nth(3)
        .map(|peers| peers.join("classify.py"));
    let script = script.filter(|script| script.is_file() && asked.python.is_file());
    let Some(script) = script else {
        bail!(
            "no peers at {}: run `benches/peers/install classify` in a checkout, or name their Python with --python",
            asked.python.display()
        );
    };
    let mut file = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
    for text in &with_languages(texts) {
        let line = serde_json::to_string(&PeerText {
            text: &text.text,
            kind: text.kind.as_str(),
            lang: text.lang.as_deref(),
        })?;
        std::io::Write::write_all(&mut file, format!("{line}\n").as_bytes())?;
    }
    let mut all = Vec::new();
    for runtime in &asked.runtimes {
        let said = run_peer(runtime, &script, file.path(), settings, asked)?;
        let said = match said {
            PeerSaid::Measured(said) => said,
            PeerSaid::Hopeless { too_slow } => {
                eprintln!("hearken: {runtime} left out: {too_slow:.2} texts/s in a first try");
                continue;
            }
        };
        if said.logits.len() != texts.len() {
            bail!(
                "the peer {runtime} judged {} of {} texts",
                said.logits.len(),
                texts.len()
            );
        }
        let singles = said.single_s.iter().copied().map(Duration::from_secs_f64);
        let mut figures = Figures::new(runtime, said.texts_per_s, singles.collect());
        let verdicts: Vec<Sentiment> = said
            .logits
            .iter()
            .map(|said| verdict(*said, runtime))
            .collect();
        figures.scores = labelled.map(|labelled| evaluate(labelled, &verdicts));
        all.push(figures);
    }
    Ok(all)
}

fn run_peer(
    runtime: &str,
    script: &Path,
    texts: &Path,
    settings: &Settings,
    asked: &Texts,
) -> anyhow::Result<PeerSaid> {
    let ran = Command::new(&asked.python)
        .arg(script)
        .arg(runtime)
        .arg(&settings.folder)
        .arg(texts)
        .args([asked.peer_threads, asked.runs, asked.singles].map(|n| n.to_string()))
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", asked.python.display()))?;
    if !ran.status.success() {
        bail!("the peer {runtime} ended with {}", ran.status);
    }
    serde_json::from_slice(&ran.stdout)
        .with_context(|| format!("the peer {runtime} printed no figures"))
}

fn verdict(logits: [f64; 3], model: &str) -> Sentiment {
    let most = logits.into_iter().fold(f64::MIN, f64::max);
    let raised = logits.map(|logit| (logit - most).exp());
    let sum: f64 = raised.iter().sum();
    let [negative, neutral, positive] = raised.map(|share| share / sum);
    let label = if negative >= neutral.max(positive) {
        Label::Negative
    } else if neutral >= positive {
        Label::Neutral
    } else {
        Label::Positive
    };
    Sentiment {
        label,
        negative,
        neutral,
        positive,
        model: model.to_owned(),
        sentence: None,
    }
}

fn in_short(figures: &Figures) -> String {
    let scores = figures
        .macro_f1()
        .map_or_else(String::new, |f1| format!(", macro-F1 {f1:.3}"));
    format!(
        "{}: {:.0} texts/s{scores}",
        figures.name,
        figures.speed(0.5)
    )
}

fn as_json(
    figures: &Figures,
    asked: &Texts,
    settings: &Settings,
    mean_chars: f64,
) -> serde_json::Value {
    json!({
        "name": figures.name, "texts": asked.texts, "mean_chars": mean_chars,
        "runs": figures.texts_per_s.len(), "workers": asked.workers, "threads": settings.n_threads,
        "texts_per_s": {
            "median": figures.speed(0.5), "slowest": figures.speed(0.0), "fastest": figures.speed(1.0),
        },
        "single_ms": { "p50": figures.single_ms(0.5), "p99": figures.single_ms(0.99) },
        "macro_f1": figures.macro_f1(),
        "languages": figures.scores.as_ref().map(|scores| &scores.languages),
    })
}

fn show(all: &[Figures]) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|figures| {
            let (first, f1) = (all[0].speed(0.5), figures.macro_f1());
            vec![
                figures.name.clone(),
                format!("{:.0}", figures.speed(0.5)),
                format!("{:.0}-{:.0}", figures.speed(0.0), figures.speed(1.0)),
                format!("{:.2}", figures.speed(0.5) / first),
                format!("{:.1}", figures.single_ms(0.5)),
                format!("{:.1}", figures.single_ms(0.99)),
                f1.map_or_else(|| "-".to_owned(), |f1| format!("{f1:.3}")),
            ]
        })
        .collect();
    print::line("")?;
    print::table(
        &[
            "", "texts/s", "spread", "ratio", "p50 ms", "p99 ms", "macro-F1",
        ],
        &rows,
    )
}

/// Macro-F1 by language, and for all but the first its distance from the first in points.
fn show_languages(all: &[Figures]) -> anyhow::Result<()> {
    let scored: Vec<(&Figures, &Evaluation)> = all
        .iter()
        .filter_map(|figures| Some((figures, figures.scores.as_ref()?)))
        .collect();
    let Some((_, first)) = scored.first() else {
        return Ok(());
    };
    let mut head = vec![""];
    head.extend(first.languages.keys().map(String::as_str));
    let rows: Vec<Vec<String>> = scored
        .iter()
        .enumerate()
        .map(|(place, (figures, scores))| {
            let mut row = vec![figures.name.clone()];
            row.extend(first.languages.iter().map(|(lang, of_first)| {
                let f1 = scores.languages.get(lang).copied().unwrap_or_default();
                if place == 0 {
                    format!("{f1:.3}")
                } else {
                    format!("{f1:.3} ({:+.1})", 100.0 * (f1 - of_first))
                }
            }));
            row
        })
        .collect();
    print::line("")?;
    print::table(&head, &rows)
}

/// Posts and reviews of the demo, each different from the others.
fn of_demo(n: usize) -> Vec<Input> {
    let started = Utc::now();
    let demo = Demo::new(started, "http://127.0.0.1");
    let mut inputs = Vec::with_capacity(n);
    let mut now = started;
    while inputs.len() < n {
        now += TimeDelta::minutes(15);
        for place in Place::ALL {
            for entry in demo.shown(place, now) {
                if entry.lang == "en" && inputs.len() < n {
                    inputs.push(Input {
                        text: entry.text,
                        kind: if place == Place::Shop {
                            Kind::Review
                        } else {
                            Kind::Post
                        },
                        ..Input::default()
                    });
                }
            }
        }
    }
    inputs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_percentiles_are_of_what_was_measured() {
        let ms = |n: u64| Duration::from_millis(n);
        let figures = Figures::new("m", vec![3.0, 1.0, 2.0], (1..=101).rev().map(ms).collect());
        assert!((figures.speed(0.5) - 2.0).abs() < 1e-9);
        assert!((figures.speed(0.0) - 1.0).abs() < 1e-9);
        assert!((figures.single_ms(0.5) - 51.0).abs() < 1e-9);
        assert!((figures.single_ms(0.99) - 100.0).abs() < 1e-9);
        assert_eq!(figures.macro_f1(), None);
    }

    #[test]
    fn a_peers_logits_become_a_verdict() {
        let said = verdict([0.0, 2.0, -1.0], "peer");
        assert_eq!(said.label, Label::Neutral);
        assert!((said.negative + said.neutral + said.positive - 1.0).abs() < 1e-9);
    }
}
