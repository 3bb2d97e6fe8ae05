//! `hearken demo`: the real daemon on sample sites served from this process.

use std::net::Ipv4Addr;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Global, print};
use crate::config;
use crate::demo::{self, Demo};
use crate::domain::{Event, EventType, Mention};
use crate::web;
use crate::worker::{self, DaemonOptions, Engine};

/// Example:
///   hearken demo
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// Where the page listens [default: 127.0.0.1:8080, else a free port]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<std::net::SocketAddr>,
}

pub(super) async fn call(global: &Global, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let folder = tempfile::Builder::new()
        .prefix("hearken-demo-")
        .tempdir()
        .context("no temporary folder for the demo's store")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .context("the sample sites cannot listen")?;
    let base = format!("http://{}", listener.local_addr()?);
    let stop = CancellationToken::new();
    let sites = web::serve_demo(listener, Demo::new(Engine::now(), &base), stop.clone());
    let sites = tokio::spawn(sites);

    let file = folder.path().join("hearken.toml");
    let listen = arguments.listen.unwrap_or(config::DEFAULT_LISTEN);
    std::fs::write(&file, configuration(&base, listen)).context("the demo's configuration")?;
    let plan = worker::read_plan(&file)?;
    worker::run(DaemonOptions {
        plan,
        config_file: Some(file),
        model: global.model.clone(),
        any_port: arguments.listen.is_none(),
        is_demo: true,
        ready: Box::new(|ready| {
            // A closed stdout is no reason to stop.
            let _ = greet(ready);
        }),
        on_event: Some(Box::new(|event| {
            let _ = show(event);
        })),
        stop: stop.clone(),
    })
    .await?;
    stop.cancel();
    let _ = sites.await;
    Ok(ExitCode::SUCCESS)
}

/// The demo's configuration, as a person would write it.
fn configuration(base: &str, listen: std::net::SocketAddr) -> String {
    let brand = demo::BRAND;
    let query = demo::QUERY;
    format!(
        r#"[[brand]]
name = "{brand}"
query = '{query}'

[[source]]
name = "Kettle forum"
definition = "feed"
params = {{ url = "{base}/forum/feed.xml" }}
every = "2s"

[[source]]
name = "Kettle shop reviews"
definition = "reviews-page"
params = {{ url = "{base}/shop/reviews" }}
every = "2s"

[[source]]
name = "Social timeline"
definition = "mastodon-tag"
params = {{ server = "{base}", tag = "acme" }}
every = "2s"

[web]
listen = "{listen}"

[net]
allow_private = ["127.0.0.1"]
"#
    )
}

fn greet(ready: &worker::Ready) -> anyhow::Result<()> {
    print::line(
        "This is a demo: an invented brand, Acme, on three sample sites inside this program.",
    )?;
    print::line(
        "Nothing leaves this machine, and everything is forgotten when you stop it (Ctrl-C).",
    )?;
    print::line(&format!("Page:       {}", ready.address))?;
    print::line(&format!(
        "Sign in:    {}  (works once, for a day)",
        ready.sign_in
    ))?;
    print::line(&format!("Alert feed: {}", ready.feed))?;
    print::line("Watch your own brand:  hearken run --brand \"Your Brand\"")?;
    print::line("")
}

/// One line per flagged mention: `flagged <score> <brand> <url> reply by <time>`.
fn show(event: &Event) -> anyhow::Result<()> {
    if event.event_type != EventType::MentionFlagged {
        return Ok(());
    }
    let mut body: serde_json::Value = serde_json::from_str(&event.body)?;
    let mention: Mention = serde_json::from_value(body["data"]["mention"].take())?;
    let Some(flag) = &mention.flag else {
        return Ok(());
    };
    let brands: Vec<&str> = mention
        .brands
        .iter()
        .map(|brand| brand.name.as_str())
        .collect();
    print::line(&format!(
        "flagged {:.2} {} {} reply by {}",
        flag.score,
        brands.join(","),
        mention.item.url.as_deref().unwrap_or("-"),
        flag.reply_by
            .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    ))
}
