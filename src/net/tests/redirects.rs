//! Where redirects lead, and what goes along.

use super::{check_error, get, get_from};
use crate::net::Request;
use crate::net::testing::{RawServer, client, say};

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
