//! The built-in definitions, a user's folder, and how mistakes are reported.

use std::collections::BTreeMap;

use super::*;

#[test]
fn all_built_in_definitions_are_right() {
    let mut problems = Vec::new();
    for embedded in EMBEDDED {
        if let Err(found) = parse_definition(embedded.text, embedded.file) {
            problems.extend(found.iter().map(ToString::to_string));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_built_in_definition_gives_a_request_once_its_parameters_are_set() {
    for definition in builtin().iter() {
        let params: BTreeMap<String, String> = definition
            .params
            .iter()
            .filter(|param| param.default.is_none())
            .map(|param| {
                let value = match param.param_type {
                    crate::domain::ParamType::Url => "https://example.org/a?b=c",
                    crate::domain::ParamType::Number => "12",
                    crate::domain::ParamType::Server => "forum.example.org",
                    _ if param.name == "host" => "imap.example.org",
                    _ => "Acme Corp & Söhne",
                };
                (param.name.clone(), value.to_owned())
            })
            .collect();
        let plan = definition.request(&params).expect(&definition.name);
        assert!(!plan.url.as_str().contains(['{', ' ']), "{}", plan.url);
        assert!(
            definition.sample.is_some(),
            "{} has no sample",
            definition.name
        );
        // What others push has no address to be named after.
        let is_named = definition.main_param().is_some() || !definition.format.is_polled();
        assert!(is_named, "{}", definition.name);
    }
}

#[test]
fn the_shipped_files_are_exactly_those_compiled_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sources");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        // Built outside the package: there is nothing to compare with.
        return;
    };
    let mut on_disk: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| name.ends_with(".toml"))
        .collect();
    on_disk.sort();
    let mut compiled: Vec<String> = builtin()
        .iter()
        .map(|definition| format!("{}.toml", definition.name))
        .collect();
    compiled.sort();
    assert_eq!(on_disk, compiled);
}

#[test]
fn brands_find_every_keyless_definition_that_takes_a_query() {
    let ready: Vec<&str> = builtin()
        .iter()
        .filter(|definition| definition.params_for_brand("Acme").is_some())
        .map(|definition| definition.name.as_str())
        .collect();
    assert_eq!(
        ready,
        [
            "google-news",
            "bing-news",
            "medium-tag",
            "mastodon-tag",
            "bluesky-search",
            "reddit-search",
            "hackernews",
            "lemmy-search",
            "stackexchange-search",
            "github-issues"
        ]
    );
}

const GOOD: &str = r#"
name = "my-site"
title = "My site"
summary = "Posts."
kind = "post"
format = "json"
verified = "sample"
[params.q]
help = "the words"
main = true
[request]
url = "https://example.org/?q={q}"
[json]
list = "items"
[json.fields]
text = "body | html"
"#;

#[test]
fn a_small_definition_is_enough() {
    let definition = parse_definition(GOOD, "sources/my-site.toml").expect("it is right");
    assert_eq!(definition.name, "my-site");
    assert!(!definition.keyless);
}

/// Replaces `from` by `to` in the good definition and compares the problems, written as
/// `line key`.
#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(GOOD.contains(from), "{from:?} is not in the definition");
    let text = GOOD.replacen(from, to, 1);
    let problems = parse_definition(&text, "my-site.toml").expect_err(to);
    let found: Vec<String> = problems
        .iter()
        .map(|problem| format!("{} {}", problem.line, problem.key))
        .collect();
    assert_eq!(found, expected, "{problems:?}");
}

#[test]
fn mistakes_name_their_line_and_key() {
    check("list =", "lst =", &["13 json.list", "14 json.lst"]);
    check("kind = \"post\"", "kind = \"posting\"", &["5 kind"]);
    check("name = \"my-site\"", "name = \"other\"", &["2 name"]);
    check("{q}", "{w}", &["12 request.url"]);
    check("https://example.org", "example.org", &["12 request.url"]);
    check("body | html", "body | htlm", &["16 json.fields.text"]);
    check("main = true", "main = \"yes\"", &["10 params.q.main"]);
    check("help = \"the words\"", "", &["8 params.q.help"]);
    check(
        "summary = \"Posts.\"",
        "summary = 3\nodd = 1",
        &["4 summary", "5 odd"],
    );
    check("format = \"json\"", "format = \"html\"", &["1 "]);
    check("kind = \"post\"", "kind = ", &["5 my-site.toml"]);
}

#[test]
fn unknown_keys_suggest_the_nearest() {
    let text = GOOD.replace("[json.fields]", "[json.fields]\nautor_name = \"a\"");
    let problems = parse_definition(&text, "my-site.toml").expect_err("an unknown key");
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "my-site.toml:16: json.fields.autor_name: is not a known key; did you mean `author_name`?"
        ]
    );
}

#[test]
fn a_user_s_folder_adds_and_replaces() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("my-site.toml"), GOOD).expect("a file");
    let feed = GOOD.replace("my-site", "feed");
    std::fs::write(folder.path().join("feed.toml"), feed).expect("a file");
    std::fs::write(folder.path().join("notes.txt"), "no definition").expect("a file");
    let own = load_dir(folder.path()).expect("two definitions");
    let all = builtin().clone().with(own);
    assert_eq!(all.iter().count(), builtin().iter().count() + 1);
    assert_eq!(
        all.find("feed").map(|feed| feed.format.as_str()),
        Some("json")
    );
    assert!(all.find("my-site").is_some());

    std::fs::write(folder.path().join("bad.toml"), "name = \"bad\"\nkind = 1\n").expect("a file");
    let problems = load_dir(folder.path()).expect_err("a bad file");
    assert!(problems.len() > 3, "{problems:?}");
    assert!(
        problems
            .iter()
            .all(|problem| problem.file.ends_with("bad.toml"))
    );
    assert!(load_dir(&folder.path().join("missing")).is_err());
}
