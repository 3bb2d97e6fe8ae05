//! SIGKILL at bad moments: nothing is lost, and no old mention gets a new event id.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use crate::harness::{ANGRY, Asked, Place, Reply, Site, configuration, feed, wait_for};

/// Mention → the event ids under which it was told.
fn told(asked: &[Asked]) -> BTreeMap<String, BTreeSet<String>> {
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for request in asked {
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        if body["type"] == "mention.flagged" {
            let native = body["data"]["mention"]["native_id"]
                .as_str()
                .expect("an id");
            let event = request.header("webhook-id").expect("signed").to_owned();
            told.entry(native.to_owned()).or_default().insert(event);
        }
    }
    told
}

fn entries(n: usize) -> Vec<(String, String)> {
    (0..n)
        .map(|number| {
            (
                format!("n{number}"),
                format!("{ANGRY} My order was number {number}."),
            )
        })
        .collect()
}

fn feed_of(entries: &[(String, String)]) -> String {
    let entries: Vec<(&str, &str)> = entries
        .iter()
        .map(|(id, text)| (&id[..], &text[..]))
        .collect();
    feed(&entries)
}

#[test]
fn killed_in_the_middle_of_polls() {
    const N: usize = 40;
    let all = entries(N);
    let shown = all.clone();
    let site = Site::new(move |_| Reply::ok("application/rss+xml", feed_of(&shown)));
    let receiver = Site::new(|_| Reply::status(200));
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], Some(&receiver.url("/hook"))),
    );
    // Killed at different moments after the answer was asked for: while parsing, while
    // judging, while storing, while sending.
    for round in 1..=4_u64 {
        let daemon = place.start_daemon();
        let n_before = site.asked().len();
        wait_for("a poll", || (site.asked().len() > n_before).then_some(()));
        std::thread::sleep(std::time::Duration::from_millis(150 * (round - 1)));
        daemon.kill();
    }
    let daemon = place.start_daemon();
    wait_for("every mention to be told", || {
        (told(&receiver.asked()).len() == N).then_some(())
    });
    daemon.stop("TERM");
    for (mention, events) in told(&receiver.asked()) {
        assert_eq!(events.len(), 1, "{mention} was told under {events:?}");
    }
    let mentions = place.json(&["mentions", "--limit", "1000", "--json"]);
    let kept: BTreeSet<&str> = mentions
        .iter()
        .filter_map(|mention| mention["native_id"].as_str())
        .collect();
    assert_eq!(kept.len(), N);
    assert_eq!(mentions.len(), N, "each is kept once");
}

#[test]
fn killed_in_the_middle_of_a_delivery() {
    let answering = Arc::new(AtomicBool::new(false));
    let n_hung = Arc::new(AtomicUsize::new(0));
    let (now_answering, counted) = (Arc::clone(&answering), Arc::clone(&n_hung));
    let receiver = Site::new(move |_| {
        if now_answering.load(Ordering::SeqCst) {
            return Reply::status(200);
        }
        counted.fetch_add(1, Ordering::SeqCst);
        Reply::Hang
    });
    let site = Site::new(|_| Reply::ok("application/rss+xml", feed(&[("1", ANGRY)])));
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], Some(&receiver.url("/hook"))),
    );
    let daemon = place.start_daemon();
    wait_for("a delivery that hangs", || {
        (n_hung.load(Ordering::SeqCst) > 0).then_some(())
    });
    daemon.kill();
    let half_sent = receiver.asked()[0].clone();

    answering.store(true, Ordering::SeqCst);
    let daemon = place.start_daemon();
    let again = wait_for("the delivery to be sent again", || {
        receiver.asked().get(1).cloned()
    });
    assert_eq!(again.header("webhook-id"), half_sent.header("webhook-id"));
    assert_eq!(
        again.body, half_sent.body,
        "the body is fixed when the event is stored"
    );
    wait_for("the delivery to be recorded", || {
        place
            .json(&["deliveries", "list", "--state", "delivered", "--json"])
            .into_iter()
            .next()
    });
    daemon.stop("TERM");
}
