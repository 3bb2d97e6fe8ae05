//! Puts the stages together: which source is due, one poll from fetch to store, the
//! deliveries, and the requests of the page and of commands. The only place besides
//! `web` and `cli` that reads the clock.

mod agenda;
mod ask;
mod back;
mod control;
mod correct;
mod daemon;
mod engine;
mod events;
mod evidence;
mod gate;
mod handshake;
mod judge;
mod keep;
mod lists;
mod mailbox;
mod outcome;
mod pages;
mod plan;
mod poll;
mod push;
mod retract;
mod rounds;
mod schedule;
mod streams;
mod suggest;
mod watch;

pub use control::serve as serve_commands;
pub use daemon::{DaemonOptions, OnEvent, Ready, run, site_of};
pub use engine::Engine;
pub use gate::Places;
pub use handshake::Handshake;
pub use plan::{
    FITTED_WEIGHTS, Plan, PlannedSource, compile, empty_plan, load_definitions, read_plan,
};
pub use poll::{Mode, PollError, poll};

use crate::store::StoreError;

/// Runs a store operation on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only when the runtime is going down, and then nobody waits.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Runs pure work on a thread that may block; `None` when it panicked.
async fn blocking_plain<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
