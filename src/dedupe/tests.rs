//! Which items are one, and which stand in one story.

use super::*;
use chrono::TimeDelta;

const LONG: &str = "The company said on Monday that it would recall every kettle it sold in the last \
    three years after customers had reported that the handle came off while the water was still \
    boiling and burned them";

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn item(kind: Kind, id: &str, url: &str, author: &str, text: &str) -> Item {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut item = Item::empty("feed", kind);
    item.native_id = given(id);
    item.url = given(url);
    item.author = given(author).map(|author| match author.strip_prefix('@') {
        Some(_) => Author {
            handle: Some(author),
            ..Author::default()
        },
        None => Author {
            name: Some(author),
            ..Author::default()
        },
    });
    item.text = text.to_owned();
    item
}

fn identities(source: &str, items: &[Item]) -> Vec<Identity> {
    identify(&SourceName::new(source), items, now())
}

/// Whether the second item, polled later, counts as the first one again.
#[track_caller]
fn check_later(what: &str, first: (&str, &[Item]), second: (&str, &[Item]), expected: bool) {
    let first = identities(first.0, first.1);
    let second = identities(second.0, second.1);
    let is_same = second[0].keys.iter().any(|key| first[0].keys.contains(key));
    assert_eq!(is_same, expected, "{what}");
}

#[test]
fn an_item_is_known_again() {
    use Kind::{Article, Comment, Post, Review};
    let a = |item: Item| [item];
    let page = "https://example.org/news/acme-recalls-all-its-kettles";
    let short = "It broke after two days";
    for (what, first, second, expected) in [
        (
            "the text was edited",
            item(Post, "1", "", "@jane", "old"),
            item(Post, "1", "", "@jane", "new"),
            true,
        ),
        (
            "ids rotate, author and text stay",
            item(Post, "1", "", "@jane", short),
            item(Post, "2", "", "@jane", short),
            true,
        ),
        (
            "ids and links rotate",
            item(Post, "1", "https://e.org/1?x=1111", "@jane", short),
            item(Post, "2", "https://e.org/2?x=2222", "@jane", short),
            true,
        ),
        (
            "ids rotate, link and text stay",
            item(Article, "a", page, "", LONG),
            item(Article, "b", page, "", LONG),
            true,
        ),
        (
            "links rotate, the id stays",
            item(Article, "a", "https://e.org/a?t=12345", "", "x"),
            item(Article, "a", "https://e.org/a?t=99999", "", "x"),
            true,
        ),
        (
            "guid follows the title, link stays",
            item(Article, "old-title", page, "", "excerpt one"),
            item(Article, "new-title", page, "", "excerpt two"),
            true,
        ),
        (
            "two reviews of one product",
            item(Review, "1", "https://shop.org/p/1234", "", "Great product!"),
            item(Review, "2", "https://shop.org/p/1234", "", "Great product!"),
            false,
        ),
        (
            "two reviews of one product without ids",
            item(Review, "", "https://shop.org/p/1234", "Jane", "Bad"),
            item(Review, "", "https://shop.org/p/1234", "John", "Bad"),
            false,
        ),
        (
            "two posts under one thread",
            item(Post, "1", "https://f.org/t/12345", "@jane", "first"),
            item(Post, "2", "https://f.org/t/12345", "@jane", "second"),
            false,
        ),
        (
            "two comments under one thread",
            item(Comment, "1", "https://f.org/t/12345", "@jane", "a"),
            item(Comment, "2", "https://f.org/t/12345", "@jane", "b"),
            false,
        ),
        (
            "a changed review without an id",
            item(Review, "", "https://shop.org/p/1234", "@jane", "Good"),
            item(Review, "", "https://shop.org/p/1234", "@jane", "Bad now"),
            true,
        ),
        (
            "every link leads to the changelog",
            item(Article, "v1", "https://e.org/changelog", "", "one"),
            item(Article, "v2", "https://e.org/changelog", "", "two"),
            false,
        ),
        (
            "no id is no id",
            item(Post, "null", "", "@jane", "a"),
            item(Post, "null", "", "@joe", "b"),
            false,
        ),
        (
            "namesakes write the same few words",
            item(Review, "1", "", "John", "Great"),
            item(Review, "2", "", "John", "Great"),
            false,
        ),
        (
            "two anonymous customers",
            item(Review, "1", "", "A Google user", short),
            item(Review, "2", "", "A Google user", short),
            false,
        ),
        (
            "a long anonymous text",
            item(Review, "1", "", "", LONG),
            item(Review, "2", "", "", LONG),
            true,
        ),
        (
            "a link with tracking",
            item(Article, "", page, "", "x"),
            item(Article, "", &format!("{page}?utm_source=rss"), "", "y"),
            true,
        ),
        (
            "an anchor names a comment",
            item(Comment, "", &format!("{page}#comment-12"), "", "x"),
            item(Comment, "", &format!("{page}#comment-13"), "", "x"),
            false,
        ),
        (
            "the home page is no identity",
            item(Article, "", "https://example.org/", "", "one thing"),
            item(Article, "", "https://example.org/", "", "another"),
            false,
        ),
    ] {
        check_later(what, ("s", &a(first)), ("s", &a(second)), expected);
    }
}

