//! Order within stories, holds, what is told together, what is sent again.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::sample::{assert_sound, at, negative, opened, record, test_event, with_deliveries};
use crate::{
    domain::{
        Alike, Attempt, BrandName, CaseAction, Delivery, DeliveryId, DeliveryState, Event, EventId,
        EventType, PutOff,
    },
    store::{AttemptOutcome, Holds, HourCount, Outgoing, Store, StoreError, Tried},
};

/// An event of a story, with a delivery to `chat`.
fn in_story(story: &str, name: &str, secs: i64) -> Outgoing {
    let id = EventId::of("test", &[name]);
    let event = Event::new(id, EventType::Test, at(secs), json!({ "name": name })).in_story(story);
    with_deliveries(event, &["chat"])
}

fn put(store: &Store, (event, deliveries): &Outgoing) -> DeliveryId {
    store.store_event(event, deliveries).expect("stored");
    deliveries[0].id.clone()
}

fn claim(store: &Store, secs: i64) -> Vec<DeliveryId> {
    let claimed = store.claim_due(at(secs), 100, 100).expect("claimed");
    claimed
        .into_iter()
        .map(|(delivery, _)| delivery.id)
        .collect()
}

fn tried(id: &DeliveryId, secs: i64, outcome: AttemptOutcome, holds: Holds) -> Tried {
    Tried {
        id: id.clone(),
        attempt: Some(Attempt {
            at: at(secs),
            duration_ms: 1,
            status: None,
            error: None,
            answer: String::new(),
        }),
        outcome,
        holds,
    }
}

fn fails(store: &Store, id: &DeliveryId, secs: i64, again: i64, holds: Holds) {
    let tried = tried(id, secs, AttemptOutcome::RetryAt(at(again)), holds);
    store.record_attempts(&[tried]).expect("recorded");
}

fn arrives(store: &Store, id: &DeliveryId, secs: i64) {
    let tried = tried(id, secs, AttemptOutcome::Delivered, Holds::Story);
    store.record_attempts(&[tried]).expect("recorded");
}

#[test]
fn of_a_story_the_oldest_goes_first_and_other_stories_go_beside_it() {
    let store = opened();
    let first = put(&store, &in_story("a", "first", 0));
    let second = put(&store, &in_story("a", "second", 1));
    let other = put(&store, &in_story("b", "other", 2));

    assert_eq!(claim(&store, 5), [first.clone(), other.clone()]);
    fails(&store, &first, 6, 600, Holds::Story);
    arrives(&store, &other, 6);
    // The second waits for the first, however long that takes.
    assert_eq!(claim(&store, 599), Vec::<DeliveryId>::new());
    assert_eq!(
        store.next_due_after(at(599)).expect("readable"),
        Some(at(600))
    );
    assert_eq!(claim(&store, 600), std::slice::from_ref(&first));
    let given_up = tried(
        &first,
        601,
        AttemptOutcome::Failed("no".into()),
        Holds::Story,
    );
    store.record_attempts(&[given_up]).expect("recorded");
    assert_eq!(claim(&store, 602), [second]);
    assert_sound(&store);
}

#[test]
fn a_destination_that_is_down_is_tried_with_one_delivery_at_a_time() {
    let store = opened();
    let ids: Vec<DeliveryId> = ["a", "b", "c"]
        .iter()
        .zip(0..)
        .map(|(name, secs)| put(&store, &in_story(name, name, secs)))
        .collect();
    assert_eq!(claim(&store, 5).len(), 3);
    // All three were under way; the first failure says it, the others nothing new.
    for id in &ids {
        fails(&store, id, 6, 11, Holds::Lane(at(11)));
    }
    assert_eq!(claim(&store, 10), Vec::<DeliveryId>::new());
    assert_eq!(
        store.next_due_after(at(10)).expect("readable"),
        Some(at(11))
    );
    assert_eq!(claim(&store, 11), [ids[0].clone()], "one finds out");
    assert_eq!(claim(&store, 11), Vec::<DeliveryId>::new());
    fails(&store, &ids[0], 12, 72, Holds::Lane(at(72)));
    assert_eq!(claim(&store, 71), Vec::<DeliveryId>::new());
    assert_eq!(claim(&store, 72), [ids[0].clone()]);
    arrives(&store, &ids[0], 73);
    assert_eq!(claim(&store, 73), ids[1..]);
    assert_sound(&store);
}

#[test]
fn single_failures_hold_nobody_until_they_repeat() {
    let store = opened();
    let held = |store: &Store| {
        let health = store.destination_health("chat").expect("readable");
        health.held.is_some()
    };
    for (name, expected) in [("a", false), ("b", false), ("c", true)] {
        let id = put(&store, &in_story(name, name, 0));
        assert!(claim(&store, 1).contains(&id));
        fails(&store, &id, 2, 9, Holds::LaneIfRepeated(at(9)));
        assert_eq!(held(&store), expected, "after {name}");
    }
    store.release_destination("chat").expect("stored");
    assert!(!held(&store));
}

