//! Which items are one, and which stand in one story.

use super::*;
use crate::domain::Author;
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
        let first = identities("a", &[first]).remove(0);
        let second = identities("b", &[second]).remove(0);
        let is_reprint = match (&first.print, &second.print) {
            (Some(first), Some(second)) => second.is_reprint_of(first),
            _ => false,
        };
        let is_one = first.story == second.story || is_reprint;
        assert_eq!(is_one, expected, "{what}");
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
        "a share with words of one's own: a quote post",
        post("111", "@jane", "Acme lost my parcel"),
        post("222", "@joe", "Mine too! RT @jane: Acme lost my parcel"),
        false,
    );
    check(
        "a share of a share",
        post("222", "@joe", "RT @jane: Acme lost my parcel"),
        post("333", "@ann", "RT @jane: Acme lost my parcel!"),
        true,
    );
    check(
        "two customers who copy one long complaint into comments",
        item(Kind::Comment, "1", "https://c.org/t/12345", "@jane", LONG),
        item(Kind::Comment, "2", "https://c.org/t/12345", "@joe", LONG),
        false,
    );
    check(
        "a cut share",
        post("111", "@jane", "Acme lost my parcel"),
        post("222", "@joe", "RT @jane: Acme lost my…"),
        false,
    );
}

/// An article of `n` sentences about one thing, in words that no other topic uses.
fn article(topic: &str, n: usize) -> String {
    (0..n)
        .map(|place| {
            let words: Vec<String> = (0..12)
                .map(|word| format!("{topic}{place}x{word}"))
                .collect();
            format!("Of the {topic} they said: {}. ", words.join(" "))
        })
        .collect()
}

fn print_of(url: &str, author: &str, title: &str, text: &str, posted_h: i64) -> ArticlePrint {
    let mut article = item(Kind::Article, url, url, author, text);
    article.title = Some(title.to_owned());
    article.published_at = Some(now() - TimeDelta::hours(100) + TimeDelta::hours(posted_h));
    let source = url.split('/').nth(2).expect("the table holds addresses");
    identities(source, &[article])
        .remove(0)
        .print
        .expect("a long article has a print")
}

#[test]
fn reprints_are_found_whatever_stands_around_them() {
    #[track_caller]
    fn check(what: &str, first: &ArticlePrint, second: &ArticlePrint, expected: bool) {
        assert_eq!(
            second.is_reprint_of(first),
            expected,
            "{what}: {:?}",
            first.sketch.overlap(&second.sketch)
        );
        assert_eq!(
            first.is_reprint_of(second),
            expected,
            "{what}, the other way round"
        );
        if expected {
            let bands: Vec<Vec<u8>> = first.sketch.bands().collect();
            let meet = second.sketch.bands().any(|band| bands.contains(&band));
            assert!(meet, "{what}: the index would not find it");
        }
    }
    let body = article("kettle", 8);
    let footer = "Subscribe to our newsletter to read more stories like this one every morning, \
        and follow us wherever you are. All rights reserved, no part of this may be copied.";
    let first = print_of(
        "https://a.org/1",
        "Ann Writer",
        "Acme recalls kettles",
        &body,
        0,
    );
    let at =
        |url: &str, author: &str, title: &str, text: &str| print_of(url, author, title, text, 5);
    check(
        "another headline, another byline",
        &first,
        &at(
            "https://b.org/x",
            "Desk",
            "Kettles burn: what Acme says now",
            &body,
        ),
        true,
    );
    check(
        "boilerplate around it",
        &first,
        &at(
            "https://b.org/x",
            "",
            "Kettles",
            &format!("Staff report. {body} {footer}"),
        ),
        true,
    );
    check(
        "another case, other quotation marks and spaces",
        &first,
        &at(
            "https://b.org/x",
            "",
            "Kettles",
            &body.to_uppercase().replace(' ', "  "),
        ),
        true,
    );
    check(
        "a correction printed under another address",
        &first,
        &at(
            "https://a.org/1-corrected",
            "Ann Writer",
            "Corrected",
            &body.replace("kettle3x4", "pot"),
        ),
        true,
    );
    check(
        "the last third cut off",
        &first,
        &at("https://b.org/x", "", "Kettles", &article("kettle", 6)),
        true,
    );
    check(
        "another article of the same site with the same footer",
        &at(
            "https://a.org/2",
            "",
            "One",
            &format!("{} {footer}", article("parking", 1)),
        ),
        &at(
            "https://a.org/3",
            "",
            "Two",
            &format!("{} {footer}", article("elections", 1)),
        ),
        false,
    );
    check(
        "another article about the same matter",
        &first,
        &at("https://b.org/x", "", "Kettles", &article("lawsuit", 8)),
        false,
    );
    check(
        "a week later",
        &first,
        &print_of("https://b.org/x", "", "Kettles", &body, 24 * 7),
        false,
    );
    check(
        "two accounts that copy one complaint",
        &print_of("https://complaints.org/1", "@jane", "x", &body, 0),
        &print_of("https://forum.org/1", "@joe", "x", &body, 1),
        false,
    );
    check(
        "two people on one complaint site",
        &print_of("https://complaints.org/1", "Jane D.", "x", &body, 0),
        &print_of("https://complaints.org/2", "Joe B.", "x", &body, 1),
        false,
    );
}

