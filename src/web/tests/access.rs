//! Who gets in, from where, and that looking changes nothing.

use axum::http::StatusCode;

use super::{API_PAGES, House, LOCAL, PAGES, POSTS, bearer};
use crate::store::{DeliveryFilter, MentionFilter, TokenPurpose};
use crate::web::{PRINTED_LINK_LASTS, issue_sign_in, read_token, sample};

/// Signs a browser in; its cookie.
async fn sign_in(house: &House) -> String {
    let token =
        issue_sign_in(&house.state.store, sample::now(), PRINTED_LINK_LASTS).expect("a token");
    let answer = press_sign_in(house, &token).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let cookie = answer.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let (pair, _) = cookie.split_once(';').expect("a cookie with attributes");
    pair.to_owned()
}

async fn press_sign_in(house: &House, token: &str) -> super::Answer {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
    ];
    house
        .ask("POST", "/sign-in", &headers, &format!("token={token}"))
        .await
}

#[tokio::test]
async fn strangers_see_nothing() {
    let house = House::new();
    house.store(&sample::mention("m1"));
    for path in PAGES
        .into_iter()
        .chain(API_PAGES)
        .chain(["/events/stream", "/no-such-page"])
    {
        let answer = house.ask("GET", path, &[], "").await;
        let is_page = !path.starts_with("/api") && !path.starts_with("/feed") && path != "/metrics";
        if is_page {
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
            assert_eq!(answer.header("location"), "/sign-in", "{path}");
        } else {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        assert!(!answer.text.contains("delivered"), "{path}");
    }
    for path in POSTS {
        for headers in [
            &[][..],
            &[("authorization", "Bearer wrong")],
            &[("cookie", "hearken_session_8080=x")],
        ] {
            let answer = house.ask("POST", path, headers, "").await;
            let refused = [StatusCode::SEE_OTHER, StatusCode::UNAUTHORIZED];
            assert!(refused.contains(&answer.status), "{path} {}", answer.status);
        }
    }
    let case = house.get("/api/v1/mentions/m1").await.json()["case"]["state"].clone();
    assert_eq!(case, "open", "nobody may have acted");
}

#[tokio::test]
async fn what_is_open_to_everybody() {
    let house = House::new();
    let style = crate::web::assets::path("style.css");
    for path in [
        "/healthz",
        "/readyz",
        "/sign-in",
        "/sign-in?token=x",
        &style,
    ] {
        assert_eq!(
            house.ask("GET", path, &[], "").await.status,
            StatusCode::OK,
            "{path}"
        );
    }
    let ready = house.state.model_ready.clone();
    ready.store(false, std::sync::atomic::Ordering::Release);
    let answer = house.ask("GET", "/readyz", &[], "").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["store"], true);
}

#[tokio::test]
async fn a_sign_in_link_works_once() {
    let house = House::new();
    let token =
        issue_sign_in(&house.state.store, sample::now(), PRINTED_LINK_LASTS).expect("a token");
    let page = house
        .ask("GET", &format!("/sign-in?token={token}"), &[], "")
        .await;
    assert!(page.text.contains("Sign in") && page.text.contains(&token));
    assert_eq!(
        press_sign_in(&house, &token).await.status,
        StatusCode::SEE_OTHER
    );
    let again = press_sign_in(&house, &token).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert!(again.text.contains("does not work any more") && again.header("set-cookie").is_empty());

    let stale = issue_sign_in(
        &house.state.store,
        sample::now() - PRINTED_LINK_LASTS,
        PRINTED_LINK_LASTS,
    )
    .expect("a token");
    assert_eq!(
        press_sign_in(&house, &stale).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_session_opens_the_pages_until_it_signs_out() {
    let house = House::new();
    let cookie = sign_in(&house).await;
    let mine = [("cookie", cookie.as_str())];
    assert_eq!(
        house.ask("GET", "/", &mine, "").await.status,
        StatusCode::OK
    );
    assert_eq!(
        house.ask("GET", "/api/v1/cases", &mine, "").await.status,
        StatusCode::OK
    );
    let at_sign_in = house.ask("GET", "/sign-in", &mine, "").await;
    assert_eq!(at_sign_in.header("location"), "/");
    let leaving = [mine[0], ("sec-fetch-site", "same-origin")];
    let out = house.ask("POST", "/sign-out", &leaving, "").await;
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(
        house.ask("GET", "/", &mine, "").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn cookies_are_for_https_only_behind_an_https_address() {
    let public = "https://hearken.example/".parse().expect("an address");
    let house = House::with(|site| site.public_url = Some(public));
    let token =
        issue_sign_in(&house.state.store, sample::now(), PRINTED_LINK_LASTS).expect("a token");
    let answer = press_sign_in(&house, &token).await;
    assert!(answer.header("set-cookie").ends_with("; Secure"));
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let mut house = House::new();
    house.record_corrections();
    house.store(&sample::mention("m1"));
    let cookie = sign_in(&house).await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let cases: [(&[(&str, &str)], bool); 8] = [
        (&[], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "same-site")], false),
        (
            &[
                ("origin", "https://evil.example"),
                ("host", "localhost:8080"),
            ],
            false,
        ),
        (&[("origin", "null"), ("host", "localhost:8080")], false),
        (
            &[
                ("origin", "http://localhost:9090"),
                ("host", "localhost:8080"),
            ],
            false,
        ),
        (&[("sec-fetch-site", "same-origin")], true),
        (
            &[
                ("origin", "http://localhost:8080"),
                ("host", "localhost:8080"),
            ],
            true,
        ),
    ];
    for (extra, is_allowed) in cases {
        for path in POSTS {
            if path == "/sign-out" || path.starts_with("/api") {
                continue;
            }
            let mut headers = vec![("cookie", cookie.as_str()), form];
            headers.extend(extra);
            let status = house
                .ask("POST", path, &headers, "back=/&label=neutral")
                .await
                .status;
            let expected = if is_allowed {
                StatusCode::SEE_OTHER
            } else {
                StatusCode::FORBIDDEN
            };
            assert_eq!(status, expected, "{path} {extra:?}");
        }
    }
    let api = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "cross-site"),
    ];
    let refused = house.ask("POST", "/api/v1/cases/m1/done", &api, "").await;
    assert_eq!(refused.json()["error"]["kind"], "forbidden");
}

