//! Every fault has its own reason, ends in time and within the limits.

use super::{check_error, get_from, get_hastily_from};
use crate::net::testing::{Act, RawServer, client, client_with, gzip, hasty, head, policy, say};
use crate::net::{NetPolicy, Request};
use std::time::Duration;
use url::Url;

#[tokio::test]
async fn broken_compression_has_its_own_reason() {
    let act = say(
        "200 OK",
        &["Content-Encoding: gzip"],
        "this was never packed",
    );
    check_error(get_from(act).await, "bad_compression", "cannot be unpacked");
    let packed = gzip("feed ".repeat(1_000).as_bytes());
    let half = &packed[..packed.len() / 2];
    let act = say("200 OK", &["Content-Encoding: gzip"], half);
    check_error(get_from(act).await, "bad_compression", "cannot be unpacked");
    let act = say("200 OK", &["Content-Encoding: br"], "this was never packed");
    check_error(get_from(act).await, "bad_compression", "cannot be unpacked");
    let act = say("200 OK", &["Content-Encoding: zstd"], "whatever");
    check_error(
        get_from(act).await,
        "bad_compression",
        "`zstd` was not asked for",
    );
}

#[tokio::test]
async fn bombs_and_endless_bodies_end_at_the_limit() {
    let bomb = gzip(&vec![0; 20_000_000]);
    assert!(bomb.len() < 60_000, "the bomb is small on the wire");
    for header in ["Content-Encoding: gzip", "Content-Encoding: x-gzip"] {
        let act = say("200 OK", &[header], &bomb);
        check_error(get_from(act).await, "too_large", "100000 bytes");
    }
    let endless = |head: &str, chunk: &[u8]| {
        Act::Repeat(head.as_bytes().to_vec(), chunk.to_vec(), Duration::ZERO)
    };
    let act = endless("HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 4_000]);
    check_error(get_from(act).await, "too_large", "larger than 100000 bytes");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let act = endless(chunked, &b"5\r\nhello\r\n".repeat(500));
    check_error(get_from(act).await, "too_large", "larger than 100000 bytes");
}

#[tokio::test]
async fn an_announced_giant_is_refused_before_it_is_read() {
    // Had its body been waited for, this would be a timeout.
    let act = Act::SayAndHang(head("200 OK", &[], 2_000_000_000));
    check_error(get_from(act).await, "too_large", "100000 bytes");
}

#[tokio::test]
async fn slowness_is_told_apart() {
    let act = Act::SayAndHang(Vec::new());
    check_error(
        get_hastily_from(act).await,
        "headers_timeout",
        "did not start to answer within 400ms",
    );
    let act = Act::SayAndHang(b"HTTP/1.1 200 OK\r\nX-Slow".to_vec());
    check_error(
        get_hastily_from(act).await,
        "headers_timeout",
        "did not start to answer",
    );
    let act = Act::SayAndHang([head("200 OK", &[], 10), b"half".to_vec()].concat());
    check_error(
        get_hastily_from(act).await,
        "body_timeout",
        "after 900ms (4 bytes so far)",
    );
    let drip = Act::Repeat(
        head("200 OK", &[], 90_000),
        b"x".to_vec(),
        Duration::from_millis(20),
    );
    check_error(
        get_hastily_from(drip).await,
        "body_timeout",
        "had not finished",
    );
    let head_drip = Act::Repeat(
        b"HTTP/1.1 200 OK\r\n".to_vec(),
        b"X: y\r\n".to_vec(),
        Duration::from_millis(20),
    );
    check_error(
        get_hastily_from(head_drip).await,
        "headers_timeout",
        "did not start to answer",
    );
}

#[tokio::test]
async fn a_request_may_have_less_time_than_the_policy_gives() {
    let server = RawServer::start([Act::SayAndHang(Vec::new())]).await;
    let mut request = Request::get(server.url("/feed"));
    request.total_timeout = Some(Duration::from_millis(100));
    check_error(
        client().send(request).await,
        "headers_timeout",
        "within 100ms",
    );
}

#[tokio::test]
async fn false_lengths_and_resets_are_told_apart() {
    let act = Act::Say([head("200 OK", &[], 100), b"short".to_vec()].concat());
    check_error(
        get_from(act).await,
        "ended_early",
        "ended early: 5 bytes came",
    );
    let act = Act::SayAndReset([head("200 OK", &[], 100), b"short".to_vec()].concat());
    check_error(get_from(act).await, "ended_early", "ended early");
    let act = Act::Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel".to_vec());
    check_error(get_from(act).await, "ended_early", "ended early");
    let act =
        Act::Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello".to_vec());
    check_error(get_from(act).await, "not_http", "does not answer in HTTP");
    check_error(
        get_from(Act::Say(Vec::new())).await,
        "reset",
        "broke off the connection",
    );
    check_error(
        get_from(Act::SayAndReset(Vec::new())).await,
        "reset",
        "broke off the connection",
    );
    // More than announced: the rest belongs to nobody.
    let act = Act::Say([head("200 OK", &[], 5), b"hello and more".to_vec()].concat());
    assert_eq!(
        get_from(act).await.expect("the announced part").body,
        b"hello"
    );
}

#[tokio::test]
async fn what_is_not_http_is_named() {
    for garbage in [
        "220 mail.example ESMTP\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "<html>hello</html>\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        "\0\u{1}\u{2}\u{3}\r\n\r\n",
    ] {
        check_error(
            get_from(Act::Say(garbage.into())).await,
            "not_http",
            "does not answer in HTTP",
        );
    }
    let huge_head = format!("HTTP/1.1 200 OK\r\n{}", "X: yyyyyyyy\r\n".repeat(100_000));
    check_error(
        get_from(Act::Say(huge_head.into())).await,
        "not_http",
        "does not answer in HTTP",
    );
}

#[tokio::test]
async fn a_port_without_a_server_refuses() {
    let server = RawServer::start([Act::Say(Vec::new())]).await;
    let url = server.url("/feed");
    let address = server.address;
    drop(server);
    // The port is free again as soon as the aborted task has let go of it.
    while std::net::TcpStream::connect(address).is_ok() {
        tokio::task::yield_now().await;
    }
    check_error(
        client().send(Request::get(url)).await,
        "refused",
        "no server is listening",
    );
}

#[tokio::test]
async fn https_to_a_port_without_tls_is_named() {
    let acts = [
        (
            say("400 Bad Request", &[], "speak HTTP"),
            "does not speak TLS",
        ),
        (
            Act::Say(Vec::new()),
            "the connection ended during the handshake",
        ),
    ];
    for (act, part) in acts {
        let server = RawServer::start([act]).await;
        let mut url = server.url("/feed");
        url.set_scheme("https").expect("http becomes https");
        check_error(client().send(Request::get(url)).await, "tls", part);
    }
    let server = RawServer::start([Act::SayAndHang(Vec::new())]).await;
    let mut url = server.url("/feed");
    url.set_scheme("https").expect("http becomes https");
    check_error(
        client_with(hasty()).send(Request::get(url)).await,
        "connect_timeout",
        "within 300ms",
    );
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_named() {
    let url = Url::parse("http://nothing.invalid/feed").expect("a URL");
    let policy = NetPolicy {
        connect_timeout: Duration::from_secs(20),
        header_timeout: Duration::from_secs(20),
        total_timeout: Duration::from_secs(20),
        ..policy()
    };
    check_error(
        client_with(policy).send(Request::get(url)).await,
        "dns",
        "nothing.invalid was not found",
    );
}
