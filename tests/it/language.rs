//! Languages as the real program finds and measures them.

use crate::harness::Place;

#[test]
fn hindi_and_telugu_in_latin_letters_have_codes_of_their_own() {
    let place = Place::new();
    let input = "yeh phone bahut kharab hai, paisa wapas karo\n\
                 ee phone asalu bagaledu, dabbulu waste\n\
                 {\"text\": \"यह फोन बहुत खराब है\", \"lang\": \"en\"}\n\
                 De levering was veel te laat en niemand neemt de telefoon op\n\
                 {\"text\": \"👍\", \"lang\": \"tr-TR\"}\n\
                 Huduma mbaya sana, sijapata mzigo wangu\n";
    let said = place.run_with(&["classify", "--json"], input).ok().json();
    let languages: Vec<Option<&str>> = said.iter().map(|line| line["lang"].as_str()).collect();
    let expected = [
        Some("hi-Latn"),
        Some("te-Latn"),
        Some("hi"),
        Some("nl"),
        Some("tr"),
        None,
    ];
    assert_eq!(languages, expected);
    // What it is judged by is the model of the language, whatever the letters are.
    assert_eq!(said[0]["model"], said[2]["model"]);
    assert_ne!(said[0]["label"], "unsure");
}

#[test]
fn the_table_says_how_well_languages_are_found() {
    let place = Place::new();
    let line = |text: &str, lang: &str| {
        serde_json::json!({ "text": text, "lang": lang, "label": "neutral" }).to_string() + "\n"
    };
    place.write(
        "own.jsonl",
        &[
            line("My order never came and nobody answers the phone", "en"),
            line("Kargo hala gelmedi, kimse telefona bakmıyor", "tr"),
            line("mera order abhi tak nahi aaya yaar", "hi"),
            line("have you seen the film that they made of it", "hi"),
            line("De bestelling is nooit aangekomen", "de"),
            line("👍👍", "fr"),
        ]
        .concat(),
    );
    let eval = ["model", "language", "eval", "own.jsonl", "--json"];
    let rows = place.json(&eval);
    let row = |lang: &str| {
        let row = rows.iter().find(|row| row["lang"] == lang);
        row.unwrap_or_else(|| panic!("no row for {lang}")).clone()
    };
    assert_eq!(
        (
            row("en")["all"]["n"].as_u64(),
            row("en")["long"]["n_right"].as_u64()
        ),
        (Some(2), Some(2))
    );
    assert_eq!(row("hi-Latn")["all"]["n_right"], 1);
    assert_eq!(row("de")["all"]["n_right"], 0);
    assert_eq!(row("de")["taken_for"][0][0], "nl");
    assert_eq!(
        rows.len(),
        4,
        "a text without a letter is left out: {rows:?}"
    );

    let as_labelled = place.json(&[&eval[..], &["--as-labelled"]].concat());
    let hindi = as_labelled.iter().find(|row| row["lang"] == "hi-Latn");
    assert_eq!(hindi.expect("there is a row")["all"]["n"], 2);
    let table = place.run(&["model", "language", "eval", "own.jsonl"]).ok();
    assert!(table.stdout.contains("taken for"), "{}", table.stdout);
    assert!(
        table.stdout.contains("1 without a letter"),
        "{}",
        table.stdout
    );
}

#[test]
fn a_model_of_languages_is_trained_from_texts_and_words() {
    let place = Place::new();
    for split in ["train", "dev"] {
        std::fs::create_dir_all(place.path().join(split)).expect("a folder can be made");
        let mut text = String::new();
        for number in 0..40 {
            for (lang, words) in [("tr", "kargo gelmedi"), ("en", "the parcel never came")] {
                let line = serde_json::json!({
                    "text": format!("{words} {number}"), "lang": lang, "label": "neutral",
                });
                text.push_str(&format!("{line}\n"));
            }
        }
        place.write(&format!("{split}/own.jsonl"), &text);
    }
    std::fs::create_dir_all(place.path().join("words")).expect("a folder can be made");
    place.write("words/nl.tsv", "pakket\t0.1\nniet\t0.2\n");
    let train = [
        "model", "language", "train", "--data", ".", "--words", "words", "--out", "latin.gz",
    ];
    let said = place.run(&train).ok();
    assert!(said.stdout.contains("3 languages"), "{}", said.stdout);
    assert!(place.path().join("latin.gz").is_file());
    place.write("words/nl.tsv", "pakket 0.1\n");
    let wrong = place.run(&train).ends_with(1);
    assert!(wrong.stderr.contains("nl.tsv:1"), "{}", wrong.stderr);
}
