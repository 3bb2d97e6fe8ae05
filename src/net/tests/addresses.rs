//! Addresses inside our network are refused, however they are written or reached.

use super::{check_error, get};
use crate::net::proxy::Proxies;
use crate::net::testing::{RawServer, client, client_with, policy, say};
use crate::net::{AllowList, Client, NetPolicy, Request};
use url::Url;

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
    let client = client();
    let check = async |status: &str, host: &str| {
        let location = format!("Location: http://{host}/feed");
        let server = RawServer::start([say(status, &[&location], "")]).await;
        let result = client.send(Request::get(server.url("/feed"))).await;
        check_error(result, "private_address", "net.allow_private");
        assert_eq!(server.requests().len(), 1, "{status} {host}");
    };
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        check(status, "127.0.0.1").await;
    }
    for host in [
        "127.0.0.2",
        "[::1]",
        "2130706433",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "user@10.0.0.1",
    ] {
        check("302 Found", host).await;
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

#[tokio::test]
async fn a_proxy_that_is_not_there_is_blamed_and_not_the_site() {
    let proxies = Proxies::read(|name| (name == "http_proxy").then(|| "localhost:1".to_owned()))
        .expect("sound");
    let client = Client::with_proxies(policy(), proxies).expect("sound");
    let url = Url::parse("http://93.184.216.34/page").expect("a URL");
    check_error(
        client.send(Request::get(url)).await,
        "proxy",
        "the proxy set in http_proxy",
    );
}
