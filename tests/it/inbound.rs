//! Items that others push: with our token, with the secret of their source, twice, and wrong.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::harness::{ANGRY, Place, configuration};

const TOKEN: &str = "a-long-random-text";

fn place() -> Place {
    let place = Place::new();
    place.write("token.txt", TOKEN);
    let mut config = configuration(&[], None);
    config.push_str(
        "[[source]]\nname = \"shop\"\ndefinition = \"inbound\"\nparams = { token = { file = \"token.txt\" } }\n",
    );
    place.write("hearken.toml", &config);
    place.run(&["check"]).ok();
    place
}

/// Posts to the daemon; status and JSON of the answer.
pub(crate) fn post(address: &str, path: &str, token: Option<&str>, body: &str) -> (u16, Value) {
    let address = address.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).expect("the daemon listens");
    let authorization = token.map_or_else(String::new, |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{authorization}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer
        .split_whitespace()
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("a status");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

/// The token that commands of this machine use.
pub(crate) fn local_token(place: &Place) -> String {
    let text = std::fs::read_to_string(place.path().join("hearken-data/daemon.json"))
        .expect("the daemon's file");
    let file: Value = serde_json::from_str(&text).expect("JSON");
    file["token"].as_str().expect("a token").to_owned()
}

#[test]
fn pushed_items_become_mentions_once() {
    let place = place();
    let mut daemon = place.start_daemon();
    let address = daemon.address("Page:");
    let token = local_token(&place);
    let item = json!({"native_id": "1", "kind": "review", "text": ANGRY, "rating": 1,
        "published_at": chrono::Utc::now().to_rfc3339()});

    let (status, _) = post(&address, "/api/v1/items", None, &item.to_string());
    assert_eq!(status, 401, "nobody pushes without a token");
    let (status, answer) = post(&address, "/api/v1/items", Some(&token), &item.to_string());
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["n_items"], &answer["n_new"], &answer["n_flagged"]),
        (&json!(1), &json!(1), &json!(1)),
        "{answer}"
    );
    let (_, again) = post(&address, "/api/v1/items", Some(&token), &item.to_string());
    assert_eq!(again["n_new"], 0, "sent twice, stored once: {again}");

    let lines = "{\"text\":\"I like Acme\",\"native_id\":2}\n{\"text\":\"nothing of interest\",\"native_id\":3}\n";
    let (status, answer) = post(&address, "/api/v1/items?source=shop", Some(&token), lines);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["n_items"], &answer["n_matching"]),
        (&json!(2), &json!(1))
    );

    // Everything or nothing: the good line is not taken either.
    let wrong = "{\"text\":\"Acme again\",\"native_id\":4}\n{\"txet\":\"Acme\",\"url\":\"no\"}\n";
    let (status, answer) = post(&address, "/api/v1/items", Some(&token), wrong);
    assert_eq!(status, 422, "{answer}");
    let problems = answer["error"]["items"].as_array().expect("problems");
    let places: Vec<String> = problems
        .iter()
        .map(|problem| format!("{} {}", problem["item"], problem["field"]))
        .collect();
    assert_eq!(places, ["2 \"txet\"", "2 \"url\"", "2 \"text\""]);
    assert_eq!(place.json(&["mentions", "--json"]).len(), 2);

    let (status, _) = post(&address, "/api/v1/items?source=nobody", Some(&token), lines);
    assert_eq!(status, 404);
}

#[test]
fn a_hook_needs_the_secret_of_its_source() {
    let place = place();
    let mut daemon = place.start_daemon();
    let address = daemon.address("Page:");
    let body = json!({"native_id": "h1", "text": "My Acme kettle is fine"}).to_string();
    let (status, _) = post(&address, "/hooks/shop", None, &body);
    assert_eq!(status, 401);
    let (status, _) = post(&address, "/hooks/shop?token=guess", None, &body);
    assert_eq!(status, 401);
    let (status, _) = post(&address, "/hooks/shop", Some(&local_token(&place)), &body);
    assert_eq!(status, 401, "our own token is not that of the source");
    let (status, answer) = post(&address, &format!("/hooks/shop?token={TOKEN}"), None, &body);
    assert_eq!((status, &answer["n_new"]), (200, &json!(1)), "{answer}");
    let (status, answer) = post(&address, "/hooks/shop", Some(TOKEN), &body);
    assert_eq!((status, &answer["n_new"]), (200, &json!(0)), "{answer}");
}

#[test]
fn a_secret_in_the_file_itself_is_a_mistake_that_says_how_to_mend_it() {
    let place = Place::new();
    let mut config = configuration(&[], None);
    config.push_str("[[source]]\ndefinition = \"inbound\"\nparams = { token = \"geheim\" }\n");
    place.write("hearken.toml", &config);
    let ended = place.run(&["check"]).ends_with(1);
    assert!(
        ended.stdout.contains("source[0].params.token") && ended.stdout.contains("{ env ="),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains("geheim"), "{}", ended.stdout);
}

#[test]
fn a_missing_key_is_an_error_of_check_that_says_where_to_get_it() {
    let place = Place::new();
    let mut config = configuration(&[], None);
    config.push_str(
        "[[source]]\ndefinition = \"email\"\nparams = { host = \"imap.example.org\", user = \"jo\" }\n",
    );
    place.write("hearken.toml", &config);
    let said = place.run(&["check"]).ends_with(1).stdout;
    let line = said
        .lines()
        .find(|line| line.contains("source[0].params.password"))
        .unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("needs this key"), "{line}");
    assert!(line.contains("{ env ="), "{line}");
    assert!(
        line.contains("app password from its security settings"),
        "{line}"
    );
}
