//! The first step of a poll: asking the site, at its host's pace.

use super::{Engine, Plan, PlannedSource};
use crate::domain::SourceStatus;
use crate::fetch::{self, FetchPlan, Fetched};

/// Asks a source once and lets its host rest when it has had enough.
pub(super) async fn fetch_answer(
    engine: &Engine,
    plan: &Plan,
    source: &PlannedSource,
    status: &SourceStatus,
) -> Result<Fetched, fetch::FetchError> {
    let asked = FetchPlan {
        url: source.request.url.clone(),
        headers: source.request.headers.clone(),
        cap_bytes: None,
    };
    let address = asked.address(&status.cursor);
    let _permit = engine.pace.acquire(&address).await;
    let fetched = fetch::fetch(&plan.client, &asked, &status.cursor, Engine::now()).await;
    if let Err(error @ fetch::FetchError::Throttled { .. }) = &fetched
        && let Some(wait) = error.retry_after()
    {
        // A host that has had enough has had enough of all its sources.
        engine.pace.rest(&address, wait);
    }
    fetched
}
