//! Puts the stages together: which source is due, one poll from fetch to store, the
//! deliveries, and the requests of the page and of commands. The only place besides
//! `web` and `cli` that reads the clock.

mod control;
mod daemon;
mod engine;
mod handshake;
mod plan;
mod poll;
mod schedule;

pub use control::serve as serve_commands;
pub use daemon::{DaemonOptions, OnEvent, Ready, run, site_of};
pub use engine::Engine;
pub use handshake::Handshake;
pub use plan::{Plan, PlannedSource, compile, empty_plan, load_definitions, read_plan};
pub use poll::{Mode, PollError, poll};
