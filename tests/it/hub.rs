//! A model by its name from a hub: the hub's protocol spoken by a local server, a tiny
//! model with random weights, a connection that breaks, a file that comes damaged.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rust_bert::bert::{BertConfig, BertForSequenceClassification};
use serde_json::{Value, json};
use sha2::Digest as _;
use tch::{Device, nn};

use crate::harness::{Asked, Place, Reply, Site};

const NAME: &str = "acme/tiny-sentiment";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const WORDS: [&str; 9] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "app", "is", "good", "bad",
];

/// The files of a tiny model; its outputs are called as `id2label` says.
fn tiny(id2label: Value) -> BTreeMap<&'static str, Vec<u8>> {
    let config = json!({
        "model_type": "bert", "architectures": ["BertForSequenceClassification"],
        "vocab_size": WORDS.len(), "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 32, "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1,
        "max_position_embeddings": 40, "type_vocab_size": 2, "initializer_range": 0.02,
        "id2label": id2label,
    });
    let variables = nn::VarStore::new(Device::Cpu);
    let network: BertConfig = serde_json::from_value(config.clone()).expect("a configuration");
    BertForSequenceClassification::new(variables.root(), &network).expect("a network");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let weights = folder.path().join("model.safetensors");
    variables.save(&weights).expect("it is written");
    BTreeMap::from([
        ("config.json", config.to_string().into_bytes()),
        ("vocab.txt", WORDS.join("\n").into_bytes()),
        ("README.md", b"# tiny".to_vec()),
        (
            "model.safetensors",
            std::fs::read(weights).expect("it was written"),
        ),
    ])
}

fn named() -> Value {
    json!({ "0": "Negative", "1": "Neutral", "2": "Positive" })
}

/// What goes wrong at the hub.
#[derive(Clone, Copy, PartialEq)]
enum Trouble {
    None,
    /// The weights break off in the middle, as often as this.
    BreaksOff(usize),
    /// One byte of the weights is another one.
    Damaged,
}

fn hub(files: BTreeMap<&'static str, Vec<u8>>, trouble: Arc<Mutex<Trouble>>) -> Site {
    let n_broken = AtomicUsize::new(0);
    Site::new(move |asked| answer(asked, &files, *trouble.lock().expect("no panic"), &n_broken))
}

fn answer(
    asked: &Asked,
    files: &BTreeMap<&'static str, Vec<u8>>,
    trouble: Trouble,
    n_broken: &AtomicUsize,
) -> Reply {
    let path = asked.path.split('?').next().unwrap_or_default();
    if path == format!("/api/models/{NAME}/revision/main") {
        let siblings: Vec<Value> = files
            .iter()
            .map(|(name, bytes)| {
                if *name == "model.safetensors" {
                    let sha256 = hex(&sha2::Sha256::digest(bytes));
                    json!({ "rfilename": name, "size": bytes.len(), "blobId": "f00",
                        "lfs": { "sha256": sha256, "size": bytes.len(), "pointerSize": 134 } })
                } else {
                    let mut sha = sha1::Sha1::new();
                    sha.update(format!("blob {}\0", bytes.len()));
                    sha.update(bytes);
                    json!({ "rfilename": name, "size": bytes.len(), "blobId": hex(&sha.finalize()) })
                }
            })
            .collect();
        let listed = json!({ "id": NAME, "sha": COMMIT, "siblings": siblings });
        return Reply::ok("application/json", listed.to_string());
    }
    if let Some(name) = path.strip_prefix(&format!("/{NAME}/resolve/{COMMIT}/")) {
        if name == "model.safetensors" {
            // Large files lie elsewhere, as at the real hub.
            return Reply::Send(
                302,
                vec![("Location", "/cdn/weights?signed=1".to_owned())],
                Vec::new(),
            );
        }
        return match files.get(name) {
            Some(bytes) => Reply::ok("text/plain", bytes.clone()),
            None => Reply::status(404),
        };
    }
    if path == "/cdn/weights" {
        let mut bytes = files["model.safetensors"].clone();
        if trouble == Trouble::Damaged {
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
        }
        let start: usize = asked
            .header("range")
            .and_then(|range| {
                range
                    .strip_prefix("bytes=")?
                    .strip_suffix('-')?
                    .parse()
                    .ok()
            })
            .unwrap_or(0);
        let rest = &bytes[start..];
        let (status, range) = match start {
            0 => ("200 OK", String::new()),
            _ => (
                "206 Partial Content",
                format!(
                    "Content-Range: bytes {start}-{}/{}\r\n",
                    bytes.len() - 1,
                    bytes.len()
                ),
            ),
        };
        let mut raw = format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\n{range}Content-Length: {}\r\n\r\n",
            rest.len()
        )
        .into_bytes();
        let breaks =
            matches!(trouble, Trouble::BreaksOff(n) if n_broken.fetch_add(1, Ordering::SeqCst) < n);
        raw.extend(if breaks {
            &rest[..rest.len() / 3]
        } else {
            rest
        });
        return Reply::Raw(raw);
    }
    Reply::status(404)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn use_model(place: &Place, hub: &Site, more: &[&str]) -> crate::harness::Ended {
    let address = hub.url("");
    let mut arguments = vec!["model", "use", NAME, "--hub", &address];
    arguments.extend(more);
    place.run(&arguments)
}

