//! Webhooks for programs: how each is doing, switching one on again, and sending what it
//! missed.

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::extract::ApiBody;
use crate::store::DestinationHealth;
use crate::web::outbox;
use crate::web::problem::ApiProblem;
use crate::web::search::read_moment;
use crate::web::state::AppState;

/// A configured webhook with its health; never its address or its secrets.
#[derive(Serialize)]
pub(super) struct Webhook {
    name: String,
    kind: &'static str,
    health: DestinationHealth,
    n_waiting: usize,
    next_at: Option<DateTime<Utc>>,
}

/// The configured webhooks, in the order of the configuration.
#[derive(Serialize)]
pub(super) struct Webhooks {
    webhooks: Vec<Webhook>,
}

pub(super) async fn list(State(state): State<AppState>) -> Result<Json<Webhooks>, ApiProblem> {
    let rows = outbox::rows(&state).await?;
    let webhooks = rows
        .into_iter()
        .map(|row| Webhook {
            name: row.name,
            kind: row.kind,
            health: row.health,
            n_waiting: row.n_waiting,
            next_at: row.next_at,
        })
        .collect();
    Ok(Json(Webhooks { webhooks }))
}

/// Whether a webhook was off.
#[derive(Serialize)]
pub(super) struct Enabled {
    was_off: bool,
}

pub(super) async fn enable(
    State(state): State<AppState>,
    Path(name): Path<String>,
) -> Result<Json<Enabled>, ApiProblem> {
    let was_off = outbox::enable(&state, &name).await?;
    Ok(Json(Enabled { was_off }))
}

/// From when on.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    since: String,
}

/// How many deliveries are sent again.
#[derive(Serialize)]
pub(super) struct Replayed {
    n_deliveries: usize,
}

pub(super) async fn replay(
    State(state): State<AppState>,
    Path(name): Path<String>,
    ApiBody(asked): ApiBody<Since>,
) -> Result<Json<Replayed>, ApiProblem> {
    let since = read_moment("since", &asked.since, state.now())?;
    let n_deliveries = outbox::replay(&state, &name, since).await?;
    Ok(Json(Replayed { n_deliveries }))
}
