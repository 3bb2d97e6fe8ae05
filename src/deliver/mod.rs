//! Sends what is due: claim → send → record, at least once, in order within a story, every
//! destination for itself, so that a dead one holds up nobody. What a crash leaves
//! half-sent is sent again with the same id and the same body.

mod attempt;
mod digest;
mod file;
mod follow;
mod kinds;
mod lanes;
mod ledger;
mod message;
mod pace;
mod schedule;
mod sign;
mod smtp;
mod text;
mod wording;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::domain::{Destination, Event};
use crate::net::Client;
use crate::store::{Store, StoreError};

pub use attempt::{Sent, send_one};
pub use lanes::{Pass, Sender};
pub use message::{Action, CaseRef, Fact, Line, Link, Message, Severity, Value};
pub use pace::{Bucket, Limit, Pace};
pub use schedule::Answer;
pub use sign::{SignError, headers as signed_headers};
pub use text::{Marked, Piece};

/// Where the present moment comes from: the clock in the program, a fixed time in tests.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How long a stop waits for receivers that are still answering.
const STOP_PATIENCE: Duration = Duration::from_secs(8);
/// The queue is looked at this often even when nothing is expected: clocks are set and
/// machines wake up.
const LOOK_AT_LEAST_EVERY: Duration = Duration::from_secs(30);
/// Pause after the store failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Why a pass did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The store could not be read or written.
    #[error("the outbox cannot be read or written")]
    Store(#[from] StoreError),
    /// The runtime is shutting down.
    #[error("the program is stopping")]
    Stopping,
}

/// Sends what is due until `stop` fires; what is being sent then is finished and recorded,
/// as long as its receiver answers within 8 s. `wake` says that something new is in the
/// outbox; `destinations` follows the configuration.
pub async fn run(
    store: Store,
    client: Client,
    mut destinations: watch::Receiver<Vec<Destination>>,
    wake: Arc<Notify>,
    now: Now,
    stop: CancellationToken,
) {
    match recover(&store, &now).await {
        Ok(0) => (),
        Ok(n_found) => info!(n_found, "Sending again what was being sent when we stopped"),
        Err(error) => error!(%error, "The outbox cannot be read"),
    }
    let mut sender = Sender::new(store, client, now);
    sender.set_destinations(destinations.borrow_and_update().clone());
    loop {
        // Before anything is claimed, or what is meant for a new destination would wait.
        if destinations.has_changed().unwrap_or(false) {
            sender.set_destinations(destinations.borrow_and_update().clone());
        }
        let pause = sender.pause().min(LOOK_AT_LEAST_EVERY);
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            stepped = sender.step() => if let Err(error) = stepped {
                warn!(%error, "The outbox failed; trying again soon");
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(PAUSE_AFTER_FAILURE) => sender.ask(),
                }
            },
            () = wake.notified() => sender.ask(),
            // An error means that nobody will change the configuration any more.
            Ok(()) = destinations.changed() => {
                sender.set_destinations(destinations.borrow_and_update().clone());
                sender.ask();
            }
            () = tokio::time::sleep(pause) => sender.ask(),
        }
    }
    sender.finish(STOP_PATIENCE).await;
}

async fn recover(store: &Store, now: &Now) -> Result<usize, DeliverError> {
    let (store, at) = (store.clone(), now());
    blocking(move || store.recover_sending(at)).await
}

/// Sends an event to one destination at once and switches the destination on again when
/// the receiver takes it; nothing is put into the outbox. For `hearken webhook test`.
///
/// # Errors
/// Only when the store fails: an answer that refuses is an answer.
pub async fn test_destination(
    store: &Store,
    client: &Client,
    destination: &Destination,
    event: &Event,
    now: &Now,
) -> Result<Sent, DeliverError> {
    let sent = send_one(client, destination, event, now.as_ref()).await;
    if sent.is_delivered() {
        let (store, name) = (store.clone(), destination.name.clone());
        if blocking(move || store.enable_destination(&name)).await? {
            info!(destination = %destination.name, "A webhook works again and is switched on");
        }
    }
    Ok(sent)
}

/// Runs a store operation where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, DeliverError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(DeliverError::Stopping),
    }
}
