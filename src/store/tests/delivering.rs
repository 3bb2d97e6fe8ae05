//! The outbox: claims, attempts, destinations that fail.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::sample::{assert_sound, at, opened, test_event};
use crate::{
    domain::{Attempt, Delivery, DeliveryId, DeliveryState},
    store::{AttemptOutcome, DeliveryFilter, Disabled, Store, StoreError},
};

fn store_events(store: &Store, names: &[&str], at: DateTime<Utc>, destinations: &[&str]) {
    for name in names {
        let (event, deliveries) = test_event(name, at, destinations);
        store.store_event(&event, &deliveries).expect("stored");
    }
}

fn claim(store: &Store, secs: i64, per_destination: usize, total: usize) -> Vec<Delivery> {
    store
        .claim_due(at(secs), per_destination, total)
        .expect("claimed")
        .into_iter()
        .map(|(delivery, event)| {
            assert_eq!(delivery.event, event.id);
            assert_eq!(delivery.state, DeliveryState::Sending);
            assert_eq!(delivery.next_at, None);
            delivery
        })
        .collect()
}

fn attempt(secs: i64) -> Attempt {
    Attempt {
        posted: None,
        at: at(secs),
        duration_ms: 12,
        status: Some(503),
        error: None,
        answer: String::new(),
    }
}

fn record(store: &Store, id: &DeliveryId, secs: i64, outcome: &AttemptOutcome) -> Delivery {
    store
        .record_attempt(id, attempt(secs), outcome)
        .expect("recorded")
}

#[test]
fn a_delivery_goes_from_due_to_delivered() {
    let store = opened();
    store_events(&store, &["one"], at(0), &["chat"]);
    assert_eq!(store.next_due_at().expect("readable"), Some(at(0)));
    assert_eq!(claim(&store, -1, 5, 5), []);
    let claimed = claim(&store, 0, 5, 5);
    assert_eq!(claimed.len(), 1);
    assert_eq!(claim(&store, 0, 5, 5), []);
    assert_eq!(store.next_due_at().expect("readable"), None);
    assert_eq!(store.n_undelivered(), 1);

    let id = &claimed[0].id;
    let retrying = record(&store, id, 1, &AttemptOutcome::RetryAt(at(60)));
    assert_eq!(retrying.state, DeliveryState::Retrying);
    assert_eq!(store.next_due_at().expect("readable"), Some(at(60)));
    assert_eq!(claim(&store, 59, 5, 5), []);
    assert_eq!(claim(&store, 60, 5, 5).len(), 1);
    let delivered = record(&store, id, 61, &AttemptOutcome::Delivered);
    assert_eq!(delivered.state, DeliveryState::Delivered);
    assert_eq!(delivered.attempts, [attempt(1), attempt(61)]);
    assert_eq!(store.delivery(id).expect("readable"), Some(delivered));
    assert_eq!(store.n_undelivered(), 0);

    // A late report of another sender must not bring it back.
    let late = record(&store, id, 62, &AttemptOutcome::RetryAt(at(90)));
    assert_eq!(late.state, DeliveryState::Delivered);
    assert_eq!(store.next_due_at().expect("readable"), None);
    assert_sound(&store);
}

#[test]
fn what_is_given_up_or_skipped_is_not_tried_again() {
    let store = opened();
    store_events(&store, &["one"], at(0), &["chat", "gone"]);
    let claimed = claim(&store, 0, 5, 5);
    assert_eq!(claimed.len(), 2);
    let failed = AttemptOutcome::Failed("answered 410".into());
    let failed = record(&store, &claimed[0].id, 1, &failed);
    assert_eq!(failed.state, DeliveryState::Failed);
    assert_eq!(failed.reason.as_deref(), Some("answered 410"));
    let skipped = store
        .record_attempt(
            &claimed[1].id,
            None,
            &AttemptOutcome::Skipped("not configured any more".into()),
        )
        .expect("recorded");
    assert_eq!(skipped.state, DeliveryState::Skipped);
    assert_eq!(skipped.attempts, []);
    assert_eq!(claim(&store, 1_000_000, 5, 5), []);
    let health = store.destination_health("gone").expect("readable");
    assert_eq!(health, Default::default());

    let unknown = DeliveryId::new("unknown");
    let error = store.record_attempt(&unknown, None, &AttemptOutcome::Delivered);
    assert!(matches!(error, Err(StoreError::NoDelivery { .. })));
    assert_sound(&store);
}

#[test]
fn what_was_put_off_without_an_attempt_is_due_and_says_nothing_of_health() {
    let store = opened();
    store_events(&store, &["one"], at(0), &["chat"]);
    let id = claim(&store, 0, 1, 1).remove(0).id;
    let put_off = store
        .record_attempt(&id, None, &AttemptOutcome::RetryAt(at(30)))
        .expect("recorded");
    assert_eq!(put_off.state, DeliveryState::Due);
    assert_eq!(store.next_due_at().expect("readable"), Some(at(30)));
    let health = store.destination_health("chat").expect("readable");
    assert_eq!(health, Default::default());
    assert_sound(&store);
}

#[test]
fn a_dead_destination_does_not_hold_up_another() {
    let store = opened();
    let names: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    store_events(&store, &names, at(0), &["a dead one"]);
    store_events(&store, &["late"], at(5), &["chat"]);

    let claimed = claim(&store, 10, 4, 6);
    let n_chat = claimed.iter().filter(|d| d.destination == "chat").count();
    assert_eq!((claimed.len(), n_chat), (5, 1));
    // Four are under way to the dead one: no more until one comes back.
    assert_eq!(claim(&store, 10, 4, 6), []);
    let dead = claimed
        .iter()
        .find(|delivery| delivery.destination == "a dead one")
        .expect("some were claimed");
    record(&store, &dead.id, 11, &AttemptOutcome::RetryAt(at(500)));
    assert_eq!(claim(&store, 11, 4, 6).len(), 1);
    assert_eq!(claim(&store, 11, 40, 3).len(), 3);
    assert_sound(&store);
}

