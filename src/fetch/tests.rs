//! Asking sources: conditional requests, moves, refusals and their sentences, against
//! local servers.

use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use super::{FetchError, FetchPlan, Fetched, fetch, parse_http_date};
use crate::domain::Cursor;
use crate::net::testing::{RawServer, client, gzip, say};
use crate::net::{Headers, Response};

fn now() -> DateTime<Utc> {
    parse_http_date("Sun, 01 Mar 2026 10:00:00 GMT").expect("a date")
}

async fn poll(server: &RawServer, cursor: &Cursor) -> Result<Fetched, FetchError> {
    fetch(
        &client(),
        &FetchPlan::new(server.url("/feed")),
        cursor,
        now(),
    )
    .await
}

#[track_caller]
fn cursor_of(fetched: Result<Fetched, FetchError>) -> Cursor {
    match fetched.expect("the server behaves") {
        Fetched::Fresh { cursor, .. } | Fetched::Unchanged { cursor, .. } => cursor,
    }
}

fn lines_of(request: &str, name: &str) -> Vec<String> {
    request
        .lines()
        .filter(|line| line.to_ascii_lowercase().starts_with(name))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_poll_may_run_in_a_task_of_its_own() {
    fn check<T: Send>(_: T) {}
    let plan = FetchPlan::new(Url::parse("https://a.example/").expect("a URL"));
    check(fetch(&client(), &plan, &Cursor::default(), now()));
}

#[tokio::test]
async fn a_fresh_answer_comes_with_its_type_hints_and_cursor() {
    let server = RawServer::start([say(
        "200 OK",
        &[
            "Content-Type: text/xml; charset=windows-1254",
            "ETag: W/\"odd one",
            "Last-Modified: yesterday",
            "Cache-Control: max-age=600",
        ],
        "<rss/>",
    )])
    .await;
    let fetched = poll(&server, &Cursor::default())
        .await
        .expect("the server behaves");
    let Fetched::Fresh {
        bytes,
        content_type,
        url,
        cursor,
        hints,
        notes,
        ..
    } = fetched
    else {
        panic!("a first answer is fresh");
    };
    assert_eq!(bytes, b"<rss/>");
    assert_eq!(
        content_type.as_deref(),
        Some("text/xml; charset=windows-1254")
    );
    assert_eq!(url, server.url("/feed"));
    assert_eq!(cursor.etag.as_deref(), Some("W/\"odd one"));
    assert_eq!(cursor.last_modified.as_deref(), Some("yesterday"));
    assert!(cursor.polled_before && cursor.moved_to.is_none() && notes.is_empty());
    assert_eq!(hints.fresh_for, Some(Duration::from_secs(600)));
    let request = server.requests().join("");
    assert_eq!(lines_of(&request, "accept:").len(), 1, "{request}");
    assert!(lines_of(&request, "if-").is_empty(), "{request}");
}

#[tokio::test]
async fn validators_go_back_verbatim_and_a_304_may_change_them() {
    let server = RawServer::start([
        say(
            "200 OK",
            &["ETag: W/\"odd \u{e9} one", "Last-Modified: yesterday"],
            "<rss/>",
        ),
        say("304 Not Modified", &["ETag: \"two\""], ""),
        say("304 Not Modified", &[], ""),
        say("200 OK", &[], "<rss/>"),
        say("200 OK", &[], "<rss/>"),
    ])
    .await;
    let first = cursor_of(poll(&server, &Cursor::default()).await);
    let second = cursor_of(poll(&server, &first).await);
    assert_eq!(second.etag.as_deref(), Some("\"two\""));
    assert_eq!(second.last_modified.as_deref(), Some("yesterday"));
    let third = poll(&server, &second).await.expect("the server behaves");
    assert!(matches!(third, Fetched::Unchanged { .. }), "{third:?}");
    let third = cursor_of(Ok(third));
    assert_eq!(third, second);
    // A full answer without validators ends their time.
    let fourth = cursor_of(poll(&server, &third).await);
    assert_eq!((&fourth.etag, &fourth.last_modified), (&None, &None));
    cursor_of(poll(&server, &fourth).await);
    let requests = server.requests();
    assert_eq!(
        lines_of(&requests[1], "if-none-match"),
        ["if-none-match: W/\"odd \u{e9} one"]
    );
    assert_eq!(
        lines_of(&requests[1], "if-modified-since"),
        ["if-modified-since: yesterday"]
    );
    assert_eq!(
        lines_of(&requests[2], "if-none-match"),
        ["if-none-match: \"two\""]
    );
    assert!(lines_of(&requests[4], "if-").is_empty());
}

#[tokio::test]
async fn a_304_that_was_not_asked_for_is_an_error() {
    let server = RawServer::start([say("304 Not Modified", &[], "")]).await;
    let error = poll(&server, &Cursor::default())
        .await
        .expect_err("nothing was conditional");
    assert!(
        error
            .to_string()
            .contains("although it was asked for everything"),
        "{error}"
    );
}

#[tokio::test]
async fn another_configured_address_starts_afresh() {
    let server = RawServer::start([
        say("200 OK", &["ETag: \"one\""], "<rss/>"),
        say("200 OK", &["ETag: \"two\""], "<rss/>"),
    ])
    .await;
    let cursor = cursor_of(poll(&server, &Cursor::default()).await);
    let other = FetchPlan::new(server.url("/other"));
    let cursor = cursor_of(fetch(&client(), &other, &cursor, now()).await);
    assert_eq!(cursor.etag.as_deref(), Some("\"two\""));
    let second = &server.requests()[1];
    assert!(
        second.starts_with("GET /other") && lines_of(second, "if-").is_empty(),
        "{second}"
    );
}

#[tokio::test]
async fn a_permanent_move_is_remembered_and_used() {
    let server = RawServer::start([
        say("301 Moved", &["Location: /new"], ""),
        say("200 OK", &["ETag: \"one\""], "<rss/>"),
        say("304 Not Modified", &[], ""),
    ])
    .await;
    let plan = FetchPlan::new(server.url("/feed"));
    let cursor = cursor_of(poll(&server, &Cursor::default()).await);
    assert_eq!(cursor.moved_to, Some(server.url("/new").to_string()));
    assert_eq!(plan.address(&cursor), server.url("/new"));
    let cursor = cursor_of(poll(&server, &cursor).await);
    assert_eq!(cursor.moved_to, Some(server.url("/new").to_string()));
    assert!(server.requests()[2].starts_with("GET /new"));
    // Not for an address that the user has changed since.
    let other = FetchPlan::new(server.url("/other"));
    assert_eq!(other.address(&cursor), server.url("/other"));
}

#[tokio::test]
async fn a_detour_is_not_remembered() {
    let server = RawServer::start([
        say("301 Moved", &["Location: /new"], ""),
        say("302 Found", &["Location: /today"], ""),
        say("200 OK", &[], "<rss/>"),
    ])
    .await;
    let cursor = cursor_of(poll(&server, &Cursor::default()).await);
    assert_eq!(cursor.moved_to, None);
}

#[tokio::test]
async fn a_new_place_with_a_password_is_not_remembered() {
    let server = RawServer::start([say("200 OK", &[], "<rss/>")]).await;
    let port = server.address.port();
    let location = format!("Location: http://anna:geheim@localhost:{port}/new");
    let first = RawServer::start([say("301 Moved", &[&location], "")]).await;
    let cursor = cursor_of(poll(&first, &Cursor::default()).await);
    assert_eq!(cursor.moved_to, None);
    assert!(!format!("{cursor:?}").contains("geheim"));
}

#[tokio::test]
async fn when_the_new_place_is_gone_the_old_one_is_asked_again() {
    for gone in ["404 Not Found", "410 Gone"] {
        let server = RawServer::start([
            say("301 Moved", &["Location: /new"], ""),
            say("200 OK", &["ETag: \"one\""], "<rss/>"),
            say(gone, &[], ""),
            say("200 OK", &["ETag: \"two\""], "<rss/>"),
        ])
        .await;
        let cursor = cursor_of(poll(&server, &Cursor::default()).await);
        let cursor = cursor_of(poll(&server, &cursor).await);
        assert_eq!(
            (cursor.moved_to, cursor.etag.as_deref()),
            (None, Some("\"two\""))
        );
        let last = server.requests().pop().expect("four requests came");
        assert!(
            last.starts_with("GET /feed") && lines_of(&last, "if-").is_empty(),
            "{last}"
        );
    }
}

#[tokio::test]
async fn headers_of_the_plan_are_sent_and_never_printed() {
    let server = RawServer::start([say("200 OK", &[], "{}")]).await;
    let mut plan = FetchPlan::new(server.url("/feed?key=geheim"));
    plan.headers = vec![
        ("accept".to_owned(), "application/json".to_owned()),
        ("Authorization".to_owned(), "Bearer geheim".to_owned()),
    ];
    assert!(!format!("{plan:?}").contains("geheim"), "{plan:?}");
    let cursor = cursor_of(fetch(&client(), &plan, &Cursor::default(), now()).await);
    assert!(!format!("{cursor:?}").contains("geheim"), "{cursor:?}");
    let request = server.requests().join("");
    assert_eq!(lines_of(&request, "accept:"), ["accept: application/json"]);
    assert_eq!(
        lines_of(&request, "authorization:"),
        ["authorization: Bearer geheim"]
    );
}

#[tokio::test]
async fn a_gzip_file_sent_as_it_is_gets_unpacked() {
    let packed = gzip(b"<rss/>");
    let server =
        RawServer::start([say("200 OK", &["Content-Type: application/gzip"], &packed)]).await;
    let fetched = poll(&server, &Cursor::default())
        .await
        .expect("the server behaves");
    assert!(
        matches!(&fetched, Fetched::Fresh { bytes, .. } if bytes == b"<rss/>"),
        "{fetched:?}"
    );
    let bomb = gzip(&vec![0; 5_000_000]);
    let server = RawServer::start([say("200 OK", &[], &bomb)]).await;
    let error = poll(&server, &Cursor::default()).await.expect_err("a bomb");
    assert_eq!(error.kind(), "too_large", "{error}");
    let server = RawServer::start([say("200 OK", &[], &packed[..9])]).await;
    let error = poll(&server, &Cursor::default()).await.expect_err("broken");
    assert_eq!(error.kind(), "bad_compression", "{error}");
}

#[tokio::test]
async fn a_plan_may_allow_less_than_the_client() {
    let server = RawServer::start([say("200 OK", &[], "0123456789")]).await;
    let mut plan = FetchPlan::new(server.url("/feed"));
    plan.cap_bytes = Some(9);
    let error = fetch(&client(), &plan, &Cursor::default(), now())
        .await
        .expect_err("too large");
    assert_eq!(
        error.to_string(),
        "the answer of localhost is larger than 9 bytes"
    );
}

#[track_caller]
fn check(error: &FetchError, kind: &str, wait_secs: Option<u64>, text: &str) {
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(
        error.retry_after(),
        wait_secs.map(Duration::from_secs),
        "{error}"
    );
    assert_eq!(error.to_string(), text);
}

async fn refusal(status: &str, headers: &[&str]) -> FetchError {
    let server = RawServer::start([say(status, headers, "<html>no</html>")]).await;
    poll(&server, &Cursor::default()).await.expect_err(status)
}

#[tokio::test]
async fn every_refusal_has_its_sentence() {
    let error = refusal("429 Too Many Requests", &["Retry-After: 120"]).await;
    check(
        &error,
        "throttled",
        Some(120),
        "the site finds that we ask too often; it wants to be asked again in 2m (HTTP 429)",
    );
    let error = refusal(
        "429 Too Many Requests",
        &["Retry-After: Sun, 01 Mar 2026 11:00:00 GMT"],
    )
    .await;
    check(
        &error,
        "throttled",
        Some(3_600),
        "the site finds that we ask too often; it wants to be asked again in 1h (HTTP 429)",
    );
    let error = refusal("429 Too Many Requests", &[]).await;
    check(
        &error,
        "throttled",
        None,
        "the site finds that we ask too often (HTTP 429)",
    );
    let error = refusal("503 Service Unavailable", &["Retry-After: 60"]).await;
    check(
        &error,
        "throttled",
        Some(60),
        "the site is busy or under maintenance; it wants to be asked again in 1m (HTTP 503)",
    );
    let limited = ["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1772359260"];
    let error = refusal("403 Forbidden", &limited).await;
    check(
        &error,
        "throttled",
        Some(60),
        "the site wants us to wait; it wants to be asked again in 1m (HTTP 403)",
    );
    let error = refusal("403 Forbidden", &[]).await;
    check(
        &error,
        "http",
        None,
        "the site refuses to answer us; it may want a sign-in or block automatic readers (HTTP 403)",
    );
    let error = refusal("403 Forbidden", &["cf-mitigated: challenge"]).await;
    assert!(
        error.to_string().contains("lets only browsers in"),
        "{error}"
    );
    let error = refusal("500 Internal Server Error", &[]).await;
    check(
        &error,
        "http",
        None,
        "the server has an internal error (HTTP 500)",
    );
    let error = refusal("404 Not Found", &[]).await;
    check(
        &error,
        "http",
        None,
        "nothing is at this address; check it, the page may have moved (HTTP 404)",
    );
    let error = refusal("410 Gone", &[]).await;
    check(
        &error,
        "gone",
        None,
        "the site says that this address is gone for good (HTTP 410); remove the source or give it a new address",
    );
    let error = refusal("302 Found", &[]).await;
    check(
        &error,
        "http",
        None,
        "the server redirects without saying where to (HTTP 302)",
    );
}

#[test]
fn every_status_has_a_sentence_that_ends_with_it() {
    for status in (304..=599).chain([600, 999]) {
        let response = Response {
            status,
            headers: Headers::default(),
            body: Vec::new(),
            is_whole: true,
            final_url: Url::parse("https://a.example/").expect("a URL"),
            moved_permanently_to: None,
            downgraded: false,
        };
        let text = FetchError::of_status(&response, None).to_string();
        assert!(text.contains(&format!("(HTTP {status})")), "{text}");
    }
}

#[tokio::test]
async fn what_the_net_says_is_passed_on_without_the_address() {
    let url = Url::parse("http://127.0.0.1/geheim?key=geheim").expect("a URL");
    let error = fetch(&client(), &FetchPlan::new(url), &Cursor::default(), now())
        .await
        .expect_err("refused");
    let text = "127.0.0.1 is a loopback address, which is refused; to allow it, add \"127.0.0.1\" to net.allow_private";
    check(&error, "private_address", None, text);
}
