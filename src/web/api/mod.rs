//! `/api/v1`: the same answers for programs, for commands beside a running daemon, and for
//! commands that call this router in their own process. `openapi.json` describes it; a
//! test holds both together.

mod cases;
mod corrections;
mod deliveries;
mod exchange;
mod extract;
mod hooks;
mod items;
mod mentions;
mod operations;
mod triage;
mod webhooks;

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

pub(super) use items::hook;

/// The routes below `/api/v1`.
pub(super) fn router(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/openapi.json", get(description))
        .route("/mentions", get(mentions::list))
        .route("/mentions/{id}", get(mentions::one))
        .route("/mentions/{id}/correct", post(corrections::correct))
        .route("/corrections", get(corrections::list))
        .route("/export", get(exchange::export))
        .route("/import", post(exchange::import).layer(exchange::limit()))
        .route("/cases", get(cases::list))
        .route("/cases/{id}/{action}", post(cases::act))
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/{id}", get(deliveries::one))
        .route("/deliveries/{id}/retry", post(deliveries::retry))
        .route("/sources", get(operations::sources))
        .route("/sources/{name}/poll", post(operations::poll))
        .route("/webhooks", get(webhooks::list))
        .route("/webhooks/{name}/enable", post(webhooks::enable))
        .route("/webhooks/{name}/replay", post(webhooks::replay))
        .route("/webhooks/{name}/test", post(operations::test_webhook))
        .route("/triage/decisions", get(triage::decisions))
        .route("/items", post(items::push))
        .route("/reload", post(operations::reload))
        .route("/sign-in-links", post(operations::sign_in_link))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(state.clone(), auth::require_for_api))
        // Below the layer: these carry a signature of their own.
        .merge(signed_hooks())
}

fn signed_hooks() -> Router<AppState> {
    Router::new()
        .route("/hooks/slack/{name}", post(hooks::slack))
        .route("/hooks/telegram/{name}", post(hooks::telegram))
        .layer(hooks::body_limit())
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;
    use serde_json::Value;

    use super::*;

    /// What the description promises, as `GET /mentions`.
    fn described() -> BTreeSet<String> {
        let description: Value = serde_json::from_str(DESCRIPTION).expect("it is JSON");
        let paths = description["paths"].as_object().expect("it has paths");
        paths
            .iter()
            .flat_map(|(path, methods)| {
                let path = path.trim_start_matches("/api/v1").to_owned();
                let methods = methods.as_object().expect("a path has methods");
                methods
                    .keys()
                    .map(move |method| format!("{} {path}", method.to_uppercase()))
            })
            .collect()
    }

    /// What the router above really has, read from its own lines.
    fn routed() -> BTreeSet<String> {
        let line = Regex::new(r#"\.route\("(/[^"]+)", (get|post)\("#).expect("a valid pattern");
        line.captures_iter(include_str!("mod.rs"))
            .flat_map(|found| {
                let method = found[2].to_uppercase();
                let actions: &[&str] = if found[1].contains("{action}") {
                    &["claim", "ack", "snooze", "done", "dismiss", "reopen"]
                } else {
                    &[""]
                };
                let path = found[1].to_owned();
                actions
                    .iter()
                    .map(|action| format!("{method} {}", path.replace("{action}", action)))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn the_description_has_every_route_and_no_other() {
        assert_eq!(described(), routed());
        assert!(routed().len() >= 14);
    }

    #[test]
    fn every_reference_of_the_description_leads_somewhere() {
        let description: Value = serde_json::from_str(DESCRIPTION).expect("it is JSON");
        let reference = Regex::new(r##""#(/components/schemas/\w+)""##).expect("a valid pattern");
        for found in reference.captures_iter(DESCRIPTION) {
            assert!(description.pointer(&found[1]).is_some(), "{}", &found[1]);
        }
    }
}