#[test]
fn older_deliveries_go_first() {
    let store = opened();
    store_events(&store, &["b"], at(2), &["chat"]);
    store_events(&store, &["a"], at(1), &["chat"]);
    store_events(&store, &["c"], at(3), &["chat"]);
    let created: Vec<_> = claim(&store, 5, 2, 9)
        .into_iter()
        .map(|delivery| delivery.created_at)
        .collect();
    assert_eq!(created, [at(1), at(2)]);
}

#[test]
fn many_senders_at_once_never_get_the_same_delivery() {
    let store = opened();
    let names: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    store_events(&store, &names, at(0), &["chat", "mail"]);
    let claimed: Vec<Delivery> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let mut mine = Vec::new();
                    loop {
                        let claimed = claim(&store.store, 1, 1_000, 7);
                        if claimed.is_empty() {
                            return mine;
                        }
                        mine.extend(claimed);
                    }
                })
            })
            .collect();
        senders
            .into_iter()
            .flat_map(|sender| sender.join().expect("no sender panics"))
            .collect()
    });
    let ids: HashSet<_> = claimed.iter().map(|delivery| &delivery.id).collect();
    assert_eq!((claimed.len(), ids.len()), (200, 200));
    assert_sound(&store);
}

#[test]
fn what_was_half_sent_at_start_is_due_at_once() {
    let store = opened();
    store_events(&store, &["one", "two"], at(0), &["chat"]);
    let claimed = claim(&store, 0, 1, 1);
    record(&store, &claimed[0].id, 1, &AttemptOutcome::RetryAt(at(2)));
    assert_eq!(claim(&store, 2, 5, 5).len(), 2);
    assert_eq!(store.recover_sending(at(9)).expect("recovered"), 2);
    assert_eq!(store.recover_sending(at(9)).expect("recovered"), 0);
    assert_eq!(store.next_due_at().expect("readable"), Some(at(9)));
    let mut states: Vec<_> = store
        .deliveries_newest_first(&DeliveryFilter::default())
        .map(|delivery| delivery.expect("readable").state.as_str())
        .collect();
    states.sort_unstable();
    assert_eq!(states, ["due", "retrying"]);
    assert_eq!(claim(&store, 9, 5, 5).len(), 2);
    assert_sound(&store);
}

#[test]
fn a_disabled_destination_waits_until_it_is_enabled() {
    let store = opened();
    store_events(&store, &["one"], at(0), &["chat", "mail"]);
    let alert = test_event("chat is off", at(7), &["mail"]);
    let disable = || {
        store
            .disable_destination("chat", "gone", at(7), std::slice::from_ref(&alert))
            .expect("stored")
    };
    assert!(disable());
    assert!(!disable());
    let claimed = claim(&store, 10, 5, 5);
    assert!(
        claimed
            .iter()
            .all(|delivery| delivery.destination == "mail")
    );
    assert_eq!(claimed.len(), 2);
    assert_eq!(store.next_due_at().expect("readable"), None);
    let disabled = store.destination_health("chat").expect("readable").disabled;
    let reason = "gone".to_owned();
    assert_eq!(disabled, Some(Disabled { at: at(7), reason }));

    assert!(store.enable_destination("chat").expect("stored"));
    assert!(!store.enable_destination("chat").expect("stored"));
    assert_eq!(claim(&store, 10, 5, 5).len(), 1);
    assert_sound(&store);
}

#[test]
fn health_counts_failures_since_the_last_success() {
    let store = opened();
    store_events(&store, &["one"], at(0), &["chat"]);
    let id = claim(&store, 0, 1, 1).remove(0).id;
    let again = AttemptOutcome::RetryAt(at(1));
    record(&store, &id, 10, &again);
    record(&store, &id, 20, &again);
    let health = store.destination_health("chat").expect("readable");
    assert_eq!(health.first_failure_at, Some(at(10)));
    assert_eq!((health.n_failures, health.last_ok_at), (2, None));
    record(&store, &id, 30, &AttemptOutcome::Delivered);
    let health = store.destination_health("chat").expect("readable");
    assert_eq!((health.first_failure_at, health.n_failures), (None, 0));
    assert_eq!(health.last_ok_at, Some(at(30)));
    let all = store.all_destination_health().expect("readable");
    assert_eq!(all, [("chat".to_owned(), health)]);
}

#[test]
fn deliveries_come_newest_first_and_filtered() {
    let store = opened();
    store_events(&store, &["one"], at(0), &["chat", "mail"]);
    store_events(&store, &["two"], at(1), &["chat"]);
    let claimed = claim(&store, 1, 1, 1);
    record(&store, &claimed[0].id, 2, &AttemptOutcome::Delivered);
    let count = |state, destination: Option<&str>| {
        let filter = DeliveryFilter {
            state,
            destination: destination.map(str::to_owned),
        };
        store.deliveries_newest_first(&filter).count()
    };
    assert_eq!(count(None, None), 3);
    assert_eq!(count(None, Some("chat")), 2);
    assert_eq!(count(Some(DeliveryState::Due), Some("chat")), 1);
    assert_eq!(count(Some(DeliveryState::Delivered), None), 1);
    assert_eq!(count(Some(DeliveryState::Failed), None), 0);
    let newest = store
        .deliveries_newest_first(&DeliveryFilter::default())
        .next()
        .expect("there are some")
        .expect("readable");
    assert_eq!(newest.created_at, at(1));
}
