//! What every request passes before a page sees it: the host it was sent to, where a
//! form came from, and the headers that keep a browser from being used against us.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use url::Url;

use super::problem::Problem;
use super::state::{AppState, Site};

/// Nothing runs in a page but our own script and style sheet; nothing may frame it.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// Refuses a request that was sent to a name we do not answer to. A page elsewhere may
/// let its own name point to the loopback address and so read what we say: its requests
/// carry that name (DNS rebinding). Behind a public address the proxy decides instead.
pub(super) async fn check_host(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let site = state.site_now();
    if let Some(host) = asked_host(&request)
        && !answers_to(&site, &host)
    {
        return Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "wrong_host",
            "this address is not one that Hearken answers to",
            "set `web.public_url` in the configuration to the address that you use",
        )
        .into_json();
    }
    next.run(request).await
}

/// Adds the headers that every answer carries.
pub(super) async fn add_headers(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    // What is shown belongs to whoever is signed in; caches in between keep nothing.
    answer
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private, no-store"));
    answer
}

/// Refuses a form that another site sent. Browsers say where a request comes from in
/// `Sec-Fetch-Site`, older ones in `Origin`; a request with neither comes from no browser
/// that we trust with a cookie.
pub(super) fn check_origin(
    method: &Method,
    headers: &HeaderMap,
    site: &Site,
) -> Result<(), Problem> {
    if method.is_safe() {
        return Ok(());
    }
    let refused = || {
        Err(Problem::forbidden(
            "this request comes from another site",
            "use the buttons on the page itself, or send a token instead of the cookie",
        ))
    };
    match text(headers, "sec-fetch-site") {
        Some("same-origin" | "none") => return Ok(()),
        Some(_) => return refused(),
        None => (),
    }
    let Some(origin) = text(headers, "origin").and_then(|origin| Url::parse(origin).ok()) else {
        return refused();
    };
    let is_public = site
        .public_url
        .as_ref()
        .is_some_and(|public| public.origin() == origin.origin());
    let is_same_host = text(headers, "host")
        .and_then(|host| Url::parse(&format!("{}://{host}/", origin.scheme())).ok())
        .is_some_and(|own| own.origin() == origin.origin());
    if is_public || is_same_host {
        Ok(())
    } else {
        refused()
    }
}

/// A path on this very site that a redirect may lead to, and nothing else.
pub(super) fn local_path(wanted: &str) -> Option<&str> {
    let is_local = wanted.starts_with('/')
        && !wanted.starts_with("//")
        && !wanted.contains(['\\', '\r', '\n', '\t'])
        && wanted.is_ascii()
        && !wanted.bytes().any(|byte| byte.is_ascii_control());
    is_local.then_some(wanted)
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The host that the request names, without port and in lower case. Requests made inside
/// the process name none.
fn asked_host(request: &Request) -> Option<String> {
    let authority = match request.headers().get(header::HOST) {
        Some(host) => match host.to_str().ok()?.parse::<Authority>() {
            Ok(authority) => authority,
            // Not a host at all: certainly not ours.
            Err(_) => return Some(String::new()),
        },
        None => request.uri().authority()?.clone(),
    };
    Some(authority.host().to_ascii_lowercase())
}

fn answers_to(site: &Site, host: &str) -> bool {
    if !site.listen.ip().is_loopback() {
        return true;
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = bare == "localhost"
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback() || address == site.listen.ip());
    let is_public = site
        .public_url
        .as_ref()
        .and_then(Url::host_str)
        .is_some_and(|public| public.eq_ignore_ascii_case(host));
    is_loopback || is_public
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_path(wanted: &str, expected: bool) {
        assert_eq!(local_path(wanted).is_some(), expected, "{wanted:?}");
    }

    #[test]
    fn a_redirect_stays_on_this_site() {
        check_path("/", true);
        check_path("/mentions?q=a%20b", true);
        check_path("//evil.example", false);
        check_path("/\\evil.example", false);
        check_path("https://evil.example", false);
        check_path("/a\r\nSet-Cookie: x", false);
        check_path("", false);
    }
}
