//! Reading mentions, cases, events and figures; acting on cases; tokens and settings.

use super::sample::{
    about, act, assert_sound, at, found, get, negative, opened, record, test_event,
};
use crate::{
    domain::{CaseAction, CaseState, EventType, Label, Mention, MentionId},
    store::{CaseFilter, MentionFilter, Stats, Store, StoreError, TokenPurpose, TokenRow},
};

#[track_caller]
fn check_mentions(store: &Store, filter: &MentionFilter, expected: &[&str]) {
    let names: Vec<String> = store
        .mentions_newest_first(filter)
        .map(|mention| name(mention.expect("readable")))
        .collect();
    assert_eq!(names, expected, "{filter:?}");
}

#[track_caller]
fn check_cases(store: &Store, filter: CaseFilter, expected: &[&str]) {
    let names: Vec<String> = store
        .cases(filter)
        .map(|mention| name(mention.expect("readable")))
        .collect();
    assert_eq!(names, expected, "{filter:?}");
}

fn name(mention: Mention) -> String {
    mention.item.native_id.expect("samples have one")
}

#[test]
fn mentions_come_newest_first_and_filtered() {
    let store = opened();
    record(&store, "feed", vec![negative("old", at(0))]);
    let mut earlier_post = found("posted before", "feed", Label::Unsure, at(100));
    earlier_post.mention.item.published_at = Some(at(-90_000));
    record(
        &store,
        "feed",
        vec![
            earlier_post,
            found("good", "feed", Label::Positive, at(100)),
        ],
    );
    record(&store, "feed", vec![negative("new", at(200))]);

    let all = MentionFilter::default();
    check_mentions(&store, &all, &["new", "good", "posted before", "old"]);
    let since = MentionFilter {
        since: Some(at(100)),
        ..all.clone()
    };
    check_mentions(&store, &since, &["new", "good", "posted before"]);
    let between = MentionFilter {
        since: Some(at(100)),
        until: Some(at(200)),
        ..all.clone()
    };
    check_mentions(&store, &between, &["good", "posted before"]);
    let backwards = MentionFilter {
        since: Some(at(200)),
        until: Some(at(100)),
        ..all.clone()
    };
    check_mentions(&store, &backwards, &[]);
    let flagged = MentionFilter {
        flagged: Some(true),
        ..all.clone()
    };
    check_mentions(&store, &flagged, &["new", "old"]);
    let to_check = MentionFilter {
        label: Some(Label::Unsure),
        flagged: Some(false),
        ..all
    };
    check_mentions(&store, &to_check, &["posted before"]);
}

#[test]
fn mentions_are_found_by_the_start_of_their_id() {
    let store = opened();
    for id in ["abc1", "abc2", "abd", "abd3"] {
        let mut new = negative(id, at(0));
        new.mention.id = MentionId::new(id);
        record(&store, "feed", vec![new]);
    }
    let find = |prefix| store.find_mention(prefix).map(|mention| mention.id);
    assert_eq!(find("abc2").expect("found"), MentionId::new("abc2"));
    assert_eq!(find("abd").expect("found"), MentionId::new("abd"));
    assert_eq!(find("abd3").expect("found"), MentionId::new("abd3"));
    assert!(matches!(find("x"), Err(StoreError::NotFound { id }) if id == "x"));
    assert!(matches!(find(""), Err(StoreError::NotFound { .. })));
    let error = find("abc").expect_err("two start so");
    assert_eq!(
        error.to_string(),
        "several mentions have an id that starts with abc: abc1, abc2, …"
    );
}

#[test]
fn cases_come_by_urgency() {
    let store = opened();
    for (name, secs) in [("later", 500), ("urgent", 0), ("closed", 100), ("away", 50)] {
        record(&store, "feed", vec![negative(name, at(secs))]);
    }
    for (name, action) in [("closed", CaseAction::Done), ("away", CaseAction::Dismiss)] {
        let id = negative(name, at(0)).mention.id;
        store
            .act_on_case(&id, act(action, at(600)), |_| Vec::new())
            .expect("there is a case");
    }
    check_cases(&store, CaseFilter::Waiting, &["urgent", "later"]);
    check_cases(
        &store,
        CaseFilter::All,
        &["urgent", "later", "away", "closed"],
    );
    check_cases(&store, CaseFilter::Only(CaseState::Replied), &["closed"]);
    check_cases(&store, CaseFilter::Only(CaseState::Dismissed), &["away"]);
    check_cases(
        &store,
        CaseFilter::Only(CaseState::Open),
        &["urgent", "later"],
    );
    check_cases(&store, CaseFilter::Only(CaseState::Claimed), &[]);
    assert_sound(&store);
}

