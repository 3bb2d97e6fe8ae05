//! What is asked about a subject and what the answers come to, with a judge of few words:
//! what it says of an input is known, so what is made of it can be told.

use super::*;
use crate::classify::judge::verdict;
use crate::domain::Sentence;

/// Says negative of "awful", positive of "lovely", both halves of both; toward a brand it
/// reads only the clause (up to "but") that names it, if one does.
fn say(input: &Input) -> Sentiment {
    let clauses: Vec<&str> = input.text.split(" but ").collect();
    let read = match &input.brand {
        Some(brand) => clauses
            .iter()
            .find(|clause| clause.contains(brand.as_str()))
            .copied()
            .unwrap_or(&input.text),
        None => &input.text,
    };
    let (awful, lovely) = (read.contains("awful"), read.contains("lovely"));
    let shares: [f64; 3] = match (awful, lovely) {
        (true, false) => [0.9, 0.08, 0.02],
        (false, true) => [0.02, 0.08, 0.9],
        (true, true) => [0.45, 0.1, 0.45],
        (false, false) => [0.2, 0.6, 0.2],
    };
    verdict(shares.map(f64::ln), 1.0, 0.5, "few-words/1")
}

fn subject(text: &str, brands: &[&str]) -> Subject {
    Subject {
        text: text.to_owned(),
        brands: brands
            .iter()
            .map(|&name| Spoken {
                name: name.to_owned(),
                spans: text
                    .find(name)
                    .map(|at| {
                        let start = text[..at].chars().count();
                        vec![[start, start + name.chars().count()]]
                    })
                    .unwrap_or_default(),
            })
            .collect(),
        ..Subject::default()
    }
}

fn judged(subject: &Subject, knows_brands: bool) -> (Judged, Vec<Input>) {
    let mut asked = Vec::new();
    let answers = judge_with::<()>(
        std::slice::from_ref(subject),
        knows_brands,
        |inputs| {
            asked = inputs.to_vec();
            Ok(inputs.iter().map(say).collect())
        },
        |_| 0.5,
    )
    .expect("it answers");
    (answers.into_iter().next().expect("one answer"), asked)
}

#[track_caller]
fn check(subject: &Subject, knows_brands: bool, sentiment: Label, toward: &[Label]) -> Judged {
    let (judged, _) = judged(subject, knows_brands);
    assert_eq!(judged.sentiment.label, sentiment, "{:?}", subject.text);
    let labels: Vec<Label> = judged.toward.iter().map(|said| said.label).collect();
    assert_eq!(labels, toward, "{:?}", subject.text);
    judged
}

/// A text of more than 280 characters without any feeling, around one sentence.
fn long(sentence: &str) -> String {
    let calm = "The meeting was on Monday and many people came to hear the plans. ";
    format!("{}{sentence} {}", calm.repeat(3), calm.repeat(3))
}

#[test]
fn a_model_that_knows_brands_tells_them_apart() {
    let text = "Globex is lovely but Acme is awful";
    check(
        &subject(text, &["Acme", "Globex"]),
        true,
        Label::Negative,
        &[Label::Negative, Label::Positive],
    );
    check(
        &subject(text, &["Globex"]),
        true,
        Label::Positive,
        &[Label::Positive],
    );
}

#[test]
fn the_mentions_verdict_is_the_worst_toward_any_brand() {
    let text = "Acme is lovely but Globex is awful";
    for brands in [["Acme", "Globex"], ["Globex", "Acme"]] {
        let (judged, _) = judged(&subject(text, &brands), true);
        assert_eq!(judged.sentiment.label, Label::Negative, "{brands:?}");
    }
}

#[test]
fn a_model_without_brands_is_asked_about_the_sentences_of_each() {
    check(
        &subject("Acme is awful. Globex is lovely.", &["Acme", "Globex"]),
        false,
        Label::Negative,
        &[Label::Negative, Label::Positive],
    );
    // One sentence says the same of both.
    check(
        &subject("Acme and Globex are awful.", &["Acme", "Globex"]),
        false,
        Label::Negative,
        &[Label::Negative, Label::Negative],
    );
    let (_, asked) = judged(
        &subject("Acme and Globex are awful.", &["Acme", "Globex"]),
        false,
    );
    assert_eq!(asked.len(), 1, "nothing is asked twice");
    assert_eq!(asked[0].brand, None);
}

#[test]
fn a_short_text_with_one_brand_is_asked_once() {
    for knows_brands in [true, false] {
        let (judged, asked) = judged(&subject("Hi. Acme is awful.", &["Acme"]), knows_brands);
        assert_eq!(asked.len(), 1);
        assert_eq!(judged.sentiment.sentence, None);
    }
}

#[test]
fn a_text_without_brands_is_judged_as_it_is() {
    let (judged, asked) = judged(&subject("It is awful.", &[]), true);
    assert_eq!(judged.sentiment.label, Label::Negative);
    assert!(judged.toward.is_empty());
    assert_eq!((asked.len(), &asked[0].brand), (1, &None));
}

