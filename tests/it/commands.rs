//! Commands that need no daemon: `init`, `check`, `extract`, `classify`, `model`, `bench`,
//! and the demo as a stranger sees it.

use crate::end_to_end::get;
use crate::harness::{ANGRY, Place, feed, wait_for};

#[test]
fn init_writes_a_reference_that_check_accepts() {
    let place = Place::new();
    place.run(&["init"]).ok();
    place.run(&["init"]).ends_with(1);
    place.run(&["init", "--force"]).ok();
    assert!(place.path().join("hearken.toml.old").exists());
    let checked = place.run(&["check"]).ok();
    assert!(checked.stdout.contains("All is well"), "{}", checked.stdout);
}

#[test]
fn wrong_usage_ends_with_two_and_failure_with_one() {
    let place = Place::new();
    place.run(&["no-such-command"]).ends_with(2);
    place.run(&["mentions", "--limit", "many"]).ends_with(2);
    let missing = place.run(&["run"]).ends_with(1);
    assert!(
        missing.stderr.contains("hearken init"),
        "{}",
        missing.stderr
    );
    let missing = place.run(&["mentions"]).ends_with(1);
    assert!(
        missing.stderr.contains("hearken init"),
        "{}",
        missing.stderr
    );
    let alone = place.run(&["reload"]).ends_with(1);
    assert!(alone.stderr.contains("hearken run"), "{}", alone.stderr);
}

#[test]
fn extract_reads_what_it_can_and_says_what_it_cannot() {
    let place = Place::new();
    place.write("good.xml", &feed(&[("1", "one"), ("2", "two")]));
    place.write("empty.xml", "");
    place.write(
        "none.xml",
        "<rss version=\"2.0\"><channel><title>t</title></channel></rss>",
    );
    place.write(
        "page.html",
        "<!doctype html><html><head><title>Hello</title></head><body>x</body></html>",
    );
    let ended = place
        .run(&[
            "extract",
            "--definition",
            "feed",
            "--json",
            "good.xml",
            "empty.xml",
            "none.xml",
            "page.html",
        ])
        .ends_with(1);
    let lines = ended.json();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["file"], "good.xml");
    assert_eq!(lines[0]["native_id"], "1");
    assert_eq!(lines[1]["text"], "two");
    assert_eq!(lines[2]["error"]["kind"], "empty");
    assert_eq!(lines[3]["error"]["kind"], "not_a_feed");
    place
        .run(&["extract", "--definition", "feed", "none.xml"])
        .ok();
    let unknown = place
        .run(&["extract", "--definition", "fed", "good.xml"])
        .ends_with(1);
    assert!(unknown.stderr.contains("feed"), "{}", unknown.stderr);
}

#[test]
fn classify_judges_in_order_with_the_shipped_model() {
    let place = Place::new();
    let input = format!(
        "{ANGRY}\n{{\"text\": \"I love it, works great, thank you so much!\", \"kind\": \"review\"}}\n\
         {{\"text\": \"అక్మే కెటిల్ రెండు రోజుల్లో పాడైపోయింది\"}}\n\
         Acme kargom bir haftadır gelmedi, rezalet bir hizmet, paramı geri istiyorum\n\
         Acme का फोन बहुत अच्छा है, मज़ा आ गया\n\
         このやかんは三日で壊れた\n"
    );
    let verdicts = place.run_with(&["classify", "--json"], &input).ok().json();
    let labels: Vec<&str> = verdicts
        .iter()
        .filter_map(|verdict| verdict["label"].as_str())
        .collect();
    assert_eq!(
        labels,
        [
            "negative", "positive", "negative", "negative", "positive", "unsure"
        ]
    );
    for verdict in &verdicts {
        let sum: f64 = ["negative", "neutral", "positive"]
            .iter()
            .filter_map(|class| verdict[class].as_f64())
            .sum();
        assert!((sum - 1.0).abs() < 1e-9, "{verdict}");
    }
    let judges: Vec<&str> = verdicts
        .iter()
        .filter_map(|verdict| verdict["model"].as_str()?.split('/').next())
        .collect();
    assert_eq!(judges, ["hearken-multi"; 6]);
    assert_eq!(verdicts[2]["lang"], "te");
    let broken = place
        .run_with(&["classify", "--json"], "{\"txet\": 1}\nfine\n")
        .ends_with(1);
    assert_eq!(
        broken.stdout.lines().count(),
        2,
        "a line out for every line in"
    );
    assert!(broken.stderr.contains(":1:"), "{}", broken.stderr);
}

#[test]
fn match_explains_hits_and_near_misses() {
    let place = Place::new();
    place.write(
        "brand.toml",
        "[[brand]]\nname = \"Acme\"\nquery = \"acme NOT banana\"\n",
    );
    let tried = place
        .run_with(
            &["match", "--brand", "brand.toml", "--json"],
            "Acme'nin kargosu gelmedi\nacmeology is a science\nacme banana\n",
        )
        .ok()
        .json();
    let matched: Vec<bool> = tried
        .iter()
        .filter_map(|line| line["matched"].as_bool())
        .collect();
    assert_eq!(matched, [true, false, false]);
    assert_eq!(tried[0]["spans"][0], serde_json::json!([0, 4]));
    assert!(tried.iter().all(|line| line["parts"][0]["why"].is_string()));
    let wrong = place
        .run(&["match", "--brand", "nowhere.toml"])
        .ends_with(1);
    assert!(wrong.stderr.contains("nowhere.toml"), "{}", wrong.stderr);
}

