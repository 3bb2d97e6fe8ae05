//! Every architecture as a tiny model with random weights, and every way in which the
//! files of a model can be wrong.

use std::path::Path;

use serde_json::{Value, json};
use tch::{Device, nn};
use tokenizers::Tokenizer;
use tokenizers::models::wordlevel::WordLevel;
use tokenizers::pre_tokenizers::whitespace::Whitespace;

use super::*;
use crate::classify::Classifier;
use crate::domain::Sentiment;

const WORDS: [&str; 12] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "app", "is", "good", "bad", "today", "!",
];

/// Sizes that every architecture finds its own among, whatever it calls them.
fn config(architecture: &str) -> Value {
    let mut config: Value = serde_json::from_str(include_str!("tiny.json")).expect("it is JSON");
    config["model_type"] = architecture.into();
    config["vocab_size"] = WORDS.len().into();
    if matches!(architecture, "roberta" | "camembert" | "xlm-roberta") {
        config["type_vocab_size"] = 1.into();
    }
    config
}

/// Writes a tiny model in the layout of Hugging Face.
fn tiny(folder: &Path, architecture: &str) {
    let words = WordLevel::builder()
        .vocab(
            WORDS
                .iter()
                .zip(0..)
                .map(|(word, id)| ((*word).to_owned(), id))
                .collect(),
        )
        .unk_token("[UNK]".to_owned())
        .build()
        .expect("the vocabulary is whole");
    let mut tokenizer = Tokenizer::new(words);
    tokenizer.with_pre_tokenizer(Some(Whitespace {}));
    tokenizer
        .save(folder.join("tokenizer.json"), false)
        .expect("it is written");
    let config = config(architecture);
    std::fs::write(folder.join("config.json"), config.to_string()).expect("it is written");
    tch::manual_seed(7);
    let variables = nn::VarStore::new(Device::Cpu);
    network::build(&variables, &config).unwrap_or_else(|why| panic!("{architecture}: {why}"));
    variables
        .save(folder.join("model.safetensors"))
        .expect("it is written");
}

fn tiny_folder(architecture: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    tiny(folder.path(), architecture);
    folder
}

fn judged(folder: &Path, texts: &[&str]) -> Result<Vec<Sentiment>, ClassifyError> {
    let settings = Settings {
        precision: Precision::F32,
        ..Settings::new(folder)
    };
    let inputs = texts
        .iter()
        .map(|text| Input {
            text: (*text).to_owned(),
            ..Input::default()
        })
        .collect();
    Classifier::start(&settings)?.classify_blocking(inputs)
}

#[test]
fn every_architecture_judges_and_company_changes_nothing() {
    for architecture in network::ARCHITECTURES {
        let folder = tiny_folder(architecture);
        let texts = [
            "the app is good",
            "bad !",
            "the app is bad today !",
            "bad",
            "good",
        ];
        let together =
            judged(folder.path(), &texts).unwrap_or_else(|error| panic!("{architecture}: {error}"));
        let shares = |said: &Sentiment| [said.negative, said.neutral, said.positive];
        let differ = |a: &Sentiment, b: &Sentiment| {
            let pairs = shares(a).into_iter().zip(shares(b));
            pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        for (text, verdict) in texts.iter().zip(&together) {
            let alone = &judged(folder.path(), &[text]).expect("it judges")[0];
            assert!(
                differ(alone, verdict) < 3e-4,
                "{architecture}: {text}: {alone:?} alone, {verdict:?} in company"
            );
        }
        assert!(
            together
                .iter()
                .any(|said| differ(said, &together[0]) > 1e-3),
            "{architecture} tells texts apart: {together:?}"
        );
    }
}

#[test]
fn weights_of_rust_bert_are_read_too() {
    let folder = tiny_folder("bert");
    let before = judged(folder.path(), &["the app is bad"]).expect("it judges");
    let safetensors = folder.path().join("model.safetensors");
    let tensors = tch::Tensor::read_safetensors(&safetensors).expect("it is whole");
    tch::Tensor::save_multi(&tensors, folder.path().join("rust_model.ot")).expect("it is written");
    std::fs::remove_file(safetensors).expect("it was there");
    assert_eq!(
        judged(folder.path(), &["the app is bad"]).expect("it judges"),
        before
    );
}

#[test]
fn a_vocabulary_of_words_makes_a_tokenizer() {
    let folder = tiny_folder("bert");
    let text = "The app is BAD !";
    std::fs::remove_file(folder.path().join("tokenizer.json")).expect("it was there");
    std::fs::write(folder.path().join("vocab.txt"), WORDS.join("\n")).expect("it is written");
    let lower = judged(folder.path(), &[text, "the app is bad !"]).expect("it judges");
    assert_eq!(lower[0], lower[1], "small letters, unless told otherwise");
    std::fs::write(
        folder.path().join("tokenizer_config.json"),
        r#"{"do_lower_case": false}"#,
    )
    .expect("it is written");
    let cased = judged(folder.path(), &[text, "the app is bad !"]).expect("it judges");
    assert_ne!(cased[0], cased[1]);
}

/// Spoils a model and reads what is said about it, by looking and by loading.
#[track_caller]
fn check(spoil: impl Fn(&Path), file: &str, expected: &str) {
    let folder = tiny_folder("bert");
    spoil(folder.path());
    let error = judged(folder.path(), &["good"])
        .expect_err("it is spoiled")
        .to_string();
    assert!(
        error.contains(&folder.path().join(file).display().to_string()),
        "{error}"
    );
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_missing_file_is_named_with_the_way_out() {
    let remove = |name: &'static str| {
        move |folder: &Path| std::fs::remove_file(folder.join(name)).expect("it was there")
    };
    check(
        remove("model.safetensors"),
        "model.safetensors",
        "hearken model use shipped",
    );
    check(
        remove("tokenizer.json"),
        "tokenizer.json",
        "copy the tokenizer",
    );
    check(
        remove("config.json"),
        "hearken.json",
        "hearken model use shipped",
    );
    check(
        |folder| {
            let (from, to) = ("model.safetensors", "pytorch_model.bin");
            std::fs::rename(folder.join(from), folder.join(to)).expect("it was there");
        },
        "pytorch_model.bin",
        "safe_serialization=True",
    );
}

#[test]
fn a_file_that_is_cut_off_is_named() {
    let cut = |name: &'static str, share: f64| {
        move |folder: &Path| {
            let place = folder.join(name);
            let bytes = std::fs::read(&place).expect("it was there");
            let n = (bytes.len() as f64 * share) as usize;
            std::fs::write(&place, &bytes[..n]).expect("it is written");
        }
    };
    for share in [0.0, 0.001, 0.5, 0.999] {
        check(
            cut("model.safetensors", share),
            "model.safetensors",
            "cut off",
        );
    }
    check(
        cut("config.json", 0.5),
        "config.json",
        "copy or download it again",
    );
    check(
        cut("tokenizer.json", 0.5),
        "tokenizer.json",
        "copy or download it again",
    );
    check(
        |folder| std::fs::write(folder.join("hearken.json"), "{").expect("it is written"),
        "hearken.json",
        "copy or download it again",
    );
}

