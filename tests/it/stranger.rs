//! The README's "Add a site in ten minutes", followed literally, slip and message included.

use std::path::Path;

use crate::harness::{Place, Reply, Site};

/// A fenced block: its language and its text.
struct Block {
    language: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"))
        .expect("the README is there");
    let (_, section) = readme
        .split_once("### Add a site in ten minutes")
        .expect("the README has the section");
    let section = section.split("\n##").next().unwrap_or_default();
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    for line in section.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block {
                    language: language.to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => (),
        }
    }
    blocks
}

#[test]
fn a_stranger_adds_a_site_as_the_readme_says() {
    let blocks = blocks();
    let languages: Vec<&str> = blocks.iter().map(|block| block.language.as_str()).collect();
    assert_eq!(languages, ["json", "toml", "toml", "console", "console"]);
    let [answer, definition, config, mistake, mended] = blocks.as_slice() else {
        panic!("five blocks");
    };

    // The only liberty: the forum of the example lives on this machine.
    let body = answer.text.clone();
    let forum = Site::new(move |_| Reply::ok("application/json", body.clone()));
    let at_home = |text: &str| text.replace("https://forum.example", &forum.url(""));

    let place = Place::new();
    std::fs::create_dir_all(place.path().join("sources/samples")).expect("folders");
    place.write("sources/samples/my-forum.json", &answer.text);
    place.write("sources/my-forum.toml", &at_home(&definition.text));
    let allowed = format!("{}\n[net]\nallow_private = [\"127.0.0.1\"]\n", config.text);
    place.write("hearken.toml", &allowed);

    let (command, messages) = mistake.text.split_once('\n').expect("a command");
    assert_eq!(command, "$ hearken check");
    let said = place.run(&["check"]).ends_with(1);
    for message in messages.lines() {
        // The program names the folder as the configuration does, or whole.
        assert!(
            said.stdout.contains(message),
            "{}\nlacks {message}",
            said.stdout
        );
    }

    let mut lines: Vec<String> = definition.text.lines().map(str::to_owned).collect();
    assert!(lines[22].starts_with("txt ="), "line 23 has the slip");
    lines[22] = lines[22].replacen("txt", "text", 1);
    place.write("sources/my-forum.toml", &at_home(&lines.join("\n")));
    let mut commands = mended.text.lines();
    assert_eq!(commands.next(), Some("$ hearken check"));
    place.run(&["check"]).ok();
    let fetch = commands
        .next()
        .and_then(|line| line.strip_prefix("$ hearken "));
    let arguments: Vec<&str> = fetch.expect("a command").split(' ').collect();
    let items = place.json(&arguments);
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["text"], "My Acme kettle leaks.");
    assert_eq!(items[0]["author"]["name"], "Mara");
    assert_eq!(forum.asked()[0].path, "/search.json?q=acme");
}
