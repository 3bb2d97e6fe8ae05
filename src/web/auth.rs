//! Who may see this: a browser that signed in with a one-time link, a command with the
//! daemon's own token, a program with an API token, a feed reader with the read token.
//! Only SHA-256 digests of tokens are kept, except for the read token, which the page
//! must show again. Tokens are 256 random bits, so a plain digest is enough.

use axum::extract::{Form, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use maud::html;
use rand::RngCore as _;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tracing::info;

use super::guard;
use super::layout;
use super::problem::{PageProblem, Problem};
use super::state::{AppState, Site};
use crate::store::{Store, StoreError, TokenPurpose, TokenRow};

/// How long the link works that `hearken run` prints at its start.
pub const PRINTED_LINK_LASTS: TimeDelta = TimeDelta::hours(24);
/// How long a link works that somebody asked for.
pub const ASKED_LINK_LASTS: TimeDelta = TimeDelta::minutes(15);
/// How long a browser stays signed in.
pub const SESSION_LASTS: TimeDelta = TimeDelta::days(30);

const READ_TOKEN: &str = "read_token";
const COOKIE: &str = "hearken_session";

/// The SHA-256 of a token in lower-case hex digits, as the store keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHash(String);

impl TokenHash {
    /// The digest of a token.
    pub fn of(token: &str) -> Self {
        let digest = Sha256::digest(token.as_bytes());
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both are the same, in a time that does not depend on where they differ.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// 256 random bits as text that fits into an address.
pub fn new_token() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Makes a token that signs one browser in, once, within `lasts`.
pub fn issue_sign_in(
    store: &Store,
    now: DateTime<Utc>,
    lasts: TimeDelta,
) -> Result<String, StoreError> {
    let token = new_token();
    store.put_token(&TokenRow {
        hash: TokenHash::of(&token).0,
        purpose: TokenPurpose::SignIn,
        created_at: now,
        expires_at: Some(now + lasts),
        label: "sign-in link".to_owned(),
    })?;
    Ok(token)
}

/// The address that a person opens to sign in.
pub fn sign_in_url(base_url: &str, token: &str) -> String {
    format!("{base_url}/sign-in?token={token}")
}

/// The token in the addresses of the feeds, made when it is first asked for.
pub fn read_token(store: &Store) -> Result<String, StoreError> {
    if let Some(token) = known_read_token(store)? {
        return Ok(token);
    }
    let token = new_token();
    store.put_setting(READ_TOKEN, &token)?;
    Ok(token)
}

/// The read token, when one was made already.
pub(super) fn known_read_token(store: &Store) -> Result<Option<String>, StoreError> {
    store.setting(READ_TOKEN)
}

/// Makes a new read token; addresses with the old one stop working.
pub(super) fn renew_read_token(store: &Store) -> Result<(), StoreError> {
    store.put_setting(READ_TOKEN, &new_token())
}

/// Lets pages through for whoever is signed in, and sends everybody else to sign in.
pub(super) async fn require_for_pages(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    match authorise(&state, request.method(), request.headers()).await {
        Ok(Access::Granted) => next.run(request).await,
        Ok(Access::Unknown) => ask_to_sign_in(&request),
        Err(problem) => problem.into_page(),
    }
}

/// Lets the API through for a token or a signed-in browser.
pub(super) async fn require_for_api(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    match authorise(&state, request.method(), request.headers()).await {
        Ok(Access::Granted) => next.run(request).await,
        Ok(Access::Unknown) => Problem::not_signed_in().into_json(),
        Err(problem) => problem.into_json(),
    }
}

/// Lets the feeds through for the read token in the address, a token or a browser.
pub(super) async fn require_for_feeds(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let given = request.uri().query().and_then(|query| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "token")
            .map(|(_, token)| TokenHash::of(&token))
    });
    if let Some(given) = given {
        match state.ask(known_read_token).await {
            Ok(Some(token)) if TokenHash::of(&token).is(&given) => return next.run(request).await,
            Ok(_) => (),
            Err(problem) => return problem.into_json(),
        }
    }
    match authorise(&state, request.method(), request.headers()).await {
        Ok(Access::Granted) => next.run(request).await,
        Ok(Access::Unknown) => Problem::new(
            StatusCode::UNAUTHORIZED,
            "not_signed_in",
            "the feed needs its read token",
            "copy the whole address of the feed from the page of the sources",
        )
        .into_json(),
        Err(problem) => problem.into_json(),
    }
}

enum Access {
    Granted,
    Unknown,
}

/// Looks at the bearer token first, then at the cookie. Only a cookie is sent by a
/// browser on its own, so only then it matters which site a request comes from.
async fn authorise(
    state: &AppState,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Access, Problem> {
    let now = state.now();
    if let Some(token) = bearer(headers) {
        let hash = TokenHash::of(token);
        if state
            .local_token
            .as_ref()
            .is_some_and(|local| local.is(&hash))
        {
            return Ok(Access::Granted);
        }
        return known(state, hash, TokenPurpose::Api, now).await;
    }
    let site = state.site_now();
    let Some(session) = session_token(headers, &site) else {
        return Ok(Access::Unknown);
    };
    match known(state, TokenHash::of(session), TokenPurpose::Session, now).await? {
        Access::Granted => {
            guard::check_origin(method, headers, &site)?;
            Ok(Access::Granted)
        }
        Access::Unknown => Ok(Access::Unknown),
    }
}

/// Whether the store knows the token. It looks a digest up, which tells nothing about
/// the token through the time it takes.
async fn known(
    state: &AppState,
    hash: TokenHash,
    purpose: TokenPurpose,
    now: DateTime<Utc>,
) -> Result<Access, Problem> {
    let row = state
        .ask(move |store| store.token(hash.as_str(), purpose, now))
        .await?;
    Ok(row.map_or(Access::Unknown, |_| Access::Granted))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = guard::text(headers, "authorization")?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// Cookies do not tell ports apart: two daemons on one machine would sign each other's
/// browsers out, so the port is part of the name.
fn cookie_name(site: &Site) -> String {
    format!("{COOKIE}_{}", site.listen.port())
}

fn session_token<'a>(headers: &'a HeaderMap, site: &Site) -> Option<&'a str> {
    let wanted = cookie_name(site);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value)
}

