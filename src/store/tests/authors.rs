//! Repeat customers: who was heard before, and how.

use super::sample::{assert_sound, at, get, negative, opened, record};
use crate::{
    domain::{Author, AuthorHistory, Label},
    store::{NewMention, Store},
};

/// A mention that `handle` wrote.
fn by(handle: &str, name: &str, secs: i64) -> NewMention {
    let mut new = negative(name, at(secs));
    new.mention.item.author = Some(Author {
        handle: Some(handle.to_owned()),
        ..Author::default()
    });
    new
}

#[track_caller]
fn check(store: &Store, new: &NewMention, expected: Option<(u64, u64)>) {
    let history = store.author_history(&get(store, &new.mention.id));
    let expected = expected.map(|(n_mentions_before, n_negative_before)| AuthorHistory {
        n_mentions_before,
        n_negative_before,
    });
    assert_eq!(history.expect("readable"), expected);
}

#[test]
fn an_author_is_known_by_account_and_never_by_name_alone() {
    let store = opened();
    let first = by("@jane", "one", 1);
    let mut second = by("@Jane", "two", 2);
    second.mention.sentiment.label = Label::Positive;
    let third = by("@jane", "three", 3);
    let other = by("@jan", "four", 4);
    let mut named = negative("five", at(5));
    named.mention.item.author = Some(Author {
        name: Some("Jane".to_owned()),
        ..Author::default()
    });
    let all = vec![
        first.clone(),
        second.clone(),
        third.clone(),
        other.clone(),
        named.clone(),
    ];
    record(&store, "feed", all);
    check(&store, &first, Some((0, 0)));
    check(&store, &second, Some((1, 1)));
    check(&store, &third, Some((2, 1)));
    check(&store, &other, Some((0, 0)));
    check(&store, &named, None);
    assert_sound(&store);

    // What was said of an earlier mention stays true when it is told again.
    record(&store, "feed", vec![by("@jane", "six", 6)]);
    check(&store, &third, Some((2, 1)));
}

#[test]
fn an_account_is_one_of_its_site() {
    let key = |url: &str, handle: &str| {
        let mut new = by(handle, "one", 1);
        new.mention.item.url = Some(url.to_owned());
        new.mention.item.author_key()
    };
    let a = key("https://a.example/1", "jane");
    assert_eq!(a, key("https://A.example/2?x", "Jane"));
    assert_ne!(a, key("https://b.example/1", "jane"));
    // `@name@server` is the same account wherever it was read.
    let whole = key("https://a.example/1", "@jane@c.example");
    assert_eq!(whole, key("https://b.example/1", "@jane@c.example"));
}
