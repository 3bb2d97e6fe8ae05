//! `hearken bench deliver`: how many deliveries a second reach a fast receiver with the
//! ledger on disk, and how long an item takes from the site's answer to the webhook, with
//! the model in between and with a receiver beside it that hangs.

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chrono::Utc;
use clap::Args;
use serde_json::json;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::loopback::{self, Answer};
use crate::cli::{Global, print};
use crate::config;
use crate::deliver;
use crate::domain::{Delivery, Event, EventId, EventType, SourceName};
use crate::net::{AllowList, Client, NetPolicy};
use crate::store::{PollOutcome, Store};
use crate::worker::{self, DaemonOptions};

#[derive(Debug, Args)]
pub(in crate::cli) struct Sizes {
    /// Deliveries of the throughput run
    #[arg(long, default_value_t = 20_000)]
    deliveries: usize,
    /// Complaints in each answer of the site, which is asked every second
    #[arg(long, default_value_t = 5)]
    complaints: usize,
    /// How long each latency run lasts, in seconds
    #[arg(long, default_value_t = 40)]
    seconds: u64,
    /// How long the hanging receiver takes to answer, in seconds
    #[arg(long, default_value_t = 15)]
    hang: u64,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn call(global: &Global, sizes: &Sizes) -> anyhow::Result<ExitCode> {
    if sizes.deliveries == 0 || sizes.complaints == 0 || sizes.seconds < 5 {
        bail!("--deliveries and --complaints must be at least 1, --seconds at least 5");
    }
    let per_second = throughput(sizes.deliveries).await?;
    let mut alone = latencies(global, sizes, None).await?;
    let hang = Duration::from_secs(sizes.hang);
    let mut beside = latencies(global, sizes, Some(hang)).await?;
    let (alone, beside) = (Figures::of(&mut alone)?, Figures::of(&mut beside)?);
    if sizes.json {
        print::json(&json!({
            "deliveries": sizes.deliveries, "deliveries_per_s": per_second,
            "answer_to_webhook_ms": { "alone": alone.to_json(), "beside_a_hanging_receiver": beside.to_json() },
        }))?;
    } else {
        print::line(&format!(
            "{} deliveries, every attempt in the ledger: {per_second:.0} a second",
            sizes.deliveries
        ))?;
        print::line(&format!(
            "from the site's answer to the webhook, model included: {alone}"
        ))?;
        print::line(&format!(
            "the same beside a receiver that hangs for {} s: {beside}",
            sizes.hang
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

struct Figures {
    n: usize,
    p50: Duration,
    p99: Duration,
    max: Duration,
}

impl Figures {
    fn of(samples: &mut [Duration]) -> anyhow::Result<Self> {
        samples.sort();
        let at = |share: f64| {
            let place = (samples.len() as f64 * share).ceil() as usize;
            samples.get(place.saturating_sub(1)).copied()
        };
        Ok(Self {
            n: samples.len(),
            p50: at(0.5).context("nothing arrived")?,
            p99: at(0.99).context("nothing arrived")?,
            max: at(1.0).context("nothing arrived")?,
        })
    }

    fn to_json(&self) -> serde_json::Value {
        json!({
            "n": self.n, "p50": self.p50.as_millis() as u64,
            "p99": self.p99.as_millis() as u64, "max": self.max.as_millis() as u64,
        })
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "p50 {} ms, p99 {} ms, at most {} ms ({} alerts)",
            self.p50.as_millis(),
            self.p99.as_millis(),
            self.max.as_millis(),
            self.n
        )
    }
}

/// Deliveries a second from a full outbox to an empty one.
async fn throughput(n: usize) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store");
    let store = tokio::task::spawn_blocking(move || filled_store(&path, n)).await??;
    let n_received = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&n_received);
    let address = loopback::serve(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Answer::Ok(Vec::new())
    })
    .await?;
    let plan = worker::compile(
        config_of(folder.path(), &[], &[("receiver", address.to_string())])?,
        crate::source::builtin(),
    )?;
    let client = Client::new(NetPolicy {
        allow_private: AllowList::parse(&["127.0.0.1".to_owned()])
            .map_err(|wrong| anyhow::anyhow!(wrong.join("; ")))?,
        ..NetPolicy::default()
    })?;
    let (_destinations, destinations) = watch::channel(plan.destinations.clone());
    let stop = CancellationToken::new();
    let started = Instant::now();
    let sending = tokio::spawn(deliver::run(
        store.clone(),
        client,
        destinations,
        Arc::new(Notify::new()),
        Arc::new(Utc::now),
        stop.clone(),
    ));
    // Counting what is left reads the whole queue, so that is not done before all arrived.
    while n_received.load(Ordering::Relaxed) < n || store.n_undelivered() > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if sending.is_finished() {
            bail!("the sender ended early");
        }
    }
    let elapsed = started.elapsed();
    stop.cancel();
    sending.await?;
    if n_received.load(Ordering::Relaxed) < n {
        bail!("only {} of {n} arrived", n_received.load(Ordering::Relaxed));
    }
    Ok(n as f64 / elapsed.as_secs_f64())
}

