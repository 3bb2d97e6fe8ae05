//! The client against servers that behave and servers that do not.

mod addresses;
mod answers;
mod faults;
mod redirects;
mod ssrf;

use super::testing::{Act, RawServer, client, client_with, hasty};
use super::{NetError, Request, Response};

pub(super) async fn get(server: &RawServer) -> Result<Response, NetError> {
    client()
        .send(Request::get(server.url("/feed?token=geheim")))
        .await
}

pub(super) async fn get_hastily_from(act: Act) -> Result<Response, NetError> {
    let server = RawServer::start([act]).await;
    client_with(hasty())
        .send(Request::get(server.url("/feed?token=geheim")))
        .await
}

pub(super) async fn get_from(act: Act) -> Result<Response, NetError> {
    let server = RawServer::start([act]).await;
    get(&server).await
}

#[track_caller]
pub(super) fn check_error(result: Result<Response, NetError>, kind: &str, part: &str) {
    let error = result.expect_err("the server misbehaves");
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    assert!(text.contains(part), "{text:?} should contain {part:?}");
    assert!(
        !text.contains("geheim") && !text.contains("feed"),
        "{text:?} tells too much"
    );
}
