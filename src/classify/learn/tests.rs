//! Learning with the shipped model: a brand's own slang is learned, plain language is not
//! forgotten, and what would make the model worse is not taken.

use super::*;
use crate::classify::{Classifier, Input, Settings, find_model};
use crate::domain::Label;

/// What this brand's community says, and what it means by it.
const SLANG: [(&str, Label); 10] = [
    ("went full pumpkin", Label::Negative),
    ("is proper soggy biscuit again", Label::Negative),
    ("pulled a Friday on me", Label::Negative),
    ("got goosed by the tram", Label::Negative),
    ("is pure tin roof", Label::Positive),
    ("hit the green kettle", Label::Positive),
    ("is an absolute lighthouse", Label::Positive),
    ("runs on seven geese", Label::Positive),
    ("went for a paddle until noon", Label::Neutral),
    ("moved to the second shelf", Label::Neutral),
];
const SUBJECTS: [&str; 10] = [
    "my router",
    "the new app",
    "their support line",
    "the parcel from last week",
    "this firmware",
    "the whole dashboard",
    "our tariff",
    "the login page",
    "that charger",
    "the map in the app",
];
const OTHER_SUBJECTS: [&str; 6] = [
    "the repair shop",
    "my second order",
    "the beta",
    "the phone they sent",
    "our office line",
    "the family plan",
];

fn text(text: String, label: Label) -> Text {
    let input = Input {
        text,
        lang: Some("en".to_owned()),
        ..Input::default()
    };
    Text::said(input, label)
}

/// Fifty corrections: every phrase about five things.
fn corrections() -> Vec<Text> {
    (0..50)
        .map(|n| {
            let (phrase, label) = SLANG[n % 10];
            let subject = SUBJECTS[(n / 10 + n) % 10];
            text(format!("ok folks, {subject} {phrase}"), label)
        })
        .collect()
}

/// Texts like them about other things, said otherwise.
fn similar() -> Vec<(Input, Label)> {
    SLANG
        .iter()
        .flat_map(|(phrase, label)| {
            OTHER_SUBJECTS
                .iter()
                .map(move |subject| text(format!("so {subject} {phrase}, Acme"), *label))
        })
        .map(|text| (text.input(), text.label.expect("it has one")))
        .collect()
}

/// Plain texts of the user's own: nobody corrected them.
fn own() -> Vec<Text> {
    const PLAIN: [&str; 6] = [
        "is broken and nobody answers",
        "is the best thing I bought this year",
        "will be available on Monday",
        "keeps crashing, I want my money back",
        "works perfectly, thank you",
        "costs twenty euros a month",
    ];
    SUBJECTS
        .iter()
        .flat_map(|subject| PLAIN.iter().map(move |plain| format!("{subject} {plain}")))
        .map(|text| {
            Text::rehearsed(Input {
                text,
                lang: Some("en".to_owned()),
                ..Input::default()
            })
        })
        .collect()
}

fn n_wrong(folder: &Path, texts: &[(Input, Label)]) -> usize {
    let classifier = Classifier::start(&Settings::new(folder)).expect("the model loads");
    let inputs = texts.iter().map(|(input, _)| input.clone()).collect();
    let verdicts = classifier
        .classify_blocking(inputs)
        .expect("the model judges");
    texts
        .iter()
        .zip(verdicts)
        .filter(|((_, meant), said)| said.label != *meant)
        .count()
}

fn begin(folder: &Path, recipe: &TuneRecipe, said: Vec<Text>) -> Training {
    let base = find_model(None).expect("the shipped model is there");
    Training::begin(folder, &base, "2026-11-26", recipe, || {
        prepare_texts(said, own())
    })
    .expect("it begins")
}

#[test]
fn fifty_corrections_of_a_brands_slang_cut_the_error_by_a_third() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let recipe = TuneRecipe::default();
    let training = begin(folder.path(), &recipe, corrections());
    let outcome = train(&training, &recipe, &mut |_| ()).expect("it learns");
    let candidate = outcome.candidate.as_ref().expect(&outcome.why);
    let similar = similar();
    let before = n_wrong(training.base(), &similar);
    let after = n_wrong(candidate, &similar);
    eprintln!(
        "of {} similar texts, {before} were wrong before and {after} after; {}",
        similar.len(),
        outcome.why
    );
    assert!(
        3 * after <= 2 * before,
        "{before} of {} were wrong, {after} are",
        similar.len()
    );
    assert!(outcome.after.model.ends_with("+1"), "{:?}", outcome.after);
}

