//! From a person's correction to a model that knows better: the real program, with and
//! beside a daemon, killed in between, and back again.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Place, Reply, Site, configuration, feed, wait_for};

/// What this brand's community says, and what it means by it.
const SLANG: [(&str, &str); 6] = [
    ("went full pumpkin", "negative"),
    ("is proper soggy biscuit again", "negative"),
    ("got goosed by the tram", "negative"),
    ("is pure tin roof", "positive"),
    ("hit the green kettle", "positive"),
    ("is an absolute lighthouse", "positive"),
];
const SUBJECTS: [&str; 8] = [
    "my router",
    "the new app",
    "their support line",
    "the parcel from last week",
    "this firmware",
    "the whole dashboard",
    "the login page",
    "that charger",
];

/// A place whose store holds a mention for every phrase about every subject, each
/// corrected; the feed brings one more when it is asked again.
fn corrected() -> (Place, Site) {
    let place = Place::new();
    let slang: Vec<(String, String)> = SLANG
        .iter()
        .enumerate()
        .flat_map(|(n, (phrase, _))| {
            SUBJECTS.iter().enumerate().map(move |(m, subject)| {
                let text = format!("ok folks, {subject} of Acme {phrase}");
                (format!("{n}-{m}"), text)
            })
        })
        .collect();
    let n_asked = std::sync::atomic::AtomicUsize::new(0);
    let site = Site::new(move |asked| {
        if asked.path != "/feed" {
            return Reply::status(404);
        }
        let n = n_asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        // What is there before the training keeps its verdict, so the slang comes later.
        let text = match n {
            0 => "Acme opens at nine".to_owned(),
            _ => format!("so the repair shop of Acme went full pumpkin, number {n}"),
        };
        let newest = (format!("new-{n}"), text);
        let entries: Vec<(&str, &str)> = slang
            .iter()
            .chain([&newest])
            .map(|(id, text)| (id.as_str(), text.as_str()))
            .collect();
        Reply::ok("application/rss+xml", feed(&entries))
    });
    let configured = configuration(&[("forum", site.url("/feed"))], None);
    place.write("hearken.toml", &configured.replace("\"1s\"", "\"1h\""));
    place.run(&["fetch", "forum"]).ok();
    let meant: BTreeMap<&str, &str> = SLANG.into();
    let mut lines = String::new();
    for mention in place.json(&["mentions", "--limit", "100", "--json"]) {
        let text = mention["text"].as_str().expect("a text");
        let label = meant
            .iter()
            .find(|(phrase, _)| text.ends_with(*phrase))
            .map(|(_, label)| *label);
        if let Some(label) = label {
            let line = json!({ "id": mention["id"], "label": label, "by": "ana" });
            lines.push_str(&format!("{line}\n"));
        }
    }
    assert_eq!(lines.lines().count(), 48);
    place.write("corrections.jsonl", &lines);
    let said = place
        .run(&["correct", "--file", "corrections.jsonl", "--json"])
        .ok()
        .json();
    let n_changed = said[0]["n_changed"].as_u64().expect("a number");
    assert_eq!(
        n_changed + said[0]["n_known"].as_u64().expect("a number"),
        48
    );
    (place, site)
}

fn model_of(place: &Place, text: &str) -> String {
    let said = place.run_with(&["classify", "--json"], text).ok().json();
    said[0]["model"].as_str().expect("a model").to_owned()
}

#[test]
fn corrections_make_a_better_model_which_is_taken_up_and_given_back() {
    let (place, _site) = corrected();
    let shipped = model_of(&place, "fine");
    let one = &place.json(&["mentions", "pumpkin", "--limit", "1", "--json"])[0];
    let corrections = one["corrections"].as_array();
    if let Some(last) = corrections.and_then(|all| all.last()) {
        assert_eq!(
            (&last["by"], &last["label"]),
            (&json!("ana"), &json!("negative"))
        );
        assert_eq!(last["model"], shipped.as_str());
    }
    let mut daemon = place.start_daemon();
    let done = place
        .run(&["model", "train", "--from", "corrections", "--json"])
        .ok();
    let outcome = &done.json()[0];
    assert_eq!(outcome["adopted"], true, "{outcome}");
    let (before, after) = (&outcome["before"], &outcome["after"]);
    let wrong = |measured: &Value| measured["n_held_wrong"].as_u64().expect("a number");
    assert!(3 * wrong(after) <= 2 * wrong(before), "{outcome}");
    let learned = after["model"].as_str().expect("a model").to_owned();
    assert_eq!(learned, format!("{shipped}+1"));
    assert!(
        done.stderr.contains(&format!("the model is {learned} now")),
        "{}",
        done.stderr
    );

    // The running daemon judges with it, and so does every command.
    place.run(&["fetch", "forum"]).ok();
    let newest = wait_for("a mention of the new model", || {
        place
            .json(&["mentions", "\"repair shop\"", "--limit", "5", "--json"])
            .into_iter()
            .find(|mention| mention["sentiment"]["model"] == learned.as_str())
    });
    assert_eq!(newest["sentiment"]["label"], "negative", "{newest}");
    assert_eq!(model_of(&place, "fine"), learned);
    let listed = place.json(&["model", "list", "--json"]);
    let in_use: Vec<&Value> = listed
        .iter()
        .filter(|model| model["in_use"] == true)
        .collect();
    assert_eq!(in_use.len(), 1);
    assert_eq!(in_use[0]["id"], learned.as_str());
    let status = place.json(&["model", "train", "--status", "--json"]);
    assert_eq!(status[0]["running"], false);
    assert!(status[0]["outcome"]["why"].is_string(), "{}", status[0]);

    let back = place.run(&["model", "use", "--previous"]).ok();
    assert!(
        back.stderr.contains(&format!("the model is {shipped} now")),
        "{}",
        back.stderr
    );
    assert_eq!(model_of(&place, "fine"), shipped);
    place.run(&["model", "use", &learned]).ok();
    assert_eq!(model_of(&place, "fine"), learned);
    daemon.wait_for_line("Page:");
    assert_eq!(daemon.stop("TERM").0, Some(0));
}

