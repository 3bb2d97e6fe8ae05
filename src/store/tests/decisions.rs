//! What people decided, and mentions that are flagged only once they spread.

use super::sample::{about, act, assert_sound, at, found, get, negative, opened, record};
use crate::{
    domain::{Case, CaseAction, EventType, Flag, Label, ReachSeen},
    store::Store,
};

fn decide(store: &Store, name: &str, action: CaseAction, by: &str) {
    let mut said = act(action, at(100));
    said.by = by.to_owned();
    let id = negative(name, at(0)).mention.id;
    store
        .act_on_case(&id, said, |_| Vec::new())
        .expect("the case is there");
}

#[test]
fn taking_says_yes_dismissing_says_no_and_the_last_word_counts() {
    let store = opened();
    let names = [
        "claimed",
        "dismissed",
        "reopened",
        "first-no",
        "robot",
        "nobody",
    ];
    let mut mentions: Vec<_> = names.iter().map(|name| negative(name, at(0))).collect();
    for n in 0..9 {
        mentions.push(found(&format!("calm-{n}"), "feed", Label::Neutral, at(n)));
    }
    record(&store, "feed", mentions);
    decide(&store, "claimed", CaseAction::Claim, "ana");
    decide(&store, "dismissed", CaseAction::Dismiss, "ana");
    decide(&store, "reopened", CaseAction::Dismiss, "ana");
    decide(&store, "reopened", CaseAction::Reopen, "ben");
    decide(&store, "first-no", CaseAction::Dismiss, "ana");
    decide(&store, "first-no", CaseAction::Reopen, "ben");
    decide(&store, "first-no", CaseAction::Done, "ben");
    decide(&store, "robot", CaseAction::Done, "hearken");
    let decisions = store.decisions(100).expect("they can be read");
    let mut said: Vec<(String, Option<bool>)> = decisions
        .decided
        .iter()
        .map(|decided| {
            let name = decided.mention.item.native_id.clone().unwrap_or_default();
            (name, decided.needed)
        })
        .collect();
    said.sort();
    assert_eq!(
        said,
        [
            ("claimed".to_owned(), Some(true)),
            ("dismissed".to_owned(), Some(false)),
            ("first-no".to_owned(), Some(true)),
        ]
    );
    assert_eq!(store.n_decisions().expect("counted"), 3);
    assert_eq!(decisions.unflagged.len(), 3, "as many as were decided");
    assert!(
        decisions
            .unflagged
            .iter()
            .all(|other| other.needed.is_none())
    );
    assert_eq!(store.decisions(2).expect("read").decided.len(), 2);
}

#[test]
fn a_mention_that_spreads_is_flagged_told_once_and_followed() {
    let store = opened();
    let quiet = found("one", "feed", Label::Neutral, at(0));
    record(&store, "feed", vec![quiet.clone()]);

    let mut followed = quiet.clone();
    followed.mention.item.engagement.shares = 3;
    followed.mention.reach_before = Some(ReachSeen::of(&quiet.mention.item, at(0)));
    let recorded = record(&store, "feed", vec![followed.clone()]);
    assert!(recorded.updated.is_empty(), "figures are no change to tell");
    let stored = get(&store, &quiet.mention.id);
    assert_eq!(stored.item.engagement.shares, 3);
    assert_eq!(stored.reach_before, followed.mention.reach_before);

    let mut spreads = followed;
    spreads.mention.item.engagement.shares = 4_000;
    spreads.mention.flag = Some(Flag {
        score: 0.7,
        reasons: vec!["spreads".to_owned()],
        goal_by: at(3_600),
        reply_by: at(86_400),
        estimated: false,
    });
    spreads.mention.case = Some(Case::open());
    let told = about(EventType::MentionFlagged, &spreads.mention, "", &["chat"]);
    spreads.events = vec![told];
    let recorded = record(&store, "feed", vec![spreads.clone()]);
    assert_eq!((recorded.updated.len(), recorded.events.len()), (1, 1));
    let stored = get(&store, &quiet.mention.id);
    assert!(stored.flag.is_some() && stored.case.is_some());
    assert!(stored.earlier.is_empty(), "its text is what it was");

    let again = record(&store, "feed", vec![spreads]);
    assert_eq!((again.updated.len(), again.events.len()), (0, 0));
    assert_eq!(store.n_undelivered(), 1);
    assert_sound(&store);
}
