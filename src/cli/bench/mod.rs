//! `hearken bench`: measures this machine with the shipped parts. Figures in the
//! documentation come from here.

mod deliver;
mod feeds;
mod fetch;
mod loopback;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chrono::{TimeDelta, Utc};
use clap::{Args, Subcommand};
use serde_json::json;

use super::classify::settings;
use super::{Global, print};
use crate::classify::{Classifier, Input, Precision};
use crate::demo::{Demo, Place};
use crate::domain::Kind;

/// Texts handed over together, as a poll does.
const BATCH: usize = 256;

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Texts a second of the model: hearken bench classify --runs 5
    Classify(Texts),
    /// A poll of many feeds from loopback, beside a Python peer: hearken bench fetch --feeds 200
    Fetch(fetch::Arguments),
    /// The child of `bench fetch`
    #[command(hide = true)]
    FetchPoller(fetch::Poller),
    /// Deliveries a second and the way of an alert: hearken bench deliver --deliveries 20000
    Deliver(deliver::Sizes),
}

#[derive(Debug, Args)]
pub(super) struct Texts {
    /// Texts per run
    #[arg(long, default_value_t = 1_000)]
    texts: usize,
    /// Runs; the median is what counts
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Intra-op threads of libtorch
    #[arg(long)]
    threads: Option<usize>,
    /// Arithmetic: auto, f32 or bf16
    #[arg(long, default_value = "auto", value_parser = precision)]
    precision: Precision,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

fn precision(text: &str) -> Result<Precision, String> {
    match text {
        "auto" => Ok(Precision::Auto),
        "f32" => Ok(Precision::F32),
        "bf16" => Ok(Precision::Bf16),
        _ => Err("write auto, f32 or bf16".to_owned()),
    }
}

pub(super) async fn call(global: &Global, action: &Action) -> anyhow::Result<ExitCode> {
    match action {
        Action::Classify(arguments) => classify(global, arguments).await,
        Action::Fetch(arguments) => fetch::call(arguments).await,
        Action::FetchPoller(arguments) => fetch::poll_all(arguments).await,
        Action::Deliver(sizes) => deliver::call(global, sizes).await,
    }
}

async fn classify(global: &Global, arguments: &Texts) -> anyhow::Result<ExitCode> {
    if arguments.texts == 0 || arguments.runs == 0 {
        bail!("--texts and --runs must be at least 1");
    }
    let mut settings = settings(global)?;
    settings.precision = arguments.precision;
    if let Some(threads) = arguments.threads {
        settings.n_threads = threads;
    }
    let n_threads = settings.n_threads;
    let inputs = inputs(arguments.texts);
    let n_chars: usize = inputs.iter().map(|input| input.text.chars().count()).sum();
    let n_runs = arguments.runs;
    let (model, loaded, mut runs) = tokio::task::spawn_blocking(move || {
        let started = Instant::now();
        let classifier = Classifier::start(&settings)?;
        let loaded = started.elapsed();
        // The first pass pays for libtorch's own setup.
        classifier.classify_blocking(inputs[..inputs.len().min(BATCH)].to_vec())?;
        let mut runs = Vec::with_capacity(n_runs);
        for _ in 0..n_runs {
            let started = Instant::now();
            for batch in inputs.chunks(BATCH) {
                classifier.classify_blocking(batch.to_vec())?;
            }
            runs.push(started.elapsed());
        }
        anyhow::Ok((classifier.manifest().id(), loaded, runs))
    })
    .await??;
    runs.sort();
    let per_second = |run: &Duration| arguments.texts as f64 / run.as_secs_f64();
    let slowest = per_second(runs.last().context("at least one run")?);
    let median = per_second(&runs[runs.len() / 2]);
    let fastest = per_second(&runs[0]);
    let mean_chars = n_chars as f64 / arguments.texts as f64;
    if arguments.json {
        print::json(&json!({
            "model": model, "texts": arguments.texts, "mean_chars": mean_chars, "threads": n_threads,
            "load_ms": loaded.as_millis() as u64, "runs": n_runs,
            "texts_per_s": { "median": median, "slowest": slowest, "fastest": fastest },
        }))?;
    } else {
        print::line(&format!(
            "{model}: {median:.0} texts/s (median of {n_runs} runs, {slowest:.0} to {fastest:.0}), \
             {} texts of {mean_chars:.0} characters on average, {n_threads} thread(s); loaded in {} ms",
            arguments.texts,
            loaded.as_millis()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Posts and reviews of the demo, each different from the others.
fn inputs(n: usize) -> Vec<Input> {
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
