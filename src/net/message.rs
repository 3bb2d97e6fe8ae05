//! Requests and answers as the rest of the program sees them, without reqwest's types.

use std::fmt;
use std::time::Duration;

use url::Url;

/// The methods the program uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Read.
    Get,
    /// Read the head only.
    Head,
    /// Send.
    Post,
    /// Change what was sent.
    Patch,
}

/// What happens when a body is larger than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// The answer is of no use: an error.
    Fail,
    /// Its beginning is enough. A body that stalls or breaks off is then what came so
    /// far, because the status already said what mattered.
    Truncate,
}

/// One request.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What to do.
    pub method: Method,
    /// Where; user and password in it are sent as basic authentication.
    pub url: Url,
    /// Names and values, as they are sent. Those that may hold secrets do not follow a
    /// redirect to another host.
    pub headers: Vec<(String, String)>,
    /// What to send.
    pub body: Option<Vec<u8>>,
    /// Whether redirects are followed, or are the answer.
    pub follow_redirects: bool,
    /// The largest body after decompression; the policy's when `None`.
    pub cap_bytes: Option<u64>,
    /// What a larger one means.
    pub on_cap: Cap,
    /// How long the whole exchange may take; the policy's when `None`.
    pub total_timeout: Option<Duration>,
}

impl Request {
    /// Reads an address, following redirects.
    pub fn get(url: Url) -> Self {
        Self {
            method: Method::Get,
            url,
            headers: Vec::new(),
            body: None,
            follow_redirects: true,
            cap_bytes: None,
            on_cap: Cap::Fail,
            total_timeout: None,
        }
    }

    /// Sends a body. Redirects are not followed: whoever posts must be told the new
    /// address, not have the body travel on to an unknown host.
    pub fn post(url: Url, body: Vec<u8>) -> Self {
        Self {
            method: Method::Post,
            body: Some(body),
            follow_redirects: false,
            ..Self::get(url)
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// Addresses, header values and bodies may hold secrets, so only their outlines print.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("headers", &names)
            .field("body_bytes", &self.body.as_ref().map(Vec::len))
            .field("follow_redirects", &self.follow_redirects)
            .finish_non_exhaustive()
    }
}

/// The headers of an answer: names in lower case, values as text, repeats kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The first value of a header; the name in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }

    /// Every value of a header, in order.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter()
            .filter(move |(found, _)| *found == name)
            .map(|(_, value)| value)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(pairs: T) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// An answer, whatever its status.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Its headers.
    pub headers: Headers,
    /// The body, decompressed. For a status of 400 and above at most its beginning.
    pub body: Vec<u8>,
    /// Whether `body` is all there was.
    pub is_whole: bool,
    /// Where it came from after all redirects.
    pub final_url: Url,
    /// The address to use from now on, when every redirect on the way was permanent
    /// and none left https for http.
    pub moved_permanently_to: Option<Url>,
    /// Whether a redirect left https for http, so that others may have read along.
    pub downgraded: bool,
}

impl Response {
    /// Whether the status is 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// The address and the body may hold secrets or a stranger's text.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("host", &self.final_url.host_str())
            .field("body_bytes", &self.body.len())
            .field("is_whole", &self.is_whole)
            .finish_non_exhaustive()
    }
}
