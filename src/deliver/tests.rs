//! Delivery against real receivers on loopback, with a clock that the tests set.

mod looping;
mod noise;
mod tools;

use std::path::Path;
use std::sync::Mutex;

use chrono::TimeDelta;
use serde_json::json;
use standardwebhooks::Webhook;
use wiremock::matchers::{body_string_contains, method};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::*;
use crate::domain::{
    Delivery, DeliveryId, DeliveryState, DestinationKind, EventId, EventType, Secret,
};
use crate::net::{AllowList, NetPolicy};

/// A clock that stands still until it is moved.
#[derive(Clone)]
struct Clock(Arc<Mutex<DateTime<Utc>>>);

impl Clock {
    /// Starts at the real time: the reference library refuses old signatures.
    fn start() -> Self {
        Self(Arc::new(Mutex::new(Utc::now())))
    }

    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("no test panics while holding it")
    }

    fn forward(&self, by: TimeDelta) {
        *self.0.lock().expect("no test panics while holding it") += by;
    }

    fn as_now(&self) -> Now {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

/// A store in a folder of its own, a client and a clock.
struct Bench {
    folder: tempfile::TempDir,
    store: Store,
    client: Client,
    clock: Clock,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = Clock::start();
        Self {
            store: open(folder.path(), &clock),
            folder,
            client: client(&["127.0.0.1"]),
            clock,
        }
    }

    fn sender(&self, destinations: &[Destination]) -> Sender {
        let mut sender = Sender::new(self.store.clone(), self.client.clone(), self.clock.as_now());
        sender.set_destinations(destinations.to_vec());
        sender
    }

    /// One pass with a sender that remembers nothing.
    async fn pass(&self, destinations: &[Destination]) -> Pass {
        let sent = self.sender(destinations).send_due().await;
        sent.expect("the store works")
    }

    /// Stores an event that is due to these destinations; all of them are one story.
    fn put(&self, id: &str, destinations: &[&str]) -> Event {
        self.put_in("the story", id, destinations)
    }

    fn put_in(&self, story: &str, id: &str, destinations: &[&str]) -> Event {
        let at = self.clock.now();
        self.clock.forward(TimeDelta::milliseconds(1));
        let event = Event::new(
            EventId::new(id),
            EventType::MentionFlagged,
            at,
            json!({"mention": {"text": format!("çok kötü {id}")}}),
        )
        .in_story(story);
        let deliveries: Vec<Delivery> = destinations
            .iter()
            .map(|name| Delivery::due(&event, name))
            .collect();
        let stored = self.store.store_event(&event, &deliveries);
        assert!(stored.expect("the store works"), "{id} is new");
        event
    }

    fn delivery(&self, event: &str, destination: &str) -> Delivery {
        let id = DeliveryId::of(&EventId::new(event), destination);
        self.store
            .delivery(&id)
            .expect("the store works")
            .expect("it was stored")
    }
}

fn open(folder: &Path, clock: &Clock) -> Store {
    Store::open(folder, clock.now()).expect("a store can be opened here")
}

fn client(allowed: &[&str]) -> Client {
    let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
    Client::new(NetPolicy {
        allow_private: AllowList::parse(&allowed).expect("addresses"),
        ..NetPolicy::default()
    })
    .expect("a client")
}

fn destination(name: &str, url: &str) -> Destination {
    Destination {
        name: name.to_owned(),
        kind: DestinationKind::Generic,
        page: None,
        url: Secret::new(url),
        secrets: vec![Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        events: Vec::new(),
        brands: Vec::new(),
        min_score: 0.6,
        noise: Default::default(),
    }
}

/// A receiver that answers with these, one after the other, and then with 200.
async fn receiver(answers: &[ResponseTemplate]) -> MockServer {
    let server = MockServer::start().await;
    for answer in answers {
        Mock::given(method("POST"))
            .respond_with(answer.clone())
            .up_to_n_times(1)
            .mount(&server)
            .await;
    }
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_string("thanks"))
        .mount(&server)
        .await;
    server
}

async fn received(server: &MockServer) -> Vec<Request> {
    let requests = server.received_requests().await;
    requests.expect("recording is on")
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    let value = request.headers.get(name).expect("the header was sent");
    value.to_str().expect("ASCII")
}

/// The ids a receiver got, in order.
async fn ids(server: &MockServer) -> Vec<String> {
    received(server)
        .await
        .iter()
        .map(|request| header(request, "webhook-id").to_owned())
        .collect()
}

