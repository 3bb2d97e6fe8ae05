//! What comes of servers that behave, and of those that only half do.

use super::{check_error, get, get_from};
use crate::net::testing::{
    Act, RawServer, answer, client, client_with, gzip, hasty, head, policy, say,
};
use crate::net::{Cap, NetPolicy, Request, Response};
use std::time::Duration;
use url::Url;

#[tokio::test]
async fn an_answer_comes_with_status_headers_and_body() {
    let act = say("200 OK", &["X-Two: a", "X-Two: b", "ETag: \"é\""], "hello");
    let server = RawServer::start([act]).await;
    let response = get(&server).await.expect("the server behaves");
    assert_eq!(
        (response.status, response.body.as_slice()),
        (200, b"hello".as_slice())
    );
    assert!(response.is_whole && response.is_success());
    assert_eq!(
        response.headers.get_all("x-two").collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(response.headers.get("etag"), Some("\"é\""));
    assert_eq!(response.moved_permanently_to, None);
    let request = server.requests().join("").to_ascii_lowercase();
    assert!(request.contains("user-agent: hearken/"), "{request}");
    assert!(
        request.contains("accept-encoding: gzip") && request.contains("br"),
        "{request}"
    );
}

#[tokio::test]
async fn the_contact_stands_in_the_user_agent() {
    let server = RawServer::start([say("200 OK", &[], "")]).await;
    let policy = NetPolicy {
        contact: Some("https://acme.example/bot".to_owned()),
        ..policy()
    };
    let request = Request::get(server.url("/"));
    client_with(policy)
        .send(request)
        .await
        .expect("the server behaves");
    let request = server.requests().join("");
    assert!(
        request.contains("Hearken/0.1 (+https://acme.example/bot)"),
        "{request}"
    );
}

#[tokio::test]
async fn compressed_bodies_are_unpacked() {
    let text = "feed ".repeat(1_000);
    let packed = gzip(text.as_bytes());
    for header in [
        "Content-Encoding: gzip",
        "Content-Encoding: X-GZIP",
        "Content-Encoding: GZip",
    ] {
        let response = get_from(say("200 OK", &[header], &packed))
            .await
            .expect(header);
        assert_eq!(response.body, text.as_bytes(), "{header}");
    }
    // "hello brotli" as one stored block between brotli's first and last bits.
    let brotli = [
        0x8b, 0x05, 0x80, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x62, 0x72, 0x6f, 0x74, 0x6c, 0x69,
        0x03,
    ];
    let act = say("200 OK", &["Content-Encoding: br"], brotli);
    assert_eq!(get_from(act).await.expect("brotli").body, b"hello brotli");
    let act = say("200 OK", &["Content-Encoding: identity"], "plain");
    assert_eq!(get_from(act).await.expect("identity").body, b"plain");
    let act = say("200 OK", &["Content-Encoding: gzip"], "");
    assert_eq!(
        get_from(act).await.expect("nothing packed is nothing").body,
        b""
    );
}

#[tokio::test]
async fn a_body_at_the_limit_is_whole_and_one_byte_more_is_not() {
    let body = vec![b'x'; 100_000];
    let response = get_from(say("200 OK", &[], &body))
        .await
        .expect("exactly the limit");
    assert_eq!(response.body.len(), 100_000);
    let body = vec![b'x'; 100_001];
    check_error(
        get_from(say("200 OK", &[], &body)).await,
        "too_large",
        "100000",
    );
}

#[tokio::test]
async fn the_beginning_is_enough_where_that_is_said() {
    let cases = [
        say("200 OK", &[], [b'x'; 5_000]),
        Act::SayAndHang([head("200 OK", &[], 5_000), vec![b'x'; 1_024]].concat()),
        Act::SayAndReset([head("200 OK", &[], 5_000), vec![b'x'; 1_024]].concat()),
        Act::Repeat(
            b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
            vec![b'x'; 999],
            Duration::ZERO,
        ),
    ];
    for act in cases {
        let server = RawServer::start([act]).await;
        let client = client_with(hasty());
        let mut request = Request::post(server.url("/hook"), b"{}".to_vec());
        request.cap_bytes = Some(1_024);
        request.on_cap = Cap::Truncate;
        let response = client.send(request).await.expect("the status came");
        assert_eq!((response.status, response.body.len()), (200, 1_024));
        assert!(!response.is_whole);
    }
}

#[tokio::test]
async fn a_no_stays_a_no_when_its_page_breaks_off() {
    let act = Act::SayAndReset(head("500 Oops", &[], 5_000));
    let response = get_from(act).await.expect("the status came");
    assert_eq!((response.status, response.is_whole), (500, false));
    let act = Act::Repeat(
        b"HTTP/1.1 503 Busy\r\n\r\n".to_vec(),
        vec![b'x'; 999],
        Duration::ZERO,
    );
    assert_eq!(
        get_from(act).await.expect("the status came").body.len(),
        64 * 1024
    );
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_named_without_its_value() {
    let server = RawServer::start([say("200 OK", &[], "")]).await;
    let request = Request::get(server.url("/feed")).header("X-Token", "geheim\r\nX-More: 1");
    check_error(client().send(request).await, "invalid_header", "`X-Token`");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn user_and_password_of_an_address_are_sent_and_never_printed() {
    let server = RawServer::start([say("200 OK", &[], "")]).await;
    let mut url = server.url("/feed");
    url.set_username("anna").expect("http has users");
    url.set_password(Some("geheim"))
        .expect("http has passwords");
    let request = Request::get(url);
    assert!(!format!("{request:?}").contains("geheim"), "{request:?}");
    client().send(request).await.expect("the server behaves");
    let sent = server.requests().join("").to_ascii_lowercase();
    assert!(
        sent.contains("authorization: basic yw5uytpnzwhlaw0="),
        "{sent}"
    );
}

#[test]
fn an_answer_prints_no_more_than_its_outline() {
    let url = Url::parse("https://a.example/hook/geheim").expect("a URL");
    let response = Response {
        status: 200,
        headers: [("set-cookie", "geheim")].into_iter().collect(),
        body: answer("geheim", &[], ""),
        is_whole: true,
        final_url: url,
        moved_permanently_to: None,
        downgraded: false,
    };
    assert!(!format!("{response:?}").contains("geheim"));
}
