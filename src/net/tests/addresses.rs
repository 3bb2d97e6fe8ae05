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