#[tokio::test]
async fn an_event_arrives_with_signatures_that_the_reference_library_accepts() {
    let bench = Bench::new();
    let server = receiver(&[]).await;
    let mut chat = destination("chat", &server.uri());
    chat.secrets.push(Secret::new("the older secret"));
    let event = bench.put("evt_1", &["chat"]);

    let pass = bench.pass(&[chat]).await;

    assert_eq!((pass.n_delivered, pass.n_failed), (1, 0));
    let request = &received(&server).await[0];
    assert_eq!(request.body, event.body.as_bytes());
    assert_eq!(header(request, "content-type"), "application/json");
    assert_eq!(header(request, "webhook-id"), "evt_1");
    for key in [
        Webhook::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        Webhook::from_bytes(b"the older secret".to_vec()),
    ] {
        let verified = key.expect("a key").verify(&request.body, &request.headers);
        assert!(verified.is_ok(), "{verified:?}");
    }
    let wrong = Webhook::from_bytes(b"another secret".to_vec()).expect("a key");
    assert!(wrong.verify(&request.body, &request.headers).is_err());
    let delivery = bench.delivery("evt_1", "chat");
    assert_eq!(delivery.state, DeliveryState::Delivered);
    assert_eq!(delivery.attempts[0].status, Some(200));
    assert_eq!(delivery.attempts[0].answer, "thanks");
    assert_eq!(delivery.attempts[0].error, None);
}

#[tokio::test]
async fn a_failed_attempt_is_repeated_with_the_same_id_and_body() {
    let bench = Bench::new();
    let server = receiver(&[ResponseTemplate::new(500).set_body_string("x".repeat(5_000))]).await;
    let chat = [destination("chat", &server.uri())];
    bench.put("evt_1", &["chat"]);

    assert_eq!(bench.pass(&chat).await.n_failed, 1);
    let delivery = bench.delivery("evt_1", "chat");
    assert_eq!(delivery.state, DeliveryState::Retrying);
    assert_eq!(delivery.attempts[0].answer.len(), 1_024);
    assert_eq!(
        delivery.attempts[0].error.as_deref(),
        Some("the receiver failed (500)")
    );
    bench.clock.forward(TimeDelta::seconds(4));
    assert_eq!(bench.pass(&chat).await, Pass::default());
    bench.clock.forward(TimeDelta::seconds(3));
    assert_eq!(bench.pass(&chat).await.n_delivered, 1);

    let requests = received(&server).await;
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(ids(&server).await, ["evt_1", "evt_1"]);
    assert_ne!(
        header(&requests[0], "webhook-timestamp"),
        header(&requests[1], "webhook-timestamp")
    );
    assert_eq!(bench.delivery("evt_1", "chat").attempts.len(), 2);
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    let bench = Bench::new();
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "120");
    let server = receiver(&[busy]).await;
    bench.put("evt_1", &["chat"]);

    bench.pass(&[destination("chat", &server.uri())]).await;

    let next_at = bench.delivery("evt_1", "chat").next_at.expect("it waits");
    let wait = (next_at - bench.clock.now()).num_seconds();
    assert!((120..=144).contains(&wait), "{wait} s");
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_switched_off_and_the_others_are_told() {
    let bench = Bench::new();
    let gone = receiver(&[ResponseTemplate::new(410)]).await;
    let other = receiver(&[]).await;
    let both = [
        destination("chat", &gone.uri()),
        destination("other", &other.uri()),
    ];
    for id in ["evt_1", "evt_2", "evt_3"] {
        bench.put(id, &["chat"]);
    }

    let pass = bench.pass(&both).await;

    assert_eq!((pass.n_delivered, pass.n_failed), (1, 1));
    let told = &received(&other).await[0];
    let told: serde_json::Value = serde_json::from_slice(&told.body).expect("JSON");
    assert_eq!(told["type"], "destination.disabled");
    assert_eq!(told["data"]["destination"]["name"], "chat");
    bench.clock.forward(TimeDelta::days(1));
    bench.put("evt_4", &["chat"]);
    assert_eq!(bench.pass(&both).await, Pass::default());
    assert_eq!(ids(&gone).await, ["evt_1"]);

    // A test that arrives switches it on again, and what waited arrives in order.
    let test = Event::new(
        EventId::new("evt_test"),
        EventType::Test,
        bench.clock.now(),
        json!({}),
    );
    let sent = test_destination(
        &bench.store,
        &bench.client,
        &both[0],
        &test,
        &bench.clock.as_now(),
    )
    .await
    .expect("the store works");
    assert!(sent.is_delivered());
    assert_eq!(bench.pass(&both).await.n_delivered, 4);
    assert_eq!(
        ids(&gone).await,
        ["evt_1", "evt_test", "evt_1", "evt_2", "evt_3", "evt_4"]
    );
}

#[tokio::test]
async fn a_destination_that_fails_for_five_days_is_switched_off() {
    let bench = Bench::new();
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(500))
        .mount(&server)
        .await;
    let chat = [destination("chat", &server.uri())];
    bench.put("evt_1", &["chat"]);
    bench.pass(&chat).await;
    bench.clock.forward(TimeDelta::days(5));
    bench.pass(&chat).await;
    let health = bench.store.destination_health("chat");
    let disabled = health.expect("the store works").disabled;
    assert_eq!(
        disabled.expect("switched off").reason,
        "every attempt has failed for five days"
    );
}