#[test]
fn a_model_can_be_measured_and_a_missing_one_is_named() {
    let place = Place::new();
    place.write(
        "own.jsonl",
        "{\"text\": \"I love it!\", \"label\": \"positive\", \"lang\": \"en\", \"source\": \"own\"}\n\
         {\"text\": \"I hate it, it broke.\", \"label\": \"negative\", \"lang\": \"en\", \"source\": \"own\"}\n",
    );
    let lines = place.json(&["model", "eval", "own.jsonl", "--json"]);
    assert_eq!(lines[0]["evaluation"]["sources"][0]["accuracy"], 1.0);
    let listed = place.run(&["model", "list"]).ok();
    assert!(listed.stdout.contains("hearken-en/"), "{}", listed.stdout);
    let missing = place.run(&["--model", "nowhere", "classify"]).ends_with(1);
    assert!(missing.stderr.contains("nowhere"), "{}", missing.stderr);
    let benched = place.json(&[
        "bench", "classify", "--texts", "20", "--runs", "1", "--json",
    ]);
    assert!(benched[0]["texts_per_s"]["median"].as_f64() > Some(0.0));
}

#[test]
fn with_the_cascade_the_smaller_models_answer_what_is_easy() {
    let place = Place::new();
    let texts = "I love it, it is wonderful, thank you so much\n\
                 The shop opens at nine on Mondays\n\
                 bahut bura service hai, paisa barbaad\n";
    let asked = |cascade: bool| -> Vec<(String, String)> {
        let brand = "[[brand]]\nname = \"Acme\"\n";
        place.write(
            "hearken.toml",
            &format!("{brand}\n[model]\ncascade = {cascade}\n"),
        );
        let said = place.run_with(&["classify", "--json"], texts).ok().json();
        let field = |line: &serde_json::Value, name: &str| line[name].as_str().map(str::to_owned);
        said.iter()
            .filter_map(|line| Some((field(line, "label")?, field(line, "model")?)))
            .collect()
    };
    let (whole, stages) = (asked(false), asked(true));
    let by: Vec<&str> = stages
        .iter()
        .map(|(_, model)| model.split('/').next().unwrap_or_default())
        .collect();
    assert_eq!(by, ["hearken-linear", "hearken-en", "hearken-multi"]);
    for (alone, staged) in whole.iter().zip(&stages) {
        assert!(alone.1.starts_with("hearken-multi/"), "{alone:?}");
        assert_eq!(alone.0, staged.0, "the same label");
    }
}

#[test]
fn the_demo_shows_flagged_mentions_and_keeps_nothing() {
    let place = Place::new();
    let mut demo = place.start(&["demo"]);
    let page = demo.address("Page:");
    let line = demo.wait_for_line("flagged ");
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[0], "flagged");
    assert!(words[1].parse::<f64>().is_ok(), "{line}");
    assert_eq!(words[2], "Acme");
    assert!(words[3].starts_with("http://127.0.0.1:"), "{line}");
    assert_eq!(words[4..6], ["reply", "by"]);
    let (status, body) = get(words[3], &[]);
    assert_eq!(status, 200, "links of the demo lead somewhere");
    assert!(String::from_utf8_lossy(&body).contains("Acme") || !body.is_empty());
    wait_for("mentions of several sites", || {
        let flagged = demo
            .stdout()
            .iter()
            .filter(|line| line.starts_with("flagged "))
            .count();
        (flagged >= 3).then_some(())
    });
    assert_eq!(get(&page, &[]).0, 303);
    assert!(
        demo.stdout()
            .iter()
            .any(|line| line.contains("This is a demo"))
    );
    let (code, took) = demo.stop("INT");
    assert_eq!(code, Some(0));
    assert!(took.as_secs() < 10, "took {took:?}");
    let left = std::fs::read_dir(place.path()).expect("the folder").count();
    assert_eq!(left, 0, "the demo writes nothing where it is started");
}

#[test]
fn every_command_has_help_with_an_example() {
    let place = Place::new();
    let commands: [&[&str]; 19] = [
        &["run"],
        &["demo"],
        &["init"],
        &["sources"],
        &["fetch"],
        &["extract"],
        &["classify"],
        &["mentions"],
        &["match"],
        &["cases", "list"],
        &["cases", "done"],
        &["cases", "dismiss"],
        &["cases", "reopen"],
        &["deliveries", "list"],
        &["webhook", "test"],
        &["model", "eval"],
        &["bench", "classify"],
        &["reload"],
        &["sign-in"],
    ];
    for command in commands {
        let mut arguments = command.to_vec();
        arguments.push("--help");
        let help = place.run(&arguments).ok().stdout;
        assert!(
            help.contains(&format!("hearken {}", command.join(" "))),
            "{command:?}: {help}"
        );
    }
}
