//! Three days without a receiver, digests and limits, with a clock that the tests set.

use super::*;
use crate::domain::{Digest, Noise, PutOff};

/// Moves the clock to the next time at which something is due, and sends it.
async fn go_on(bench: &Bench, sender: &mut Sender) -> Pass {
    let now = bench.clock.now();
    let next = bench.store.next_due_after(now).expect("the store works");
    if let Some(next) = next {
        bench.clock.forward(next - now);
    }
    sender.send_due().await.expect("the store works")
}

#[tokio::test]
async fn a_receiver_that_was_down_for_three_days_gets_everything_in_order() {
    const N: usize = 60;
    let bench = Bench::new();
    let began = bench.clock.now();
    let is_up = Arc::new(std::sync::atomic::AtomicBool::new(false));
    struct Gate(Arc<std::sync::atomic::AtomicBool>);
    impl wiremock::Respond for Gate {
        fn respond(&self, _: &Request) -> ResponseTemplate {
            let is_up = self.0.load(std::sync::atomic::Ordering::SeqCst);
            ResponseTemplate::new(if is_up { 200 } else { 503 })
        }
    }
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(Gate(Arc::clone(&is_up)))
        .mount(&server)
        .await;
    let mut sender = bench.sender(&[destination("chat", &server.uri())]);
    // Something happens every hour, to six customers in turn.
    let mut n_tried = 0;
    for hour in 0..72 {
        let from = began + TimeDelta::hours(hour);
        bench
            .clock
            .forward((from - bench.clock.now()).max(TimeDelta::zero()));
        if hour < N as i64 {
            let story = format!("story {}", hour % 6);
            bench.put_in(&story, &format!("evt_{hour:03}"), &["chat"]);
        }
        loop {
            let pass = sender.send_due().await.expect("the store works");
            assert_eq!(pass.n_delivered, 0);
            n_tried += pass.n_failed;
            let now = bench.clock.now();
            let next = bench.store.next_due_after(now).expect("the store works");
            match next.filter(|next| *next < from + TimeDelta::hours(1)) {
                Some(next) => bench.clock.forward(next - now),
                None => break,
            }
        }
    }
    assert!(
        (9..20).contains(&n_tried),
        "a dead receiver was tried {n_tried} times"
    );
    let n_before = received(&server).await.len();
    is_up.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut n_delivered = 0;
    for _ in 0..10 {
        n_delivered += go_on(&bench, &mut sender).await.n_delivered;
    }
    assert_eq!(n_delivered, N);
    let arrived = &ids(&server).await[n_before..];
    for story in 0..6 {
        let of_story: Vec<&String> = arrived
            .iter()
            .filter(|id| id[4..].parse::<usize>().expect("a number") % 6 == story)
            .collect();
        assert!(of_story.is_sorted(), "story {story}: {of_story:?}");
        assert_eq!(of_story.len(), N / 6);
    }
    let health = bench
        .store
        .destination_health("chat")
        .expect("the store works");
    assert_eq!(
        (health.n_failures, health.held, health.disabled),
        (0, None, None)
    );
    assert!(bench.store.verify().expect("the store works").is_ok());
}

#[tokio::test]
async fn a_digest_is_one_message_about_everything_since_the_last() {
    let bench = Bench::new();
    let server = receiver(&[]).await;
    let mut chat = destination("chat", &server.uri());
    chat.noise = Noise {
        digest: Some(Digest::Hourly),
        ..Noise::default()
    };
    let mut sender = bench.sender(std::slice::from_ref(&chat));
    for (n, score) in [(1, 0.7), (2, 0.7), (3, 0.95)] {
        let mut event = Event::new(
            EventId::new(format!("evt_{n}")),
            EventType::CaseOverdue,
            bench.clock.now(),
            json!({"n": n}),
        )
        .in_story(format!("story {n}"));
        event.score = Some(score);
        let (event, deliveries) = event.addressed([&chat]);
        bench
            .store
            .store_event(&event, &deliveries)
            .expect("the store works");
    }
    sender.send_due().await.expect("the store works");
    assert_eq!(
        ids(&server).await,
        ["evt_3"],
        "what is critical does not wait"
    );
    let waiting = bench.delivery("evt_1", "chat");
    assert_eq!(waiting.put_off, Some(PutOff::Digest));
    assert_eq!(
        waiting.reason.as_deref(),
        Some("waits for the digest (hourly)")
    );

    // A sender that was started anew knows as much: nothing is kept in memory.
    drop(sender);
    let mut sender = bench.sender(std::slice::from_ref(&chat));
    go_on(&bench, &mut sender).await;
    let requests = received(&server).await;
    assert_eq!(requests.len(), 2);
    let body: serde_json::Value = serde_json::from_slice(&requests[1].body).expect("JSON");
    assert_eq!(body["type"], "digest");
    let digest = &body["data"]["digest"];
    assert_eq!(
        (&digest["kind"], &digest["n_events"]),
        (&json!("digest"), &json!(2))
    );
    assert_eq!(digest["events"][0]["id"], "evt_1");
    assert_eq!(digest["events"][1]["data"]["n"], 2);
    assert_eq!(
        bench.delivery("evt_2", "chat").state,
        DeliveryState::Skipped
    );
}
