//! Reads queries and bodies of API requests, so that whatever is wrong with them is
//! answered like every other problem.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::web::guard;
use crate::web::problem::{ApiProblem, Problem};

/// The query of an address.
pub(super) struct ApiQuery<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiProblem> {
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|rejected| {
                ApiProblem(Problem::bad_request(
                    format!("the query of the address is wrong: {}", cause(&rejected)),
                    "GET /api/v1/openapi.json lists the parameters of every path",
                ))
            })
    }
}

/// A JSON body; an empty one is the default.
pub(super) struct ApiBody<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for ApiBody<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiProblem> {
        let is_json = guard::text(request.headers(), header::CONTENT_TYPE.as_str())
            .is_some_and(|kind| kind.starts_with("application/json"));
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejected| {
                ApiProblem(Problem::new(
                    rejected.status(),
                    "bad_request",
                    "the body could not be read or is too large",
                    "send a small JSON object",
                ))
            })?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        if !is_json {
            return Err(ApiProblem(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "bad_request",
                "the body is not JSON",
                "send it with `Content-Type: application/json`",
            )));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            ApiProblem(Problem::bad_request(
                format!("the body is wrong: {error}"),
                "GET /api/v1/openapi.json shows what it may hold",
            ))
        })
    }
}

/// The reason without the outer sentence of the library.
fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), cause)
}
