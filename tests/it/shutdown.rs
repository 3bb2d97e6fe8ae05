//! Ctrl-C and SIGTERM end the program with 0 within ten seconds, whatever it is doing.

use crate::harness::{ANGRY, Place, Reply, Site, configuration, feed, wait_for};

#[track_caller]
fn check(place: &Place, signal: &str, until: impl Fn() -> bool) {
    let daemon = place.start_daemon();
    wait_for("the situation", || until().then_some(()));
    let (code, took) = daemon.stop(signal);
    assert_eq!(code, Some(0));
    assert!(took.as_secs() < 10, "took {took:?}");
    assert!(
        !place.path().join("hearken-data/daemon.json").exists(),
        "the way to the daemon goes with it"
    );
}

#[test]
fn while_idle() {
    let site = Site::new(|_| Reply::ok("application/rss+xml", feed(&[])));
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], None),
    );
    check(&place, "INT", || !site.asked().is_empty());
}

#[test]
fn while_a_site_does_not_answer() {
    let site = Site::new(|_| Reply::Hang);
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], None),
    );
    check(&place, "TERM", || !site.asked().is_empty());
}

#[test]
fn while_a_receiver_does_not_answer() {
    let site = Site::new(|_| Reply::ok("application/rss+xml", feed(&[("1", ANGRY)])));
    let receiver = Site::new(|_| Reply::Hang);
    let place = Place::new();
    place.write(
        "hearken.toml",
        &configuration(&[("blog", site.url("/feed"))], Some(&receiver.url("/hook"))),
    );
    check(&place, "TERM", || !receiver.asked().is_empty());
    // What was being sent is not forgotten.
    let left = place.json(&["deliveries", "list", "--json"]);
    assert_eq!(left.len(), 1);
    assert_ne!(left[0]["state"], "delivered");
}