#[tokio::test]
async fn what_comes_after_a_failure_waits_and_arrives_in_order() {
    let bench = Bench::new();
    let server = receiver(&[ResponseTemplate::new(503)]).await;
    let mut sender = bench.sender(&[destination("chat", &server.uri())]);
    let mut expected = vec!["evt_00".to_owned()];
    for n in 0..40 {
        let id = format!("evt_{n:02}");
        bench.put(&id, &["chat"]);
        expected.push(id);
    }

    let pass = sender.send_due().await.expect("the store works");
    assert_eq!((pass.n_delivered, pass.n_failed), (0, 1), "one is enough");
    bench.put("evt_40", &["chat"]);
    expected.push("evt_40".to_owned());
    let pass = sender.send_due().await.expect("the store works");
    assert_eq!(pass, Pass::default(), "the newest waits as well");
    bench.clock.forward(TimeDelta::seconds(7));
    let pass = sender.send_due().await.expect("the store works");
    assert_eq!((pass.n_delivered, pass.n_failed), (41, 0));
    assert_eq!(ids(&server).await, expected);
}

#[tokio::test]
async fn a_message_that_is_refused_does_not_hold_up_the_others() {
    let bench = Bench::new();
    let server = MockServer::start().await;
    Mock::given(body_string_contains("evt_1"))
        .respond_with(ResponseTemplate::new(422))
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    for (story, id) in [("a", "evt_1"), ("a", "evt_2"), ("b", "evt_3")] {
        bench.put_in(story, id, &["chat"]);
    }
    let pass = bench.pass(&[destination("chat", &server.uri())]).await;
    assert_eq!((pass.n_delivered, pass.n_failed), (1, 1));
    let mut sent = ids(&server).await;
    sent.sort_unstable();
    assert_eq!(sent, ["evt_1", "evt_3"], "only its own story waits");
}

#[tokio::test]
async fn after_eleven_attempts_it_is_given_up() {
    let bench = Bench::new();
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(400))
        .mount(&server)
        .await;
    let chat = [destination("chat", &server.uri())];
    bench.put("evt_1", &["chat"]);
    let began = bench.clock.now();
    while let Some(at) = bench.delivery("evt_1", "chat").next_at {
        let wait = at - bench.clock.now();
        bench.clock.forward(wait.max(TimeDelta::zero()));
        assert_eq!(bench.pass(&chat).await.n_failed, 1);
    }
    let delivery = bench.delivery("evt_1", "chat");
    assert_eq!(delivery.state, DeliveryState::Failed);
    assert_eq!(delivery.attempts.len(), 11);
    assert_eq!(
        delivery.reason.as_deref(),
        Some("given up after 11 attempts")
    );
    assert!(bench.clock.now() - began >= TimeDelta::hours(75));
}

#[tokio::test]
async fn a_webhook_that_was_removed_is_skipped_with_a_reason() {
    let bench = Bench::new();
    bench.put("evt_1", &["old"]);
    // It may be one that a reload has just brought: the event came before the news of it.
    assert_eq!(bench.pass(&[]).await, Pass::default());
    assert_eq!(bench.delivery("evt_1", "old").state, DeliveryState::Due);
    bench.clock.forward(TimeDelta::minutes(2));
    assert_eq!(bench.pass(&[]).await, Pass::default());
    let delivery = bench.delivery("evt_1", "old");
    assert_eq!(delivery.state, DeliveryState::Skipped);
    assert_eq!(
        delivery.reason.as_deref(),
        Some("the webhook `old` is no longer configured")
    );
    assert!(delivery.attempts.is_empty());
}

#[tokio::test]
async fn redirects_are_not_followed_and_private_addresses_refused() {
    let bench = Bench::new();
    let target = receiver(&[]).await;
    let moved = ResponseTemplate::new(307).insert_header("location", target.uri().as_str());
    let server = receiver(&[moved]).await;
    bench.put("evt_1", &["moved"]);
    bench.pass(&[destination("moved", &server.uri())]).await;
    assert_eq!(received(&target).await.len(), 0);
    let attempt = &bench.delivery("evt_1", "moved").attempts[0];
    assert_eq!(attempt.status, Some(307));

    let address = format!("{}/hook?token=hidden-token", target.uri());
    let hidden = destination("hidden", &address);
    let event = bench.put("evt_2", &[]);
    let sent = send_one(&client(&[]), &hidden, &event, &|| DateTime::UNIX_EPOCH).await;
    assert_eq!(received(&target).await.len(), 0);
    let why = sent.attempt.error.expect("it was refused");
    assert!(why.contains("net.allow_private"), "{why}");
    assert!(!why.contains("hidden-token"), "{why}");

    let broken = destination("broken", "no address, hidden-token");
    let sent = send_one(&client(&[]), &broken, &event, &|| DateTime::UNIX_EPOCH).await;
    assert_eq!(
        sent.attempt.error.as_deref(),
        Some("its address cannot be read")
    );
}