#[tokio::test]
async fn only_our_own_names_are_answered() {
    let house = House::new();
    for (host, expected) in [
        ("localhost:8080", StatusCode::OK),
        ("127.0.0.1:8080", StatusCode::OK),
        ("[::1]:8080", StatusCode::OK),
        ("evil.example", StatusCode::MISDIRECTED_REQUEST),
        (
            "localhost.evil.example:8080",
            StatusCode::MISDIRECTED_REQUEST,
        ),
        ("not a host", StatusCode::MISDIRECTED_REQUEST),
    ] {
        let status = house
            .ask("GET", "/healthz", &[("host", host)], "")
            .await
            .status;
        assert_eq!(status, expected, "{host}");
    }
    let open = House::with(|site| site.listen = ([0, 0, 0, 0], 8080).into());
    let status = open
        .ask("GET", "/healthz", &[("host", "hearken.lan")], "")
        .await
        .status;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_link_from_a_chat_tool_finds_the_session() {
    let house = House::new();
    let followed = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
    ];
    let hop = house
        .ask("GET", "/mentions/m1?a=b", &followed[..1], "")
        .await;
    assert_eq!(hop.status, StatusCode::SEE_OTHER, "not a navigation");
    let hop = house.ask("GET", "/mentions/m1", &followed, "").await;
    assert_eq!(hop.status, StatusCode::OK);
    assert!(hop.text.contains("0;url=/mentions/m1"), "{}", hop.text);
    let outside = house.ask("GET", "//evil.example/", &followed, "").await;
    assert!(!outside.text.contains("evil.example"), "{}", outside.text);
}

#[tokio::test]
async fn feeds_open_with_their_token_only() {
    let house = House::new();
    let token = read_token(&house.state.store).expect("a token");
    assert_eq!(read_token(&house.state.store).expect("a token"), token);
    for feed in ["/feed.atom", "/feed.json"] {
        let answer = house
            .ask("GET", &format!("{feed}?token={token}"), &[], "")
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        for wrong in ["", "?token=", "?token=x", &format!("?token={LOCAL}")] {
            let answer = house.ask("GET", &format!("{feed}{wrong}"), &[], "").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong}");
        }
    }
    let page = house.ask("GET", &format!("/?token={token}"), &[], "").await;
    assert_eq!(
        page.status,
        StatusCode::SEE_OTHER,
        "the read token opens feeds only"
    );
    house.post("/feed-address", "").await;
    let old = house
        .ask("GET", &format!("/feed.atom?token={token}"), &[], "")
        .await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn looking_changes_nothing() {
    let house = House::new();
    house.store(&sample::mention("m1"));
    let link =
        issue_sign_in(&house.state.store, sample::now(), PRINTED_LINK_LASTS).expect("a token");
    let before = everything(&house);
    let link = format!("/sign-in?token={link}");
    let others = [
        link.as_str(),
        "/healthz",
        "/readyz",
        "/?did=done&to=m1",
        "/mentions?cursor=x&limit=0",
        "/mentions/m1/done",
        "/feed-address",
        "/sign-out",
        "/api/v1/cases/m1/done",
        "/api/v1/reload",
        "/api/v1/sign-in-links",
        "/no-such-page",
    ];
    for path in PAGES.into_iter().chain(API_PAGES).chain(others) {
        for method in ["GET", "HEAD"] {
            house
                .ask(method, path, &[("authorization", &bearer())], "")
                .await;
            house.ask(method, path, &[], "").await;
        }
    }
    assert_eq!(everything(&house), before);
}

/// What the store holds, as text.
fn everything(house: &House) -> String {
    let store = &house.state.store;
    let mentions: Vec<_> = store
        .mentions_newest_first(&MentionFilter::default())
        .collect();
    let deliveries: Vec<_> = store
        .deliveries_newest_first(&DeliveryFilter::default())
        .collect();
    let tokens = [
        TokenPurpose::SignIn,
        TokenPurpose::Session,
        TokenPurpose::Read,
        TokenPurpose::Api,
    ]
    .map(|purpose| store.tokens(purpose));
    let report = store.verify().expect("a check");
    assert!(report.is_ok(), "{report:?}");
    format!(
        "{mentions:?}{deliveries:?}{tokens:?}{report:?}{:?}{:?}{:?}",
        store.events_newest_first(100),
        store.all_source_statuses(),
        store.setting("read_token"),
    )
}

#[tokio::test]
async fn every_answer_protects_the_browser() {
    let house = House::new();
    for path in [
        "/",
        "/healthz",
        "/sign-in",
        "/api/v1/cases",
        "/no-such-page",
        "/feed.json",
    ] {
        let answer = house.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(
            policy.contains("script-src 'self'") && !policy.contains("unsafe"),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
    }
    assert_eq!(
        house.get("/").await.header("cache-control"),
        "private, no-store"
    );
}
