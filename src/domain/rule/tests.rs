use super::*;
use serde_json::json;

#[track_caller]
fn check_path(path: &str, expected: &[Value]) {
    let entry = json!({"a": {"b": [{"c": 1}, null, {"c": 2}]}, "im:rating": {"x.y": "z"}, "n": null, "by": 8});
    let whole = json!({"people": [{"id": 7, "name": "Jo"}, {"id": 8, "name": "Al"}]});
    let path: JsonPath = path.parse().expect("a path");
    let found: Vec<Value> = path.find_all(&entry, &whole).into_iter().cloned().collect();
    assert_eq!(found, expected, "{path:?}");
}

#[test]
fn paths_lead_to_values() {
    check_path("a.b[0].c", &[json!(1)]);
    check_path("a.b[1]", &[]);
    check_path("a.b[7].c", &[]);
    check_path("a.b[*].c", &[json!(1), json!(2)]);
    check_path("im:rating.\"x.y\"", &[json!("z")]);
    check_path("n", &[]);
    check_path("a.b[0]", &[json!({"c": 1})]);
    check_path("$.by", &[json!(8)]);
    check_path("/people[0].name", &[json!("Jo")]);
    check_path("/people[id = by].name", &[json!("Al")]);
    check_path("/people[id = a].name", &[]);
    check_path("/people[name = 'Jo'].id", &[json!(7)]);
    check_path("/people[id = a.b[0].c].name", &[]);
}

#[test]
fn wrong_paths_and_filters_say_why() {
    for wrong in ["", "a..b", "a[x]", "a[0", "a b", "\"a", "a[0]b", "a[=]"] {
        assert!(wrong.parse::<JsonPath>().is_err(), "{wrong:?}");
    }
    for wrong in [
        "a | htm",
        "a | strip",
        "a | html 'x'",
        "{a",
        "{}",
        "a | match '('",
        "a | date 'day'",
        "a | map 'ONE'",
    ] {
        assert!(wrong.parse::<ValueRule<JsonPath>>().is_err(), "{wrong:?}");
    }
    let message = "a | htm"
        .parse::<ValueRule<JsonPath>>()
        .expect_err("not a filter");
    assert!(message.contains("there are: html"), "{message}");
}

#[test]
fn signs_inside_quotes_belong_to_the_argument() {
    let rule: ValueRule<JsonPath> = "a | before ' | ' | lower".parse().expect("a rule");
    let ValueRule::Value(value) = rule else {
        panic!("a place");
    };
    assert_eq!(value.filters, [Filter::Before(" | ".into()), Filter::Lower]);
    let rule: ValueRule<JsonPath> = r"a | match '(\d{4})'".parse().expect("a rule");
    assert!(matches!(rule, ValueRule::Value(_)));
}

#[test]
fn templates_take_places_with_filters() {
    let rule: ValueRule<JsonPath> = "https://x.org/{by.name}/{id | strip 't3_'}#c"
        .parse()
        .expect("a template");
    let ValueRule::Template(pieces) = rule else {
        panic!("a template");
    };
    assert_eq!(pieces.len(), 5);
}

#[track_caller]
fn check_condition(condition: &str, expected: bool) {
    let entry = json!({"tags": ["comment", "x"], "n": 3, "empty": "", "off": false, "o": {"k": 1}});
    let condition: Condition<JsonPath> = condition.parse().expect("a condition");
    assert_eq!(condition.holds(&entry), expected, "{condition:?}");
}

#[test]
fn conditions_ask_entries() {
    check_condition("tags = comment", true);
    check_condition("tags != comment", false);
    check_condition("tags = story", false);
    check_condition("n = 3", true);
    check_condition("o", true);
    check_condition("empty", false);
    check_condition("!empty", true);
    check_condition("off = false", true);
    check_condition("missing != x", true);
    check_condition("missing", false);
}

#[test]
fn conditions_on_pages_leave_the_signs_of_selectors_alone() {
    let condition: Condition<CssPlace> = "a[rel=\"author\"] @title = Acme".parse().expect("one");
    assert_eq!(condition.value.as_deref(), Some("Acme"));
    let condition: Condition<CssPlace> = "!a[rel=author]".parse().expect("one");
    assert!(condition.negated && condition.value.is_none());
}
