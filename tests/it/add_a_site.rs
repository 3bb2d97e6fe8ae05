//! The guide of `sources/README.md`, followed literally: its definition, a saved answer,
//! and one mistake with the message that it earns.

use std::path::Path;

use crate::harness::{Place, Reply, Site};

/// What the guide's site answers.
const ANSWER: &str = r#"{"query":"acme","posts":[
    {"id":7,"body":"<p>It leaks.</p>","author":{"name":"Jo"},"created_at":"2026-03-01T10:20:30Z"},
    {"id":8,"pinned":true,"body":"Rules of this forum"}]}"#;

/// The first definition that the guide shows.
fn shown() -> String {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("sources/README.md");
    let guide = std::fs::read_to_string(guide).expect("the guide");
    let (_, rest) = guide.split_once("```toml\n").expect("a definition");
    let (definition, _) = rest.split_once("```").expect("its end");
    definition.to_owned()
}

fn place(definition: &str, url: &str) -> Place {
    let place = Place::new();
    std::fs::create_dir_all(place.path().join("my-sources/samples")).expect("a folder");
    place.write("my-sources/my-forum.toml", definition);
    place.write("my-sources/samples/my-forum.json", ANSWER);
    place.write(
        "hearken.toml",
        &format!(
            "sources_dir = \"my-sources\"\n\
             [net]\nallow_private = [\"127.0.0.0/8\"]\n\
             [[brand]]\nname = \"Acme\"\n\
             [[source]]\nname = \"forum\"\ndefinition = \"my-forum\"\nparams = {{ words = \"{url}\" }}\n"
        ),
    );
    place
}

#[test]
fn a_stranger_adds_a_site_with_the_guide_alone() {
    let site = Site::new(|_| Reply::ok("application/json", ANSWER));
    // The guide's site is not reachable from a test: only its server is replaced.
    let definition = shown().replace("https://forum.example/search", &site.url("/search"));
    let place = place(&definition, "leaks");
    let read = place
        .run(&[
            "extract",
            "--definition",
            "my-forum",
            "--json",
            "my-sources/samples/my-forum.json",
        ])
        .ok()
        .json();
    assert_eq!(read.len(), 1, "the pinned post is left out: {read:?}");
    assert_eq!(read[0]["text"], "It leaks.");
    assert_eq!(read[0]["url"], "https://forum.example/t/7");
    let checked = place.run(&["check"]).ok();
    assert!(checked.stdout.contains("All is well"), "{}", checked.stdout);
    let polled = place.json(&["fetch", "forum", "--dry-run", "--json"]);
    assert!(
        polled.iter().any(|line| line["native_id"] == "7"),
        "{polled:?}"
    );
    assert_eq!(site.asked()[0].path, "/search.json?q=leaks");
}

#[test]
fn a_mistake_is_answered_with_file_line_and_mend() {
    let mistake = shown().replace("\"body | html\"", "\"body | htm\"");
    let line = 1 + mistake
        .lines()
        .position(|line| line.contains("| htm"))
        .expect("the mistake");
    let place = place(&mistake, "leaks");
    let checked = place.run(&["check"]).ends_with(1);
    let said = format!("{}{}", checked.stdout, checked.stderr);
    assert!(
        said.contains(&format!("my-forum.toml:{line}: json.fields.text")),
        "{said}"
    );
    assert!(said.contains("`htm` is not a filter"), "{said}");
    assert!(said.contains("there are: html"), "{said}");
}
