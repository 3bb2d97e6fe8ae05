//! Many operations in random order; after each round rows and indexes agree, and the
//! rules that outlast any order hold.

use std::collections::HashMap;

use chrono::TimeDelta;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::sample::{about, act, assert_sound, at, found, opened, poll, test_event};
use crate::{
    domain::{
        Attempt, CaseAction, DeliveryId, DeliveryState, EventType, Label, Mention, MentionId,
    },
    store::{AttemptOutcome, DeliveryFilter, MentionFilter, Store},
};

const N_ROUNDS: usize = 6;
const N_OPERATIONS: usize = 60;
const DESTINATIONS: [&str; 3] = ["chat", "mail", "pager"];

/// What must hold whatever the order: who was delivered, and what each mention began as.
#[derive(Default)]
struct Seen {
    delivered: Vec<DeliveryId>,
    first_source: HashMap<MentionId, String>,
}

fn step(store: &Store, random: &mut StdRng, now: i64, seen: &mut Seen) {
    match random.random_range(0..12) {
        0..5 => record_poll(store, random, now, seen),
        5..7 => act_on_some_case(store, random, now),
        7..10 => send(store, random, now, seen),
        10 => {
            let name = DESTINATIONS[random.random_range(0..3)];
            let alert = test_event(&format!("off {now}"), at(now), &DESTINATIONS);
            if random.random_bool(0.5) {
                store
                    .disable_destination(name, "test", at(now), &[alert])
                    .expect("stored");
            } else {
                store.enable_destination(name).expect("stored");
            }
        }
        _ => {
            store.recover_sending(at(now)).expect("recovered");
        }
    }
}

fn record_poll(store: &Store, random: &mut StdRng, now: i64, seen: &mut Seen) {
    let source = format!("source {}", random.random_range(0..3));
    let labels = [
        Label::Negative,
        Label::Negative,
        Label::Neutral,
        Label::Unsure,
    ];
    let mut mentions = Vec::new();
    for _ in 0..random.random_range(0..12) {
        let name = format!("item {}", random.random_range(0..60));
        let label = labels[random.random_range(0..4)];
        let mut new = found(&name, &source, label, at(now));
        new.mention.backlog = random.random_bool(0.1);
        if random.random_bool(0.3) {
            let version = random.random_range(0..4);
            new.mention.item.text = format!("{name}, version {version}");
        }
        if random.random_bool(0.3) {
            new.keys
                .insert(0, format!("shared {}", random.random_range(0..20)));
        }
        if random.random_bool(0.2) {
            let posted = at(now) - TimeDelta::hours(random.random_range(0..100));
            new.mention.item.published_at = Some(posted);
        }
        let update = format!("{now}");
        let destination = DESTINATIONS[random.random_range(0..3)];
        new.events.push(about(
            EventType::MentionUpdated,
            &new.mention,
            &update,
            &[destination],
        ));
        mentions.push(new);
    }
    let recorded = store
        .record_poll(&poll(&source, &now.to_string(), mentions))
        .expect("stored");
    for id in recorded.new {
        let before = seen.first_source.insert(id, source.clone());
        assert_eq!(before, None, "a known mention was new again");
    }
}

fn act_on_some_case(store: &Store, random: &mut StdRng, now: i64) {
    let cases: Vec<Mention> = store
        .cases(crate::store::CaseFilter::All)
        .map(|mention| mention.expect("readable"))
        .collect();
    if cases.is_empty() {
        return;
    }
    let id = &cases[random.random_range(0..cases.len())].id;
    let actions = [CaseAction::Done, CaseAction::Dismiss, CaseAction::Reopen];
    let action = actions[random.random_range(0..3)];
    store
        .act_on_case(id, act(action, at(now)), |mention| {
            let subject = now.to_string();
            vec![about(
                EventType::CaseReplied,
                mention,
                &subject,
                &DESTINATIONS,
            )]
        })
        .expect("there is a case");
}

fn send(store: &Store, random: &mut StdRng, now: i64, seen: &mut Seen) {
    let claimed = store
        .claim_due(
            at(now),
            random.random_range(1..6),
            random.random_range(1..9),
        )
        .expect("claimed");
    for (delivery, _) in claimed {
        assert!(!seen.delivered.contains(&delivery.id), "sent twice");
        let attempt = Attempt {
            posted: None,
            at: at(now),
            duration_ms: 5,
            status: None,
            error: None,
            answer: String::new(),
        };
        let outcome = match random.random_range(0..6) {
            0..3 => {
                seen.delivered.push(delivery.id.clone());
                AttemptOutcome::Delivered
            }
            3 => AttemptOutcome::RetryAt(at(now + random.random_range(1..50))),
            4 => AttemptOutcome::Failed("gave up".into()),
            // The sender dies with it.
            _ => continue,
        };
        store
            .record_attempt(&delivery.id, attempt, &outcome)
            .expect("recorded");
    }
}

fn check(store: &Store, seen: &Seen) {
    assert_sound(store);
    assert_eq!(
        store.n_mentions().expect("counted"),
        seen.first_source.len() as u64
    );
    let mentions = store.mentions_newest_first(&MentionFilter::default());
    let mut n_mentions = 0;
    for mention in mentions {
        let mention = mention.expect("readable");
        assert_eq!(seen.first_source[&mention.id], mention.source.as_str());
        n_mentions += 1;
    }
    assert_eq!(n_mentions, seen.first_source.len());
    let delivered = DeliveryFilter {
        state: Some(DeliveryState::Delivered),
        destination: None,
    };
    assert_eq!(
        store.deliveries_newest_first(&delivered).count(),
        seen.delivered.len()
    );
}

#[test]
fn any_order_of_operations_leaves_a_sound_store() {
    for seed in 0..2 {
        let mut random = StdRng::seed_from_u64(seed);
        let opened = opened();
        let path = opened.store.folder().to_owned();
        let (mut store, _folder) = (Some(opened.store), opened.folder);
        let mut seen = Seen::default();
        let mut now = 0;
        for _ in 0..N_ROUNDS {
            let open = store.take().expect("it was opened");
            for _ in 0..N_OPERATIONS {
                now += random.random_range(0..20);
                step(&open, &mut random, now, &mut seen);
            }
            check(&open, &seen);
            drop(open);
            let reopened = Store::open(&path, at(now)).expect("it opens again");
            check(&reopened, &seen);
            store = Some(reopened);
        }
    }
}
