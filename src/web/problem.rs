//! Why a request got no answer, as JSON for the API and as a page for people. Every
//! problem says what is wrong and what to do; causes go to the log, not to strangers.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;
use serde_json::json;
use tracing::error;

use super::layout;
use crate::store::StoreError;

/// A refused or failed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// A word that programs can rely on.
    pub kind: &'static str,
    /// What is wrong, for people.
    pub message: String,
    /// What to do about it; empty when there is nothing to do.
    pub mend: String,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        kind: &'static str,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            mend: mend.into(),
        }
    }

    pub(super) fn bad_request(message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message, mend)
    }

    pub(super) fn not_found(message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message, mend)
    }

    pub(super) fn conflict(message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message, mend)
    }

    pub(super) fn not_signed_in() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_signed_in",
            "this needs a token or a signed-in browser",
            "send `Authorization: Bearer TOKEN`, or sign in with the link that `hearken run` prints",
        )
    }

    pub(super) fn forbidden(message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message, mend)
    }

    pub(super) fn no_daemon() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no_daemon",
            "no running daemon can do this",
            "start `hearken run` and try again",
        )
    }

    /// The daemon tried and did not succeed.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "failed", message, "")
    }

    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            message,
            "look at the log of the daemon; the reason stands there",
        )
    }

    /// The JSON that `openapi.json` calls `Problem`.
    pub(super) fn into_json(self) -> Response {
        let body = json!({
            "error": { "kind": self.kind, "message": self.message, "mend": self.mend }
        });
        let mut answer = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(
                axum::http::header::WWW_AUTHENTICATE,
                axum::http::HeaderValue::from_static("Bearer realm=\"hearken\""),
            );
        }
        answer
    }

    /// A page of its own, without the counts that need the store.
    pub(super) fn into_page(self) -> Response {
        let body = html! {
            h1 { (self.status.canonical_reason().unwrap_or("Something went wrong")) }
            p { (sentence(&self.message)) }
            @if !self.mend.is_empty() { p { (sentence(&self.mend)) } }
            p { a href="/" { "Back to the mentions that need a reply" } }
        };
        (self.status, layout::plain("Something went wrong", &body)).into_response()
    }
}

/// A message as a sentence: errors are written in lower case without a final dot.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let mut whole: String = characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default();
    if !whole.ends_with(['.', '!', '?']) {
        whole.push('.');
    }
    whole
}

impl From<StoreError> for Problem {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::NotFound { .. } => Self::not_found(
                cause.to_string(),
                "`hearken mentions` and the page of all mentions show the ids",
            ),
            StoreError::NoDelivery { .. } => {
                Self::not_found(cause.to_string(), "`hearken deliveries list` shows the ids")
            }
            StoreError::Delivered { .. } => {
                Self::conflict(cause.to_string(), "`hearken deliveries show ID` says when")
            }
            StoreError::Ambiguous { .. } => {
                Self::conflict(cause.to_string(), "write more characters of the id")
            }
            StoreError::NoCase { .. } => Self::conflict(
                cause.to_string(),
                "only flagged mentions can be handled, dismissed or reopened",
            ),
            _ if cause.is_disk_full() => {
                error!(%cause, "The disk is full");
                Self::new(
                    StatusCode::INSUFFICIENT_STORAGE,
                    "disk_full",
                    "the disk is full, so nothing can be kept",
                    "free some space and start Hearken again",
                )
            }
            _ => {
                error!(%cause, "The store did not answer a page or an API request");
                Self::internal("the store did not answer")
            }
        }
    }
}

/// A problem of the API.
#[derive(Debug)]
pub(super) struct ApiProblem(pub(super) Problem);

impl<P: Into<Problem>> From<P> for ApiProblem {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        self.0.into_json()
    }
}

/// A problem of a page.
#[derive(Debug)]
pub(super) struct PageProblem(pub(super) Problem);

impl<P: Into<Problem>> From<P> for PageProblem {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for PageProblem {
    fn into_response(self) -> Response {
        self.0.into_page()
    }
}
