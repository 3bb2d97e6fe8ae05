//! Mentions for programs: search and one by its id.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use super::extract::ApiQuery;
use crate::domain::Mention;
use crate::web::problem::ApiProblem;
use crate::web::search::Asked;
use crate::web::state::AppState;

/// How many mentions one answer holds unless more are asked for.
const LIMIT: usize = 100;

/// One page of a search.
#[derive(Serialize)]
pub(super) struct Page {
    mentions: Vec<Mention>,
    next: Option<String>,
}

pub(super) async fn list(
    State(state): State<AppState>,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Result<Json<Page>, ApiProblem> {
    let search = asked.check(state.now(), LIMIT)?;
    let found = state.ask(move |store| search.run(store)).await?;
    Ok(Json(Page {
        mentions: found.mentions,
        next: found.next,
    }))
}

pub(super) async fn one(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<Mention>, ApiProblem> {
    let mention = state.ask(move |store| store.find_mention(&id)).await?;
    Ok(Json(mention))
}
