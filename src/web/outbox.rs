//! What people do about deliveries, from a button or from the API: send one again, send
//! what a webhook missed, switch a webhook on.

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use tracing::info;

use super::control::Command;
use super::problem::{PageProblem, Problem};
use super::search::read_moment;
use super::state::AppState;
use crate::domain::{Delivery, DeliveryId};
use crate::store::{DestinationHealth, Store, StoreError};

/// A webhook and how it is doing.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) health: DestinationHealth,
    /// Deliveries that are still to be made.
    pub(super) n_waiting: usize,
    /// When it is tried next; `None` when nothing waits or it is off.
    pub(super) next_at: Option<DateTime<Utc>>,
}

/// Every configured webhook, in the order of the configuration.
pub(super) async fn rows(state: &AppState) -> Result<Vec<Row>, Problem> {
    let site = state.site_now();
    state
        .ask(move |store| {
            site.destinations
                .iter()
                .map(|destination| {
                    let name = destination.name.as_str();
                    let (n_waiting, next_at) = store.waiting_for(name)?;
                    Ok(Row {
                        name: name.to_owned(),
                        kind: destination.kind.name(),
                        health: store.destination_health(name)?,
                        n_waiting,
                        next_at,
                    })
                })
                .collect()
        })
        .await
}

/// The delivery with this id, or the only one whose id starts so.
pub(super) fn find(store: &Store, id: &str) -> Result<Delivery, StoreError> {
    store.find_delivery(id)
}

/// Makes a delivery due at once.
pub(super) async fn retry(state: &AppState, id: &str) -> Result<Delivery, Problem> {
    let (id, now) = (id.to_owned(), state.now());
    let delivery = state
        .ask(move |store| {
            let id: DeliveryId = find(store, &id)?.id;
            store.retry_delivery(&id, now)
        })
        .await?;
    info!(delivery = %delivery.id, destination = %delivery.destination, "A delivery is sent again");
    wake(state);
    Ok(delivery)
}

/// Switches a webhook on; whether it was off.
pub(super) async fn enable(state: &AppState, name: &str) -> Result<bool, Problem> {
    must_exist(state, name)?;
    let wanted = name.to_owned();
    let was_off = state
        .ask(move |store| store.enable_destination(&wanted))
        .await?;
    info!(destination = %name, was_off, "A webhook was switched on by hand");
    wake(state);
    Ok(was_off)
}

/// Sends a webhook what it missed since a time; how many deliveries that are.
pub(super) async fn replay(
    state: &AppState,
    name: &str,
    since: DateTime<Utc>,
) -> Result<usize, Problem> {
    must_exist(state, name)?;
    let (wanted, site, now) = (name.to_owned(), state.site_now(), state.now());
    let n_deliveries = state
        .ask(move |store| {
            store.replay(&wanted, since, now, |event| {
                if event.event_type.is_for_one() {
                    return None;
                }
                let to = site
                    .destinations
                    .iter()
                    .filter(|destination| destination.name == wanted);
                let (_, deliveries) = event.clone().addressed(to);
                // What the rules hold back now was not missed.
                deliveries
                    .into_iter()
                    .find(|delivery| delivery.state.is_unfinished())
            })
        })
        .await?;
    info!(destination = %name, n_deliveries, "What a webhook missed is sent again");
    wake(state);
    Ok(n_deliveries)
}

fn wake(state: &AppState) {
    // No daemon may be running: then the next one sends it.
    let _ = state.control.try_send(Command::Wake);
}

fn must_exist(state: &AppState, name: &str) -> Result<(), Problem> {
    let site = state.site_now();
    if site.destinations.iter().any(|known| known.name == name) {
        return Ok(());
    }
    let known: Vec<&str> = site
        .destinations
        .iter()
        .map(|known| known.name.as_str())
        .collect();
    let mend = if known.is_empty() {
        "the configuration has no webhook".to_owned()
    } else {
        format!("the configuration has {}", known.join(", "))
    };
    Err(Problem::not_found(
        format!("there is no webhook `{name}`"),
        mend,
    ))
}

/// The button beside a delivery.
pub(super) async fn press_retry(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Response, PageProblem> {
    retry(&state, &id).await?;
    Ok(Redirect::to("/deliveries").into_response())
}

/// The button of a webhook that is off.
pub(super) async fn press_enable(
    State(state): State<AppState>,
    Path(name): Path<String>,
) -> Result<Response, PageProblem> {
    enable(&state, &name).await?;
    Ok(Redirect::to("/deliveries").into_response())
}

/// What the replay button sends.
#[derive(Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    since: String,
}

/// The replay button of a webhook.
pub(super) async fn press_replay(
    State(state): State<AppState>,
    Path(name): Path<String>,
    Form(asked): Form<Since>,
) -> Result<Response, PageProblem> {
    let now = state.now();
    let since = match asked.since.as_str() {
        "" => now - TimeDelta::days(1),
        text => read_moment("since", text, now)?,
    };
    replay(&state, &name, since).await?;
    Ok(Redirect::to("/deliveries").into_response())
}
