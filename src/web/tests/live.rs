//! The stream of the live page, and that nothing of it holds up a stop.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::{House, bearer};
use crate::web::sample;

const SOON: Duration = Duration::from_secs(10);

async fn open(house: &House) -> Response {
    let request = Request::get("/events/stream").header("authorization", bearer());
    house
        .send(request.body(Body::empty()).expect("a valid request"))
        .await
}

/// Reads until the text holds `wanted`.
async fn read_until(stream: &mut Response, wanted: &str) -> String {
    let mut text = String::new();
    while !text.contains(wanted) {
        let frame = timeout(SOON, stream.body_mut().frame())
            .await
            .expect("in time");
        let frame = frame.expect("the stream goes on").expect("a whole frame");
        text.push_str(&String::from_utf8_lossy(frame.data_ref().expect("data")));
    }
    text
}

#[tokio::test]
async fn a_new_alert_comes_as_a_card() {
    let house = House::new();
    let mut stream = open(&house).await;
    read_until(&mut stream, "event: counts").await;
    let event = house.store(&sample::mention("m1"));
    house
        .state
        .alerts
        .send(Arc::new(event.clone()))
        .expect("the page listens");
    let text = read_until(&mut stream, "event: counts").await;
    assert!(
        text.contains("event: mention") && text.contains(&format!("id: {}", event.id)),
        "{text}"
    );
    assert!(text.contains("data-mention=\\\"m1\\\""), "{text}");
    assert!(text.contains("\"waiting\":1"), "{text}");

    house.post("/api/v1/cases/m1/dismiss", "").await;
    let text = read_until(&mut stream, "event: counts").await;
    assert!(text.contains("event: closed"), "{text}");
}

#[tokio::test]
async fn a_page_that_connects_is_told_the_whole_list() {
    let house = House::new();
    house.store(&sample::mention("m1"));
    house.store(&sample::mention("m2"));
    house.post("/api/v1/cases/m1/dismiss", "").await;
    let mut stream = open(&house).await;
    let text = read_until(&mut stream, "event: counts").await;
    assert!(
        text.contains("event: list\ndata: {\"ids\":[\"m2\"]}"),
        "{text}"
    );
}

#[tokio::test]
async fn a_stop_ends_streams_and_the_server() {
    let house = House::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("an address");
    let stop = house.state.stop.clone();
    let server = tokio::spawn(crate::web::serve(
        listener,
        house.router.clone(),
        stop.clone(),
    ));
    let mut connection = tokio::net::TcpStream::connect(address)
        .await
        .expect("a connection");
    let request = format!(
        "GET /events/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
        bearer()
    );
    connection
        .write_all(request.as_bytes())
        .await
        .expect("it is sent");
    let mut start = [0; 15];
    connection.read_exact(&mut start).await.expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    stop.cancel();
    timeout(SOON, server)
        .await
        .expect("in time")
        .expect("it ends well");
}
