//! Asks a source once, politely: conditional requests, remembered moves, and an answer
//! that is either fresh bytes, "nothing new", or one clear reason why not. When to ask
//! next ([`next_check`]) is a pure function, as are what was missed ([`missed`]) and a
//! source's rhythm ([`learn`]); [`HostPace`] spaces requests per host, [`RobotsRules`]
//! knows what a site asks of automatic readers.

mod error;
mod gap;
mod hints;
mod limits;
mod mailbox;
mod pace;
mod rhythm;
mod robots;
mod schedule;
mod stream;
mod token;

#[cfg(test)]
mod tests;

use std::fmt;

use chrono::{DateTime, Utc};
use url::Url;

use crate::domain::{AskMethod, Cursor, RequestPlan, hex_digest};
use crate::net::{self, Client, NetError, Request, Response};

pub use error::FetchError;
pub use gap::{Entry, Missed, are_new, missed, remember};
pub use hints::{CacheHints, parse_http_date, parse_retry_after};
pub use limits::{BodyLimits, Refusal};
pub use mailbox::{MailSecurity, MailboxPlan, Mails, read_mailbox};
pub use pace::{HostPace, PaceLimits, Permit};
pub use rhythm::{Voice, expected_items, learn, usual_per_week};
pub use robots::{Allowed, RobotsRules};
pub use schedule::{Checked, adapted, next_check};
pub use stream::{OpenStream, StreamEnd, StreamEvent, open_stream};
pub use token::Tokens;