#[test]
fn acting_twice_is_acting_once() {
    let store = opened();
    let new = negative("one", at(0));
    let id = new.mention.id.clone();
    record(&store, "feed", vec![new]);
    let told = |event_type, subject: &'static str| {
        move |mention: &Mention| vec![about(event_type, mention, subject, &["chat"])]
    };
    let done = act(CaseAction::Done, at(60));
    let first = store
        .act_on_case(&id, done.clone(), told(EventType::CaseReplied, "1"))
        .expect("there is a case");
    assert!(first.changed);
    assert_eq!(first.events.len(), 1);
    let again = store
        .act_on_case(&id, done, told(EventType::CaseReplied, "2"))
        .expect("there is a case");
    assert!(!again.changed);
    assert_eq!(again.events.len(), 0);
    assert_eq!(again.mention, first.mention);

    let reopened = store
        .act_on_case(
            &id,
            act(CaseAction::Reopen, at(120)),
            told(EventType::CaseReopened, "3"),
        )
        .expect("there is a case");
    let case = reopened.mention.case.clone().expect("it has a case");
    assert_eq!(case.state, CaseState::Open);
    assert_eq!(case.history.len(), 2);
    assert_eq!(get(&store, &id), reopened.mention);
    assert_eq!(store.n_undelivered(), 3);
    assert_sound(&store);
}

#[test]
fn only_flagged_mentions_have_cases() {
    let store = opened();
    let new = found("fine", "feed", Label::Positive, at(0));
    let id = new.mention.id.clone();
    record(&store, "feed", vec![new]);
    let act_on = |id: &MentionId| {
        store
            .act_on_case(id, act(CaseAction::Done, at(1)), |_| Vec::new())
            .map(|outcome| outcome.changed)
    };
    assert!(matches!(act_on(&id), Err(StoreError::NoCase { .. })));
    let unknown = MentionId::new("unknown");
    assert!(matches!(act_on(&unknown), Err(StoreError::NotFound { .. })));
}

#[test]
fn figures_count_mentions_and_deadlines() {
    let store = opened();
    record(&store, "feed", vec![negative("old", at(0))]);
    let mut backlog = negative("backlog", at(86_000));
    backlog.mention.backlog = true;
    backlog
        .mention
        .flag
        .as_mut()
        .expect("it is negative")
        .reply_by = at(10);
    record(
        &store,
        "feed",
        vec![
            backlog,
            negative("new", at(86_000)),
            found("fine", "feed", Label::Positive, at(86_000)),
            found("so so", "feed", Label::Neutral, at(86_000)),
            found("what", "feed", Label::Unsure, at(86_000)),
        ],
    );
    let expected = Stats {
        n_mentions: 5,
        n_flagged: 2,
        n_negative: 2,
        n_neutral: 1,
        n_positive: 1,
        n_unsure: 1,
        n_waiting: 3,
        n_overdue: 1,
    };
    let stats = store.stats(Some(at(1)), at(86_400)).expect("counted");
    assert_eq!(stats, expected);
    let all = store.stats(None, at(0)).expect("counted");
    assert_eq!((all.n_mentions, all.n_overdue), (6, 0));
}

#[test]
fn events_come_in_the_order_they_were_stored() {
    let store = opened();
    let mut ids = Vec::new();
    for n in 0..5 {
        let (event, deliveries) = test_event(&format!("{n}"), at(n), &[]);
        assert!(store.store_event(&event, &deliveries).expect("stored"));
        assert!(!store.store_event(&event, &deliveries).expect("left alone"));
        assert_eq!(
            store.event(&event.id).expect("readable"),
            Some(event.clone())
        );
        ids.push(event.id);
    }
    let ids_of = |events: Result<Vec<crate::domain::Event>, StoreError>| -> Vec<_> {
        let events = events.expect("readable");
        events.into_iter().map(|event| event.id).collect()
    };
    assert_eq!(ids_of(store.events_since(at(3), 10)), ids[3..]);
    assert_eq!(ids_of(store.events_since(at(0), 2)), ids[..2]);
    ids.reverse();
    assert_eq!(ids_of(store.events_newest_first(3)), ids[..3]);
}

