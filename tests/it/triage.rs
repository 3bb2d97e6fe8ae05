//! The weights of the flag score in the real program: printed, changed, fitted to what a
//! team decided, and taken back; and what a poll knows beyond the text.

use serde_json::{Value, json};

use crate::harness::{ANGRY, Place, Reply, Running, Site, configuration, feed};

fn place() -> Place {
    let place = Place::new();
    place.write("hearken.toml", &configuration(&[], None));
    place
}

#[test]
fn weights_are_printed_changed_and_checked() {
    let place = place();
    let printed = place.run(&["triage", "weights"]).ok();
    assert!(
        printed.stderr.contains("the shipped weights"),
        "{}",
        printed.stderr
    );
    let site = Site::new(|_| Reply::ok("application/rss+xml", feed(&[("1", ANGRY)])));
    let config = configuration(&[("blog", site.url("/feed"))], None);
    place.write(
        "hearken.toml",
        &format!("{config}\n[triage]\nweights = \"mine.toml\"\n"),
    );

    let told = place.run(&["check"]).ends_with(1);
    assert!(told.stdout.contains("mine.toml") || told.stderr.contains("mine.toml"));

    // Nothing counts: nothing is flagged.
    let silent: String = printed
        .stdout
        .lines()
        .map(|line| match line.split_once(" = ") {
            Some(("base", _)) => "base = -9.0\n".to_owned(),
            Some(("version" | "origin" | "n_decisions" | "most_from_words", _)) | None => {
                format!("{line}\n")
            }
            Some((name, _)) => format!("{name} = 0.0\n"),
        })
        .collect();
    place.write("mine.toml", &silent);
    place.run(&["check"]).ok();
    place.run(&["fetch", "blog"]).ok();
    assert!(place.json(&["cases", "list", "--json"]).is_empty());
    let used = place.json(&["triage", "weights", "--json"]);
    assert_eq!(used[0]["base"], -9.0);
    assert_eq!(used[0]["weights"]["legal"], 0.0);

    place.write(
        "mine.toml",
        &silent.replace("legal = 0.0", "legal = -1.0\nlegl = 0.0"),
    );
    let told = place.run(&["check"]).ends_with(1);
    let all = format!("{}{}", told.stdout, told.stderr);
    for part in ["triage.weights", "`legal` is -1", "`legl` is not a part"] {
        assert!(all.contains(part), "{part}: {all}");
    }
}

/// A flagged mention that Ana answered or dismissed; the team answers questions and leaves
/// everything else alone.
fn decided(n: usize) -> Value {
    let asks = n.is_multiple_of(2);
    let text = if asks {
        format!("Acme order {n} is awful. When will somebody look at it?")
    } else {
        format!("Acme order {n} is awful and I hate it.")
    };
    let at = format!("2026-03-{:02}T10:{:02}:00Z", 1 + n % 28, n % 60);
    json!({
        "definition": "feed", "native_id": n.to_string(), "kind": "post", "url": null,
        "title": null, "text": text, "html": null, "author": null, "lang": "en",
        "rating": null, "published_at": at, "updated_at": null,
        "engagement": {"likes": 0, "shares": 0, "replies": 0}, "in_reply_to": null,
        "is_brand_reply": false, "id": format!("m{n}"), "source": "blog", "seen_at": at,
        "brands": [{"name": "Acme", "rule": "acme", "spans": [[0, 4]]}],
        "story": format!("s{n}"),
        "sentiment": {"label": "negative", "negative": 0.9, "neutral": 0.08, "positive": 0.02, "model": "m"},
        "flag": {"score": 0.8, "reasons": [], "goal_by": at, "reply_by": at, "estimated": false},
        "case": {"state": if asks { "replied" } else { "dismissed" }, "assignee": null,
            "history": [{"at": at, "action": if asks { "done" } else { "dismiss" }, "by": "ana"}]},
    })
}

fn import(place: &Place, numbers: std::ops::Range<usize>) {
    let lines: String = numbers.map(|n| format!("{}\n", decided(n))).collect();
    place.run_with(&["import"], &lines).ok();
}

fn explained(place: &Place, id: &str) -> f64 {
    let said = place.json(&["triage", "explain", id, "--json"]);
    said[0]["score"].as_f64().expect("a score")
}

