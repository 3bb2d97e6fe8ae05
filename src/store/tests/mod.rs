//! Tests of the operations together, on real folders.

mod authors;
mod correcting;
mod crash;
mod decisions;
mod delivering;
mod opening;
mod outbox;
mod polling;
mod random;
mod reading;
mod sample;
mod stories;
