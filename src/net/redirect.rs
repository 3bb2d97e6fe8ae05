//! Redirects, followed by hand: every hop is a request of its own that is checked like
//! the first, and secrets stay with the host they were meant for.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use url::Url;

use super::{Method, NetError, Request};

/// As many as browsers and curl's users are used to, with room for login detours.
pub(super) const MAX_REDIRECTS: usize = 10;

/// What may follow a redirect to another host; whatever else may be a secret.
const HARMLESS_HEADERS: [&str; 7] = [
    "accept",
    "accept-language",
    "content-type",
    "if-modified-since",
    "if-none-match",
    "range",
    "user-agent",
];

/// One request on the way through redirects.
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
}

impl Hop {
    pub(super) fn first(request: &Request) -> Result<Self, NetError> {
        let mut headers = HeaderMap::with_capacity(request.headers.len());
        for (name, value) in &request.headers {
            let wrong = || NetError::InvalidHeader { name: name.clone() };
            let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            // Bytes rather than text: a validator goes back exactly as it came.
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong())?;
            headers.append(parsed, value);
        }
        Ok(Self {
            method: request.method,
            url: checked(request.url.clone())?,
            headers,
            body: request.body.clone(),
        })
    }

    /// The next request after a redirect, without what must not go along.
    pub(super) fn redirected(self, status: u16, target: Url) -> Self {
        let mut next = self;
        // 303 asks for a GET; for 301 and 302 after a POST that is what everyone does.
        let becomes_get =
            status == 303 || (matches!(status, 301 | 302) && next.method == Method::Post);
        if becomes_get && next.method != Method::Head {
            next.method = Method::Get;
            next.body = None;
            next.headers.remove("content-type");
        }
        if !may_keep_secrets(&next.url, &target) {
            next.headers = next
                .headers
                .iter()
                .filter(|(name, _)| HARMLESS_HEADERS.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
        }
        next.url = target;
        next
    }
}

/// The same host and port, or the same host's step from http to https.
fn may_keep_secrets(from: &Url, to: &Url) -> bool {
    let same_host = from.host() == to.host();
    let upgrade = from.scheme() == "http"
        && to.scheme() == "https"
        && from.port().is_none()
        && to.port().is_none();
    same_host && (upgrade || from.origin() == to.origin())
}

/// Only what HTTP can ask for, without the fragment, which is never sent.
fn checked(mut url: Url) -> Result<Url, NetError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(NetError::UnsupportedScheme {
            scheme: url.scheme().to_owned(),
        });
    }
    url.set_fragment(None);
    Ok(url)
}

/// Where an answer redirects to, if it does.
pub(super) fn redirect_target(
    answer: &reqwest::Response,
    from: &Url,
    host: &str,
) -> Result<Option<Url>, NetError> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = answer.headers().get(LOCATION) else {
        return Ok(None);
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    let target = from
        .join(location.trim())
        .map_err(|error| NetError::BadRedirect {
            host: host.to_owned(),
            why: error.to_string(),
        })?;
    checked(target).map(Some)
}