#[test]
fn two_hundred_decisions_move_the_weights_and_one_command_takes_them_back() {
    let place = place();
    import(&place, 0..150);
    let told = place.run(&["triage", "fit"]).ends_with(1);
    assert!(told.stderr.contains("about 150 flags"), "{}", told.stderr);
    import(&place, 150..240);
    let (asks, rants) = (explained(&place, "m200"), explained(&place, "m201"));

    let dry = place.json(&["triage", "fit", "--dry-run", "--json"]);
    assert_eq!(dry[0]["n_decisions"], 240, "{dry:?}");
    assert_eq!(
        (&dry[0]["better"], &dry[0]["adopted"]),
        (&json!(true), &json!(false))
    );
    assert!(
        place
            .run(&["triage", "weights"])
            .ok()
            .stderr
            .contains("shipped")
    );

    let said = place.run(&["triage", "fit"]).ok().stdout;
    assert!(
        said.contains("240 decisions: 120 needed an answer, 120 did not"),
        "{said}"
    );
    assert!(said.contains("in use now"), "{said}");
    let used = place.json(&["triage", "weights", "--json"]);
    assert_eq!(used[0]["n_decisions"], 240);
    assert!(
        explained(&place, "m201") < rants - 0.15,
        "what is not is left alone"
    );
    assert!(explained(&place, "m200") - explained(&place, "m201") > asks - rants + 0.15);

    // A second fit has nothing to add.
    let again = place.run(&["triage", "fit"]).ok().stdout;
    assert!(
        again.contains("Not better") || again.contains("in use now"),
        "{again}"
    );
    while place.run(&["triage", "undo"]).status.success() {}
    assert!(
        place
            .run(&["triage", "weights"])
            .ok()
            .stderr
            .contains("shipped")
    );
    assert!((explained(&place, "m201") - rants).abs() < 1e-9);
    let told = place.run(&["triage", "undo"]).ends_with(1);
    assert!(
        told.stderr.contains("nothing was fitted here"),
        "{}",
        told.stderr
    );
}

#[test]
fn a_running_daemon_takes_fitted_weights_at_once() {
    let place = Place::new();
    let quiet = Site::new(|_| Reply::ok("application/rss+xml", feed(&[])));
    let config = configuration(&[("quiet", quiet.url("/feed"))], None);
    place.write("hearken.toml", &config);
    import(&place, 0..220);
    let daemon = place.start_daemon();
    let said = place.run(&["triage", "fit"]).ok();
    assert!(said.stdout.contains("in use now"), "{}", said.stdout);
    assert_eq!(said.stderr, "");
    place.run(&["triage", "undo"]).ok();
    daemon.stop("TERM");
}

#[test]
fn texts_are_explained_part_by_part() {
    let place = place();
    let texts = "Third week without my parcel Acme, nobody answers. I will call my lawyer!\n\
                 Acme opens at nine.\n";
    let said = place
        .run_with(&["triage", "explain", "--text", "-", "--json"], texts)
        .ok()
        .json();
    let score = |n: usize| said[n]["score"].as_f64().expect("a score");
    assert!(score(0) > 0.6 && score(1) < 0.4, "{said:?}");
    let parts: Vec<&str> = said[0]["parts"]
        .as_array()
        .expect("parts")
        .iter()
        .filter_map(|part| part["part"].as_str())
        .collect();
    for part in ["negativity", "complaint", "legal", "waiting"] {
        assert!(parts.contains(&part), "{part}: {parts:?}");
    }
    let reasons = said[0]["reasons"].to_string();
    assert!(
        reasons.contains("threatens with the law: “lawyer”"),
        "{reasons}"
    );
    let table = place
        .run_with(&["triage", "explain", "--text", "-"], texts)
        .ok()
        .stdout;
    assert!(table.contains("threatens with the law"), "{table}");
}

/// Items handed to an `inbound` source of a running daemon.
fn push(place: &Place, items: &[Value]) {
    let lines: String = items.iter().map(|item| format!("{item}\n")).collect();
    place.write("items.jsonl", &lines);
    let text = std::fs::read_to_string(place.path().join("hearken-data/daemon.json"))
        .expect("the daemon's file");
    let file: Value = serde_json::from_str(&text).expect("JSON");
    let address = file["address"].as_str().expect("an address");
    let token = file["token"].as_str().expect("a token");
    let answer = crate::inbound::post(
        &format!("http://{address}"),
        "/api/v1/items?source=shop",
        Some(token),
        &lines,
    );
    assert_eq!(answer.0, 200, "{answer:?}");
}