fn cookie(site: &Site, value: &str, lasts: TimeDelta) -> HeaderValue {
    let secure = if site.is_https() { "; Secure" } else { "" };
    let line = format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
        cookie_name(site),
        lasts.num_seconds()
    );
    HeaderValue::from_str(&line).expect("tokens are base64url and names are ASCII")
}

/// A strict cookie stays at home when a link in a chat tool is followed. One hop on our
/// own page brings it along; only then we know that nobody is signed in.
fn ask_to_sign_in(request: &Request) -> Response {
    let from_elsewhere = guard::text(request.headers(), "sec-fetch-site") == Some("cross-site");
    let is_navigation = guard::text(request.headers(), "sec-fetch-mode") == Some("navigate");
    let wanted = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    match guard::local_path(wanted) {
        Some(path) if from_elsewhere && is_navigation && request.method() == Method::GET => {
            layout::hop(path).into_response()
        }
        _ => Redirect::to("/sign-in").into_response(),
    }
}

/// The address of a sign-in link carries its token.
#[derive(Deserialize)]
pub(super) struct SignIn {
    #[serde(default)]
    token: String,
}

/// Shows the button. Opening the link changes nothing, because chat previews and mail
/// scanners open links, too.
pub(super) async fn sign_in_page(
    State(state): State<AppState>,
    headers: HeaderMap,
    axum::extract::Query(given): axum::extract::Query<SignIn>,
) -> Result<Response, PageProblem> {
    if let Access::Granted = authorise(&state, &Method::GET, &headers).await? {
        return Ok(Redirect::to("/").into_response());
    }
    let content = if given.token.is_empty() {
        how_to_sign_in(false)
    } else {
        html! {
            h1 { "Sign in to Hearken" }
            p { "This link signs this browser in for 30 days. It works once." }
            form method="post" action="/sign-in" {
                input type="hidden" name="token" value=(given.token);
                button.primary.large type="submit" { "Sign in" }
            }
        }
    };
    Ok(layout::plain("Sign in", &content).into_response())
}

/// Uses the link up and signs the browser in.
pub(super) async fn sign_in(
    State(state): State<AppState>,
    headers: HeaderMap,
    Form(given): Form<SignIn>,
) -> Result<Response, PageProblem> {
    let site = state.site_now();
    guard::check_origin(&Method::POST, &headers, &site)?;
    let now = state.now();
    let session = new_token();
    let row = TokenRow {
        hash: TokenHash::of(&session).0,
        purpose: TokenPurpose::Session,
        created_at: now,
        expires_at: Some(now + SESSION_LASTS),
        label: "browser".to_owned(),
    };
    let hash = TokenHash::of(&given.token);
    let traded = state
        .ask(move |store| store.trade_token(hash.as_str(), TokenPurpose::SignIn, &row, now))
        .await?;
    if traded.is_none() {
        let page = layout::plain("Sign in", &how_to_sign_in(true));
        return Ok((StatusCode::FORBIDDEN, page).into_response());
    }
    info!("A browser has signed in");
    let mut answer = Redirect::to("/").into_response();
    answer
        .headers_mut()
        .insert(header::SET_COOKIE, cookie(&site, &session, SESSION_LASTS));
    Ok(answer)
}

/// Forgets the session, here and in the browser.
pub(super) async fn sign_out(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, PageProblem> {
    let site = state.site_now();
    if let Some(session) = session_token(&headers, &site) {
        let hash = TokenHash::of(session);
        state
            .ask(move |store| store.remove_token(hash.as_str(), TokenPurpose::Session))
            .await?;
    }
    let mut answer = Redirect::to("/sign-in").into_response();
    answer
        .headers_mut()
        .insert(header::SET_COOKIE, cookie(&site, "", TimeDelta::zero()));
    Ok(answer)
}

fn how_to_sign_in(link_was_refused: bool) -> maud::Markup {
    html! {
        @if link_was_refused {
            h1 { "This link does not work any more" }
            p { "A sign-in link works once and only for a while." }
        } @else {
            h1 { "Sign in to Hearken" }
            p { "This page is open to whoever has a sign-in link." }
        }
        p { code { "hearken run" } " prints one when it starts. For a new one, run this on the machine where it runs:" }
        pre { "hearken sign-in" }
    }
}
