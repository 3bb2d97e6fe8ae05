//! Verdicts toward brands, with the shipped model: from what is pushed to what is stored,
//! searched and printed, and measured by `model eval --toward`.

use serde_json::{Value, json};

use crate::harness::Place;
use crate::inbound::{local_token, post};

const CONFIGURATION: &str = r#"
[web]
listen = "127.0.0.1:0"

[[brand]]
name = "Acme"

[[brand]]
name = "Globex"

[[source]]
name = "shop"
definition = "inbound"
params = { token = { file = "token.txt" } }
"#;

fn mention<'a>(mentions: &'a [Value], native_id: &str) -> &'a Value {
    mentions
        .iter()
        .find(|mention| mention["native_id"] == native_id)
        .unwrap_or_else(|| panic!("no mention {native_id} in {mentions:?}"))
}

#[test]
fn mentions_say_toward_whom_because_of_what_and_whether_stars_agree() {
    let place = Place::new();
    place.write("token.txt", "0123456789abcdef");
    place.write("hearken.toml", CONFIGURATION);
    let mut daemon = place.start_daemon();
    let address = daemon.address("Page:");
    let token = local_token(&place);
    let calm = "The hall opens at nine and closes at five on weekdays. The list of stands is on the second page of the booklet. ";
    let complaint = "Acme lost my order twice and refused to refund me, the worst service ever.";
    let long = format!("{}{complaint} {}", calm.repeat(2), calm.repeat(2));
    let items = [
        json!({"native_id": "long", "text": long}),
        json!({"native_id": "stars", "kind": "review", "rating": 1,
            "text": "I love my Acme kettle, it works great and looks beautiful!"}),
        json!({"native_id": "agree", "kind": "review", "rating": 5,
            "text": "I really love the Acme toaster, best I ever had!"}),
        json!({"native_id": "both",
            "text": "Acme is terrible, they ruined my holiday. I love Globex, they are wonderful!"}),
        json!({"native_id": "quote",
            "text": "> Acme is terrible, the worst company ever\nI love Acme, they are wonderful and so friendly!"}),
        json!({"native_id": "bare", "text": "> Acme is terrible, the worst company ever"}),
    ];
    let lines: Vec<String> = items.iter().map(Value::to_string).collect();
    let (status, answer) = post(&address, "/api/v1/items", Some(&token), &lines.join("\n"));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["n_new"], items.len(), "{answer}");

    let mentions = place.json(&["mentions", "--json"]);
    let label = |native_id: &str| mention(&mentions, native_id)["sentiment"]["label"].clone();

    assert_eq!(label("long"), "negative");
    let sentence = &mention(&mentions, "long")["sentiment"]["sentence"];
    assert_eq!(sentence["text"], complaint, "{mentions:?}");
    let start = long.find(complaint).expect("it is there");
    assert_eq!(sentence["span"], json!([start, start + complaint.len()]));

    assert_eq!(label("stars"), "positive", "stars change no verdict");
    assert_eq!(mention(&mentions, "stars")["stars_against_text"], true);
    assert_eq!(mention(&mentions, "agree").get("stars_against_text"), None);
    let found = place.json(&["mentions", "is:contradicted", "--json"]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["native_id"], "stars");

    let toward = &mention(&mentions, "both")["brands"];
    assert_eq!(toward[0]["sentiment"]["label"], "negative", "{toward}");
    assert_eq!(toward[1]["sentiment"]["label"], "positive", "{toward}");
    assert_eq!(label("both"), "negative", "the worst is the mention's");
    assert_eq!(
        mention(&mentions, "stars")["brands"][0].get("sentiment"),
        None
    );

    assert_eq!(label("quote"), "positive");
    assert_eq!(label("bare"), "unsure");

    let shown = place.run(&["mentions"]).ok().stdout;
    for expected in [
        "because of: Acme lost my order",
        "[stars against text]",
        "Acme: negative; Globex: positive",
    ] {
        assert!(shown.contains(expected), "{expected:?} in {shown}");
    }
}

#[test]
fn classify_honours_the_brand_of_a_line() {
    let place = Place::new();
    let calm = "The hall opens at nine and closes at five on weekdays and all of the stands are listed in the booklet. ";
    let text = format!(
        "{}Acme is terrible, I hate it! {}",
        calm.repeat(2),
        calm.repeat(2)
    );
    let lines = [
        json!({"text": text, "brand": "Acme"}),
        json!({"text": text}),
    ];
    let input: Vec<String> = lines.iter().map(Value::to_string).collect();
    let verdicts = place
        .run_with(&["classify", "--json"], &input.join("\n"))
        .ok()
        .json();
    assert_eq!(verdicts[0]["label"], "negative", "{verdicts:?}");
    assert_eq!(
        verdicts[0]["sentence"]["text"],
        "Acme is terrible, I hate it!"
    );
    assert_eq!(verdicts[1].get("sentence"), None);
    let shown = place.run_with(&["classify"], &input[0]).ok().stdout;
    assert!(shown.contains("because of: Acme is terrible"), "{shown}");
}

#[test]
fn accuracy_toward_the_brand_is_printed_beside_that_of_the_whole() {
    let place = Place::new();
    place.write(
        "cases.jsonl",
        "{\"text\": \"I love Acme, it is wonderful!\", \"brand\": \"Acme\", \"label\": \"positive\", \"lang\": \"en\", \"why\": \"plain\"}\n\
         {\"text\": \"Acme is terrible, I hate it.\", \"brand\": \"Acme\", \"label\": \"negative\", \"lang\": \"en\", \"why\": \"plain\"}\n",
    );
    let lines = place.json(&["model", "eval", "--toward", "cases.jsonl", "--json"]);
    let all = &lines[0]["evaluation"]["all"];
    assert_eq!(
        (&all["n"], &all["toward"]),
        (&json!(2), &json!(1.0)),
        "{all}"
    );
    let table = place
        .run(&["model", "eval", "--toward", "cases.jsonl"])
        .ok()
        .stdout;
    assert!(
        table.contains("toward the brand") && table.contains("whole text"),
        "{table}"
    );

    place.write("names.txt", "Acme, Acme Corp\nGlobex\n");
    place.write(
        "bare.jsonl",
        "{\"text\": \"I love acme corp!\", \"label\": \"positive\", \"lang\": \"en\"}\n\
         {\"text\": \"I love it!\", \"label\": \"positive\", \"lang\": \"en\"}\n",
    );
    let wrong = place
        .run(&["model", "eval", "--toward", "bare.jsonl"])
        .ends_with(1);
    assert!(
        wrong.stderr.contains("bare.jsonl:1:") && wrong.stderr.contains("--names"),
        "{}",
        wrong.stderr
    );
    let lines = place.json(&[
        "model",
        "eval",
        "--toward",
        "bare.jsonl",
        "--names",
        "names.txt",
        "--json",
    ]);
    assert_eq!(lines[0]["evaluation"]["all"]["n"], 1);
    assert_eq!(lines[0]["left_out"], 1);
}