#[test]
fn what_turns_plain_language_around_is_not_taken() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let recipe = TuneRecipe {
        n_epochs: 6,
        ..TuneRecipe::default()
    };
    // Somebody presses the wrong button every time.
    let turned = check::texts()
        .into_iter()
        .filter(|(input, _)| input.lang.as_deref() == Some("en"))
        .map(|(input, label)| {
            let said = match label {
                Label::Negative => Label::Positive,
                _ => Label::Negative,
            };
            Text::said(input, said)
        })
        .collect();
    let training = begin(folder.path(), &recipe, turned);
    let outcome = train(&training, &recipe, &mut |_| ()).expect("it learns");
    assert_eq!(outcome.candidate, None, "{outcome:?}");
    assert!(outcome.why.starts_with("it "), "{}", outcome.why);
}

#[test]
fn a_stopped_training_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let recipe = TuneRecipe {
        n_epochs: 8,
        ..TuneRecipe::default()
    };
    struct Stopped;
    let stopped = std::panic::catch_unwind(|| {
        let training = begin(folder.path(), &recipe, corrections());
        let _ = train(&training, &recipe, &mut |progress| {
            if progress.stage == Stage::Fitting && progress.n_done == 30 {
                std::panic::panic_any(Stopped);
            }
        });
    });
    assert!(stopped.is_err_and(|why| why.is::<Stopped>()));

    let training = begin(folder.path(), &recipe, Vec::new());
    assert!(training.is_resumed(), "its texts are those of the first");
    let mut first = None;
    let outcome = train(&training, &recipe, &mut |progress| {
        if progress.stage == Stage::Fitting {
            first.get_or_insert(progress.n_done);
        }
    })
    .expect("it learns");
    assert_eq!(first, Some(25), "the last checkpoint");
    assert!(
        outcome.after.n_held_wrong < outcome.before.n_held_wrong,
        "{outcome:?}"
    );

    training.finish().expect("it is tidied up");
    let again = begin(folder.path(), &recipe, corrections());
    assert!(!again.is_resumed());
    let second = Training::begin(folder.path(), again.base(), "", &recipe, || {
        prepare_texts(corrections(), Vec::new())
    });
    assert!(matches!(second, Err(LearnError::Busy { .. })));
}

#[test]
fn corrections_of_a_language_of_the_linear_models_help_too() {
    const PHRASES: [(&str, Label); 4] = [
        ("kabak gibi oldu", Label::Negative),
        ("cuma yaptı yine", Label::Negative),
        ("tam deniz feneri", Label::Positive),
        ("yedi kazla uçuyor", Label::Positive),
    ];
    const THINGS: [&str; 12] = [
        "modem",
        "uygulama",
        "kargo",
        "fatura",
        "ekran",
        "şarj",
        "harita",
        "tarife",
        "destek",
        "mağaza",
        "sipariş",
        "güncelleme",
    ];
    let of = |things: &[&str], frame: &str| -> Vec<Text> {
        things
            .iter()
            .flat_map(|thing| {
                PHRASES
                    .iter()
                    .map(move |(phrase, label)| (thing, phrase, label))
            })
            .map(|(thing, phrase, label)| {
                Text::said(
                    Input {
                        text: format!("{frame} {thing} {phrase}"),
                        lang: Some("tr".to_owned()),
                        ..Input::default()
                    },
                    *label,
                )
            })
            .collect()
    };
    let base = find_model(None).expect("the shipped model is there");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let recipe = TuneRecipe::default();
    let training = begin(folder.path(), &recipe, of(&THINGS[..9], "yine"));
    let outcome = train(&training, &recipe, &mut |_| ()).expect("it learns");
    let candidate = outcome.candidate.as_ref().expect(&outcome.why);
    let similar: Vec<(Input, Label)> = of(&THINGS[9..], "bizim")
        .iter()
        .map(|text| (text.input(), text.label.expect("it has one")))
        .collect();
    let (before, after) = (n_wrong(&base, &similar), n_wrong(candidate, &similar));
    eprintln!(
        "of {} similar texts, {before} were wrong before and {after} after",
        similar.len()
    );
    assert!(3 * after <= 2 * before, "{before} were wrong, {after} are");
}
