//! The client against servers that behave and servers that do not.

use std::time::{Duration, Instant};

use url::Url;

use super::proxy::Proxies;
use super::testing::{Act, RawServer, answer, client, client_with, gzip, hasty, head, policy, say};
use super::{AllowList, Cap, Client, NetError, NetPolicy, Request, Response};

async fn get(server: &RawServer) -> Result<Response, NetError> {
    client()
        .send(Request::get(server.url("/feed?token=geheim")))
        .await
}

async fn get_hastily_from(act: Act) -> Result<Response, NetError> {
    let server = RawServer::start([act]).await;
    client_with(hasty())
        .send(Request::get(server.url("/feed?token=geheim")))
        .await
}

async fn get_from(act: Act) -> Result<Response, NetError> {
    let server = RawServer::start([act]).await;
    get(&server).await
}

#[track_caller]
fn check_error(result: Result<Response, NetError>, kind: &str, part: &str) {
    let error = result.expect_err("the server misbehaves");
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    assert!(text.contains(part), "{text:?} should contain {part:?}");
    assert!(
        !text.contains("geheim") && !text.contains("feed"),
        "{text:?} tells too much"
    );
}

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
    let act = Act::SayAndHang(head("200 OK", &[], 2_000_000_000));
    let began = Instant::now();
    check_error(get_from(act).await, "too_large", "100000 bytes");
    assert!(
        began.elapsed() < Duration::from_millis(350),
        "it was not waited for"
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

#[tokio::test]
async fn only_http_is_asked() {
    for text in [
        "ftp://localhost/feed",
        "file:///etc/passwd",
        "gopher://localhost/feed",
    ] {
        let url = Url::parse(text).expect("a URL");
        check_error(
            client().send(Request::get(url)).await,
            "unsupported_scheme",
            "only http and https",
        );
    }
    let server = RawServer::start([say("302 Found", &["Location: file:///etc/passwd"], "")]).await;
    check_error(get(&server).await, "unsupported_scheme", "`file:`");
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_named_without_its_value() {
    let server = RawServer::start([say("200 OK", &[], "")]).await;
    let request = Request::get(server.url("/feed")).header("X-Token", "geheim\r\nX-More: 1");
    check_error(client().send(request).await, "invalid_header", "`X-Token`");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn inside_addresses_are_refused_however_they_are_written() {
    // Nothing listens anywhere here: a refusal must come before any connection.
    let client = client_with(NetPolicy::default());
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "127.000.000.001",
        "0",
        "0.0.0.0",
        "0x0",
        "10.0.0.1",
        "10.1",
        "172.16.0.1",
        "192.168.0.1",
        "192.168.257",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "168.63.129.16",
        "100.100.100.200",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[fc00::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "localhost",
        "LOCALHOST",
        "user@localhost",
        "user:pass@127.0.0.1",
        "evil.example@127.0.0.1",
        "１２７.０.０.１",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "ⓛocalhost",
        "%31%32%37.0.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.0.192",
    ] {
        for scheme in ["http", "https"] {
            let url = Url::parse(&format!("{scheme}://{host}/feed")).expect(host);
            let error = client.send(Request::get(url)).await.expect_err(host);
            assert_eq!(error.kind(), "private_address", "{host}: {error}");
            assert!(error.to_string().contains("net.allow_private"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_redirect_to_an_inside_address_is_refused() {
    for host in [
        "127.0.0.1",
        "127.0.0.2",
        "[::1]",
        "2130706433",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "user@10.0.0.1",
    ] {
        for status in [
            "301 Moved",
            "302 Found",
            "303 See Other",
            "307 Temporary",
            "308 Permanent",
        ] {
            let location = format!("Location: http://{host}/feed");
            let server = RawServer::start([say(status, &[&location], "")]).await;
            check_error(get(&server).await, "private_address", "add \"");
            assert_eq!(server.requests().len(), 1, "{host}");
        }
    }
}

#[tokio::test]
async fn what_the_list_names_is_open() {
    let server = RawServer::start([say("200 OK", &[], "hello")]).await;
    let port = server.address.port();
    let literal = Url::parse(&format!("http://127.0.0.1:{port}/")).expect("a URL");
    for (entry, url) in [
        ("localhost", server.url("/")),
        ("127.0.0.0/8", server.url("/")),
        ("127.0.0.1", literal),
    ] {
        let allow_private = AllowList::parse(&[entry.to_owned()]).expect("well written");
        let client = client_with(NetPolicy {
            allow_private,
            ..policy()
        });
        let response = client.send(Request::get(url)).await.expect(entry);
        assert_eq!(response.body, b"hello");
    }
}

#[tokio::test]
async fn redirects_are_followed_and_permanent_ones_reported() {
    let cases = [
        (["301 Moved", "308 Permanent"], true),
        (["301 Moved", "302 Found"], false),
        (["307 Temporary", "301 Moved"], false),
    ];
    for ([first, second], permanent) in cases {
        let server = RawServer::start([
            say(first, &["Location: /second?x=1#part"], "moved"),
            say(second, &["Location:  third "], "moved"),
            say("200 OK", &[], "here"),
        ])
        .await;
        let response = get(&server).await.expect("the way ends well");
        assert_eq!(response.body, b"here");
        assert_eq!(response.final_url, server.url("/third"));
        let moved = permanent.then(|| server.url("/third"));
        assert_eq!(response.moved_permanently_to, moved, "{first}, {second}");
    }
}

#[tokio::test]
async fn circles_and_endless_ways_end() {
    let server = RawServer::start([
        say("302 Found", &["Location: /a"], ""),
        say("302 Found", &["Location: /b"], ""),
        say("302 Found", &["Location: /a"], ""),
    ])
    .await;
    check_error(get(&server).await, "redirect_loop", "redirects in a circle");
    assert_eq!(server.requests().len(), 3);
    let endless = (0..50).map(|number| say("302 Found", &[&format!("Location: /{number}")], ""));
    let server = RawServer::start(endless).await;
    check_error(
        get(&server).await,
        "too_many_redirects",
        "more than 10 redirects",
    );
    assert_eq!(server.requests().len(), 11);
    let server = RawServer::start([say("302 Found", &["Location: http://[broken"], "")]).await;
    check_error(get(&server).await, "bad_redirect", "not an address");
    let response = get_from(say("302 Found", &[], "where?"))
        .await
        .expect("an answer");
    assert_eq!(response.status, 302);
}

#[tokio::test]
async fn secrets_stay_with_the_host_they_were_meant_for() {
    let other = RawServer::start([say("200 OK", &[], "here")]).await;
    let elsewhere = format!("Location: {}", other.url("/feed"));
    let server = RawServer::start([
        say("302 Found", &["Location: /same"], ""),
        say("302 Found", &[&elsewhere], ""),
    ])
    .await;
    let request = Request::get(server.url("/feed"))
        .header("Authorization", "Bearer geheim")
        .header("X-Api-Key", "geheim")
        .header("Accept", "text/xml");
    client().send(request).await.expect("the way ends well");
    let same = server.requests();
    assert_eq!(
        same.iter()
            .filter(|request| request.matches("geheim").count() == 2)
            .count(),
        2,
        "{same:?}"
    );
    let there = other.requests().join("");
    assert!(
        there.contains("text/xml") && !there.contains("geheim"),
        "{there}"
    );
}

#[tokio::test]
async fn a_post_is_not_carried_on_unless_asked_and_then_as_browsers_do() {
    let server = RawServer::start([say("302 Found", &["Location: /new"], "")]).await;
    let request = Request::post(server.url("/hook"), b"{}".to_vec());
    assert_eq!(client().send(request).await.expect("an answer").status, 302);
    for (status, expected) in [
        ("303 See Other", "GET /new"),
        ("307 Temporary", "POST /new"),
    ] {
        let server =
            RawServer::start([say(status, &["Location: /new"], ""), say("200 OK", &[], "")]).await;
        let mut request = Request::post(server.url("/hook"), b"{}".to_vec());
        request.follow_redirects = true;
        client().send(request).await.expect("an answer");
        let second = server.requests().pop().expect("two requests came");
        assert!(second.starts_with(expected), "{second}");
    }
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

#[tokio::test]
async fn behind_a_proxy_inside_addresses_stay_refused() {
    let proxy = RawServer::start([say("200 OK", &[], "from the proxy")]).await;
    let address = format!("http://user:geheim@localhost:{}", proxy.address.port());
    let proxies =
        Proxies::read(|name| (name == "http_proxy").then(|| address.clone())).expect("sound");
    let policy = NetPolicy {
        allow_private: AllowList::default(),
        ..policy()
    };
    let client = Client::with_proxies(policy, proxies).expect("sound");
    let send = async |text: &str| {
        client
            .send(Request::get(Url::parse(text).expect("a URL")))
            .await
    };
    // An address of the internet needs no name to be looked up here.
    let response = send("http://93.184.216.34/page")
        .await
        .expect("the proxy answers");
    assert_eq!(response.body, b"from the proxy");
    let asked = proxy.requests().join("");
    assert!(
        asked.starts_with("GET http://93.184.216.34/page"),
        "{asked}"
    );
    for text in [
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "http://localhost/",
        "http://metadata.google.internal/",
    ] {
        check_error(send(text).await, "private_address", "net.allow_private");
    }
    assert_eq!(proxy.requests().len(), 1);
    assert!(!format!("{client:?}").contains("geheim"));
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
