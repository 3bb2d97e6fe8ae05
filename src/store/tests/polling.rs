//! What a poll brings: new, known and changed items, cursors, events.

use chrono::TimeDelta;

use super::sample::{
    about, assert_sound, at, found, get, negative, opened, poll, record, test_event,
};
use crate::{
    domain::{CaseState, EventType, HealthState, Label, Rating, SourceName, SourceStatus},
    store::{PollOutcome, Recorded},
};

#[test]
fn a_poll_stores_mentions_cursor_and_deliveries() {
    let store = opened();
    let first = negative("one", at(0));
    let mut outcome = poll(
        "feed",
        "v1",
        vec![first.clone(), found("two", "feed", Label::Neutral, at(0))],
    );
    outcome.events = vec![test_event("about the poll", at(1), &["chat"])];
    let recorded = store.record_poll(&outcome).expect("the poll is stored");

    assert_eq!(recorded.new.len(), 2);
    assert_eq!(recorded.updated.len(), 0);
    assert_eq!(recorded.events.len(), 2);
    assert_eq!(get(&store, &first.mention.id), first.mention);
    let status = store
        .source_status(&SourceName::new("feed"))
        .expect("the status can be read");
    assert_eq!(Some(status), outcome.status);
    assert_eq!(store.n_undelivered(), 2);
    assert_eq!(store.n_mentions().expect("counted"), 2);
    assert_sound(&store);
}

#[test]
fn the_same_poll_again_changes_nothing() {
    let store = opened();
    let outcome = poll("feed", "v1", vec![negative("one", at(0))]);
    store.record_poll(&outcome).expect("the poll is stored");
    let mut later = negative("one", at(600));
    later.events = vec![
        about(EventType::MentionFlagged, &later.mention, "", &["chat"]),
        about(EventType::MentionUpdated, &later.mention, "", &["chat"]),
    ];
    let again = record(&store, "feed", vec![later]);
    assert_eq!(again, Recorded::default());
    assert_eq!(store.n_undelivered(), 1);
    assert_eq!(get(&store, &outcome.mentions[0].mention.id).seen_at, at(0));
    assert_sound(&store);
}

#[test]
fn without_a_status_the_cursor_stays() {
    let store = opened();
    let name = SourceName::new("feed");
    let outcome = PollOutcome {
        status: None,
        ..poll("feed", "v2", vec![negative("one", at(0))])
    };
    let recorded = store.record_poll(&outcome).expect("the poll is stored");
    assert_eq!(recorded.new.len(), 1);
    let status = store.source_status(&name).expect("the status can be read");
    assert_eq!(status, SourceStatus::new(name));
}

#[test]
fn any_known_key_makes_an_item_known() {
    let store = opened();
    let mut first = negative("one", at(0));
    first.keys = vec!["id:1".into(), "url:a".into()];
    record(&store, "feed", vec![first.clone()]);

    let mut second = negative("two", at(60));
    second.keys = vec!["id:2".into(), "url:a".into()];
    assert_eq!(record(&store, "feed", vec![second]).new.len(), 0);

    // The key that came second leads to the mention from now on.
    let known = store
        .known(&[
            vec!["id:2".into()],
            vec!["id:3".into()],
            vec!["id:3".into(), "id:1".into()],
            vec![],
        ])
        .expect("keys can be looked up");
    let ids: Vec<_> = known
        .iter()
        .map(|mention| mention.as_ref().map(|mention| &mention.id))
        .collect();
    let id = Some(&first.mention.id);
    assert_eq!(ids, [id, None, id, None]);
    assert_sound(&store);
}

#[test]
fn a_key_belongs_to_one_mention() {
    let store = opened();
    let (mut a, mut b) = (negative("a", at(0)), negative("b", at(0)));
    (a.keys, b.keys) = (vec!["a".into()], vec!["b".into()]);
    record(&store, "feed", vec![a.clone(), b]);
    let mut both = negative("c", at(1));
    both.keys = vec!["a".into(), "b".into()];
    let recorded = record(&store, "feed", vec![both]);
    assert_eq!(recorded.updated, [a.mention.id]);
    assert_eq!(store.n_mentions().expect("counted"), 2);
    assert_sound(&store);
}

