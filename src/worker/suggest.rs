//! Says once a day when enough decisions of people are there to fit the weights of triage
//! to them, or many more than the last fit knew. Changes nothing by itself: a score that
//! moves while nobody looks would be worse than one that is a little off.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Engine, blocking};
use crate::triage::LEAST_DECISIONS;

/// How long after the start it looks first.
const FIRST: Duration = Duration::from_secs(10 * 60);
/// How often it looks afterwards.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Runs until `stop` fires.
pub(super) async fn run(engine: Engine, stop: CancellationToken) {
    let mut wait = FIRST;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => (),
        }
        wait = EVERY;
        let store = engine.store.clone();
        match blocking(move || store.n_decisions()).await {
            Ok(n_decisions) if is_worth_fitting(n_decisions, known_to(&engine)) => info!(
                n_decisions,
                "People have decided about {n_decisions} flags: `hearken triage fit` compares \
                 weights fitted to them with those in use"
            ),
            Ok(_) => (),
            Err(error) => warn!(%error, "The decisions could not be counted"),
        }
    }
}

/// How many decisions the weights in use were fitted on.
fn known_to(engine: &Engine) -> usize {
    engine.plan_now().weights.n_decisions
}

/// Half as many again as the weights in use know, and enough in the first place.
fn is_worth_fitting(n_decisions: usize, n_known: usize) -> bool {
    n_decisions >= LEAST_DECISIONS.max(n_known + n_known / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_speaks_when_there_is_enough_that_is_new() {
        assert!(!is_worth_fitting(199, 0));
        assert!(is_worth_fitting(200, 0));
        assert!(!is_worth_fitting(299, 200));
        assert!(is_worth_fitting(300, 200));
    }
}
