//! The measuring commands in small: what they measure has to have happened.

use crate::harness::Place;

#[test]
fn bench_fetch_polls_every_feed_and_only_changed_ones_send_a_body() {
    let place = Place::new();
    let said = place.json(&[
        "bench",
        "fetch",
        "--feeds",
        "60",
        "--entries",
        "5",
        "--changed",
        "10",
        "--no-idle",
        "--json",
    ]);
    let figures = &said[0]["hearken"];
    assert_eq!(figures["n_requests"], 60, "{figures}");
    assert_eq!(figures["n_ok"], 10, "{figures}");
    assert_eq!(figures["n_unchanged"], 50, "{figures}");
    assert_eq!(figures["n_failed"], 0, "{figures}");
    assert_eq!(figures["n_items"], 50, "{figures}");
    assert!(
        figures["wall_s"].as_f64().is_some_and(|secs| secs > 0.0),
        "{figures}"
    );
    assert!(
        said[0]["python"].is_null(),
        "no peer is installed in an empty folder"
    );
}
