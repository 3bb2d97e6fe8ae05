//! Corrections for programs: giving one, and reading them for the training.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};

use super::extract::{ApiBody, ApiQuery};
use crate::domain::Mention;
use crate::web::corrections;
use crate::web::problem::{ApiProblem, Problem};
use crate::web::state::AppState;

/// How many corrected mentions one answer holds unless told otherwise.
const LIMIT: usize = 1_000;
/// And at most: more than one training takes.
const LIMIT_MAX: usize = 10_000;

/// What a person says.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Said {
    label: String,
    by: Option<String>,
}

/// The mention as it is now.
#[derive(Serialize)]
pub(super) struct Noted {
    mention: Mention,
    changed: bool,
    flagged: bool,
}

pub(super) async fn correct(
    State(state): State<AppState>,
    Path(id): Path<String>,
    ApiBody(said): ApiBody<Said>,
) -> Result<Json<Noted>, ApiProblem> {
    let by = said.by.as_deref().unwrap_or("api");
    let outcome = corrections::correct(&state, &id, &said.label, by).await?;
    Ok(Json(Noted {
        mention: outcome.mention,
        changed: outcome.changed,
        flagged: outcome.flagged,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    limit: Option<String>,
}

/// Corrected mentions, the last corrected first.
#[derive(Serialize)]
pub(super) struct Corrections {
    mentions: Vec<Mention>,
}

pub(super) async fn list(
    State(state): State<AppState>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<Json<Corrections>, ApiProblem> {
    let limit = match wanted.limit.as_deref() {
        None => LIMIT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| {
                ApiProblem(Problem::bad_request(
                    format!("`limit` is `{text}`"),
                    format!("use a number from 1 to {LIMIT_MAX}"),
                ))
            })?,
    };
    let mentions = state
        .ask(move |store| store.corrected_newest_first().take(limit).collect())
        .await?;
    Ok(Json(Corrections { mentions }))
}
