//! The command line: one file per command. Commands about the store ask the running
//! daemon through its API, or open the store themselves when none runs.

mod bench;
mod cases;
mod check;
mod classify;
mod correct;
mod deliveries;
mod demo;
mod desk;
mod export;
mod extract;
mod fetch;
mod import;
mod import_feeds;
mod init;
mod lines;
mod match_texts;
mod mentions;
mod model;
mod print;
mod run;
mod service;
mod sources;
mod triage;
mod webhook;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

pub use print::is_closed_pipe;

/// Watches what people say about your brands and tells you what needs a fast public answer.
#[derive(Debug, Parser)]
#[command(
    name = "hearken",
    version,
    max_term_width = 100,
    after_help = "Start with: hearken demo"
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options that every command understands.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The configuration [default: ./hearken.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of another model than the shipped one
    #[arg(long, global = true, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Log lines as JSON, on stderr as always
    #[arg(long, global = true)]
    log_json: bool,
}

impl Global {
    /// The configuration that is meant.
    fn config_path(&self) -> PathBuf {
        self.config
            .clone()
            .unwrap_or_else(|| PathBuf::from("hearken.toml"))
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch: poll, judge, alert, and show the page, until stopped
    Run(run::Arguments),
    /// Try it out: the same daemon on bundled sample sites, no network, nothing kept
    Demo(demo::Arguments),
    /// Write a commented hearken.toml
    Init(init::Arguments),
    /// Check the configuration and all definitions; lists every problem
    Check,
    /// List definitions and the health of the configured sources
    Sources(sources::Arguments),
    /// Poll one source now and print its items
    Fetch(fetch::Arguments),
    /// Read saved answers with a definition and print the items
    Extract(extract::Arguments),
    /// Judge texts: one a line, or JSON Lines
    Classify(classify::Arguments),
    /// Try a brand's query on texts: every hit and near miss, explained
    Match(match_texts::Arguments),
    /// Search the mentions
    Mentions(mentions::Arguments),
    /// Write every mention as JSON Lines, or the configured feeds as OPML
    Export(export::Arguments),
    /// Read mentions from JSON Lines, or feeds from an OPML list
    Import(import::Arguments),
    /// List and work on cases
    #[command(subcommand)]
    Cases(cases::Action),
    /// Say what a verdict should be; the model learns from it
    Correct(correct::Arguments),
    /// List deliveries, send them again
    #[command(subcommand)]
    Deliveries(deliveries::Action),
    /// Try webhooks, see how they are doing, switch them on
    #[command(subcommand)]
    Webhook(webhook::Action),
    /// List and measure models
    #[command(subcommand)]
    Model(model::Action),
    /// Why something is flagged, how good the score is, fitting it to your team
    #[command(subcommand)]
    Triage(triage::Action),
    /// Measure this machine: the figures of the documentation
    #[command(subcommand)]
    Bench(bench::Action),
    /// Make the running daemon read its configuration again
    Reload(service::ReloadArguments),
    /// Print a new one-time link that signs a browser in
    SignIn(service::SignInArguments),
}

/// Starts logging as the command line asks for it.
pub fn start_logging(cli: &Cli) {
    use tracing_subscriber::EnvFilter;
    let usual = match cli.command {
        Command::Run(_) => "hearken=info,warn",
        _ => "hearken=warn,error",
    };
    let filter = EnvFilter::try_from_env("HEARKEN_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    if cli.global.log_json {
        lines.json().init();
    } else {
        lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .init();
    }
}

/// Does what the command line says.
///
/// # Errors
/// Whatever went wrong, with its context; the caller prints it.
pub async fn call(cli: Cli) -> anyhow::Result<ExitCode> {
    let global = &cli.global;
    match cli.command {
        Command::Run(arguments) => run::call(global, arguments).await,
        Command::Demo(arguments) => demo::call(global, arguments).await,
        Command::Init(arguments) => init::call(global, &arguments),
        Command::Check => check::call(global),
        Command::Sources(arguments) => sources::call(global, &arguments).await,
        Command::Fetch(arguments) => fetch::call(global, &arguments).await,
        Command::Extract(arguments) => extract::call(global, &arguments),
        Command::Classify(arguments) => classify::call(global, &arguments).await,
        Command::Match(arguments) => match_texts::call(global, &arguments),
        Command::Mentions(arguments) => mentions::call(global, &arguments).await,
        Command::Export(arguments) => export::call(global, &arguments).await,
        Command::Import(arguments) => import::call(global, &arguments).await,
        Command::Cases(action) => cases::call(global, &action).await,
        Command::Correct(arguments) => correct::call(global, &arguments).await,
        Command::Deliveries(action) => deliveries::call(global, &action).await,
        Command::Webhook(action) => webhook::call(global, &action).await,
        Command::Model(action) => model::call(global, &action).await,
        Command::Triage(action) => triage::call(global, &action).await,
        Command::Bench(action) => bench::call(global, &action).await,
        Command::Reload(arguments) => service::reload(global, &arguments).await,
        Command::SignIn(arguments) => service::sign_in(global, &arguments).await,
    }
}