fn token(hash: &str, purpose: TokenPurpose, secs: Option<i64>) -> TokenRow {
    TokenRow {
        hash: hash.into(),
        purpose,
        created_at: at(0),
        expires_at: secs.map(at),
        label: "laptop".into(),
    }
}

#[test]
fn tokens_are_for_one_purpose_and_a_time() {
    let store = opened();
    let session = token("aa", TokenPurpose::Session, Some(100));
    store.put_token(&session).expect("stored");
    store
        .put_token(&token("bb", TokenPurpose::Read, None))
        .expect("stored");
    let valid = |hash, purpose, secs| {
        let token = store.token(hash, purpose, at(secs)).expect("readable");
        token.is_some()
    };
    assert!(valid("aa", TokenPurpose::Session, 99));
    assert!(!valid("aa", TokenPurpose::Session, 100));
    assert!(!valid("aa", TokenPurpose::Api, 1));
    assert!(!valid("ab", TokenPurpose::Session, 1));
    assert!(valid("bb", TokenPurpose::Read, 1_000_000));
    let sessions = store.tokens(TokenPurpose::Session).expect("readable");
    assert_eq!(sessions, [session]);
    assert_eq!(store.remove_expired_tokens(at(99)).expect("removed"), 0);
    assert_eq!(store.remove_expired_tokens(at(100)).expect("removed"), 1);
    let removed = store.remove_token("bb", TokenPurpose::Read);
    assert!(removed.expect("removed"));
    let removed = store.remove_token("bb", TokenPurpose::Read);
    assert!(!removed.expect("there is none"));
}

#[test]
fn a_token_can_be_taken_once_even_by_many_at_once() {
    let store = opened();
    let sign_in = token("aa", TokenPurpose::SignIn, Some(100));
    store.put_token(&sign_in).expect("stored");
    let n_taken: usize = std::thread::scope(|scope| {
        let takers: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let taken = store.store.take_token("aa", TokenPurpose::SignIn, at(1));
                    usize::from(taken.expect("readable").is_some())
                })
            })
            .collect();
        takers
            .into_iter()
            .map(|taker| taker.join().expect("no taker panics"))
            .sum()
    });
    assert_eq!(n_taken, 1);

    store.put_token(&sign_in).expect("stored");
    let late = store.take_token("aa", TokenPurpose::SignIn, at(100));
    assert_eq!(late.expect("readable"), None);
    assert_eq!(store.tokens(TokenPurpose::SignIn).expect("readable"), []);
}

#[test]
fn a_sign_in_becomes_a_session_or_nothing_happens() {
    let store = opened();
    let sign_in = token("aa", TokenPurpose::SignIn, Some(100));
    let session = token("bb", TokenPurpose::Session, None);
    store.put_token(&sign_in).expect("stored");
    let trade = |secs| {
        store
            .trade_token("aa", TokenPurpose::SignIn, &session, at(secs))
            .expect("readable")
    };
    assert_eq!(trade(100), None);
    assert_eq!(store.tokens(TokenPurpose::Session).expect("readable"), []);
    assert_eq!(trade(99), Some(sign_in));
    assert_eq!(trade(99), None);
    let sessions = store.tokens(TokenPurpose::Session).expect("readable");
    assert_eq!(sessions, std::slice::from_ref(&session));
}

#[test]
fn settings_are_kept() {
    let store = opened();
    assert_eq!(store.setting("feed token").expect("readable"), None);
    store.put_setting("feed token", "abc").expect("stored");
    store.put_setting("feed token", "abcd").expect("stored");
    let setting = store.setting("feed token").expect("readable");
    assert_eq!(setting.as_deref(), Some("abcd"));
    assert_sound(&store);
}
