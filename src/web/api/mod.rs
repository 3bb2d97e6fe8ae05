//! `/api/v1`: the same answers for programs, for commands beside a running daemon, and for
//! commands that call this router in their own process. `openapi.json` describes it; a
//! test holds both together.

mod cases;
mod deliveries;
mod extract;
mod mentions;
mod operations;

use axum::Router;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::auth;
use super::problem::{ApiProblem, Problem};
use super::state::AppState;

/// What the API is, for programs that generate clients.
pub(super) const DESCRIPTION: &str = include_str!("openapi.json");

/// Every path with its methods: what the router below is made of and what the description
/// must contain.
#[cfg(test)]
pub(super) const ROUTES: [(&str, &str); 14] = [
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/api/v1/mentions"),
    ("GET", "/api/v1/mentions/{id}"),
    ("GET", "/api/v1/cases"),
    ("POST", "/api/v1/cases/{id}/done"),
    ("POST", "/api/v1/cases/{id}/dismiss"),
    ("POST", "/api/v1/cases/{id}/reopen"),
    ("GET", "/api/v1/deliveries"),
    ("GET", "/api/v1/deliveries/{id}"),
    ("GET", "/api/v1/sources"),
    ("POST", "/api/v1/sources/{name}/poll"),
    ("POST", "/api/v1/webhooks/{name}/test"),
    ("POST", "/api/v1/reload"),
    ("POST", "/api/v1/sign-in-links"),
];

/// The routes below `/api/v1`.
pub(super) fn router(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/openapi.json", get(description))
        .route("/mentions", get(mentions::list))
        .route("/mentions/{id}", get(mentions::one))
        .route("/cases", get(cases::list))
        .route("/cases/{id}/{action}", post(cases::act))
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/{id}", get(deliveries::one))
        .route("/sources", get(operations::sources))
        .route("/sources/{name}/poll", post(operations::poll))
        .route("/webhooks/{name}/test", post(operations::test_webhook))
        .route("/reload", post(operations::reload))
        .route("/sign-in-links", post(operations::sign_in_link))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(state.clone(), auth::require_for_api))
}

async fn description() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION).into_response()
}

async fn unknown() -> ApiProblem {
    ApiProblem(Problem::not_found(
        "the API has no such path",
        "GET /api/v1/openapi.json lists all of them",
    ))
}

async fn wrong_method() -> ApiProblem {
    ApiProblem(Problem::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "wrong_method",
        "this path does not take that method",
        "GET shows, POST acts; GET /api/v1/openapi.json lists which path takes which",
    ))
}
