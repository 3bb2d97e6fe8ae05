//! What `hearken classify` does with texts that nobody meant to be read: each line gets an
//! answer or its own error, and none costs the lines beside it.

use serde_json::{Value, json};

use crate::harness::Place;

/// The sum of the probabilities is 1 and the label is one of four.
#[track_caller]
fn is_verdict(line: &Value) {
    let label = line["label"].as_str().unwrap_or_default();
    assert!(
        ["negative", "neutral", "positive", "unsure"].contains(&label),
        "{line}"
    );
    let sum: f64 = ["negative", "neutral", "positive"]
        .iter()
        .filter_map(|class| line[class].as_f64())
        .sum();
    assert!((sum - 1.0).abs() < 1e-9, "{line}");
}

#[test]
fn every_odd_text_gets_an_answer() {
    let place = Place::new();
    let texts = [
        String::new(),
        "   ".to_owned(),
        "😀😀😀🤬".to_owned(),
        "https://example.org/a?b=c".to_owned(),
        "@acme @acme @acme".to_owned(),
        "Acme ఫోన్ बहुत kötü 很差 плохо سيئ".to_owned(),
        "\u{200b}\u{200d}\u{feff}\u{2060}".to_owned(),
        "\u{0}\u{1}\u{7}\u{1b}[31mred\u{7f}".to_owned(),
        "\u{202e}desrever si siht".to_owned(),
        "a\u{301}".repeat(3_000),
        "x".repeat(1_000_000),
        "never again ".repeat(90_000),
        "!!!!!!!!".repeat(10_000),
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}".repeat(2_000),
        "\u{10ffff}\u{e000}\u{fffd}".to_owned(),
        "This is fine and quick, I love it".to_owned(),
    ];
    let input: String = texts
        .iter()
        .map(|text| format!("{}\n", json!({ "text": text })))
        .collect();
    let verdicts = place.run_with(&["classify", "--json"], &input).ok().json();
    assert_eq!(verdicts.len(), texts.len());
    verdicts.iter().for_each(is_verdict);
    assert_eq!(verdicts[0]["lang"], Value::Null, "nothing says nothing");
    assert_eq!(verdicts[2]["lang"], Value::Null);
    assert_eq!(verdicts[texts.len() - 1]["label"], "positive");

    // The same as plain lines; a carriage return belongs to the line's end.
    let plain = "😀\r\n\r\nhttps://example.org\r\nI love it, it works great\r\n";
    let verdicts = place.run_with(&["classify", "--json"], plain).ok().json();
    assert_eq!(verdicts.len(), 4);
    verdicts.iter().for_each(is_verdict);
}

#[test]
fn a_bad_line_has_its_own_error_and_the_others_are_judged() {
    let place = Place::new();
    let lines = [
        json!({ "text": "I love it, it works great" }).to_string(),
        "{\"txet\": 1}".to_owned(),
        "{\"text\": \"cut off".to_owned(),
        json!({ "text": "It broke, refund now", "kind": "poem" }).to_string(),
        json!({ "text": ["not", "a", "text"] }).to_string(),
        json!({ "text": "I hate it, it broke after a day", "lang": "xx-nonsense" }).to_string(),
        format!("{}1{}", "{\"text\":".repeat(5_000), "}".repeat(5_000)),
        "plain words are fine too".to_owned(),
    ];
    let ran = place
        .run_with(&["classify", "--json"], &(lines.join("\n") + "\n"))
        .ends_with(1);
    let said = ran.json();
    assert_eq!(said.len(), lines.len(), "a line out for every line in");
    for (place, line) in said.iter().enumerate() {
        let number = place + 1;
        if [2, 3, 4, 5, 7].contains(&number) {
            assert_eq!(line["error"]["line"], number, "{line}");
            assert!(line["error"]["message"].is_string(), "{line}");
            let named = format!("-:{number}: ");
            assert!(ran.stderr.contains(&named), "{named} in {}", ran.stderr);
        } else {
            is_verdict(line);
        }
    }
    assert_eq!(said[0]["label"], "positive");
    assert_eq!(said[5]["label"], "negative");
}

#[test]
fn bytes_that_are_no_utf8_are_replaced_and_told() {
    let place = Place::new();
    let bytes = b"\xef\xbb\xbf{\"text\": \"I love it, it works great\"}\nbroken \xff\xfe\xc3\x28 bytes\n\xed\xa0\x80\nI hate it, it broke\n";
    std::fs::write(place.path().join("latin.txt"), bytes).expect("it can be written");
    let ran = place.run(&["classify", "--json", "latin.txt"]).ok();
    let said = ran.json();
    assert_eq!(said.len(), 4);
    said.iter().for_each(is_verdict);
    assert_eq!(said[0]["label"], "positive", "a byte order mark is no text");
    for part in ["latin.txt:2: ", "latin.txt:3: "] {
        assert!(ran.stderr.contains(part), "{part} in {}", ran.stderr);
    }
    let missing = place.run(&["classify", "nowhere.txt"]).ends_with(1);
    assert!(missing.stderr.contains("nowhere.txt"), "{}", missing.stderr);
}

#[test]
fn ten_thousand_at_once_come_back_in_their_order() {
    let place = Place::new();
    let mut input = String::new();
    for number in 0..10_000 {
        let text = match number % 1_000 {
            0 => "I love it, it works great".to_owned(),
            500 => "I hate it, it broke after a day".to_owned(),
            999 => "{ broken".to_owned(),
            // Languages that no model knows cost next to nothing.
            _ => format!("このやかんは壊れた {number}"),
        };
        input.push_str(&text);
        input.push('\n');
    }
    place.write("many.txt", &input);
    let ran = place.run(&["classify", "--json", "many.txt"]).ends_with(1);
    let said = ran.json();
    assert_eq!(said.len(), 10_000);
    for (place, line) in said.iter().enumerate() {
        match place % 1_000 {
            0 => assert_eq!(line["label"], "positive", "line {}", place + 1),
            500 => assert_eq!(line["label"], "negative", "line {}", place + 1),
            999 => assert_eq!(line["error"]["line"], place + 1),
            _ => assert_eq!(line["label"], "unsure", "line {}", place + 1),
        }
    }
}
