use super::*;
use crate::domain::{FieldRules, Format, Item, Kind, Rating, ValueRule};
use crate::parse::testing;

fn rules(texts: &[&str]) -> Vec<ValueRule<JsonPath>> {
    texts
        .iter()
        .map(|text| text.parse().expect("a rule"))
        .collect()
}

fn reading() -> JsonReading {
    let mapping = JsonMapping {
        list: vec!["data.list".parse().expect("a list")],
        empty_if: Some("data".parse().expect("a condition")),
        skip_if: vec!["boost".parse().expect("a condition")],
        kinds: vec![("parent".parse().expect("a condition"), Kind::Comment)],
        fields: FieldRules {
            native_id: rules(&["id"]),
            url: rules(&["link", "https://example.org/{id}"]),
            text: rules(&["body | html", "plain"]),
            author_name: rules(&["/people[id = by].name"]),
            rating_value: rules(&["stars"]),
            published_at: rules(&["at"]),
            likes: rules(&["likes"]),
            ..FieldRules::default()
        },
        ..JsonMapping::default()
    };
    JsonReading {
        inside: None,
        mapping,
    }
}

fn read_text(text: &str) -> Result<Parsed, ParseError> {
    read_with(&reading(), text)
}

fn read_with(reading: &JsonReading, text: &str) -> Result<Parsed, ParseError> {
    let definition = testing::definition(Format::Feed);
    let answer = Answer {
        bytes: text.as_bytes(),
        at: "2026-03-02T00:00:00Z".parse().ok(),
        ..Answer::default()
    };
    read(&answer, &definition, reading)
}

#[test]
fn fields_are_read_by_their_rules_and_bad_entries_left_out() {
    let parsed = read_text(
        r#"{"data":{"list":[
          {"id": 7, "body": "<p>a &amp; b</p>", "stars": "4,5 / 5", "at": 1772364153, "likes": -3},
          {"id": "8", "body": null, "plain": " c  d ", "link": "https://x.org/8", "at": "nonsense", "parent": 7, "stars": 9},
          {"id": "9", "boost": {"id": 7}, "plain": "again"},
          17, null, {"other": true}
        ]}}"#,
    )
    .expect("items");
    let [first, second] = parsed.items.as_slice() else {
        panic!("two items, not {}", parsed.items.len());
    };
    assert_eq!(first.native_id.as_deref(), Some("7"));
    assert_eq!(first.url.as_deref(), Some("https://example.org/7"));
    assert_eq!(first.text, "a & b");
    assert_eq!(
        first.rating,
        Some(Rating {
            value: 4.5,
            best: 5.0
        })
    );
    assert_eq!(
        first.published_at.map(|at| at.to_rfc3339()),
        Some("2026-03-01T11:22:33+00:00".to_owned())
    );
    assert_eq!(first.engagement.likes, 0);
    assert_eq!(second.kind, Kind::Comment);
    assert_eq!(second.text, "c d");
    assert_eq!(second.published_at, None);
    assert_eq!(second.rating, None, "nine of five is no rating");
    assert_eq!(
        parsed.notes,
        ["3 of 6 entries had neither text nor title and were left out"]
    );
}

#[test]
fn missing_lists_are_empty_only_where_the_definition_says_so() {
    assert_eq!(read_text(r#"{"data":{"n":0}}"#), Ok(Parsed::default()));
    assert_eq!(read_text(r#"{"data":{"list":[]}}"#), Ok(Parsed::default()));
    assert_eq!(
        read_text(r#"{"data":{"list":{"id":1,"plain":"x"}}}"#).map(|parsed| parsed.items.len()),
        Ok(1)
    );
    for (text, kind) in [
        (r#"{"hits":[]}"#, "not_a_feed"),
        ("[]", "not_a_feed"),
        ("hello", "not_a_feed"),
        ("<html></html>", "not_a_feed"),
        (r#"{"data":{"list":[{"id":1"#, "broken"),
        ("  ", "empty"),
        (r#"{"data":{"list":[{"odd":1}]}}"#, "not_a_feed"),
    ] {
        let error = read_text(text).expect_err(text);
        assert_eq!(error.kind(), kind, "{text}");
    }
}

#[test]
fn people_listed_apart_are_found_by_their_id() {
    let parsed = read_text(
        r#"{"people":[{"id":1,"name":"Jo"},{"id":2,"name":"Al"}],
            "data":{"list":[{"id":9,"plain":"x","by":2,"at":"2 hours ago"},{"id":8,"plain":"y","by":3}]}}"#,
    )
    .expect("items");
    let name = |item: &Item| item.author.as_ref().and_then(|author| author.name.clone());
    assert_eq!(name(&parsed.items[0]).as_deref(), Some("Al"));
    assert_eq!(name(&parsed.items[1]), None);
    assert_eq!(
        parsed.items[0].published_at.map(|at| at.to_rfc3339()),
        Some("2026-03-01T22:00:00+00:00".to_owned())
    );
}

#[test]
fn json_that_a_page_carries_is_read_from_it() {
    let mut reading = reading();
    reading.inside = Some("script | after 'STATE ='".parse().expect("a rule"));
    let page = r#"<html><script>var a = 1;</script>
        <script>window.STATE = {"data":{"list":[{"id":1,"plain":"a <b> c"}]}}; go();</script></html>"#;
    let parsed = read_with(&reading, page).expect("items");
    assert_eq!(parsed.items[0].text, "a <b> c");
    let error = read_with(&reading, "<html><script>STATE = 3</script></html>").expect_err("none");
    assert_eq!(error.kind(), "not_a_feed");
}
