//! The query language as people use it: one line per rule, text and answer.

mod rules;

use super::*;
use crate::domain::{
    Author, Brand, BrandMatch, BrandName, Case, Flag, Kind, Label, Rating, Sentiment, SourceName,
};
use chrono::TimeDelta;

fn post(text: &str) -> Item {
    let mut item = Item::empty("feed", Kind::Post);
    item.text = text.to_owned();
    item
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn subject<'a>(item: &'a Item, lang: Option<&'a str>) -> Subject<'a> {
    Subject {
        item,
        lang,
        source: Some("my feed"),
        mention: None,
        now: now(),
    }
}

fn query(text: &str) -> Query {
    match Query::parse(text, Scope::Search) {
        Ok(query) => query,
        Err(error) => panic!("{text:?}: {error}"),
    }
}

/// The words found, or `None` when the query does not match.
fn found(text: &str, item: &Item, lang: Option<&str>) -> Option<Vec<String>> {
    let hit = query(text).find(&subject(item, lang))?;
    let chars: Vec<char> = item.text.chars().collect();
    Some(
        hit.spans
            .iter()
            .map(|[start, end]| chars[*start..*end].iter().collect())
            .collect(),
    )
}

#[track_caller]
fn check(rule: &str, text: &str, expected: Option<&[&str]>) {
    let actual = found(rule, &post(text), None);
    let actual: Option<Vec<&str>> = actual
        .as_ref()
        .map(|words| words.iter().map(String::as_str).collect());
    assert_eq!(actual.as_deref(), expected, "{rule:?} on {text:?}");
}

#[track_caller]
fn check_in(lang: &str, rule: &str, text: &str, expected: Option<&[&str]>) {
    let actual = found(rule, &post(text), Some(lang));
    let actual: Option<Vec<&str>> = actual
        .as_ref()
        .map(|words| words.iter().map(String::as_str).collect());
    assert_eq!(
        actual.as_deref(),
        expected,
        "{rule:?} on {text:?} in {lang}"
    );
}

#[test]
fn words_and_phrases_are_found_at_word_boundaries() {
    check("acme", "I love ACME.", Some(&["ACME"]));
    check("acme", "Acmeology is no science", None);
    check("acme", "two acmes", None);
    check("acme", "Acme's and Acme’s", Some(&["Acme", "Acme"]));
    check("acme", "don't acme't", None);
    check("don", "I don't know", None);
    check(
        "acme",
        "#acme @acme acme.com",
        Some(&["acme", "acme", "acme"]),
    );
    check("acme", "acme_support", None);
    check(
        "\"acme corp\"",
        "the Acme-Corp, ACME  Corp",
        Some(&["Acme-Corp", "ACME  Corp"]),
    );
    check("\"acme corp\"", "acme and corp", None);
    check("\"acme corp\"", "acme\n\ncorp", None);
    check("acme corp", "corp of acme", Some(&["corp", "acme"]));
    check("“acme corp”", "acme corp", Some(&["acme corp"]));
    check("acme-corp", "Acme Corp", Some(&["Acme Corp"]));
    check("C++", "I like C++ and C", Some(&["C++"]));
    check("AT&T", "AT&T or at T or AT & T", Some(&["AT&T", "AT & T"]));
    check("O'Brien", "Mr O’Brien", Some(&["O’Brien"]));
    check("L'Oréal", "chez l’oreal", Some(&["l’oreal"]));
    check("acme", "l'Acme, dell’Acme", Some(&["Acme", "Acme"]));
    check(
        "café",
        "Cafe CAFÉ cafe\u{301}",
        Some(&["Cafe", "CAFÉ", "cafe\u{301}"]),
    );
    check("cafe", "café", Some(&["café"]));
    check(
        "İstanbul",
        "ISTANBUL ıstanbul istanbul",
        Some(&["ISTANBUL", "ıstanbul", "istanbul"]),
    );
    check("strasse", "Straße", Some(&["Straße"]));
    check("东京", "我在东京工作", Some(&["东京"]));
    check("acme", "", None);
    check("5g", "with 5G", Some(&["5G"]));
}

#[test]
fn operators_join_words() {
    check("acme OR apex", "apex", Some(&["apex"]));
    check("acme AND apex", "apex", None);
    check("acme NOT apex", "acme and apex", None);
    check("acme -apex", "acme", Some(&["acme"]));
    check("acme -(apex OR \"big one\")", "acme the big one", None);
    check(
        "(acme OR apex) phone",
        "my Apex phone",
        Some(&["Apex", "phone"]),
    );
    check("acme OR apex phone", "acme", Some(&["acme"]));
    check("NOT NOT acme", "acme", Some(&["acme"]));
    check("acme*", "acmeology and Acme", Some(&["acmeology", "Acme"]));
    check(
        "acme NEAR/2 refund",
        "acme gives no refund",
        Some(&["acme", "refund"]),
    );
    check("acme NEAR/1 refund", "acme gives no refund", None);
    check(
        "refund NEAR/2 acme",
        "acme gives no refund",
        Some(&["acme", "refund"]),
    );
    check(
        "acme NEAR/2 (refund OR \"money back\")",
        "money back from acme",
        Some(&["money back", "acme"]),
    );
    check(
        "(acme NEAR/1 phone) -old",
        "acme phone",
        Some(&["acme", "phone"]),
    );
}

#[test]
fn handles_and_tags_are_whole() {
    check("@acme", "hey @Acme, and acme", Some(&["@Acme"]));
    check(
        "@acme",
        "@acme_support @acme-help x@acme.com @acme.bsky.social",
        None,
    );
    check("@acme", "thanks @acme. Bye", Some(&["@acme"]));
    check("@acme", "@acme@mastodon.social", Some(&["@acme"]));
    check(
        "@acme@mastodon.social",
        "@acme@mastodon.social",
        Some(&["@acme@mastodon.social"]),
    );
    check("@acme@mastodon.social", "@acme", None);
    check("@acme*", "@acme_support", Some(&["@acme_support"]));
    check(
        "@acme",
        "@acme'ye yazdım, @acmeకి",
        Some(&["@acme", "@acme"]),
    );
    check("#acme", "#Acme #acmefail acme", Some(&["#Acme"]));
    check("#acme*", "#acmefail", Some(&["#acmefail"]));
    check("#एक्मे", "#एक्मे खराब", Some(&["#एक्मे"]));
}

#[test]
fn names_take_the_endings_of_their_language() {
    check_in(
        "tr",
        "acme",
        "Acmenin kargosu, Acme'nin, Acme’de",
        Some(&["Acme", "Acme", "Acme"]),
    );
    check_in(
        "tr",
        "\"acme corp\"",
        "Acme Corp'un müşterisi",
        Some(&["Acme Corp"]),
    );
    check_in(
        "tr",
        "trendyol",
        "Trendyoldan aldım, TRENDYOL'A",
        Some(&["Trendyol", "TRENDYOL"]),
    );
    check_in("tr", "arçelik", "Arçeliğin servisi", Some(&["Arçeliğ"]));
    check("acme", "Acmenin kargosu", Some(&["Acme"]));
    check_in("en", "mar", "in Marin county", None);
    check_in(
        "en",
        "acme",
        "Acmenin çok kötü bir kargosu var",
        Some(&["Acme"]),
    );
    check_in("hi", "एक्मे", "एक्मेने पैसे काटे, एक्मे का ऐप", Some(&["एक्मे", "एक्मे"]));
    check_in("hi", "एक्मे", "एक्मेकार", None);
    check_in("te", "అక్మే", "అక్మేకి చెప్పాను, అక్మేలో", Some(&["అక్మే", "అక్మే"]));
    check_in("te", "అక్మే", "అక్మేషన్", None);
    check(
        "acme",
        "Acmeలో, Acme కి, Acmeको",
        Some(&["Acme", "Acme", "Acme"]),
    );
    check_in("te", "swiggy", "Swiggylo order chesa", Some(&["Swiggy"]));
    check_in("de", "acme", "Acmes Handy", Some(&["Acme"]));
    check_in("te", "శాంసంగ్", "శాంసంగ్\u{200c}లో", Some(&["శాంసంగ్\u{200c}"]));
}

#[test]
fn exact_words_take_no_endings() {
    check_in("tr", "'Acme'", "Acme'nin Acmenin", None);
    check("'Acme'", "ACME", Some(&["ACME"]));
    check("'café'", "cafe", None);
    check("'cafe'", "café", None);
    check(
        "'acme corp'",
        "Acme Corp, Acme Corp's",
        Some(&["Acme Corp"]),
    );
    check("'acme'", "Acmeలో", None);
    check("'l'oreal'", "L'oreal", Some(&["L'oreal"]));
    check("O'Brien's", "O'Brien's pub", Some(&["O'Brien's"]));
}

#[test]
fn patterns_are_linear_and_shown() {
    check("/acme-\\d+/", "the ACME-42 and acme-x", Some(&["ACME-42"]));
    check("/(?-i)Acme/", "acme", None);
    check("/a\\/b/", "a/b", Some(&["a/b"]));
    check("/ü+/", "çüü", Some(&["üü"]));
}

#[test]
fn fields_ask_about_the_item() {
    let mut item = post("Visit acme[.]com or shop.acme.com. Not notacme.com");
    item.title = Some("Acme recalls kettles".to_owned());
    item.url = Some("https://www.reddit.com/r/kettles/1".to_owned());
    item.author = Some(Author {
        name: Some("Jane Doe".to_owned()),
        handle: Some("@jane@m.social".to_owned()),
        ..Author::default()
    });
    item.kind = Kind::Review;
    item.lang = Some("en-GB".to_owned());
    item.rating = Some(Rating {
        value: 4.0,
        best: 10.0,
    });
    for (rule, expected) in [
        ("title:recalls", true),
        ("title:visit", false),
        ("title:(kettles OR pots)", true),
        ("title:\"acme recalls\"", true),
        ("author:@jane", true),
        ("author:jane@m.social", true),
        ("author:\"jane doe\"", true),
        ("author:doe", true),
        ("author:joe", false),
        ("author:ja*", true),
        ("site:reddit.com", true),
        ("site:reddit.com/r/kettles", true),
        ("site:reddit.com/r/kett", false),
        ("site:edit.com", false),
        ("lang:en", true),
        ("lang:tr", false),
        ("lang:en-US", true),
        ("lang:en-Latn", false),
        ("kind:review", true),
        ("source:\"my feed\"", true),
        ("source:my*", true),
        ("source:my", false),
        ("stars:<=2", true),
        ("stars:2", true),
        ("stars:>2", false),
        ("domain:acme.com", true),
        ("domain:acme[.]com", true),
        ("domain:notacme.com", true),
        ("domain:cme.com", false),
        ("domain:acme.co", false),
        ("-domain:other.org kettles", true),
        ("verdict:negative", false),
    ] {
        assert_eq!(found(rule, &item, None).is_some(), expected, "{rule}");
    }
    let spans = found("domain:acme.com", &item, None).expect("it is there");
    assert_eq!(spans, ["acme[.]com", "acme.com"]);
    for (rule, expected) in [
        ("lang:hi", true),
        ("lang:hi-Latn", true),
        ("lang:hi-Deva", false),
        ("lang:te", false),
        ("lang:en", false),
    ] {
        let in_latin = found(&format!("kettles {rule}"), &item, Some("hi-Latn"));
        assert_eq!(in_latin.is_some(), expected, "{rule}");
    }
    let hit = query("kettles")
        .find(&subject(&item, None))
        .expect("in the title");
    assert!(hit.spans.is_empty(), "a title has no spans in the text");
}

#[test]
fn searches_ask_about_the_mention() {
    let mention = Mention {
        item: post("Acme is bad"),
        id: crate::domain::MentionId::new("m"),
        source: SourceName::new("my feed"),
        seen_at: now() - TimeDelta::days(2),
        brands: vec![BrandMatch {
            name: BrandName::new("Acme"),
            rule: "acme".to_owned(),
            spans: vec![[0, 4]],
            sentiment: None,
        }],
        story: crate::domain::StoryId::new("s"),
        sentiment: Sentiment {
            label: Label::Negative,
            negative: 0.9,
            neutral: 0.05,
            positive: 0.05,
            model: "m".to_owned(),
            sentence: None,
        },
        flag: Some(Flag {
            score: 0.8,
            reasons: Vec::new(),
            goal_by: now(),
            reply_by: now() - TimeDelta::hours(1),
            estimated: true,
        }),
        case: Some(Case::open()),
        stars_against_text: true,
        backlog: false,
        own: false,
        corrections: Vec::new(),
        earlier: Vec::new(),
        deleted_at: None,
        reach_before: None,
    };
    for (rule, expected) in [
        ("verdict:negative acme", true),
        ("verdict:unsure", false),
        ("score:>=0.8", true),
        ("score:>0.8", false),
        ("is:flagged", true),
        ("is:overdue", true),
        ("is:backlog", false),
        ("is:own OR is:unsure", false),
        ("is:contradicted", true),
        ("NOT is:contradicted", false),
        ("since:7d", true),
        ("since:1d", false),
        ("since:2000-01-01", true),
        ("until:1d", true),
        ("state:open", true),
        ("state:dismissed", false),
        ("brand:acme", true),
        ("NOT state:open", false),
    ] {
        let is_found = query(rule)
            .find(&Subject::of_mention(&mention, now()))
            .is_some();
        assert_eq!(is_found, expected, "{rule}");
    }
}

#[test]
fn the_rule_that_hit_is_given_as_it_was_written() {
    let item = post("We at AcmeCorp wrote to @acme");
    let hit = query("\"acme corp\" OR acmecorp OR @acme").find(&subject(&item, None));
    assert_eq!(
        hit,
        Some(Hit {
            rule: "acmecorp".to_owned(),
            spans: vec![[6, 14]],
        })
    );
}
