//! The index of reprints, deletions, and mentions that go out and come in.

use chrono::{DateTime, TimeDelta, Utc};

use super::sample::{about, assert_sound, at, found, get, negative, opened, record};
use crate::{
    domain::{ArticlePrint, EventType, Label, MentionId, Sketch, SourceName, StoryId, hex_digest},
    store::{ExportedMention, Imported, Recorded, Store},
};

/// The sketch of made-up shingles.
fn sketch(from: u64, n: u64) -> Sketch {
    let hashes: Vec<u64> = (from..from + n)
        .map(|n| {
            let digest = hex_digest("test", &[&n.to_string()]);
            u64::from_str_radix(&digest[..16], 16).expect("hexadecimal digits")
        })
        .collect();
    Sketch::of(&hashes).expect("there are shingles")
}

fn print(name: &str, sketch: Sketch, posted: DateTime<Utc>) -> ArticlePrint {
    ArticlePrint {
        id: MentionId::new(name),
        story: StoryId::new(format!("story-{name}")),
        source: SourceName::new(format!("source-{name}")),
        site: None,
        byline: None,
        posted,
        sketch,
    }
}

fn place(store: &Store, print: &ArticlePrint, now: DateTime<Utc>) -> String {
    store
        .place_articles(std::slice::from_ref(print), now)
        .expect("articles can be placed")
        .remove(0)
        .to_string()
}

#[test]
fn a_reprint_joins_the_story_of_the_first() {
    let store = opened();
    let first = print("a", sketch(0, 200), at(0));
    let second = print("b", sketch(20, 200), at(3_600));
    let third = print("c", sketch(5_000, 200), at(3_600));
    assert_eq!(place(&store, &first, at(0)), "story-a");
    assert_eq!(place(&store, &second, at(3_600)), "story-a");
    assert_eq!(place(&store, &third, at(3_600)), "story-c");
    // A poll that is repeated after a crash gets the same answers.
    assert_eq!(place(&store, &second, at(7_200)), "story-a");
    assert_eq!(place(&store, &first, at(7_200)), "story-a");
    // Both in one poll.
    let both = [
        print("d", sketch(9_000, 200), at(0)),
        print("e", sketch(9_010, 200), at(0)),
    ];
    let stories = store.place_articles(&both, at(0)).expect("placed");
    assert_eq!(stories[0], stories[1]);
    assert_sound(&store);
}

#[test]
fn a_corrected_article_is_known_by_its_new_text() {
    let store = opened();
    let first = print("a", sketch(0, 200), at(0));
    place(&store, &first, at(0));
    let corrected = print("a", sketch(300, 200), at(0));
    store
        .renew_articles(&[corrected], at(60))
        .expect("articles can be renewed");
    assert_eq!(
        place(&store, &print("b", sketch(310, 200), at(90)), at(90)),
        "story-a"
    );
    assert_eq!(
        place(&store, &print("c", sketch(0, 200), at(90)), at(90)),
        "story-c",
        "the withdrawn text is nobody's any more"
    );
    assert_sound(&store);
}

#[test]
fn the_index_forgets_after_three_days() {
    let store = opened();
    let later = at(73 * 3_600);
    for n in 0..20 {
        place(
            &store,
            &print(&format!("old{n}"), sketch(n * 1_000, 200), at(0)),
            at(0),
        );
    }
    // Posted at the same time, but found when the others are forgotten.
    assert_eq!(
        place(&store, &print("b", sketch(10, 200), at(0)), later),
        "story-b"
    );
    let rows = store.tables().prints.len();
    assert_eq!(rows, 1, "outdated articles are taken out as new ones come");
    assert_eq!(store.tables().prints_by_time.len(), 1);
    assert_sound(&store);
}

#[test]
fn sources_that_find_an_article_at_the_same_moment_make_one_story() {
    let store = opened();
    let threads: Vec<_> = (0..8)
        .map(|n| {
            let store = store.store.clone();
            std::thread::spawn(move || {
                place(
                    &store,
                    &print(&format!("m{n}"), sketch(n, 300), at(0)),
                    at(0),
                )
            })
        })
        .collect();
    let mut stories: Vec<String> = threads
        .into_iter()
        .map(|thread| thread.join().expect("no thread panics"))
        .collect();
    stories.dedup();
    assert_eq!(stories.len(), 1, "{stories:?}");
    assert_sound(&store);
}