/// Feeds first, then whatever the site has: some servers answer 406 without `*/*`.
const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
    application/rdf+xml;q=0.9, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, \
    text/html;q=0.7, */*;q=0.5";

/// A validator longer than this is refused by many servers when it comes back.
const MAX_VALIDATOR_BYTES: usize = 2_048;

/// What to ask.
#[derive(Clone, PartialEq, Eq)]
pub struct FetchPlan {
    /// The address as configured.
    pub url: Url,
    /// Further headers; an `Accept` here replaces ours.
    pub headers: Vec<(String, String)>,
    /// Whether the site is asked with POST.
    pub method: AskMethod,
    /// What is sent along, with its content type.
    pub body: Option<(&'static str, Vec<u8>)>,
    /// The largest answer; the client's limit when `None`.
    pub cap_bytes: Option<u64>,
}

impl FetchPlan {
    /// Asks for an address with nothing special.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            headers: Vec::new(),
            method: AskMethod::Get,
            body: None,
            cap_bytes: None,
        }
    }

    /// Asks as a definition says. The token of a definition that signs in is the caller's
    /// to add.
    pub fn of(request: &RequestPlan) -> Self {
        Self {
            url: request.url.clone(),
            headers: request.headers.clone(),
            method: request.method,
            body: request.encoded_body(),
            cap_bytes: None,
        }
    }

    /// The address that is really asked first: where the source has moved to, if it
    /// has. This is the one to pace by.
    pub fn address(&self, cursor: &Cursor) -> Url {
        self.moved(cursor).unwrap_or_else(|| self.url.clone())
    }

    fn moved(&self, cursor: &Cursor) -> Option<Url> {
        let moved = self.knows(cursor).then_some(cursor.moved_to.as_deref())??;
        Url::parse(moved).ok()
    }

    /// Whether the cursor speaks of this address. One from a time before the address
    /// was kept is taken on trust.
    fn knows(&self, cursor: &Cursor) -> bool {
        cursor
            .for_address
            .as_ref()
            .is_none_or(|digest| *digest == self.digest())
    }

    /// The address may hold a token, so the store keeps only its digest.
    fn digest(&self) -> String {
        match &self.body {
            None => hex_digest("source address", &[self.url.as_str()]),
            Some((_, body)) => hex_digest(
                "source address",
                &[self.url.as_str(), &String::from_utf8_lossy(body)],
            ),
        }
    }
}

/// Addresses and headers may hold tokens.
impl fmt::Debug for FetchPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchPlan")
            .field("host", &self.url.host_str())
            .field("cap_bytes", &self.cap_bytes)
            .finish_non_exhaustive()
    }
}

/// What a source answered. "Nothing new" is an answer, not a failure.
#[derive(Clone, Debug, PartialEq)]
pub enum Fetched {
    /// A body to read.
    Fresh {
        /// It, decompressed but not decoded.
        bytes: Vec<u8>,
        /// The `Content-Type` header, where there was one.
        content_type: Option<String>,
        /// Where it came from: the base of relative links.
        url: Url,
        /// The cursor to store, in the transaction that stores the items.
        cursor: Cursor,
        /// What the answer says about when to come again.
        hints: CacheHints,
        /// The `Link` headers, which may name the next page.
        links: Vec<String>,
        /// Things a person should know although it went well.
        notes: Vec<String>,
    },
    /// Nothing has changed since the last answer.
    Unchanged {
        /// The cursor to store.
        cursor: Cursor,
        /// What the answer says about when to come again.
        hints: CacheHints,
    },
}

/// Asks a source once. The returned cursor counts as polled: whoever needs to know
/// whether this was the first poll looks at the one passed in.
///
/// # Errors
/// One [`FetchError`] per reason; its text is what `hearken sources` shows.
pub async fn fetch(
    client: &Client,
    plan: &FetchPlan,
    cursor: &Cursor,
    now: DateTime<Utc>,
) -> Result<Fetched, FetchError> {
    let known = if plan.knows(cursor) {
        cursor.clone()
    } else {
        Cursor::default()
    };
    let Some(moved) = plan.moved(&known) else {
        return ask(client, plan, &plan.url, &known, now).await;
    };
    match ask(client, plan, &moved, &known, now).await {
        Err(error) if error.says_nothing_is_there() => {
            // The new place is gone, so the old one may be in use again. Validators of
            // one place mean nothing at another.
            let known = Cursor {
                seen: known.seen,
                ..Cursor::default()
            };
            ask(client, plan, &plan.url, &known, now).await
        }
        answer => answer,
    }
}

async fn ask(
    client: &Client,
    plan: &FetchPlan,
    url: &Url,
    known: &Cursor,
    now: DateTime<Utc>,
) -> Result<Fetched, FetchError> {
    let mut request = Request::get(url.clone());
    if plan.method == AskMethod::Post {
        request.method = net::Method::Post;
        request.follow_redirects = false;
    }
    if let Some((content_type, body)) = &plan.body {
        request = request.header("Content-Type", *content_type);
        request.body = Some(body.clone());
    }
    request.cap_bytes = plan.cap_bytes;
    request.headers.extend(plan.headers.iter().cloned());
    if !has_header(&plan.headers, "accept") {
        request = request.header("Accept", ACCEPT);
    }
    if let Some(etag) = &known.etag {
        request = request.header("If-None-Match", etag.as_str());
    }
    if let Some(last_modified) = &known.last_modified {
        request = request.header("If-Modified-Since", last_modified.as_str());
    }
    let was_conditional = known.etag.is_some() || known.last_modified.is_some();
    let response = client.send(request).await?;
    let hints = CacheHints::of(&response.headers, now);
    match response.status {
        304 if was_conditional => Ok(Fetched::Unchanged {
            cursor: unchanged_cursor(plan, url, known, &response),
            hints,
        }),
        200..=299 => fresh(client, plan, (url, known), response, hints, now),
        status => {
            let limits = BodyLimits::of(&response.body, now);
            Err(
                FetchError::of_body(&limits, status, hints.retry_after).unwrap_or_else(|| {
                    FetchError::of_status(&response, hints.retry_after.max(limits.wait))
                }),
            )
        }
    }
}

fn fresh(
    client: &Client,
    plan: &FetchPlan,
    (asked, known): (&Url, &Cursor),
    response: Response,
    mut hints: CacheHints,
    now: DateTime<Utc>,
) -> Result<Fetched, FetchError> {
    let mut notes = Vec::new();
    if response.downgraded {
        notes.push(
            "the site redirects from https to http, so others on the way can read and change what it says"
                .to_owned(),
        );
    }
    let cursor = Cursor {
        etag: validator(&response, "etag"),
        last_modified: validator(&response, "last-modified"),
        moved_to: moved_to(plan, asked, &response),
        for_address: Some(plan.digest()),
        polled_before: true,
        ..known.clone()
    };
    let content_type = response.headers.get("content-type").map(str::to_owned);
    let bytes = if response.body.starts_with(&[0x1f, 0x8b, 0x08]) {
        // A file such as feed.xml.gz, or compressed bytes that no header announces.
        let host = response.final_url.host_str().unwrap_or_default();
        let cap_bytes = plan.cap_bytes.unwrap_or(client.policy().cap_bytes);
        net::gunzip(host, &response.body, cap_bytes)?
    } else {
        response.body
    };
    let limits = BodyLimits::of(&bytes, now);
    if let Some(refusal) = FetchError::of_body(&limits, response.status, hints.retry_after) {
        return Err(refusal);
    }
    hints.retry_after = hints.retry_after.max(limits.wait);
    let links = response.headers.get_all("link").map(str::to_owned);
    Ok(Fetched::Fresh {
        bytes,
        content_type,
        url: response.final_url,
        cursor,
        hints,
        links: links.collect(),
        notes,
    })
}

/// A 304 may carry newer validators; those it leaves out stay as they are.
fn unchanged_cursor(plan: &FetchPlan, asked: &Url, known: &Cursor, response: &Response) -> Cursor {
    Cursor {
        etag: validator(response, "etag").or_else(|| known.etag.clone()),
        last_modified: validator(response, "last-modified").or_else(|| known.last_modified.clone()),
        moved_to: moved_to(plan, asked, response),
        for_address: Some(plan.digest()),
        polled_before: true,
        ..known.clone()
    }
}

/// The address for next time, `None` for the configured one. Addresses with a password
/// are not remembered, because the store is no place for it.
fn moved_to(plan: &FetchPlan, asked: &Url, response: &Response) -> Option<String> {
    let url = response.moved_permanently_to.as_ref().unwrap_or(asked);
    let holds_secret = !url.username().is_empty() || url.password().is_some();
    (*url != plan.url && !holds_secret).then(|| url.to_string())
}

/// Verbatim, as the server wrote it: many compare the text, not its meaning.
fn validator(response: &Response, name: &str) -> Option<String> {
    response
        .headers
        .get(name)
        .filter(|value| !value.is_empty() && value.len() <= MAX_VALIDATOR_BYTES)
        .filter(|value| !value.contains(char::REPLACEMENT_CHARACTER))
        .map(str::to_owned)
}

fn has_header(headers: &[(String, String)], name: &str) -> bool {
    headers
        .iter()
        .any(|(known, _)| known.eq_ignore_ascii_case(name))
}

impl From<NetError> for FetchError {
    fn from(error: NetError) -> Self {
        Self::Net(error)
    }
}
