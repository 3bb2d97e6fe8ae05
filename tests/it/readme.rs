//! Every `hearken` command that the README shows is run, in a folder like a reader's.

use std::path::Path;

use crate::harness::{ANGRY, Place, Reply, Site, configuration, feed, wait_for};

/// The commands of the README's `sh` blocks, comments and prompts removed.
fn commands() -> Vec<String> {
    let readme = readme();
    let mut commands = Vec::new();
    let mut is_shell = false;
    for line in readme.lines() {
        if line.trim_start().starts_with("```") {
            is_shell = line.trim() == "```sh";
            continue;
        }
        let command = line.split(" # ").next().unwrap_or_default().trim();
        if is_shell && !command.is_empty() && !command.starts_with('#') {
            commands.push(command.to_owned());
        }
    }
    commands
}

/// Splits a command line as a shell does: spaces, single and double quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for character in command.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, ' ') => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(character),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[test]
fn every_command_of_the_readme_works() {
    let commands = commands();
    assert!(commands.iter().any(|command| command == "make run"));
    assert!(commands.iter().any(|command| command == "make test"));
    let site = Site::new(|_| Reply::ok("application/rss+xml", feed(&[("1", ANGRY)])));
    let receiver = Site::new(|_| Reply::status(200));
    let place = Place::new();
    let text = configuration(&[("blog", site.url("/feed"))], Some(&receiver.url("/hook")));
    place.write("hearken.toml", &text);
    place.write("saved.xml", &feed(&[("1", ANGRY)]));
    place.write(
        "posts.jsonl",
        "{\"text\": \"It broke after a day.\", \"kind\": \"review\"}\n",
    );
    place.write(
        "labelled.jsonl",
        "{\"text\": \"It broke after a day.\", \"label\": \"negative\", \"lang\": \"en\"}\n",
    );
    place.write(
        "cases.jsonl",
        "{\"text\": \"Acme broke after a day.\", \"brand\": \"Acme\", \"label\": \"negative\", \"lang\": \"en\"}\n",
    );
    let daemon = place.start_daemon();
    wait_for("the first case", || {
        place.json(&["cases", "list", "--json"]).into_iter().next()
    });
    let id = place.json(&["cases", "list", "--json"])[0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();

    let mut n_run = 0;
    for command in commands {
        let line = command.replace("CASE-ID", &id);
        // `echo text | hearken …` is a command with something on stdin.
        let (input, program) = match line.split_once(" | ") {
            Some((echo, program)) => (words(echo)[1..].join(" "), program.to_owned()),
            None => (String::new(), line.clone()),
        };
        let arguments = words(&program);
        if arguments[0] != "hearken" {
            assert!(
                [
                    "make",
                    "git",
                    "cd",
                    "curl",
                    "cp",
                    "python3",
                    "benches/peers/install"
                ]
                .contains(&arguments[0].as_str()),
                "no test runs `{command}`"
            );
            continue;
        }
        let arguments: Vec<&str> = arguments[1..].iter().map(String::as_str).collect();
        n_run += 1;
        match arguments[0] {
            // These start a daemon of their own.
            "run" | "demo" => starts(&arguments),
            "init" => {
                Place::new().run(&arguments).ok();
            }
            "bench" if arguments[1] == "classify" => {
                place.run(&briefly(&arguments)).ok();
            }
            // Tested with enough corrections and with a hub of their own; here they are read.
            "model" if ["train", "use"].contains(&arguments[1]) => {
                place.run(&[&arguments[..], &["--help"]].concat()).ok();
            }
            _ => {
                place.run_with(&arguments, &format!("{input}\n")).ok();
            }
        }
    }
    assert!(n_run >= 15, "the README shows {n_run} commands");
    daemon.stop("TERM");
}

/// A benchmark as the README shows it, on a few texts and without peers, which are an
/// installation of their own.
fn briefly<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let mut brief = Vec::new();
    let mut each = arguments.iter().copied();
    while let Some(argument) = each.next() {
        match argument {
            "--texts" | "--runs" => {
                each.next();
            }
            "full,cascade,peers" => brief.push("full,cascade"),
            argument => brief.push(argument),
        }
    }
    brief.extend(["--texts", "20", "--runs", "1"]);
    brief
}

/// Starts it in a folder of its own and stops it once it is ready. `run --brand` asks
/// sites that cannot be reached from here; that must not keep it from starting.
fn starts(arguments: &[&str]) {
    let place = Place::new();
    let site = Site::new(|_| Reply::ok("application/rss+xml", feed(&[])));
    if !arguments.contains(&"--brand") {
        place.write(
            "hearken.toml",
            &configuration(&[("blog", site.url("/feed"))], None),
        );
    }
    let mut running = place.start(arguments);
    running.wait_for_line("Alert feed:");
    let (code, _) = running.stop("TERM");
    assert_eq!(code, Some(0), "hearken {}", arguments.join(" "));
}

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"))
        .expect("the README is there")
}

#[test]
fn the_table_of_sources_is_that_of_the_program() {
    let readme = readme();
    let place = Place::new();
    let definitions: Vec<serde_json::Value> = place
        .json(&["sources", "--json"])
        .into_iter()
        .filter(|line| line["definition"].is_object())
        .collect();
    assert!(definitions.len() >= 10);
    for line in &definitions {
        let definition = &line["definition"];
        let text = |field: &str| definition[field].as_str().expect("a text").to_owned();
        let params: Vec<String> = definition["params"]
            .as_array()
            .expect("parameters")
            .iter()
            .map(|param| format!("`{}`", param["name"].as_str().expect("a name")))
            .collect();
        let key = if definition["keyless"] == true {
            "none"
        } else {
            "yes"
        };
        let row = format!(
            "| `{}` | {} | {} | {key} | {} | {} |",
            text("name"),
            text("kind"),
            params.join(", "),
            text("verified"),
            text("summary")
        );
        assert!(readme.contains(&row), "the README lacks:\n{row}");
    }
    let n_rows = readme
        .lines()
        .skip_while(|line| *line != "## Sources")
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .filter(|line| line.starts_with("| `"))
        .count();
    assert_eq!(n_rows, definitions.len(), "and has no others");
    // What only we have tried is experimental, and no part of the number.
    let n_verified = definitions
        .iter()
        .filter(|line| line["definition"]["verified"] != "sample")
        .count();
    let counted = format!("{n_verified} of them are verified");
    assert!(readme.contains(&counted), "the README lacks: {counted}");
}

#[test]
fn the_readme_names_every_event() {
    let readme = readme();
    for event in hearken::domain::EventType::ALL {
        let name = event.as_str();
        assert!(readme.contains(&format!("`{name}`")), "{name} is missing");
    }
}
