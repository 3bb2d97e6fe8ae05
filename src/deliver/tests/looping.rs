//! The loop: side by side, woken, stopped, and started again after a crash.

use std::collections::BTreeSet;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use wiremock::Respond;

use super::*;

/// Takes connections and never answers.
async fn silent_receiver() -> (String, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let (connected, connections) = mpsc::channel(16);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            open.push(connection);
            if connected.send(()).await.is_err() {
                return;
            }
        }
    });
    (format!("http://{address}/"), connections)
}

/// Answers 200 and says each time that it was asked.
struct Announce(mpsc::Sender<String>);

impl Respond for Announce {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let id = header(request, "webhook-id").to_owned();
        self.0.try_send(id).expect("the test listens");
        ResponseTemplate::new(200)
    }
}

async fn announcing_receiver(delay: Duration) -> (MockServer, mpsc::Receiver<String>) {
    struct Slowly(Announce, Duration);
    impl Respond for Slowly {
        fn respond(&self, request: &Request) -> ResponseTemplate {
            self.0.respond(request).set_delay(self.1)
        }
    }
    let (sender, receiver) = mpsc::channel(1_000);
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(Slowly(Announce(sender), delay))
        .mount(&server)
        .await;
    (server, receiver)
}

/// A running loop and what steers it.
struct Running {
    wake: Arc<Notify>,
    destinations: watch::Sender<Vec<Destination>>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

fn start(bench: &Bench, destinations: Vec<Destination>) -> Running {
    let (sender, receiver) = watch::channel(destinations);
    let wake = Arc::new(Notify::new());
    let stop = CancellationToken::new();
    let task = tokio::spawn(run(
        bench.store.clone(),
        bench.client.clone(),
        receiver,
        Arc::clone(&wake),
        bench.clock.as_now(),
        stop.clone(),
    ));
    Running {
        wake,
        destinations: sender,
        stop,
        task,
    }
}

#[tokio::test]
async fn a_receiver_that_hangs_does_not_delay_the_others() {
    let bench = Bench::new();
    let (silent, mut connections) = silent_receiver().await;
    let (healthy, mut arrived) = announcing_receiver(Duration::ZERO).await;
    for n in 0..50 {
        bench.put(&format!("evt_{n:02}"), &["silent", "healthy"]);
    }
    let running = start(
        &bench,
        vec![
            destination("silent", &silent),
            destination("healthy", &healthy.uri()),
        ],
    );
    connections.recv().await.expect("it was connected to");
    // Stories of their own, so they may overtake each other.
    let mut ids = BTreeSet::new();
    for _ in 0..50 {
        ids.insert(arrived.recv().await.expect("the receiver runs"));
    }
    let all: BTreeSet<String> = (0..50).map(|n| format!("evt_{n:02}")).collect();
    assert_eq!(ids, all);
    // The silent one is still being waited for.
    let first = bench.delivery("evt_00", "silent");
    assert_eq!(
        (first.state, first.attempts.len()),
        (DeliveryState::Sending, 0)
    );
    // Something new wakes the loop, and a new configuration is followed.
    bench.put("evt_new", &["healthy", "later"]);
    let (later, mut arrived_later) = announcing_receiver(Duration::ZERO).await;
    running
        .destinations
        .send(vec![
            destination("silent", &silent),
            destination("healthy", &healthy.uri()),
            destination("later", &later.uri()),
        ])
        .expect("the loop runs");
    running.wake.notify_one();
    assert_eq!(arrived.recv().await.as_deref(), Some("evt_new"));
    assert_eq!(arrived_later.recv().await.as_deref(), Some("evt_new"));
    running.task.abort();
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up_in_time() {
    let bench = Bench::new();
    let (silent, _connections) = silent_receiver().await;
    bench.put("evt_1", &["silent"]);
    let mut sender = bench.sender(&[]).with_timeout(Duration::from_millis(50));
    sender.set_destinations(vec![destination("silent", &silent)]);
    let pass = sender.send_due().await.expect("the store works");
    assert_eq!(pass.n_failed, 1);
    let attempt = &bench.delivery("evt_1", "silent").attempts[0];
    assert!(attempt.error.is_some() && attempt.status.is_none());
}

#[tokio::test]
async fn a_stop_finishes_what_is_being_sent_and_begins_nothing_new() {
    let bench = Bench::new();
    let (server, mut arrived) = announcing_receiver(Duration::from_millis(300)).await;
    for id in ["evt_1", "evt_2", "evt_3"] {
        bench.put(id, &["chat"]);
    }
    let running = start(&bench, vec![destination("chat", &server.uri())]);
    assert_eq!(arrived.recv().await.as_deref(), Some("evt_1"));
    running.stop.cancel();
    running.task.await.expect("the loop ends");
    assert_eq!(
        bench.delivery("evt_1", "chat").state,
        DeliveryState::Delivered
    );
    assert_eq!(ids(&server).await, ["evt_1"]);

    // The next start sends the rest, and the first one not again.
    let running = start(&bench, vec![destination("chat", &server.uri())]);
    assert_eq!(arrived.recv().await.as_deref(), Some("evt_2"));
    assert_eq!(arrived.recv().await.as_deref(), Some("evt_3"));
    running.stop.cancel();
    running.task.await.expect("the loop ends");
}

#[tokio::test]
async fn what_a_crash_left_half_sent_is_sent_again_with_the_same_id_and_body() {
    let bench = Bench::new();
    let (server, mut arrived) = announcing_receiver(Duration::ZERO).await;
    let event = bench.put("evt_1", &["chat"]);
    let claimed = bench
        .store
        .claim_due(bench.clock.now(), 10, 10)
        .expect("the store works");
    assert_eq!(claimed.len(), 1);
    bench.store.flush().expect("the store works");
    let Bench {
        folder,
        store,
        client,
        clock,
    } = bench;
    drop(store);

    let bench = Bench {
        store: open(folder.path(), &clock),
        folder,
        client,
        clock,
    };
    let running = start(&bench, vec![destination("chat", &server.uri())]);
    assert_eq!(arrived.recv().await.as_deref(), Some("evt_1"));
    running.stop.cancel();
    running.task.await.expect("the loop ends");
    assert_eq!(received(&server).await[0].body, event.body.as_bytes());
    assert_eq!(
        bench.delivery("evt_1", "chat").state,
        DeliveryState::Delivered
    );
    drop(bench.folder);
}
