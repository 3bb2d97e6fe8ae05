//! What people and programs see: the live page, the feeds and the API, rendered on the
//! server. Reads the store and the configuration as they are; the only changes made here
//! are what a person does to a case and who is signed in. A GET never changes anything.

mod actions;
mod api;
mod assets;
mod auth;
mod card;
mod control;
mod corrections;
mod counts;
mod deliveries;
mod delivery;
mod demo_sites;
mod done;
mod feeds;
mod flash;
mod guard;
mod health;
mod layout;
mod live;
mod mention;
mod mentions;
mod outbox;
mod problem;
mod search;
mod sources;
mod state;
mod stream;
mod to_check;
mod when;
mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::future::IntoFuture as _;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Request, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing::{error, info};

pub use auth::{
    ASKED_LINK_LASTS, PRINTED_LINK_LASTS, SESSION_LASTS, TokenHash, issue_sign_in, new_token,
    read_token, sign_in_url,
};
pub use axum::Router;
pub use control::{
    Command, HookProof, IsSigned, PollReport, PushError, PushReport, PushSender, Pushed, TestReport,
};
pub use demo_sites::serve_demo;
pub use problem::Problem;
pub use state::{AppState, Clock, Site, SourceInfo};

/// The largest body that is read: a note and a few names.
const BODY_LIMIT_BYTES: usize = 64 * 1024;
/// How long open connections may take to end when the daemon stops.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// Everything that answers, ready to be served or to be called in-process.
pub fn router(state: AppState) -> Router {
    let open = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/assets/{name}", get(assets::get))
        .route("/sign-in", get(auth::sign_in_page).post(auth::sign_in));
    // Services carry the secret of their source instead of our tokens.
    let hooks = Router::new().route("/hooks/{source}", post(api::hook));
    let feeds = Router::new()
        .route("/feed.atom", get(feeds::atom))
        .route("/feed.json", get(feeds::json))
        .layer(from_fn_with_state(state.clone(), auth::require_for_feeds));
    let figures = Router::new()
        .route("/metrics", get(health::metrics))
        .layer(from_fn_with_state(state.clone(), auth::require_for_api));
    let pages = Router::new()
        .route("/", get(live::get))
        .route("/events/stream", get(stream::get))
        .route("/to-check", get(to_check::get))
        .route("/mentions", get(mentions::get))
        .route("/mentions/{id}", get(mention::get))
        .route("/mentions/{id}/correct", post(corrections::press))
        .route("/mentions/{id}/{action}", post(actions::press))
        .route("/done", get(done::get))
        .route("/sources", get(sources::get))
        .route("/deliveries", get(deliveries::get))
        .route("/deliveries/{id}", get(delivery::get))
        .route("/deliveries/{id}/retry", post(outbox::press_retry))
        .route("/webhooks/{name}/enable", post(outbox::press_enable))
        .route("/webhooks/{name}/replay", post(outbox::press_replay))
        .route("/feed-address", post(sources::new_feed_address))
        .route("/sign-out", post(auth::sign_out))
        .fallback(unknown_page)
        .layer(from_fn_with_state(state.clone(), auth::require_for_pages));
    pages
        .merge(open)
        .merge(hooks)
        .merge(feeds)
        .merge(figures)
        .nest("/api/v1", api::router(&state))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(from_fn_with_state(state.clone(), guard::check_host))
        .layer(from_fn(guard::add_headers))
        .with_state(state)
}

async fn unknown_page() -> problem::PageProblem {
    problem::PageProblem(Problem::not_found("there is no such page", ""))
}

/// Serves until `stop` fires; requests under way are answered, open streams end. Whoever
/// still holds a connection two seconds later is let go.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(stop.clone().cancelled_owned())
        .into_future();
    let too_late = async {
        stop.cancelled().await;
        tokio::time::sleep(STOP_WITHIN).await;
    };
    tokio::select! {
        ended = served => if let Err(cause) = ended {
            error!(%cause, "The web server ended");
        },
        () = too_late => info!("Some connections were still open and were closed"),
    }
}

/// Asks the API in-process, as a command does when no daemon runs: the status and the
/// body of the answer.
///
/// # Errors
/// When the path cannot be part of a request.
pub async fn ask(
    router: &Router,
    method: &str,
    path: &str,
    token: &str,
    body: Option<&Value>,
) -> Result<(u16, Bytes), axum::http::Error> {
    let request = Request::builder()
        .method(Method::from_bytes(method.as_bytes())?)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    let request = match body {
        Some(body) => request
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))?,
        None => request.body(Body::empty())?,
    };
    let answer = match router.clone().oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never as Infallible {},
    };
    let status = answer.status().as_u16();
    let body = answer
        .into_body()
        .collect()
        .await
        .map_err(axum::Error::into_inner);
    // Our own answers are made in memory; reading them back cannot fail halfway.
    Ok((
        status,
        body.map_or_else(|_| Bytes::new(), |body| body.to_bytes()),
    ))
}