/// A delivery that waits to be told together with others.
fn put_off(name: &str, secs: i64, until: i64) -> Outgoing {
    let (event, mut deliveries) = in_story(name, name, secs);
    deliveries[0].put_off = Some(PutOff::Digest);
    deliveries[0].next_at = Some(at(until));
    (event, deliveries)
}

fn digest_of(name: &str, secs: i64) -> Outgoing {
    let event = Event::new(
        EventId::of("digest", &[name]),
        EventType::Digest,
        at(secs),
        json!({}),
    );
    with_deliveries(event, &["chat"])
}

#[test]
fn what_is_told_together_is_one_delivery_in_the_end() {
    let store = opened();
    let first = put(&store, &put_off("one", 0, 100));
    put(&store, &put_off("two", 5, 100));
    assert_eq!(claim(&store, 99), Vec::<DeliveryId>::new());
    assert_eq!(store.due_bundles(at(99)).expect("readable"), []);
    assert_eq!(
        store.next_due_after(at(99)).expect("readable"),
        Some(at(100))
    );
    let bundles = store.due_bundles(at(100)).expect("readable");
    assert_eq!(bundles.len(), 1);
    assert_eq!(bundles[0].parts.len(), 2);
    let digest = digest_of("noon", 100);
    assert!(store.bundle(&bundles[0], &digest, at(100)).expect("stored"));
    assert!(!store.bundle(&bundles[0], &digest, at(100)).expect("stored"));
    assert_eq!(claim(&store, 100), [digest.1[0].id.clone()]);
    let part = store.delivery(&first).expect("readable").expect("stored");
    assert_eq!(part.state, DeliveryState::Skipped);
    assert_eq!(part.within, Some(digest.0.id.clone()));
    // What was told in a digest was not missed.
    arrives(&store, &digest.1[0].id, 101);
    let n_missed = store.replay("chat", at(0), at(200), |_| None);
    assert_eq!(n_missed.expect("stored"), 0);
    assert_sound(&store);
}

#[test]
fn what_follows_at_once_takes_along_what_was_put_off_before_it() {
    let store = opened();
    let mut waiting = put_off("early", 0, 1_000);
    waiting.1[0].story = Some("story".into());
    let early = put(&store, &waiting);
    let urgent = put(&store, &in_story("story", "urgent", 5));
    assert_eq!(claim(&store, 6), std::slice::from_ref(&early));
    arrives(&store, &early, 7);
    assert_eq!(claim(&store, 7), [urgent]);
    assert_sound(&store);
}

fn alike(name: &str, secs: i64) -> Outgoing {
    let (event, mut deliveries) = in_story(name, name, secs);
    deliveries[0].alike = Some(Alike {
        key: "mention.flagged Acme".into(),
        cooldown_secs: 600,
    });
    (event, deliveries)
}

#[test]
fn alerts_like_one_just_sent_are_held_back_until_the_cool_down_is_over() {
    let store = opened();
    let first = put(&store, &alike("one", 0));
    let later = put(&store, &alike("two", 60));
    put(&store, &alike("three", 599));
    assert_eq!(claim(&store, 599), std::slice::from_ref(&first));
    arrives(&store, &first, 599);
    let held = store.delivery(&later).expect("readable").expect("stored");
    assert_eq!(
        (held.put_off, held.next_at),
        (Some(PutOff::Burst), Some(at(600)))
    );
    let bundles = store.due_bundles(at(600)).expect("readable");
    assert_eq!(bundles[0].parts.len(), 2);
    let digest = digest_of("burst", 600);
    assert!(store.bundle(&bundles[0], &digest, at(600)).expect("stored"));
    // While it goes on, one message each cool-down is enough.
    put(&store, &alike("four", 900));
    assert_eq!(claim(&store, 1_000), [digest.1[0].id.clone()]);
    // Alone at the end, it is sent as it is.
    let bundles = store.due_bundles(at(1_200)).expect("readable");
    assert_eq!(bundles[0].parts.len(), 1);
    assert!(store.unbundle(&bundles[0], at(1_200)).expect("stored"));
    assert_eq!(claim(&store, 1_200).len(), 1);
    store.forget_bursts(at(5_000)).expect("stored");
    let fresh = put(&store, &alike("five", 5_001));
    assert_eq!(claim(&store, 5_001), [fresh]);
    assert_sound(&store);
}

