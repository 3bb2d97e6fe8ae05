//! A person calls negative what the model did not: the alert that was missing goes out.

use chrono::{DateTime, TimeDelta};
use serde_json::Value;

use crate::harness::{Place, Reply, SECRET, Site, configuration, feed, wait_for};

#[test]
fn a_person_who_calls_it_negative_sends_the_alert_that_was_missing_once() {
    let site = Site::new(|_| {
        let body = feed(&[("1", "Acme opens at nine"), ("2", "Acme closes at six")]);
        Reply::ok("application/rss+xml", body)
    });
    let receiver = Site::new(|_| Reply::status(204));
    let place = Place::new();
    let configured = configuration(&[("blog", site.url("/feed"))], Some(&receiver.url("/hook")));
    // Opening hours in an article weigh little, however negative: this team wants all of it.
    let configured = configured.replace("\"1s\"", "\"1h\"");
    place.write(
        "hearken.toml",
        &format!("{configured}\n[triage]\nflag_threshold = 0.1\n"),
    );
    place.run(&["fetch", "blog"]).ok();
    let id_of = |text: &str| {
        let found = place.json(&["mentions", text, "--json"]);
        assert_eq!(found[0]["flag"], Value::Null, "{}", found[0]);
        found[0]["id"].as_str().expect("an id").to_owned()
    };
    let (first, second) = (id_of("opens"), id_of("closes"));
    let daemon = place.start_daemon();

    for label in ["negative", "negative", "positive", "negative"] {
        place.run(&["correct", &first, label, "--by", "ana"]).ok();
    }
    let hook = wait_for("the alert", || receiver.asked().into_iter().next());
    let header = |name: &str| hook.header(name).expect("a signed request").to_owned();
    let at: i64 = header("webhook-timestamp").parse().expect("seconds");
    let signer = standardwebhooks::Webhook::new(SECRET).expect("the secret is valid");
    assert_eq!(
        header("webhook-signature"),
        signer
            .sign(&header("webhook-id"), at, &hook.body)
            .expect("the body can be signed")
    );
    let body: Value = serde_json::from_slice(&hook.body).expect("JSON");
    assert_eq!(body["type"], "mention.flagged");
    let mention = &body["data"]["mention"];
    assert_eq!(mention["id"], first.as_str());
    assert_eq!(mention["case"]["state"], "open");
    assert_eq!(
        mention["flag"]["reasons"][0],
        "ana said that it is negative"
    );
    let time = |value: &Value| {
        let text = value.as_str().expect("a time");
        DateTime::parse_from_rfc3339(text).expect("RFC 3339")
    };
    assert_eq!(
        time(&mention["flag"]["reply_by"]) - time(&mention["published_at"]),
        TimeDelta::hours(24),
        "the clock runs from the post"
    );

    // The next alert is that of the other mention: nothing stood between them.
    let said = place.run(&["correct", &second, "negative"]).ok();
    assert!(said.stdout.contains("is flagged now"), "{}", said.stdout);
    let hooks = wait_for("the second alert", || {
        let asked = receiver.asked();
        (asked.len() >= 2).then_some(asked)
    });
    let body: Value = serde_json::from_slice(&hooks[1].body).expect("JSON");
    assert_eq!(body["data"]["mention"]["id"], second.as_str());
    drop(daemon);

    // Without a daemon the command opens the store itself.
    let cases = place.json(&["cases", "list", "--json"]);
    assert_eq!(cases.len(), 2, "{cases:?}");
}