#[test]
fn a_model_comes_by_its_name_goes_on_where_it_broke_and_works_offline() {
    let place = Place::new();
    let files = tiny(named());
    let n_bytes = files["model.safetensors"].len();
    // Four attempts are made by one command, so this takes a second one.
    let trouble = Arc::new(Mutex::new(Trouble::BreaksOff(5)));
    let hub = hub(files, trouble);
    let broken = use_model(&place, &hub, &[]).ends_with(1);
    assert!(
        broken.stderr.contains("goes on from there"),
        "{}",
        broken.stderr
    );
    let done = use_model(&place, &hub, &["--json"]).ok();
    assert_eq!(done.json()[0]["model"], format!("{NAME}/{}", &COMMIT[..12]));
    let ranges: Vec<u64> = hub
        .asked()
        .iter()
        .filter(|asked| asked.path.starts_with("/cdn/"))
        .map(|asked| {
            let range = asked.header("range").unwrap_or("bytes=0-");
            range["bytes=".len()..range.len() - 1]
                .parse()
                .expect("a start")
        })
        .collect();
    assert_eq!(ranges.len(), 6, "{ranges:?}");
    assert!(
        ranges.is_sorted_by(|a, b| a < b),
        "each goes on: {ranges:?}"
    );
    assert!(
        (ranges[5] as usize) > n_bytes / 2,
        "{ranges:?} of {n_bytes}"
    );
    assert!(
        !hub.asked()
            .iter()
            .any(|asked| asked.path.ends_with("README.md")),
        "only what it takes"
    );

    let judged = place
        .run_with(&["classify", "--json"], "the app is good")
        .ok()
        .json();
    assert_eq!(judged[0]["model"], format!("{NAME}/{}", &COMMIT[..12]));
    let n_asked = hub.asked().len();
    place.run(&["model", "use", "shipped"]).ok();
    // Nobody is asked for what is here.
    place.run(&["model", "use", NAME]).ok();
    assert_eq!(hub.asked().len(), n_asked);
    let listed = place.json(&["model", "list", "--json"]);
    let in_use: Vec<&Value> = listed
        .iter()
        .filter(|model| model["in_use"] == true)
        .collect();
    assert_eq!(in_use[0]["manifest"]["name"], NAME);
    place.run(&["model", "use", "--previous"]).ok();
    let judged = place.run_with(&["classify", "--json"], "fine").ok().json();
    assert!(
        judged[0]["model"]
            .as_str()
            .is_some_and(|model| model.starts_with("hearken-"))
    );
}

#[test]
fn a_damaged_file_is_told_and_asked_for_anew() {
    let place = Place::new();
    let trouble = Arc::new(Mutex::new(Trouble::Damaged));
    let hub = hub(tiny(named()), trouble.clone());
    let damaged = use_model(&place, &hub, &[]).ends_with(1);
    assert!(
        damaged.stderr.contains("model.safetensors came damaged"),
        "{}",
        damaged.stderr
    );
    *trouble.lock().expect("no panic") = Trouble::None;
    use_model(&place, &hub, &[]).ok();
}

#[test]
fn outputs_without_a_meaning_want_labels() {
    let place = Place::new();
    let unnamed = json!({ "0": "LABEL_0", "1": "LABEL_1" });
    let hub = hub(tiny(unnamed), Arc::new(Mutex::new(Trouble::None)));
    let asks = use_model(&place, &hub, &[]).ends_with(1);
    assert!(asks.stderr.contains("--labels"), "{}", asks.stderr);
    let wrong = use_model(&place, &hub, &["--labels", "negative,neutral,positive"]).ends_with(1);
    assert!(wrong.stderr.contains("2 outputs"), "{}", wrong.stderr);
    use_model(&place, &hub, &["--labels", "positive,negative"]).ok();
    let judged = place
        .run_with(&["classify", "--json"], "the app is good\nbad")
        .ok()
        .json();
    for verdict in judged {
        assert_eq!(verdict["neutral"], 0.0, "a model of two classes: {verdict}");
    }
}

#[test]
fn what_a_hub_does_not_have_is_told() {
    let place = Place::new();
    let hub = hub(tiny(named()), Arc::new(Mutex::new(Trouble::None)));
    let address = hub.url("");
    let none = place
        .run(&["model", "use", "acme/none", "--hub", &address])
        .ends_with(1);
    assert!(
        none.stderr.contains("no such model or revision"),
        "{}",
        none.stderr
    );
    let wrong = place.run(&["model", "use", "nowhere"]).ends_with(1);
    assert!(
        wrong.stderr.contains("there is no model `nowhere`"),
        "{}",
        wrong.stderr
    );

    let mut pickled = tiny(named());
    let weights = pickled.remove("model.safetensors").expect("it is there");
    pickled.insert("pytorch_model.bin", weights);
    let hub = self::hub(pickled, Arc::new(Mutex::new(Trouble::None)));
    let refused = use_model(&place, &hub, &[]).ends_with(1);
    assert!(
        refused.stderr.contains("a pickle can run any code"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_folder_in_the_layout_of_hugging_face_is_used() {
    let place = Place::new();
    let folder = place.path().join("theirs");
    std::fs::create_dir(&folder).expect("a folder");
    for (name, bytes) in tiny(named()) {
        std::fs::write(folder.join(name), bytes).expect("it is written");
    }
    place.run(&["model", "use", "./theirs"]).ok();
    // It stays when the folder goes.
    std::fs::remove_dir_all(&folder).expect("it was there");
    let judged = place
        .run_with(&["classify", "--json"], "the app")
        .ok()
        .json();
    assert_eq!(judged[0]["model"], "theirs/local");
}
