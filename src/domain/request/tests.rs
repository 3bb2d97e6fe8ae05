//! Parameters, templates and names of sources.

use super::*;
use crate::domain::{
    AskMethod, JsonTemplate, Kind, Limits, Mark, Paging, PagingKind, Request, Verified,
};
use serde_json::json;

fn param(name: &str, param_type: ParamType, default: Option<&str>) -> Param {
    Param {
        name: name.to_owned(),
        param_type,
        help: "for a test".to_owned(),
        default: default.map(str::to_owned),
        main: false,
        query: None,
        optional: false,
        each: false,
    }
}

fn tag_definition() -> Definition {
    let mut tag = param("tag", ParamType::Text, None);
    tag.main = true;
    tag.query = Some(QueryForm::Tag);
    Definition {
        name: "tags".to_owned(),
        title: "Tags".to_owned(),
        summary: "Posts.".to_owned(),
        help: String::new(),
        kind: Kind::Post,
        format: Format::Feed,
        params: vec![param("server", ParamType::Server, Some("example.org")), tag],
        request: Request {
            url: vec![
                RequestPiece::Param("server".to_owned()),
                RequestPiece::Literal("/tags/".to_owned()),
                RequestPiece::Param("tag".to_owned()),
            ],
            ..Request::default()
        },
        paging: None,
        limits: Limits::default(),
        terms: None,
        verified: Verified::Sample,
        keyless: true,
        sample: None,
        template: None,
    }
}

fn template(text: &str) -> Template {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').expect("closed");
        pieces.push(RequestPiece::Literal(before.to_owned()));
        pieces.push(RequestPiece::Param(name.to_owned()));
        rest = after;
    }
    pieces.push(RequestPiece::Literal(rest.to_owned()));
    pieces
}

/// A definition with an optional key, a secret and counted pages.
fn search_definition(url: &str) -> Definition {
    let mut definition = tag_definition();
    let mut key = param("key", ParamType::Text, None);
    key.optional = true;
    definition.params = vec![
        param("query", ParamType::Text, None),
        param("secret", ParamType::Secret, None),
        param("size", ParamType::Number, Some("50")),
        key,
    ];
    definition.request.url = template(url);
    definition.paging = Some(Paging {
        kind: PagingKind::Page {
            param: "page".to_owned(),
            start: 1,
        },
        more_if: None,
        pages: 1,
        max_pages: 5,
    });
    definition
}

#[track_caller]
fn check_search(url: &str, pairs: &[(&str, &str)], first: &str, second: &str) {
    let plan = search_definition(url)
        .request(&params(pairs))
        .expect("a request");
    assert_eq!(plan.url.as_str(), first);
    assert_eq!(plan.page, Some(Mark::Count(1)));
    let next = plan
        .with_page("page", Mark::Count(2))
        .expect("a second page");
    assert_eq!(next.url.as_str(), second);
}

#[test]
fn pairs_of_unset_parameters_are_left_out_and_pages_find_their_place() {
    let given = [("query", "a b"), ("secret", "s")];
    check_search(
        "https://a.org/s?q={query}&key={key}&n={size}",
        &given,
        "https://a.org/s?q=a%20b&n=50",
        "https://a.org/s?q=a%20b&n=50&page=2",
    );
    check_search(
        "https://a.org/s?key={key}&q={query}",
        &given,
        "https://a.org/s?q=a%20b",
        "https://a.org/s?q=a%20b&page=2",
    );
    check_search(
        "https://a.org/p{page}/id={query}/json?key={key}",
        &given,
        "https://a.org/p1/id=a%20b/json",
        "https://a.org/p2/id=a%20b/json",
    );
    check_search(
        "https://a.org/s?page={page}&key={key}",
        &[("query", "x"), ("secret", "s"), ("key", "k&")],
        "https://a.org/s?page=1&key=k%26",
        "https://a.org/s?page=2&key=k%26",
    );
}

