//! A person's word stands until the text changes, and is found again.

use chrono::{DateTime, Utc};

use super::sample::{assert_sound, at, found, get, opened, record};
use crate::domain::{Correction, Label, Mention, MentionId, Said};
use crate::store::Store;

fn correct(store: &Store, id: &MentionId, label: Label, at: DateTime<Utc>) -> (Mention, bool) {
    let by = "ana".to_owned();
    let outcome = store
        .correct(id, &Said { label, by, at }, |_| Vec::new())
        .expect("the mention is there");
    (outcome.mention, outcome.changed)
}

#[test]
fn a_correction_is_the_verdict_and_says_who_and_when() {
    let store = opened();
    let new = found("a", "feed", Label::Unsure, at(0));
    record(&store, "feed", vec![new.clone()]);
    let id = new.mention.id;
    let (mention, changed) = correct(&store, &id, Label::Negative, at(60));
    assert!(changed);
    assert_eq!(mention.sentiment.label, Label::Negative);
    assert_eq!(
        mention.corrections,
        [Correction {
            at: at(60),
            by: "ana".to_owned(),
            label: Label::Negative,
            was: Label::Unsure,
            model: "test/1".to_owned(),
        }]
    );
    assert_eq!(get(&store, &id), mention);
    assert!(
        !correct(&store, &id, Label::Negative, at(70)).1,
        "said before"
    );
    let (mention, changed) = correct(&store, &id, Label::Positive, at(80));
    assert!(changed, "people change their minds");
    assert_eq!(mention.corrections.len(), 2);
    assert_eq!(mention.corrections[1].was, Label::Negative);
    assert_sound(&store);
}

#[test]
fn what_was_corrected_last_comes_first() {
    let store = opened();
    for name in ["a", "b", "c"] {
        record(
            &store,
            "feed",
            vec![found(name, "feed", Label::Neutral, at(0))],
        );
    }
    let id = |name| found(name, "feed", Label::Neutral, at(0)).mention.id;
    correct(&store, &id("a"), Label::Negative, at(1));
    correct(&store, &id("c"), Label::Negative, at(2));
    correct(&store, &id("a"), Label::Positive, at(3));
    let ids: Vec<MentionId> = store
        .corrected_newest_first()
        .map(|mention| mention.expect("a readable store").id)
        .collect();
    assert_eq!(ids, [id("a"), id("c")]);
}

#[test]
fn the_next_poll_leaves_a_correction_alone() {
    let store = opened();
    let new = found("a", "feed", Label::Neutral, at(0));
    record(&store, "feed", vec![new.clone()]);
    let id = new.mention.id.clone();
    correct(&store, &id, Label::Negative, at(60));
    // The poll had read the mention before it was corrected.
    record(&store, "feed", vec![new.clone()]);
    assert_eq!(get(&store, &id).sentiment.label, Label::Negative);

    let mut edited = new;
    edited.mention.item.text.push_str(", but now it came");
    edited.mention.sentiment.label = Label::Positive;
    edited.mention.seen_at = at(120);
    record(&store, "feed", vec![edited]);
    let mention = get(&store, &id);
    assert_eq!(mention.sentiment.label, Label::Positive, "another text");
    assert_eq!(mention.corrections.len(), 1, "who said what is kept");
    assert_eq!(mention.correction(), None);
    assert!(
        !mention.text_at(at(60)).contains("now it came"),
        "the text that was corrected"
    );
}
