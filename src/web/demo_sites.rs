//! Serves the demo's sample sites on loopback, with validators like a well-kept site.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use chrono::Utc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::demo::{Demo, Place};
use crate::domain::hex_digest;

/// Serves until `stop` fires.
pub async fn serve_demo(listener: TcpListener, demo: Demo, stop: CancellationToken) {
    let router = Router::new()
        .route("/forum/feed.xml", get(feed))
        .route("/shop/reviews", get(reviews))
        .route("/api/v1/timelines/tag/acme", get(timeline))
        .route("/{place}/{id}", get(entry))
        .with_state(demo);
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await;
    if let Err(error) = served {
        error!(%error, "The sample sites stopped");
    }
}

async fn feed(State(demo): State<Demo>, headers: HeaderMap) -> Response {
    conditional(
        &headers,
        "application/rss+xml; charset=utf-8",
        demo.feed(Utc::now()),
    )
}

async fn reviews(State(demo): State<Demo>, headers: HeaderMap) -> Response {
    conditional(
        &headers,
        "text/html; charset=utf-8",
        demo.review_page(Utc::now()),
    )
}

async fn timeline(State(demo): State<Demo>, headers: HeaderMap) -> Response {
    conditional(
        &headers,
        "application/json; charset=utf-8",
        demo.timeline(Utc::now()),
    )
}

async fn entry(State(demo): State<Demo>, Path((place, id)): Path<(String, String)>) -> Response {
    Place::ALL
        .into_iter()
        .find(|known| known.path() == place)
        .and_then(|place| demo.entry(place, &id, Utc::now()))
        .map_or_else(
            || StatusCode::NOT_FOUND.into_response(),
            |entry| Html(demo.entry_page(&entry)).into_response(),
        )
}

fn conditional(headers: &HeaderMap, content_type: &'static str, body: String) -> Response {
    let etag = format!("\"{}\"", hex_digest("demo", &[&body]));
    let is_known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes());
    if is_known {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    (
        [
            (header::ETAG, etag),
            (header::CONTENT_TYPE, content_type.to_owned()),
        ],
        body,
    )
        .into_response()
}