fn states(store: &Store, ids: &[DeliveryId]) -> Vec<&'static str> {
    ids.iter()
        .map(|id| {
            let delivery = store.delivery(id).expect("readable").expect("stored");
            delivery.state.as_str()
        })
        .collect()
}

#[test]
fn a_replay_sends_what_was_missed_in_order_and_nothing_twice() {
    let store = opened();
    let ids: Vec<DeliveryId> = ["old", "given up", "arrived", "retrying", "skipped"]
        .iter()
        .zip(0..)
        .map(|(name, n)| put(&store, &in_story(name, name, n * 100)))
        .collect();
    assert_eq!(claim(&store, 1_000).len(), 5);
    let outcomes = [
        AttemptOutcome::Failed("no".into()),
        AttemptOutcome::Failed("no".into()),
        AttemptOutcome::Delivered,
        AttemptOutcome::RetryAt(at(90_000)),
        AttemptOutcome::Skipped("not configured".into()),
    ];
    for (id, outcome) in ids.iter().zip(outcomes) {
        let tried = tried(id, 1_001, outcome, Holds::Story);
        store.record_attempts(&[tried]).expect("recorded");
    }
    store
        .disable_destination("chat", "gone", at(1_002), &[])
        .expect("stored");
    // An event that it was never owed, because it was not configured then.
    let (unsent, _) = test_event("unsent", at(350), &[]);
    store.store_event(&unsent, &[]).expect("stored");

    let n_missed = store.replay("chat", at(50), at(2_000), |event| {
        (event.id == unsent.id).then(|| Delivery::due(event, "chat"))
    });
    assert_eq!(n_missed.expect("stored"), 4);
    let unsent = DeliveryId::of(&unsent.id, "chat");
    let expected = [ids[1].clone(), ids[3].clone(), unsent, ids[4].clone()];
    assert_eq!(claim(&store, 2_000), expected);
    assert_eq!(
        states(&store, &ids),
        ["failed", "sending", "delivered", "sending", "sending"]
    );
    assert_sound(&store);
}

#[test]
fn one_delivery_can_be_sent_again_unless_it_has_arrived() {
    let store = opened();
    let id = put(&store, &in_story("a", "a", 0));
    assert_eq!(claim(&store, 1), std::slice::from_ref(&id));
    fails(&store, &id, 2, 50_000, Holds::Lane(at(50_000)));
    store.retry_delivery(&id, at(10)).expect("it waits");
    assert_eq!(claim(&store, 10), std::slice::from_ref(&id));
    arrives(&store, &id, 11);
    let again = store.retry_delivery(&id, at(12));
    assert!(matches!(again, Err(StoreError::Delivered { .. })));
    let found = store.find_delivery(&id.as_str()[..8]).expect("found");
    assert_eq!(found.id, id);
    assert_sound(&store);
}

#[test]
fn a_case_is_overdue_once_and_backlog_never() {
    let store = opened();
    let mut backlog = negative("old", at(0));
    backlog.mention.backlog = true;
    record(&store, "feed", vec![negative("late", at(0)), backlog]);
    let raise = |now: DateTime<Utc>| {
        store
            .raise_overdue(now, 10, |mention| {
                let id = EventId::of("case.overdue", &[mention.id.as_str()]);
                let event = Event::new(id, EventType::CaseOverdue, now, json!({}));
                vec![(event.about(mention), Vec::new())]
            })
            .expect("stored")
    };
    assert_eq!(raise(at(3_600)), []);
    let day = at(0) + TimeDelta::hours(25);
    assert_eq!(raise(day).len(), 1);
    assert_eq!(raise(day), []);
    let act = |action| super::sample::act(action, day);
    let id = crate::domain::MentionId::new(crate::domain::hex_digest("mention", &["late"]));
    for action in [CaseAction::Claim, CaseAction::Reopen] {
        store
            .act_on_case(&id, act(action), |_| Vec::new())
            .expect("stored");
    }
    assert_eq!(raise(day), [], "told once, whatever is done");
    assert_sound(&store);
}

#[test]
fn hours_count_what_was_newly_seen() {
    let store = opened();
    let mut own = negative("own", at(0));
    own.mention.own = true;
    record(&store, "feed", vec![negative("one", at(0)), own]);
    record(
        &store,
        "feed",
        vec![negative("one", at(0)), negative("two", at(60))],
    );
    let brand = BrandName::new("Acme");
    let hours = store.hours_of(&brand, at(-7_200)).expect("readable");
    let counts: Vec<HourCount> = hours.into_values().collect();
    let total = counts.iter().map(|count| count.n).sum::<u32>();
    assert_eq!(total, 2, "{counts:?}");
    assert!(counts.iter().all(|count| count.n == count.n_negative));
    let other = store.hours_of(&BrandName::new("Acm"), at(-7_200));
    assert!(other.expect("readable").is_empty());
}