#[test]
fn sources_share_items_but_not_ids() {
    let page = "https://example.org/news/acme-recalls-all-its-kettles";
    let first = [item(Kind::Article, "1", page, "", "one excerpt")];
    let second = [item(
        Kind::Article,
        "tag:9",
        &format!("{page}?utm_medium=feed"),
        "",
        "another",
    )];
    check_later(
        "one article, two feeds",
        ("a", &first),
        ("b", &second),
        true,
    );
    let first = [item(
        Kind::Post,
        "1",
        "https://m.social/@jane/111222333",
        "@jane",
        "Acme is bad",
    )];
    let second = [item(
        Kind::Post,
        "x",
        "https://m.social/@jane/111222333",
        "@jane",
        "Acme is bad",
    )];
    check_later(
        "one post, two searches",
        ("a", &first),
        ("b", &second),
        true,
    );
    let first = [item(Kind::Review, "1", "", "@jane", "Bad")];
    let second = [item(Kind::Review, "1", "", "@joe", "Good")];
    check_later(
        "equal ids of two sites",
        ("a", &first),
        ("b", &second),
        false,
    );
}

#[test]
fn one_answer_may_share_ids_and_links_without_losing_items() {
    let texts = ["one thing", "another thing", "a third thing"];
    let batch: Vec<Item> = texts
        .iter()
        .map(|text| {
            item(
                Kind::Article,
                "same",
                "https://example.org/blog/all-news-of-the-week",
                "",
                text,
            )
        })
        .collect();
    let found = identities("s", &batch);
    let ids: HashSet<_> = found.iter().map(|identity| &identity.id).collect();
    assert_eq!(ids.len(), 3, "three texts are three items");
    let keys: Vec<&String> = found.iter().flat_map(|identity| &identity.keys).collect();
    let distinct: HashSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len(), "no key is shared");
    assert_eq!(
        found,
        identities("s", &batch),
        "the same answer gives the same ids"
    );
}

#[test]
fn two_anonymous_customers_with_the_same_words_are_two() {
    let twice = [
        item(Kind::Review, "", "", "", "Great product!"),
        item(Kind::Review, "", "", "", "Great product!"),
    ];
    let found = identities("s", &twice);
    assert_ne!(found[0].id, found[1].id);
    assert_eq!(
        found,
        identities("s", &twice),
        "and stay two when polled again"
    );
}

#[test]
fn stories_hold_reprints_and_shares_and_never_two_customers() {
    #[track_caller]
    fn check(what: &str, first: Item, second: Item, expected: bool) {
        let first = identities("a", &[first]);
        let second = identities("b", &[second]);
        assert_eq!(first[0].story == second[0].story, expected, "{what}");
    }
    use Kind::{Article, Post, Review};
    let post = |id, author, text| item(Post, id, &format!("https://m.social/s/{id}"), author, text);
    check(
        "a reprint",
        item(Article, "1", "https://a.org/1", "Reuters", LONG),
        item(Article, "2", "https://b.org/2", "", LONG),
        true,
    );
    check(
        "short articles",
        item(Article, "1", "", "", "Acme opens a shop"),
        item(Article, "2", "", "", "Acme opens a shop"),
        false,
    );
    check(
        "the same long review",
        item(Review, "1", "", "@jane", LONG),
        item(Review, "2", "", "@joe", LONG),
        false,
    );
    check(
        "the same short review",
        item(Review, "1", "", "", "Bad"),
        item(Review, "2", "", "", "Bad"),
        false,
    );
    check(
        "a share",
        post("111", "@jane", "Acme lost my parcel"),
        post("222", "@joe", "RT @Jane: Acme lost my parcel"),
        true,
    );
    check(
        "a share of somebody else",
        post("111", "@jane", "Acme lost my parcel"),
        post("222", "@joe", "RT @ann: Acme lost my parcel"),
        false,
    );
    check(
        "two people, one text",
        post("111", "@jane", "Acme lost my parcel"),
        post("222", "@joe", "Acme lost my parcel"),
        false,
    );
    check(
        "a cut share",
        post("111", "@jane", "Acme lost my parcel"),
        post("222", "@joe", "RT @jane: Acme lost my…"),
        false,
    );
}