#[test]
fn a_changed_text_is_taken_over_and_the_earlier_one_kept() {
    let store = opened();
    let first = negative("one", at(0));
    record(&store, "feed", vec![first.clone()]);

    let mut edited = negative("one", at(7_200));
    // Whoever judges it again may leave the time when it was first seen.
    edited.mention.seen_at = at(0);
    edited.mention.item.text = "They answered, thanks".into();
    edited.mention.item.rating = Some(Rating {
        value: 5.0,
        best: 5.0,
    });
    edited.mention.item.published_at = Some(at(7_100));
    edited.mention.item.engagement.likes = 3;
    edited.mention.story = crate::domain::StoryId::new("another");
    edited.events = vec![
        about(
            EventType::MentionFlagged,
            &edited.mention,
            "late",
            &["chat"],
        ),
        about(EventType::MentionUpdated, &edited.mention, "", &["chat"]),
    ];
    let mut outcome = poll("feed", "v2", vec![edited.clone()]);
    if let Some(status) = outcome.status.as_mut() {
        status.health.last_poll_at = Some(at(7_200));
    }
    let recorded = store.record_poll(&outcome).expect("the poll is stored");
    assert_eq!(recorded.updated, std::slice::from_ref(&first.mention.id));
    assert_eq!(recorded.events, [edited.events[1].0.id.clone()]);

    let now = get(&store, &first.mention.id);
    assert_eq!(now.item.text, "They answered, thanks");
    assert_eq!(now.item.engagement.likes, 3);
    assert_eq!(now.item.published_at, first.mention.item.published_at);
    assert_eq!(now.seen_at, first.mention.seen_at);
    assert_eq!(now.story, first.mention.story);
    let deadline = |mention: &crate::domain::Mention| mention.flag.as_ref().map(|f| f.reply_by);
    assert_eq!(deadline(&now), deadline(&first.mention));
    assert_eq!(now.earlier.len(), 1);
    assert_eq!(now.earlier[0].text, first.mention.item.text);
    assert_eq!(now.earlier[0].until, at(7_200));
    assert_eq!(now.earlier[0].rating, None);
    assert_sound(&store);
}

#[test]
fn new_likes_alone_are_no_update() {
    let store = opened();
    record(&store, "feed", vec![negative("one", at(0))]);
    let mut liked = negative("one", at(60));
    liked.mention.item.engagement.likes = 9;
    liked.mention.item.updated_at = Some(at(50));
    let id = liked.mention.id.clone();
    assert_eq!(record(&store, "feed", vec![liked]), Recorded::default());
    let now = get(&store, &id);
    assert_eq!(now.item.engagement.likes, 9);
    assert_eq!(now.item.updated_at, Some(at(50)));
    assert!(now.earlier.is_empty());
}

#[test]
fn another_source_cannot_change_a_text() {
    let store = opened();
    record(&store, "feed", vec![negative("one", at(0))]);
    let mut shortened = found("one", "search", Label::Negative, at(60));
    shortened.mention.item.text = "one: Acme lost …".into();
    shortened.keys.push("search:77".into());
    let id = shortened.mention.id.clone();
    let recorded = record(&store, "search", vec![shortened]);
    assert_eq!(recorded, Recorded::default());
    let now = get(&store, &id);
    assert_eq!(now.source, SourceName::new("feed"));
    assert!(now.item.text.ends_with("nobody answers"));
    let known = store
        .known(&[vec!["search:77".into()]])
        .expect("keys can be looked up");
    assert_eq!(known, [Some(now)]);
    assert_sound(&store);
}

#[test]
fn of_an_item_twice_in_one_poll_the_first_counts() {
    let store = opened();
    let first = negative("one", at(0));
    let mut second = negative("one", at(0));
    second.mention.item.text = "an older version".into();
    for _ in 0..3 {
        record(&store, "feed", vec![first.clone(), second.clone()]);
    }
    let now = get(&store, &first.mention.id);
    assert_eq!(now, first.mention);
    assert_eq!(store.n_undelivered(), 1);
}

