//! The built-in definitions on their own samples, and on payloads that nobody on the team
//! wrote, where the folder with them is there.

mod feeds;
mod reviews;
mod social;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hearken::domain::{Definition, Format, Verified};
use hearken::parse::{self, Answer, ParseError, Parsed, blocked};
use hearken::source;
use serde_json::Value;
use url::Url;

/// The folder with the payloads; `None`, after saying so, where it is missing.
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("HEARKEN_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("HEARKEN_REQUIRE_ALL").is_ok_and(|value| value == "1");
    assert!(!required, "no payloads at {}", folder.display());
    println!("skipped: no payloads at {}", folder.display());
    None
}

fn expectations(corpus: &Path, name: &str) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(corpus.join("expect").join(name)).expect("expectations");
    serde_json::from_str(&text).expect("an object of expectations")
}

/// The definition with these rules filled in.
fn filled(name: &str, params: &[(&str, &str)]) -> Definition {
    let params = params
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    source::fill_rules(definition(name), &params)
        .expect(name)
        .into_owned()
}

fn definition(name: &str) -> &'static Definition {
    source::builtin().find(name).expect(name)
}

fn read(definition: &Definition, path: &Path) -> Result<Parsed, ParseError> {
    let bytes = std::fs::read(path).expect("a payload");
    let answer = Answer {
        bytes: &bytes,
        content_type: None,
        url: None,
        at: None,
    };
    parse::read(definition, &answer)
}

/// Every file below a folder, in a fixed order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_definition_reads_its_own_sample() {
    let problems = source::check_samples(source::builtin(), |definition, saved| {
        let answer = Answer {
            bytes: saved.bytes,
            content_type: None,
            url: saved.url.as_ref(),
            at: saved.at,
        };
        parse::read(definition, &answer)
            .map(|parsed| parsed.items)
            .map_err(|error| error.to_string())
    });
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The figures of the documentation: `make corpus-definitions` prints this table.
#[test]
fn payloads_that_nobody_on_the_team_wrote_are_read_whole() {
    let Some(corpus) = corpus() else { return };
    let mut rows = feeds::rows(&corpus);
    rows.extend(social::rows(&corpus));
    rows.extend(reviews::rows(&corpus));
    table::print(&rows);
    for row in &rows {
        row.at_least(0.98);
    }
    // Only `feed` has a test of its own. A definition that says so is proven here.
    for definition in source::builtin().iter().filter(|one| one.name != "feed") {
        let proven = rows.iter().any(|row| row.definition == definition.name);
        let says = definition.verified == Verified::Corpus;
        assert_eq!(says, proven, "{}", definition.name);
    }
}

#[test]
fn walls_are_walls_for_every_definition() {
    let Some(corpus) = corpus() else { return };
    for (file, expected) in expectations(&corpus, "social.json") {
        if expected.get("must").is_none() {
            continue;
        }
        for definition in source::builtin().iter() {
            let error = read(definition, &corpus.join(&file)).expect_err(&file);
            assert_eq!(
                error.kind(),
                "blocked",
                "{file} as {}: {error}",
                definition.name
            );
        }
    }
    // A challenge page in place of a feed.
    let page = corpus.join("feeds/derived-mutations/search-html200.xml");
    let error = read(definition("feed"), &page).expect_err("a wall");
    assert_eq!(error.kind(), "blocked");
    let quota = corpus.join("social/python-youtube/error_response_simple.json");
    for definition in source::builtin().iter() {
        if matches!(definition.format, Format::Json(_)) {
            assert_eq!(
                read(definition, &quota).expect_err("an error").kind(),
                "blocked"
            );
        }
    }
}

/// Google, Stack Exchange, YouTube, GraphQL and Trendyol report spent quotas with HTTP 200.
#[test]
fn quota_errors_inside_good_answers_are_errors() {
    let answers = [
        r#"{"error_message":"You have exceeded your daily request quota","html_attributions":[],"results":[],"status":"OVER_QUERY_LIMIT"}"#,
        r#"{"html_attributions":[],"status":"OVER_QUERY_LIMIT"}"#,
        r#"{"error_id":502,"error_message":"too many requests from this IP","error_name":"throttle_violation"}"#,
        r#"{"error":{"code":403,"message":"The request cannot be completed because you have exceeded your quota.","errors":[{"domain":"youtube.quota","reason":"quotaExceeded"}]}}"#,
        r#"{"errors":[{"message":"rate limit exceeded"}],"data":null}"#,
        r#"{"success":false,"message":"Too many requests"}"#,
    ];
    for definition in source::builtin().iter() {
        if !matches!(definition.format, Format::Json(_) | Format::JsonLines(_)) {
            continue;
        }
        for text in answers {
            let answer = Answer {
                bytes: text.as_bytes(),
                ..Answer::default()
            };
            let error = parse::read(definition, &answer).expect_err(text);
            assert_eq!(error.kind(), "blocked", "{} on {text}", definition.name);
        }
    }
}

#[test]
fn nothing_genuine_is_taken_for_a_wall() {
    let Some(corpus) = corpus() else { return };
    let known = [
        "search-html200.xml",
        "error_response_simple.json",
        "error_permission_resp.json",
    ];
    let mut wrong = Vec::new();
    let mut n_files = 0;
    for folder in ["feeds", "reviews", "social"] {
        for path in files(&corpus.join(folder)) {
            let name = path.to_string_lossy().into_owned();
            if name.contains("blocked-pages") || known.iter().any(|known| name.ends_with(known)) {
                continue;
            }
            let bytes = std::fs::read(&path).expect("a payload");
            let url = Url::parse("https://example.org/").expect("an address");
            let answer = Answer {
                bytes: &bytes,
                content_type: None,
                url: Some(&url),
                at: None,
            };
            n_files += 1;
            if let Some(reason) = blocked::detect(&answer) {
                wrong.push(format!("{name}: {reason}"));
            }
        }
    }
    assert!(n_files > 500, "only {n_files} files");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
