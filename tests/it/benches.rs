//! The measuring commands in small: what they measure has to have happened.

use crate::harness::Place;

#[test]
fn bench_fetch_polls_every_feed_and_only_changed_ones_send_a_body() {
    let place = Place::new();
    let said = place.json(&[
        "bench",
        "fetch",
        "--feeds",
        "60",
        "--entries",
        "5",
        "--changed",
        "10",
        "--no-idle",
        "--json",
    ]);
    let figures = &said[0]["hearken"];
    assert_eq!(figures["n_requests"], 60, "{figures}");
    assert_eq!(figures["n_ok"], 10, "{figures}");
    assert_eq!(figures["n_unchanged"], 50, "{figures}");
    assert_eq!(figures["n_failed"], 0, "{figures}");
    assert_eq!(figures["n_items"], 50, "{figures}");
    assert!(
        figures["wall_s"].as_f64().is_some_and(|secs| secs > 0.0),
        "{figures}"
    );
    assert!(
        said[0]["python"].is_null(),
        "no peer is installed in an empty folder"
    );
}

/// A runtime of others that is none: it says the same of every text.
#[cfg(unix)]
fn fake_peer(place: &Place) {
    use std::os::unix::fs::PermissionsExt as _;
    let bin = place.path().join("benches/peers/.venv/bin");
    std::fs::create_dir_all(&bin).expect("a folder can be made");
    place.write(
        "benches/peers/classify.py",
        "the fake Python never reads it\n",
    );
    let python = place.write(
        "benches/peers/.venv/bin/python",
        "#!/bin/sh\nn=$(wc -l < \"$4\")\ncat \"$4\" >> handed-over.jsonl\n\
         printf '{\"texts_per_s\": [2.0, 4.0, 3.0], \"single_s\": [0.001, 0.002], \"logits\": ['\n\
         i=1; while [ $i -lt $n ]; do printf '[3, 1, 0],'; i=$((i+1)); done\n\
         printf '[3, 1, 0]]}\\n'\n",
    );
    std::fs::set_permissions(python, std::fs::Permissions::from_mode(0o755))
        .expect("a script can be made one");
}

#[cfg(unix)]
#[test]
fn bench_classify_measures_each_way_on_the_same_texts() {
    let place = Place::new();
    let mut text = String::new();
    for number in 0..6 {
        for (said, label, lang) in [
            ("I love it, it works great", "positive", "en"),
            ("I hate it, it broke after a day", "negative", "en"),
            ("Kargo gelmedi, rezalet bir hizmet", "negative", "tr"),
        ] {
            let line = serde_json::json!({
                "text": format!("{said} {number}"), "label": label, "lang": lang, "source": "own",
            });
            text.push_str(&format!("{line}\n"));
        }
    }
    place.write("own.jsonl", &text);
    fake_peer(&place);
    let bench = [
        "bench",
        "classify",
        "--data",
        "own.jsonl",
        "--texts",
        "18",
        "--runs",
        "2",
        "--singles",
        "3",
        "--workers",
        "2",
        "--only",
        "full,cascade,cached,peers",
    ];
    let said = place.json(&[&bench[..], &["--json"]].concat());
    let names: Vec<&str> = said.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(
        names,
        [
            "full model",
            "cascade",
            "cascade + cache, seen before",
            "transformers-fp32",
            "transformers-bf16",
            "onnx-fp32",
            "onnx-int8"
        ]
    );
    for row in &said {
        assert!(row["texts_per_s"]["median"].as_f64() > Some(0.0), "{row}");
        assert!(row["single_ms"]["p50"].as_f64() > Some(0.0), "{row}");
        assert!(row["macro_f1"].is_number(), "{row}");
    }
    assert_eq!(said[3]["texts_per_s"]["median"], 3.0);
    assert_eq!(
        said[2]["macro_f1"], said[1]["macro_f1"],
        "a cache changes no verdict"
    );
    // Peers are told the language that Hearken found.
    let handed = std::fs::read_to_string(place.path().join("handed-over.jsonl"))
        .expect("the peer was handed the texts");
    assert_eq!(handed.lines().count(), 4 * 18);
    assert!(handed.contains("\"lang\":\"tr\""), "{handed}");

    let table = place.run(&bench[..bench.len() - 2]).ok();
    assert!(table.stdout.contains("macro-F1"), "{}", table.stdout);
    assert!(table.stdout.contains("cascade"), "{}", table.stdout);
    let missing = place
        .run(&[
            "bench", "classify", "--texts", "2", "--only", "peers", "--python", "nowhere",
        ])
        .ends_with(1);
    assert!(
        missing.stderr.contains("install classify"),
        "{}",
        missing.stderr
    );
}