#[test]
fn an_item_that_changes_at_every_poll_does_not_grow_for_ever() {
    let store = opened();
    let id = negative("one", at(0)).mention.id;
    for n in 0..40 {
        let mut item = negative("one", at(n));
        item.mention.item.text = format!("version {n}");
        record(&store, "feed", vec![item]);
    }
    let now = get(&store, &id);
    assert_eq!(now.item.text, "version 39");
    assert_eq!(now.earlier.len(), 20);
    assert_eq!(now.earlier[0].text, "version 0");
    assert_eq!(now.earlier[19].text, "version 38");
}

#[test]
fn a_text_that_turns_bad_opens_a_case_and_one_that_turns_good_keeps_it() {
    let store = opened();
    let mild = found("one", "feed", Label::Neutral, at(0));
    record(&store, "feed", vec![mild.clone()]);
    assert_eq!(get(&store, &mild.mention.id).case, None);

    let mut angry = negative("one", at(60));
    angry.mention.case = None;
    angry.mention.item.text = "now I am angry".into();
    record(&store, "feed", vec![angry]);
    let case = get(&store, &mild.mention.id).case;
    assert_eq!(case.map(|case| case.state), Some(CaseState::Open));

    record(&store, "feed", vec![mild.clone()]);
    let now = get(&store, &mild.mention.id);
    assert_eq!((now.flag, now.case.is_some()), (None, true));
    let waiting: Vec<_> = store.cases(Default::default()).collect();
    assert_eq!(waiting.len(), 1);
    assert_sound(&store);
}

#[test]
fn a_poll_larger_than_a_transaction_is_stored_whole() {
    let store = opened();
    let mentions: Vec<_> = (0..1_234)
        .map(|n| negative(&format!("item {n}"), at(n)))
        .collect();
    let mut outcome = poll("feed", "v9", mentions);
    // The same item at both ends, in different transactions.
    let mut repeated = outcome.mentions[0].clone();
    repeated.mention.item.text = "another wording".into();
    outcome.mentions.push(repeated);
    outcome.events = vec![test_event("backlog", at(0), &["chat"])];
    let recorded = store.record_poll(&outcome).expect("the poll is stored");
    assert_eq!(recorded.new.len(), 1_234);
    assert_eq!(recorded.updated.len(), 0);
    assert_eq!(recorded.events.len(), 1_235);
    let status = store
        .source_status(&SourceName::new("feed"))
        .expect("the status can be read");
    assert_eq!(status.cursor.etag.as_deref(), Some("v9"));
    assert_sound(&store);
}

#[test]
fn of_one_item_from_many_sources_at_once_one_mention_and_one_alert_remain() {
    let store = opened();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let store = &store.store;
            scope.spawn(move || {
                let source = format!("source {n}");
                let mentions = (0..20)
                    .map(|n| found(&format!("item {n}"), &source, Label::Negative, at(0)))
                    .collect();
                record(store, &source, mentions);
            });
        }
    });
    assert_eq!(store.n_mentions().expect("counted"), 20);
    assert_eq!(store.n_undelivered(), 20);
    assert_eq!(store.all_source_statuses().expect("readable").len(), 8);
    assert_sound(&store);
}

#[test]
fn a_source_without_news_keeps_its_status_and_its_alert() {
    let store = opened();
    let mut status = SourceStatus::new(SourceName::new("feed"));
    status.health.state = HealthState::Failing;
    status.health.next_poll_at = Some(at(0) + TimeDelta::minutes(5));
    let alert = test_event("failing", at(0), &["chat"]);
    for expected in [1, 0] {
        let stored = store
            .save_source_status(&status, std::slice::from_ref(&alert))
            .expect("the status is stored");
        assert_eq!(stored.len(), expected);
    }
    assert_eq!(store.all_source_statuses().expect("readable"), [status]);
    assert_eq!(store.n_undelivered(), 1);
    assert_sound(&store);
}
