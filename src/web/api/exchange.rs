//! Mentions out of this store and into it, whole: what `hearken export` and
//! `hearken import` ask for.

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use serde::{Deserialize, Serialize};

use super::extract::{ApiBody, ApiQuery};
use crate::domain::MentionId;
use crate::store::{ExportedMention, Imported};
use crate::web::problem::{ApiProblem, Problem};
use crate::web::search::read_limit;
use crate::web::state::AppState;

/// How many mentions one answer holds unless more are asked for.
const LIMIT: usize = 500;
/// The largest body of an import: some hundred mentions with every earlier text.
const MOST_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Imports are larger than any other body.
pub(super) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(MOST_BODY_BYTES)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    after: Option<String>,
    limit: Option<String>,
}

/// Some mentions in the order of their ids.
#[derive(Serialize)]
pub(super) struct Part {
    mentions: Vec<ExportedMention>,
    next: Option<MentionId>,
}

pub(super) async fn export(
    State(state): State<AppState>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<Json<Part>, ApiProblem> {
    let limit = read_limit(wanted.limit.as_deref(), LIMIT)?;
    let after = wanted.after.map(MentionId::new);
    let mentions = state
        .ask(move |store| store.export_mentions(after.as_ref(), limit))
        .await?;
    let is_full = mentions.len() == limit;
    let next = mentions
        .last()
        .filter(|_| is_full)
        .map(|last| last.mention.id.clone());
    Ok(Json(Part { mentions, next }))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    mentions: Vec<ExportedMention>,
}

pub(super) async fn import(
    State(state): State<AppState>,
    ApiBody(given): ApiBody<Given>,
) -> Result<Json<Imported>, ApiProblem> {
    for (place, mention) in given.mentions.iter().enumerate() {
        if let Some(problem) = mention.problem() {
            return Err(ApiProblem(Problem::bad_request(
                format!("mentions[{place}] cannot be stored: {problem}"),
                "send mentions as GET /api/v1/export gives them",
            )));
        }
    }
    let imported = state
        .ask(move |store| store.import_mentions(&given.mentions))
        .await?;
    Ok(Json(imported))
}
