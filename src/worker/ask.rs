//! The first step of a poll: asking the site, at its host's pace, signed in where it wants.

use super::gate::Gate;
use super::{Engine, Plan};
use crate::domain::{Cursor, RequestPlan};
use crate::fetch::{self, FetchError, FetchPlan, Fetched};

/// Asks once and lets the host rest when it has had enough.
pub(super) async fn fetch_answer(
    engine: &Engine,
    plan: &Plan,
    gate: &mut Gate<'_>,
    request: &RequestPlan,
    cursor: &Cursor,
) -> Result<Fetched, FetchError> {
    let mut asked = FetchPlan::of(request);
    let Some(sign_in) = &request.sign_in else {
        return at_pace(plan, gate, &asked, cursor).await;
    };
    let mut may_retry = true;
    loop {
        let token = engine
            .tokens
            .bearer(&plan.client, sign_in, Engine::now())
            .await?;
        asked.headers.clone_from(&request.headers);
        asked.headers.push((
            "Authorization".to_owned(),
            format!("Bearer {}", token.reveal()),
        ));
        match at_pace(plan, gate, &asked, cursor).await {
            // A token may be withdrawn before its time; a new one tells whether it was.
            Err(FetchError::Http { status: 401, .. }) if may_retry => {
                engine.tokens.forget(sign_in).await;
                may_retry = false;
            }
            answer => return answer,
        }
    }
}

async fn at_pace(
    plan: &Plan,
    gate: &mut Gate<'_>,
    asked: &FetchPlan,
    cursor: &Cursor,
) -> Result<Fetched, FetchError> {
    let address = asked.address(cursor);
    gate.pass(&address).await?;
    let fetched = fetch::fetch(&plan.client, asked, cursor, Engine::now()).await;
    if let Err(error @ FetchError::Throttled { .. }) = &fetched
        && let Some(wait) = error.retry_after()
    {
        // A host that has had enough has had enough of all its sources.
        gate.rest(&address, wait);
    }
    fetched
}