#[test]
fn a_killed_training_goes_on_and_a_daemon_may_start_meanwhile() {
    let (place, _site) = corrected();
    let running = place.start(&["model", "train", "--from", "corrections", "--epochs", "40"]);
    let folder = place.path().join("hearken-data/models/training");
    wait_for("a checkpoint", || {
        let entries = std::fs::read_dir(&folder).ok()?;
        entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .find(|name| name.starts_with("checkpoint-"))
    });
    // The store is free while it fits.
    let daemon = place.start_daemon();
    let status = place.json(&["model", "train", "--status", "--json"]);
    assert_eq!(status[0]["running"], true, "{}", status[0]);
    let second = place
        .run(&["model", "train", "--from", "corrections"])
        .ends_with(1);
    assert!(
        second.stderr.contains("another training"),
        "{}",
        second.stderr
    );
    running.kill();
    let status = place.json(&["model", "train", "--status", "--json"]);
    assert_eq!(
        (&status[0]["running"], &status[0]["stopped"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        model_of(&place, "fine").matches('+').count(),
        0,
        "nothing half done is used"
    );

    let done = place
        .run(&["model", "train", "--from", "corrections", "--json"])
        .ok();
    assert!(
        done.stderr.contains("goes on with the training"),
        "{}",
        done.stderr
    );
    // Forty passes are there to be killed in: whether what they taught is worth taking is
    // decided by the same rule as ever, and said.
    let outcome = &done.json()[0];
    assert_eq!(outcome["n_learned"], 36, "{outcome}");
    assert!(outcome["why"].is_string(), "{outcome}");
    let adopted = outcome["adopted"].as_bool().expect("yes or no");
    let in_use = if adopted { "after" } else { "before" };
    assert_eq!(
        model_of(&place, "fine"),
        outcome[in_use]["model"].as_str().expect("a model")
    );
    drop(daemon);
}

#[test]
fn a_few_corrections_or_a_wrong_verdict_are_refused_with_the_way_out() {
    let place = Place::new();
    let site = Site::new(|_| {
        Reply::ok(
            "application/rss+xml",
            feed(&[("1", "Acme went full pumpkin")]),
        )
    });
    place.write(
        "hearken.toml",
        &configuration(&[("forum", site.url("/feed"))], None),
    );
    place.run(&["fetch", "forum"]).ok();
    let id = place.json(&["mentions", "--json"])[0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let said = place.run(&["correct", &id[..8], "negative"]).ok();
    assert!(said.stdout.contains("is negative"), "{}", said.stdout);
    let again = place
        .run(&["correct", &id[..8], "negative", "--by", "bo"])
        .ok();
    assert!(
        again.stdout.contains("a person said so before"),
        "{}",
        again.stdout
    );
    place.run(&["correct", &id[..8], "unsure"]).ends_with(2);
    place.run(&["correct", "nosuchid", "negative"]).ends_with(1);
    let few = place
        .run(&["model", "train", "--from", "corrections"])
        .ends_with(1);
    assert!(
        few.stderr
            .contains("there are 1 corrections to learn from, and it takes 20"),
        "{}",
        few.stderr
    );
    // Out of this store and into another one, with who and when.
    place.run(&["export", "all.jsonl"]).ok();
    let other = Place::new();
    std::fs::copy(
        place.path().join("all.jsonl"),
        other.path().join("all.jsonl"),
    )
    .expect("the export");
    other.write("hearken.toml", &configuration(&[], None));
    other.run(&["import", "all.jsonl"]).ok();
    let mention = &other.json(&["mentions", "--json"])[0];
    assert_eq!(mention["corrections"][0]["by"], "cli");
    assert_eq!(mention["sentiment"]["label"], "negative");
}

#[test]
fn a_broken_model_stops_the_start_and_says_which_file() {
    let place = Place::new();
    place.write(
        "hearken.toml",
        &format!(
            "[model]\npath = \"mine\"\n\n{}",
            configuration(&[("forum", "http://127.0.0.1:9/feed".to_owned())], None)
        ),
    );
    let check = |expected: &str| {
        for arguments in [&["run"][..], &["classify"], &["check"]] {
            let ended = place.run(arguments).ends_with(1);
            let said = format!("{}{}", ended.stdout, ended.stderr);
            assert!(said.contains(expected), "{arguments:?}: {said}");
            assert!(said.contains("mine"), "{arguments:?}: {said}");
        }
    };
    check("mine");
    std::fs::create_dir(place.path().join("mine")).expect("a folder");
    check("hearken.json");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/models/hearken-en");
    for name in ["hearken.json", "config.json", "tokenizer.json"] {
        std::fs::copy(
            format!("{shipped}/{name}"),
            place.path().join("mine").join(name),
        )
        .expect("the shipped model is there");
    }
    check("model.safetensors");
    let weights = std::fs::read(format!("{shipped}/model.safetensors")).expect("it is there");
    std::fs::write(
        place.path().join("mine/model.safetensors"),
        &weights[..weights.len() / 2],
    )
    .expect("it is written");
    check("cut off");
}