/// A store with so many events of the size of an alert, each a story of its own.
fn filled_store(path: &Path, n: usize) -> anyhow::Result<Store> {
    const PER_TRANSACTION: usize = 500;
    let now = Utc::now();
    let store = Store::open(path, now)?;
    let text =
        "The parcel was promised for Monday and it is Friday now. Nobody answers. ".repeat(6);
    let numbers: Vec<usize> = (0..n).collect();
    for part in numbers.chunks(PER_TRANSACTION) {
        let events = part
            .iter()
            .map(|number| {
                let event = Event::new(
                    EventId::of("bench", &[&number.to_string()]),
                    EventType::MentionFlagged,
                    now,
                    json!({ "mention": { "id": number, "text": text } }),
                )
                .in_story(format!("story {number}"));
                let delivery = Delivery::due(&event, "receiver");
                (event, vec![delivery])
            })
            .collect();
        store.record_poll(&PollOutcome {
            source: SourceName::new("bench"),
            status: None,
            mentions: Vec::new(),
            events,
        })?;
    }
    Ok(store)
}

/// A configuration with these feeds and these receivers, all on loopback.
fn config_of(
    folder: &Path,
    feeds: &[String],
    receivers: &[(&str, String)],
) -> anyhow::Result<config::Config> {
    let mut text = "[[brand]]\nname = \"Acme\"\n[web]\nlisten = \"127.0.0.1:0\"\n\
                    [net]\nallow_private = [\"127.0.0.1\"]\n"
        .to_owned();
    for feed in feeds {
        text.push_str(&format!(
            "[[source]]\ndefinition = \"feed\"\nparams = {{ url = \"http://{feed}/\" }}\nevery = \"1s\"\n"
        ));
    }
    for (name, address) in receivers {
        text.push_str(&format!(
            "[[webhook]]\nname = \"{name}\"\nurl = \"http://{address}/\"\nsecret = \"bench\"\n"
        ));
    }
    Ok(config::parse(&folder.join("hearken.toml"), &text, &|_| {
        None
    })?)
}

/// When each item was on its way from the site.
type Answered = Arc<Mutex<HashMap<String, Instant>>>;

/// Runs the daemon on a site that brings complaints every second; how long each took from
/// the site's answer to the receiver.
async fn latencies(
    global: &Global,
    sizes: &Sizes,
    hang: Option<Duration>,
) -> anyhow::Result<Vec<Duration>> {
    let folder = tempfile::tempdir()?;
    let answered = Answered::default();
    let feed = {
        let (answered, per_answer) = (Arc::clone(&answered), sizes.complaints);
        let n_answers = AtomicUsize::new(0);
        loopback::serve(move |_| {
            let number = n_answers.fetch_add(1, Ordering::Relaxed);
            let ids: Vec<String> = (0..per_answer)
                .map(|place| format!("item-{number}-{place}"))
                .collect();
            let body = feed(&ids).into_bytes();
            let now = Instant::now();
            let mut answered = answered.lock().expect("no handler panics");
            answered.extend(ids.into_iter().map(|id| (id, now)));
            Answer::Ok(body)
        })
        .await?
    };
    let samples: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let receiver = {
        let (answered, samples) = (Arc::clone(&answered), Arc::clone(&samples));
        loopback::serve(move |body| {
            let now = Instant::now();
            if let Some(at) =
                item_of(body).and_then(|id| answered.lock().expect("no handler panics").remove(&id))
            {
                samples.lock().expect("no handler panics").push(now - at);
            }
            Answer::Ok(Vec::new())
        })
        .await?
    };
    let mut receivers = vec![("receiver", receiver.to_string())];
    if let Some(hang) = hang {
        let hanging = loopback::serve(move |_| Answer::After(hang)).await?;
        receivers.push(("hanging", hanging.to_string()));
    }
    let config = config_of(folder.path(), &[feed.to_string()], &receivers)?;
    let plan = worker::compile(config, crate::source::builtin())?;
    let stop = CancellationToken::new();
    let daemon = tokio::spawn(worker::run(DaemonOptions {
        plan,
        config_file: None,
        model: global.model.clone(),
        any_port: true,
        is_demo: false,
        ready: Box::new(|_| ()),
        on_event: None,
        stop: stop.clone(),
    }));
    // The first answers wait for the model to be loaded, which is no part of this.
    let mut n_before = 0;
    while n_before == 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        n_before = samples.lock().expect("no handler panics").len();
        if daemon.is_finished() {
            break;
        }
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    samples.lock().expect("no handler panics").clear();
    tokio::time::sleep(Duration::from_secs(sizes.seconds)).await;
    let measured = std::mem::take(&mut *samples.lock().expect("no handler panics"));
    stop.cancel();
    daemon.await??;
    Ok(measured)
}

/// The native id in the body of an alert.
fn item_of(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let id = body["data"]["mention"]["native_id"].as_str()?;
    Some(id.to_owned())
}

/// A feed with a complaint for each id, written a minute ago.
fn feed(ids: &[String]) -> String {
    let posted = (Utc::now() - chrono::TimeDelta::minutes(1)).to_rfc2822();
    let items: String = ids
        .iter()
        .map(|id| {
            format!(
                "<item><title>Post {id}</title><guid isPermaLink=\"false\">{id}</guid>\
                 <link>http://127.0.0.1/posts/{id}</link><pubDate>{posted}</pubDate>\
                 <description>Acme is a scam. The worst service ever, my order {id} never arrived \
                 and nobody answers. I want my money back!</description></item>"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>bench</title>{items}</channel></rss>"
    )
}