#[test]
fn a_deletion_marks_once_and_a_return_takes_the_mark_away() {
    let store = opened();
    let new = negative("one", at(0));
    record(&store, "feed", vec![new.clone()]);
    let keys = [new.keys.clone()];
    let mark = |source: &str, secs: i64| {
        store
            .mark_deleted(&SourceName::new(source), &keys, at(secs), |mention| {
                vec![about(
                    EventType::MentionUpdated,
                    mention,
                    "deleted",
                    &["chat"],
                )]
            })
            .expect("deletions can be marked")
    };
    assert!(
        mark("another", 60).is_empty(),
        "another source may not say so"
    );
    let marked = mark("feed", 60);
    assert_eq!(marked.len(), 1);
    assert_eq!(marked[0].events.len(), 1);
    assert!(mark("feed", 120).is_empty(), "it is marked once");
    let mention = get(&store, &new.mention.id);
    assert_eq!(mention.deleted_at, Some(at(60)));
    assert!(mention.case.is_some(), "its case stays");
    assert_sound(&store);

    // The same item again, unchanged: it was not deleted after all.
    let again = record(&store, "feed", vec![negative("one", at(300))]);
    assert_eq!(again, Recorded::default());
    assert_eq!(get(&store, &new.mention.id).deleted_at, None);
    let unknown = store
        .mark_deleted(
            &SourceName::new("feed"),
            &[vec!["no".into()]],
            at(1),
            |_| Vec::new(),
        )
        .expect("unknown keys are no error");
    assert!(unknown.is_empty());
    assert_sound(&store);
}

#[test]
fn what_is_exported_comes_back_whole() {
    let from = opened();
    let mut edited = negative("one", at(0));
    record(
        &from,
        "feed",
        vec![edited.clone(), found("two", "feed", Label::Unsure, at(0))],
    );
    edited.mention.item.text = "Acme sent it after all".into();
    record(&from, "feed", vec![edited]);
    for n in 0..20 {
        record(&from, "feed", vec![negative(&format!("more{n}"), at(n))]);
    }
    let mut parts: Vec<ExportedMention> = Vec::new();
    loop {
        let after = parts.last().map(|last| last.mention.id.clone());
        let part = from.export_mentions(after.as_ref(), 5).expect("exported");
        if part.is_empty() {
            break;
        }
        parts.extend(part);
    }
    assert_eq!(parts.len(), 22);
    assert!(parts.iter().any(|part| !part.mention.earlier.is_empty()));

    let to = opened();
    let first = to.import_mentions(&parts).expect("imported");
    assert_eq!(
        first,
        Imported {
            n_new: 22,
            n_known: 0
        }
    );
    let again = to.import_mentions(&parts).expect("imported");
    assert_eq!(
        again,
        Imported {
            n_new: 0,
            n_known: 22
        }
    );
    assert_eq!(to.export_mentions(None, 100).expect("exported"), parts);
    assert_eq!(to.n_undelivered(), 0, "nobody is alerted");
    assert_sound(&to);

    // The next poll knows every one of them.
    let poll = record(&to, "feed", vec![negative("more3", at(9_000))]);
    assert_eq!(poll, Recorded::default());

    // What is here under another id stays what it is.
    let mut stranger = parts[0].clone();
    stranger.mention.id = MentionId::new("stranger");
    let imported = to.import_mentions(&[stranger]).expect("imported");
    assert_eq!(
        imported,
        Imported {
            n_new: 0,
            n_known: 1
        }
    );
    assert_sound(&to);
}

#[test]
fn times_keep_their_order_around_the_edge_of_the_index() {
    let store = opened();
    let first = print("a", sketch(0, 200), at(0));
    place(&store, &first, at(0));
    let within = at(0) + TimeDelta::hours(71);
    assert_eq!(
        place(&store, &print("b", sketch(0, 200), within), within),
        "story-a"
    );
}