#[test]
fn files_of_different_models_are_told_apart() {
    let change = |key: &'static str, value: Value| {
        move |folder: &Path| {
            let mut config = config("bert");
            config[key] = value.clone();
            std::fs::write(folder.join("config.json"), config.to_string()).expect("it is written");
        }
    };
    check(
        change("model_type", json!("roberta")),
        "model.safetensors",
        "belongs to another architecture",
    );
    check(
        change("model_type", json!("gpt2")),
        "config.json",
        "`gpt2` is no architecture",
    );
    check(
        change("model_type", Value::Null),
        "config.json",
        "no `model_type`",
    );
    check(
        change("hidden_size", json!(32)),
        "model.safetensors",
        "different models",
    );
    check(
        change("vocab_size", json!(5)),
        "tokenizer.json",
        "belongs to another model",
    );
    check(
        change(
            "id2label",
            json!({ "0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2" }),
        ),
        "config.json",
        "--labels negative,neutral,positive",
    );
    check(
        |folder| {
            let manifest = json!({ "name": "m", "version": "1", "languages": [], "max_tokens": 900,
                "labels": ["negative", "neutral", "positive"] });
            std::fs::write(folder.join("hearken.json"), manifest.to_string())
                .expect("it is written");
        },
        "hearken.json",
        "64 positions",
    );
}

#[test]
fn looking_over_sees_what_needs_no_loading() {
    let folder = tiny_folder("bert");
    look_over(folder.path()).expect("it is whole");
    let weights = folder.path().join("model.safetensors");
    let bytes = std::fs::read(&weights).expect("it was there");
    std::fs::write(&weights, &bytes[..bytes.len() - 8]).expect("it is written");
    let error = look_over(folder.path())
        .expect_err("it is cut off")
        .to_string();
    assert!(error.contains("cut off"), "{error}");
}

/// A SentencePiece file with these pieces behind its own three.
fn pieces_file(pieces: &[&str]) -> Vec<u8> {
    let mut file = Vec::new();
    for piece in ["<unk>", "<s>", "</s>"].iter().chain(pieces) {
        let mut field = vec![(1 << 3) | 2, piece.len() as u8];
        field.extend(piece.as_bytes());
        field.push((2 << 3) | 5);
        field.extend((-1.0_f32).to_le_bytes());
        file.extend([(1 << 3) | 2, field.len() as u8]);
        file.extend(field);
    }
    file
}

#[test]
fn the_pieces_of_xlm_roberta_stand_behind_its_special_tokens() {
    let folder = tiny_folder("xlm-roberta");
    std::fs::remove_file(folder.path().join("tokenizer.json")).expect("it was there");
    std::fs::write(
        folder.path().join("sentencepiece.bpe.model"),
        pieces_file(&["▁the", "▁app", "▁is", "▁good", "▁bad"]),
    )
    .expect("it is written");
    let encoder = load_encoder(folder.path()).expect("it is whole");
    let encode = |text: &str| {
        let input = Input {
            text: text.to_owned(),
            ..Input::default()
        };
        encoder.encode(&input).expect("it encodes").ids
    };
    // <s> 0, <pad> 1, </s> 2, <unk> 3, then the pieces.
    assert_eq!(encode("the app is good"), [0, 4, 5, 6, 7, 2]);
    assert_eq!(encode("bad"), [0, 8, 2]);
    assert_eq!(encoder.pad(), 1);
    judged(folder.path(), &["the app is bad"]).expect("it judges");
}
