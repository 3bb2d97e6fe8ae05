//! `hearken run`: the daemon on a configuration, or on one brand without any.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use super::{Global, print};
use crate::config::{self, Config};
use crate::source;
use crate::worker::{self, DaemonOptions, Ready};

/// Examples:
///   hearken run
///   hearken run --brand "Acme Corp" --save
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// Watch this brand at once, without a configuration
    #[arg(long, value_name = "NAME")]
    brand: Option<String>,
    /// With --brand: also write what is watched as hearken.toml
    #[arg(long, requires = "brand")]
    save: bool,
    /// With --brand: ask this definition at another server, such as
    /// mastodon-tag=fosstodon.org; an address of this machine is then allowed
    #[arg(long, requires = "brand", value_name = "DEFINITION=SERVER")]
    server: Vec<String>,
}

pub(super) async fn call(global: &Global, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let file = global.config_path();
    let (plan, config_file) = match &arguments.brand {
        Some(name) => {
            let config = for_brand(name, &arguments.server, &file)?;
            let saved = if arguments.save {
                save(&config, &file)?;
                Some(file)
            } else {
                None
            };
            (worker::compile(config, source::builtin())?, saved)
        }
        None if !file.exists() => bail!(
            "{} does not exist: write one with `hearken init`, or start with \
             `hearken run --brand \"Your Brand\"` or `hearken demo`",
            file.display()
        ),
        None => (worker::read_plan(&file)?, Some(file)),
    };
    for warning in &plan.config.warnings {
        eprintln!("hearken: note: {warning}");
    }
    plan.config.require_work()?;
    let (n_brands, n_sources) = (plan.brands.len(), plan.sources.len());
    let names: Vec<String> = plan
        .sources
        .iter()
        .map(|source| source.name.to_string())
        .collect();
    let is_brand_run = arguments.brand.is_some();
    worker::run(DaemonOptions {
        plan,
        config_file,
        model: global.model.clone(),
        any_port: is_brand_run,
        is_demo: false,
        ready: Box::new(move |ready| {
            // A closed stdout is no reason to stop watching.
            let _ = say_ready(ready, n_brands, n_sources, is_brand_run.then_some(&names));
        }),
        on_event: None,
        stop: CancellationToken::new(),
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

/// Every keyless definition that takes a query, asked about this brand.
fn for_brand(name: &str, servers: &[String], file: &Path) -> anyhow::Result<Config> {
    if !name.chars().any(char::is_alphanumeric) {
        bail!("--brand needs a name, for example --brand \"Acme Corp\"");
    }
    let mut asked: Vec<_> = source::builtin()
        .iter()
        .filter_map(|definition| {
            Some((definition.name.clone(), definition.params_for_brand(name)?))
        })
        .collect();
    let mut allow_private = Vec::new();
    for server in servers {
        let Some((definition, address)) = server.split_once('=') else {
            bail!("--server `{server}` is not like mastodon-tag=fosstodon.org");
        };
        let takes_server = |name: &str| {
            source::builtin()
                .find(name)
                .is_some_and(|known| known.params.iter().any(|param| param.name == "server"))
        };
        let Some((_, params)) = asked
            .iter_mut()
            .find(|(name, _)| name == definition && takes_server(name))
        else {
            let known: Vec<&str> = asked
                .iter()
                .map(|(name, _)| name.as_str())
                .filter(|name| takes_server(name))
                .collect();
            bail!(
                "--server names `{definition}`, which is not asked about a brand at a server; \
                 there are {}",
                known.join(", ")
            );
        };
        params.insert("server".to_owned(), address.to_owned());
        // Whoever names a server of this machine means it.
        if let Some(host) = loopback_host(address) {
            allow_private.push(host);
        }
    }
    let store = file
        .parent()
        .unwrap_or(Path::new(""))
        .join(config::DEFAULT_STORE);
    let mut config = Config::for_brand(name, &asked, store);
    config.file = file.to_owned();
    allow_private.sort();
    allow_private.dedup();
    config.net.allow_private = allow_private;
    Ok(config)
}

/// The host of an address of this machine, as `net.allow_private` writes it.
fn loopback_host(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let is_here = match url.host()? {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    let host = url.host_str()?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    is_here.then(|| host.to_owned())
}

fn save(config: &Config, file: &Path) -> anyhow::Result<()> {
    if file.exists() {
        bail!(
            "{} exists already and is kept: leave out --save, or name another with --config",
            file.display()
        );
    }
    std::fs::write(file, config.to_toml())
        .with_context(|| format!("cannot write {}", file.display()))
}

fn say_ready(
    ready: &Ready,
    n_brands: usize,
    n_sources: usize,
    names: Option<&Vec<String>>,
) -> anyhow::Result<()> {
    print::line(&format!(
        "Hearken watches {n_brands} brand(s) on {n_sources} source(s)."
    ))?;
    for name in names.into_iter().flatten() {
        print::line(&format!("  {name}"))?;
    }
    print::line(&format!("Page:       {}", ready.address))?;
    print::line(&format!(
        "Sign in:    {}  (works once, for a day)",
        ready.sign_in
    ))?;
    print::line(&format!("Alert feed: {}", ready.feed))
}
