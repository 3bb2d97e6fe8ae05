//! What people decided about flagged mentions, for `hearken triage fit`.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::extract::ApiQuery;
use crate::store::Decisions;
use crate::web::problem::ApiProblem;
use crate::web::search::read_limit;
use crate::web::state::AppState;

/// How many decisions one answer holds unless more are asked for.
const LIMIT: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    limit: Option<String>,
}

pub(super) async fn decisions(
    State(state): State<AppState>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<Json<Decisions>, ApiProblem> {
    let limit = read_limit(wanted.limit.as_deref(), LIMIT)?;
    let decisions = state.ask(move |store| store.decisions(limit)).await?;
    Ok(Json(decisions))
}
