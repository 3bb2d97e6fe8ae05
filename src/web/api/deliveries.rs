//! Deliveries for programs: the ledger, and one with the event that it carries.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};

use super::extract::ApiQuery;
use crate::domain::{Delivery, DeliveryState, Event};
use crate::store::DeliveryFilter;
use crate::web::outbox;
use crate::web::problem::{ApiProblem, Problem};
use crate::web::search::{given, read_limit};
use crate::web::state::AppState;

/// How many deliveries one answer holds unless more are asked for.
const LIMIT: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    state: Option<String>,
    destination: Option<String>,
    limit: Option<String>,
}

/// Deliveries, the newest first.
#[derive(Serialize)]
pub(super) struct Page {
    deliveries: Vec<Delivery>,
}

/// A delivery and what it carries.
#[derive(Serialize)]
pub(super) struct One {
    delivery: Delivery,
    event: Option<Event>,
}

pub(super) async fn list(
    State(state): State<AppState>,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Result<Json<Page>, ApiProblem> {
    let filter = DeliveryFilter {
        state: given(&asked.state).map(read_state).transpose()?,
        destination: given(&asked.destination).map(str::to_owned),
    };
    let limit = read_limit(asked.limit.as_deref(), LIMIT)?;
    let deliveries = state
        .ask(move |store| {
            store
                .deliveries_newest_first(&filter)
                .take(limit)
                .collect::<Result<_, _>>()
        })
        .await?;
    Ok(Json(Page { deliveries }))
}

pub(super) async fn one(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<One>, ApiProblem> {
    let one = state
        .ask(move |store| {
            let delivery = outbox::find(store, &id)?;
            Ok(One {
                event: store.event(&delivery.event)?,
                delivery,
            })
        })
        .await?;
    Ok(Json(one))
}

/// A delivery as it is now.
#[derive(Serialize)]
pub(super) struct Retried {
    delivery: Delivery,
}

pub(super) async fn retry(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<Retried>, ApiProblem> {
    let delivery = outbox::retry(&state, &id).await?;
    Ok(Json(Retried { delivery }))
}

fn read_state(word: &str) -> Result<DeliveryState, Problem> {
    DeliveryState::ALL
        .into_iter()
        .find(|state| state.as_str() == word)
        .ok_or_else(|| {
            Problem::bad_request(
                format!("`state` is `{word}`"),
                "use due, sending, delivered, retrying, failed or skipped",
            )
        })
}