#[test]
fn fewer_than_thirty_words_in_common_make_no_reprint() {
    let words: Vec<String> = (0..45).map(|n| format!("word{n}")).collect();
    let other: Vec<String> = (0..45).map(|n| format!("other{n}")).collect();
    for (n_common, expected) in [(29, false), (32, true), (40, true)] {
        // Long enough to be sketched, and alike by more than half either way.
        let text = |rest: &[String]| {
            let mut all = words[..n_common].to_vec();
            all.extend_from_slice(&rest[..(34 - n_common.min(33)).min(6)]);
            all.join(" ")
        };
        let first = print_of("https://a.org/1", "", "t", &text(&other[..20]), 0);
        let second = print_of("https://b.org/1", "", "t", &text(&other[20..]), 1);
        let overlap = first.sketch.overlap(&second.sketch);
        assert_eq!(overlap.n_words, n_common, "{overlap:?}");
        assert!(overlap.similarity >= 0.5, "{overlap:?}");
        assert_eq!(second.is_reprint_of(&first), expected, "{n_common} words");
    }
}

#[test]
fn two_customers_who_copy_one_complaint_stay_two() {
    use Kind::{Comment, Review};
    // In one answer: ids tell them apart, whatever else is equal.
    for (what, first, second) in [
        (
            "reviews of nobody",
            item(Review, "1", "https://shop.org/p/1", "", LONG),
            item(Review, "2", "https://shop.org/p/1", "", LONG),
        ),
        (
            "comments of namesakes",
            item(Comment, "1", "https://shop.org/t/1", "A. K.", LONG),
            item(Comment, "2", "https://shop.org/t/1", "A. K.", LONG),
        ),
        (
            "one account that says it twice",
            item(Comment, "1", "", "@jane", "It broke after two days"),
            item(Comment, "2", "", "@jane", "It broke after two days"),
        ),
    ] {
        let found = identities("s", &[first, second]);
        let shared: Vec<_> = found[0]
            .keys
            .iter()
            .filter(|key| found[1].keys.contains(key))
            .collect();
        assert!(shared.is_empty(), "{what}: {shared:?}");
        assert_ne!(found[0].id, found[1].id, "{what}");
        if !what.contains("one account") {
            assert_ne!(found[0].story, found[1].story, "{what}");
        }
        assert!(found.iter().all(|one| one.print.is_none()), "{what}");
    }
    // In two answers: the time of the post tells them apart.
    let dated = |id: &str, author: &str, days: i64| {
        let mut item = item(Review, id, "https://shop.org/p/1", author, LONG);
        item.published_at = Some(now() - TimeDelta::days(days));
        item
    };
    for author in ["", "A. K."] {
        check_later(
            "the same words on another day",
            ("s", &[dated("1", author, 9)]),
            ("s", &[dated("2", author, 3)]),
            false,
        );
        check_later(
            "the same words, the same second: the id has rotated",
            ("s", &[dated("1", author, 9)]),
            ("s", &[dated("2", author, 9)]),
            true,
        );
    }
}

#[test]
fn feeds_that_rotate_everything_are_not_imported_again() {
    let excerpt = "Acme opens its third shop in the old town, and the mayor came to cut the ribbon";
    let at = |id: &str, url: &str, text: &str, days: i64| {
        let mut item = item(Kind::Article, id, url, "", text);
        item.title = Some("A headline".to_owned());
        item.published_at = Some(now() - TimeDelta::days(days));
        item
    };
    check_later(
        "id, link and date are new at every answer",
        ("s", &[at("1", "https://e.org/go?sid=aaa111", excerpt, 5)]),
        ("s", &[at("2", "https://e.org/go?sid=bbb222", excerpt, 4)]),
        true,
    );
    check_later(
        "a headline alone, of the same second",
        ("s", &[at("1", "https://e.org/go?sid=aaa111", "", 5)]),
        ("s", &[at("2", "https://e.org/go?sid=bbb222", "", 5)]),
        true,
    );
    check_later(
        "a headline that comes again next week is another item",
        ("s", &[at("1", "https://e.org/go?sid=aaa111", "", 9)]),
        ("s", &[at("2", "https://e.org/go?sid=bbb222", "", 2)]),
        false,
    );
    check_later(
        "an AMP page and the page",
        (
            "s",
            &[at(
                "",
                "https://e.org/news/acme-opens-its-third-shop",
                "x",
                5,
            )],
        ),
        (
            "s",
            &[at(
                "",
                "https://e.org/amp/news/acme-opens-its-third-shop",
                "y",
                5,
            )],
        ),
        true,
    );
}