#[test]
fn who_was_unhappy_before_and_what_spreads_is_known() {
    let place = Place::new();
    let mut config = configuration(&[], None);
    config.push_str("[[source]]\nname = \"shop\"\ndefinition = \"inbound\"\n");
    place.write("hearken.toml", &config);
    let daemon: Running = place.start_daemon();
    let now = chrono::Utc::now().to_rfc3339();
    let item = |id: &str, text: &str, shares: u64| {
        json!({"native_id": id, "kind": "post", "text": text, "published_at": now,
            "author": {"handle": "@jo@example.org"}, "engagement": {"shares": shares}})
    };
    push(&place, &[item("1", ANGRY, 0)]);
    push(
        &place,
        &[item("2", &format!("{ANGRY} Second time now."), 0)],
    );
    let found = place.json(&["mentions", "--json"]);
    let of = |id: &str, found: &[Value]| {
        let mention = found.iter().find(|mention| mention["native_id"] == id);
        mention.expect("it is stored").clone()
    };
    let first = of("1", &found)["flag"]["reasons"].to_string();
    let second = of("2", &found)["flag"]["reasons"].to_string();
    let before = "the same author was negative once before";
    assert!(!first.contains(before), "{first}");
    assert!(second.contains(before), "{second}");

    // A quiet post that suddenly spreads.
    let quiet = "Hmm, Acme changed the colour of the boxes, not my favourite";
    push(&place, &[item("3", quiet, 1)]);
    let before = of("3", &place.json(&["mentions", "--json"]));
    push(&place, &[item("3", quiet, 2_000)]);
    let after = of("3", &place.json(&["mentions", "--json"]));
    assert_eq!(after["engagement"]["shares"], 2_000);
    assert_eq!(after["reach_before"]["engagement"]["shares"], 1);
    let score = |mention: &Value| mention["flag"]["score"].as_f64().unwrap_or(0.0);
    if before["sentiment"]["label"] == "negative" {
        assert!(score(&after) > score(&before), "{after}");
        assert!(
            after["flag"]["reasons"]
                .to_string()
                .contains("spreads: 1,999 shares more")
        );
    }
    daemon.stop("TERM");
}

#[test]
fn the_set_is_measured_and_fitted_from_files() {
    let place = place();
    let line = |text: &str, label: &str, source: &str| {
        format!(
            "{}\n",
            json!({"text": text, "label": label, "lang": "en", "source": source})
        )
    };
    for split in ["dev", "test"] {
        let triage = place.path().join("data/triage").join(split);
        std::fs::create_dir_all(&triage).expect("a folder");
        let complaints: String = (0..20)
            .map(|n| {
                if n % 2 == 0 {
                    line(
                        &format!("@acme order {n} never arrived, this is a disgrace"),
                        "complaint",
                        "complaints_en",
                    )
                } else {
                    line(
                        &format!("@acme thank you so much for number {n}, lovely"),
                        "not_complaint",
                        "complaints_en",
                    )
                }
            })
            .collect();
        std::fs::write(triage.join("complaints_en.jsonl"), complaints).expect("written");
    }
    let arguments = [
        "triage",
        "eval",
        "data",
        "--cache",
        "verdicts.jsonl",
        "--fit-to",
        "fitted.toml",
        "--json",
    ];
    let said = place.json(&arguments);
    let all = &said[0]["rows"][0];
    assert_eq!(
        (&all["of"], &all["score"]["n"]),
        (&json!("all"), &json!(20)),
        "{all}"
    );
    assert_eq!(all["score"]["precision_at_top_20"], 1.0, "{all}");
    assert!(said[0]["complaint_f1"].as_f64().is_some(), "{said:?}");
    let kept = std::fs::read_to_string(place.path().join("verdicts.jsonl")).expect("the cache");
    assert_eq!(place.json(&arguments), said, "and the same again");
    let again = std::fs::read_to_string(place.path().join("verdicts.jsonl")).expect("the cache");
    assert_eq!(kept, again, "verdicts are paid for once");
    assert!(place.path().join("fitted.toml").is_file());
    place.run(&["triage", "eval", "nowhere"]).ends_with(1);
}
