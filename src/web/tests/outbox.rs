//! Claiming and snoozing a case; sending deliveries again; webhooks that are off.

use serde_json::json;

use super::*;
use crate::domain::{DeliveryState, Measured, Spike, Unusual};
use crate::store::DeliveryFilter;

fn delivery(house: &House) -> crate::domain::Delivery {
    house
        .state
        .store
        .deliveries_newest_first(&DeliveryFilter::default())
        .last()
        .expect("there is one")
        .expect("readable")
}

#[tokio::test]
async fn a_case_is_claimed_acknowledged_and_snoozed() {
    let house = House::new();
    house.store(&sample::mention("m1"));
    let mut alerts = house.state.alerts.subscribe();
    let body = json!({ "by": "ana" }).to_string();
    let claimed = house.post("/api/v1/cases/m1/claim", &body).await.json();
    let case = &claimed["mention"]["case"];
    assert_eq!(
        (&case["state"], &case["assignee"]),
        (&json!("claimed"), &json!("ana"))
    );
    let event = alerts.try_recv().expect("the others hear of it");
    assert_eq!(event.event_type, EventType::CaseClaimed);
    assert_eq!(event.story.as_deref(), Some("story-m1"));

    let acked = house.post("/api/v1/cases/m1/ack", "").await.json();
    assert_eq!(
        (&acked["changed"], &acked["events"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(acked["mention"]["case"]["state"], "claimed");
    let body = json!({ "for": "2h" }).to_string();
    let snoozed = house.post("/api/v1/cases/m1/snooze", &body).await.json();
    let until = snoozed["mention"]["case"]["snoozed_until"].as_str();
    let two_hours = sample::now() + chrono::TimeDelta::hours(2);
    assert_eq!(until.and_then(|at| at.parse().ok()), Some(two_hours));
    assert!(alerts.try_recv().is_err(), "that is nobody else's business");

    for body in [
        "",
        r#"{"for":"soon"}"#,
        r#"{"until":"2020-01-01T00:00:00Z"}"#,
    ] {
        let refused = house.post("/api/v1/cases/m1/snooze", body).await;
        assert_eq!(refused.status, 400, "{body}");
    }
}

#[tokio::test]
async fn what_was_given_up_is_sent_again_from_the_api() {
    let mut house = House::new();
    house.store(&sample::mention("m1"));
    let store = house.state.store.clone();
    let id = delivery(&house).id;
    store.claim_due(sample::now(), 1, 1).expect("claimed");
    let failed = crate::store::AttemptOutcome::Failed("given up".into());
    store.record_attempt(&id, None, &failed).expect("recorded");
    store
        .disable_destination("chat", "gone for good", sample::now(), &[])
        .expect("stored");

    let webhooks = house.get("/api/v1/webhooks").await.json();
    let health = &webhooks["webhooks"][0]["health"];
    assert_eq!(health["disabled"]["reason"], "gone for good");
    let page = house.get("/deliveries").await.text;
    assert!(
        page.contains("gone for good") && page.contains("Switch on"),
        "{page}"
    );

    let path = format!("/api/v1/deliveries/{}/retry", &id.as_str()[..10]);
    let retried = house.post(&path, "").await.json();
    assert_eq!(retried["delivery"]["state"], "due");
    assert!(matches!(house.inbox.try_recv(), Ok(Command::Wake)));
    let enabled = house.post("/api/v1/webhooks/chat/enable", "").await.json();
    assert_eq!(enabled["was_off"], true);
    store.record_attempt(&id, None, &failed).expect("recorded");
    let body = json!({ "since": "3d" }).to_string();
    let replayed = house
        .post("/api/v1/webhooks/chat/replay", &body)
        .await
        .json();
    assert_eq!(replayed["n_deliveries"], 1);
    assert_eq!(delivery(&house).state, DeliveryState::Due);

    let unknown = house.post("/api/v1/webhooks/chta/replay", &body).await;
    assert_eq!(unknown.status, 404);
    let wrong = house
        .post("/api/v1/webhooks/chat/replay", r#"{"since":"soon"}"#)
        .await;
    assert_eq!(wrong.status, 400);
    let page = house.get(&format!("/deliveries/{id}")).await.text;
    assert!(page.contains("What is told"), "{page}");
}

#[tokio::test]
async fn spikes_stand_on_the_page_and_in_the_feed() {
    let house = House::new();
    let spike = Spike {
        started_at: sample::now(),
        ended_at: None,
        last_hour: sample::now(),
        peak: Measured {
            what: Unusual::Volume,
            level: 3,
            sigma: 4.2,
            n_mentions: 61,
            n_negative: 20,
            usual_mentions: 14.0,
            usual_negative_share: 0.2,
        },
    };
    let brand = BrandName::new("Acme");
    let mut event = Event::new(
        EventId::of("spike.started", &["Acme", "now"]),
        EventType::SpikeStarted,
        sample::now(),
        json!({ "spike": spike }),
    );
    event.brands = vec![brand.clone()];
    house
        .state
        .store
        .save_spike(&brand, &spike, &[(event, Vec::new())])
        .expect("stored");
    let words = "61 mentions in an hour, 14 are usual (4.2 σ)";
    assert!(house.get("/").await.text.contains(words));
    let token = crate::web::read_token(&house.state.store).expect("stored");
    let atom = house.get(&format!("/feed.atom?token={token}")).await.text;
    assert!(
        atom.contains("Acme: a spike has begun") && atom.contains(words),
        "{atom}"
    );
    let json = house.get(&format!("/feed.json?token={token}")).await.json();
    assert_eq!(json["items"][0]["content_text"], words);
}