#[test]
fn in_a_long_text_the_sentence_about_the_brand_decides_and_is_named() {
    let text = long("Ürün: Acme is awful.");
    let start = text.find("Ürün").map(|at| text[..at].chars().count());
    let start = start.expect("it is there");
    for knows_brands in [true, false] {
        let mut item = subject(&text, &["Acme"]);
        // The whole says nothing: its judge reads the beginning only.
        item.text = text.clone();
        let answers = judge_with::<()>(
            &[item],
            knows_brands,
            |inputs| {
                Ok(inputs
                    .iter()
                    .map(|input| {
                        let mut input = input.clone();
                        input.text = input.text.chars().take(100).collect();
                        say(&input)
                    })
                    .collect())
            },
            |_| 0.4,
        )
        .expect("it answers");
        let said = &answers[0].sentiment;
        assert_eq!(said.label, Label::Negative, "{said:?}");
        assert_eq!(
            said.sentence,
            Some(Sentence {
                text: "Ürün: Acme is awful.".to_owned(),
                span: Some([start, start + 20]),
            })
        );
    }
}

#[test]
fn what_another_brand_did_is_not_asked_beside() {
    let text = long("Acme came too. Globex is awful.");
    let (_, asked) = judged(&subject(&text, &["Acme", "Globex"]), true);
    let about = |name: &str| -> Vec<&str> {
        asked
            .iter()
            .filter(|input| input.brand.as_deref() == Some(name) && input.text.len() < 200)
            .map(|input| input.text.as_str())
            .collect()
    };
    assert!(about("Acme").contains(&"Acme came too."));
    assert!(!about("Acme").contains(&"Globex is awful."));
    assert!(about("Globex").contains(&"Globex is awful."));
}

#[test]
fn the_brand_is_told_by_name_and_place() {
    let mut item = subject("çok kötü @acme", &[]);
    item.brands = vec![Spoken {
        name: "Acme".to_owned(),
        spans: vec![[9, 14]],
    }];
    let (_, asked) = judged(&item, true);
    assert_eq!(asked[0].text, "çok kötü acme");
    assert_eq!(asked[0].brand.as_deref(), Some("Acme"));
    assert_eq!(asked[0].brand_at, Some([9, 13]));
    let (_, asked) = judged(&item, false);
    assert_eq!(
        (asked[0].text.as_str(), &asked[0].brand),
        ("çok kötü @acme", &None)
    );
}

#[test]
fn a_brand_in_the_title_only_is_found_there() {
    let mut item = subject("It is lovely here.", &["Acme"]);
    item.title = Some("ACME again".to_owned());
    let (_, asked) = judged(&item, true);
    assert_eq!(asked[0].text, "ACME again\nIt is lovely here.");
    assert_eq!(asked[0].brand_at, Some([0, 4]));
}

#[test]
fn words_of_others_are_not_judged() {
    check(
        &subject("> Acme is awful\nNo, for me Acme is lovely.", &["Acme"]),
        true,
        Label::Positive,
        &[Label::Positive],
    );
    // A repost passes on what it says, a bare quote does not say whether it agrees.
    check(
        &subject("RT @jo: Acme is awful", &["Acme"]),
        true,
        Label::Negative,
        &[Label::Negative],
    );
    let quote = subject("> Acme is awful", &["Acme"]);
    let judged = check(&quote, true, Label::Unsure, &[Label::Unsure]);
    assert!(judged.sentiment.negative > 0.8, "the probabilities stay");
    let article = Subject {
        kind: Kind::Article,
        ..quote
    };
    check(&article, true, Label::Negative, &[Label::Negative]);
}

#[test]
fn many_subjects_get_their_own_answers_in_order() {
    let subjects: Vec<Subject> = (0..50)
        .map(|place| match place % 3 {
            0 => subject("Acme is awful. Globex is lovely.", &["Acme", "Globex"]),
            1 => subject("Acme is lovely", &["Acme"]),
            _ => subject(&long("Acme is awful."), &["Acme"]),
        })
        .collect();
    let answers = judge_with::<()>(
        &subjects,
        false,
        |inputs| Ok(inputs.iter().map(say).collect()),
        |_| 0.4,
    )
    .expect("it answers");
    assert_eq!(answers.len(), 50);
    for (place, answer) in answers.iter().enumerate() {
        let expected = if place % 3 == 1 {
            Label::Positive
        } else {
            Label::Negative
        };
        assert_eq!(answer.sentiment.label, expected, "{place}");
        assert_eq!(answer.toward.len(), subjects[place].brands.len());
    }
}

#[test]
fn spans_and_texts_that_make_no_sense_are_answered() {
    for (text, spans) in [
        ("", vec![[0, 4]]),
        ("Acme", vec![[9, 20], [3, 1], [0, 99]]),
        ("\u{202e}\u{0}@", vec![[0, 1], [1, 3]]),
        ("😡", vec![[0, 1]]),
        ("https://acme.example/x", vec![[8, 12]]),
    ] {
        for knows_brands in [true, false] {
            let mut item = subject(text, &[]);
            item.brands = vec![Spoken {
                name: "Acme".to_owned(),
                spans: spans.clone(),
            }];
            let (judged, _) = judged(&item, knows_brands);
            assert_eq!(judged.toward.len(), 1, "{text:?}");
        }
    }
}

#[test]
fn a_megabyte_asks_about_a_few_sentences() {
    let text = "Acme is awful. It broke \"again and again and again\" they said.\n".repeat(16_000);
    let (judged, asked) = judged(&subject(&text, &["Acme"]), true);
    assert_eq!(judged.sentiment.label, Label::Negative);
    assert!(asked.len() < 20, "{} inputs", asked.len());
}