#[test]
fn bodies_and_headers_are_filled_and_nothing_leaves_its_place() {
    let mut definition = search_definition("https://a.org/s");
    definition.request.method = AskMethod::Post;
    definition.request.headers = vec![
        ("X-Key".to_owned(), template("{secret}")),
        ("X-Other".to_owned(), template("k {key}")),
    ];
    definition.request.body = Some(BodyTemplate::Json(JsonTemplate::Table(vec![
        ("q".to_owned(), JsonTemplate::Text(template("{query}"))),
        (
            "n".to_owned(),
            JsonTemplate::Text(vec![RequestPiece::Param("size".to_owned())]),
        ),
        ("key".to_owned(), JsonTemplate::Text(template("{key}"))),
        ("lang".to_owned(), JsonTemplate::Fixed(json!("en"))),
    ])));
    let plan = definition
        .request(&params(&[("query", "\",\"x\":\""), ("secret", "geheim")]))
        .expect("a request");
    assert_eq!(
        plan.body,
        Some(PlannedBody::Json(
            json!({"q": "\",\"x\":\"", "n": 50, "lang": "en", "page": 1})
        ))
    );
    assert_eq!(plan.headers.len(), 2, "an unset header is left out");
    assert_eq!(plan.headers[1], ("X-Key".to_owned(), "geheim".to_owned()));
    assert!(!format!("{plan:?}").contains("geheim"));
}

#[test]
fn a_missing_key_says_which_and_where_to_get_it() {
    let problems = search_definition("https://a.org/")
        .request(&params(&[("query", "x")]))
        .expect_err("no key");
    assert_eq!(
        problems[0].to_string(),
        "parameter `secret`: is missing: Tags needs this key; set it under params as \
         { env = \"NAME\" } or { file = \"path\" } (for a test)"
    );
}

#[test]
fn a_parameter_with_several_values_is_several_sources() {
    let mut definition = tag_definition();
    definition.params[1].each = true;
    let sets = definition.expand(&params(&[("tag", "us, tr,in"), ("server", "a.org")]));
    let tags: Vec<_> = sets
        .iter()
        .map(|(suffix, set)| (suffix.as_deref(), set["tag"].as_str()))
        .collect();
    assert_eq!(
        tags,
        [(Some("us"), "us"), (Some("tr"), "tr"), (Some("in"), "in")]
    );
    let single = definition.expand(&params(&[("tag", "us")]));
    assert_eq!(single, [(None, params(&[("tag", "us")]))]);
}

fn params(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

#[track_caller]
fn check_url(pairs: &[(&str, &str)], expected: &str) {
    let plan = tag_definition().request(&params(pairs)).expect("a request");
    assert_eq!(plan.url.as_str(), expected);
}

#[test]
fn parameters_fill_the_address_and_cannot_leave_their_place() {
    check_url(&[("tag", "acme")], "https://example.org/tags/acme");
    check_url(
        &[("tag", "../a?b=c&d#e")],
        "https://example.org/tags/..%2Fa%3Fb%3Dc%26d%23e",
    );
    check_url(
        &[("tag", "x"), ("server", "http://127.0.0.1:8080/")],
        "http://127.0.0.1:8080/tags/x",
    );
}

#[test]
fn all_wrong_parameters_are_named_at_once() {
    let problems = tag_definition()
        .request(&params(&[("tga", "acme"), ("server", "not a server")]))
        .expect_err("three problems");
    let names: Vec<_> = problems
        .iter()
        .map(|problem| problem.param.as_str())
        .collect();
    assert_eq!(names, ["tga", "server", "tag"]);
}

#[test]
fn a_brand_becomes_a_query_in_the_form_of_the_site() {
    let definition = tag_definition();
    assert_eq!(
        definition.params_for_brand("Acme Corp."),
        Some(params(&[("tag", "AcmeCorp")]))
    );
    assert_eq!(definition.params_for_brand("!!"), None);
}

#[test]
fn source_names_hold_no_credentials() {
    let mut definition = tag_definition();
    assert_eq!(
        definition.source_name(&params(&[("tag", "acme")])),
        "tags:acme"
    );
    definition.params = vec![param("url", ParamType::Url, None)];
    definition.params[0].main = true;
    let name = |url: &str| definition.source_name(&params(&[("url", url)]));
    assert_eq!(name("https://a.org/f?p=2"), "tags:https://a.org/f?p=2");
    let one = name("https://me:pw@a.org/f?token=one&p=2");
    assert!(one.starts_with("tags:https://a.org/f?token="), "{one}");
    assert!(!one.contains("pw") && !one.contains("one"), "{one}");
    assert_ne!(one, name("https://a.org/f?token=two&p=2"));
}
