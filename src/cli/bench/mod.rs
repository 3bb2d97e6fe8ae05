//! `hearken bench`: measures this machine with the shipped parts. Figures in the
//! documentation come from here.

mod classify;
mod deliver;
mod feeds;
mod fetch;
mod loopback;

use std::process::ExitCode;

use clap::Subcommand;

use super::Global;

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Speed and macro-F1 of the model, beside other runtimes: hearken bench classify --only full,cascade
    Classify(classify::Texts),
    /// A poll of many feeds from loopback, beside a Python peer: hearken bench fetch --feeds 200
    Fetch(fetch::Arguments),
    /// The child of `bench fetch`
    #[command(hide = true)]
    FetchPoller(fetch::Poller),
    /// Deliveries a second and the way of an alert: hearken bench deliver --deliveries 20000
    Deliver(deliver::Sizes),
}

pub(super) async fn call(global: &Global, action: &Action) -> anyhow::Result<ExitCode> {
    match action {
        Action::Classify(arguments) => classify::call(global, arguments).await,
        Action::Fetch(arguments) => fetch::call(arguments).await,
        Action::FetchPoller(arguments) => fetch::poll_all(arguments).await,
        Action::Deliver(sizes) => deliver::call(global, sizes).await,
    }
}
