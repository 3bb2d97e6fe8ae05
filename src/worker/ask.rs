//! The first step of a poll: asking the site, at its host's pace.

use super::gate::Gate;
use super::{Engine, Plan, PlannedSource};
use crate::domain::Cursor;
use crate::fetch::{self, FetchError, FetchPlan, Fetched};

/// Asks a source once and lets its host rest when it has had enough.
pub(super) async fn fetch_answer(
    plan: &Plan,
    source: &PlannedSource,
    cursor: &Cursor,
    gate: &mut Gate<'_>,
) -> Result<Fetched, FetchError> {
    let asked = FetchPlan {
        url: source.request.url.clone(),
        headers: source.request.headers.clone(),
        cap_bytes: None,
    };
    let address = asked.address(cursor);
    gate.pass(&address).await?;
    let fetched = fetch::fetch(&plan.client, &asked, cursor, Engine::now()).await;
    if let Err(error @ FetchError::Throttled { .. }) = &fetched
        && let Some(wait) = error.retry_after()
    {
        // A host that has had enough has had enough of all its sources.
        gate.rest(&address, wait);
    }
    fetched
}
