//! Cases for programs: which ones wait, and acting on one.

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::extract::{ApiBody, ApiQuery};
use crate::domain::{CaseState, EventId, Mention};
use crate::store::CaseFilter;
use crate::web::actions;
use crate::web::problem::{ApiProblem, Problem};
use crate::web::search::read_limit;
use crate::web::state::AppState;

/// How many cases one answer holds unless more are asked for.
const LIMIT: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    state: Option<String>,
    limit: Option<String>,
}

/// The mentions whose cases were asked for, the most urgent first.
#[derive(Serialize)]
pub(super) struct Page {
    cases: Vec<Mention>,
}

pub(super) async fn list(
    State(state): State<AppState>,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Result<Json<Page>, ApiProblem> {
    let filter = read_filter(asked.state.as_deref())?;
    let limit = read_limit(asked.limit.as_deref(), LIMIT)?;
    let cases = state
        .ask(move |store| store.cases(filter).take(limit).collect::<Result<_, _>>())
        .await?;
    Ok(Json(Page { cases }))
}

fn read_filter(word: Option<&str>) -> Result<CaseFilter, Problem> {
    let only = CaseFilter::Only;
    Ok(match word.unwrap_or("waiting") {
        "waiting" | "" => CaseFilter::Waiting,
        "all" => CaseFilter::All,
        "open" => only(CaseState::Open),
        "claimed" => only(CaseState::Claimed),
        "replied" => only(CaseState::Replied),
        "verified" => only(CaseState::Verified),
        "dismissed" => only(CaseState::Dismissed),
        other => {
            return Err(Problem::bad_request(
                format!("`state` is `{other}`"),
                "use waiting, all, open, claimed, replied, verified or dismissed",
            ));
        }
    })
}

/// Who acts, and why.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Act {
    note: Option<String>,
    by: Option<String>,
    /// How long a snooze lasts, as `2h`.
    #[serde(rename = "for")]
    lasting: Option<String>,
    /// When a snooze ends.
    until: Option<DateTime<Utc>>,
}

/// What acting led to.
#[derive(Serialize)]
pub(super) struct Acted {
    mention: Mention,
    changed: bool,
    events: Vec<EventId>,
}

pub(super) async fn act(
    State(state): State<AppState>,
    Path((id, action)): Path<(String, String)>,
    ApiBody(body): ApiBody<Act>,
) -> Result<Json<Acted>, ApiProblem> {
    let action = actions::read_action(&action)?;
    let by = body.by.as_deref().unwrap_or("api");
    let until = match &body.lasting {
        Some(lasting) => Some(actions::snooze_end(lasting, state.now())?),
        None => body.until,
    };
    let outcome = actions::act(&state, &id, action, by, body.note.as_deref(), until).await?;
    Ok(Json(Acted {
        mention: outcome.mention,
        changed: outcome.changed,
        events: outcome.events,
    }))
}
