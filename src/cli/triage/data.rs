//! Labelled texts of other tasks than sentiment, and what their labels mean here: which
//! head of triage each speaks of. Only files that are there are read.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// A text with the label of its own task.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Text {
    /// The text.
    pub(super) text: String,
    /// The label as the collection has it.
    pub(super) label: String,
    /// ISO 639-1 code.
    pub(super) lang: String,
    /// The collection.
    pub(super) source: String,
}

/// The texts of `FOLDER/SOURCE.jsonl.gz`, or `.jsonl`; none when neither is there.
pub(super) fn read(folder: &Path, source: &str) -> anyhow::Result<Vec<Text>> {
    let packed = folder.join(format!("{source}.jsonl.gz"));
    let plain = folder.join(format!("{source}.jsonl"));
    let (file, reader): (_, Box<dyn Read>) = if packed.is_file() {
        let opened = std::fs::File::open(&packed)
            .with_context(|| format!("cannot open {}", packed.display()))?;
        (packed, Box::new(flate2::read::MultiGzDecoder::new(opened)))
    } else if plain.is_file() {
        let opened = std::fs::File::open(&plain)
            .with_context(|| format!("cannot open {}", plain.display()))?;
        (plain, Box::new(opened))
    } else {
        return Ok(Vec::new());
    };
    let mut texts = Vec::new();
    for (place, line) in BufReader::new(reader).lines().enumerate() {
        let at = || format!("{}:{}", file.display(), place + 1);
        let line = line.with_context(at)?;
        if !line.trim().is_empty() {
            texts.push(serde_json::from_str(&line).with_context(at)?);
        }
    }
    Ok(texts)
}

/// The collections that say something of complaints, questions and requests.
pub(super) const SOURCES: [&str; 7] = [
    "complaints_en",
    "minibar_app_intent_en",
    "minibar_app_intent_fr",
    "bitext_support",
    "banking77",
    "tweeteval_emotion",
    "tweeteval_irony",
];

/// Posts about brands with a feeling: an unhappy one complains, if only roughly so.
pub(super) const WEAK_SOURCES: [&str; 3] = [
    "cf_brand_emotions_sxsw",
    "entity_brand_tweets",
    "sanders_tweets",
];

/// What a text says of each head (complaint, question, request); `None` where nothing.
pub(super) fn meaning(text: &Text) -> [Option<bool>; 3] {
    let (yes, no) = (Some(true), Some(false));
    match (text.source.as_str(), text.label.as_str()) {
        ("complaints_en", "complaint") => [yes, None, None],
        ("complaints_en", _) => [no, None, None],
        ("minibar_app_intent_en" | "minibar_app_intent_fr", label) => match label {
            "problem_report" => [yes, None, no],
            "feature_request" => [None, None, yes],
            _ => [no, no, no],
        },
        ("bitext_support", label) => bitext(label),
        ("banking77", label) => banking(label),
        ("cf_brand_emotions_sxsw" | "entity_brand_tweets" | "sanders_tweets", label) => {
            [Some(label == "negative"), None, None]
        }
        // Talk among people: nobody asks a brand anything there.
        ("tweeteval_emotion" | "tweeteval_irony", _) => {
            let question = if text.text.contains('?') { None } else { no };
            [None, question, no]
        }
        _ => [None; 3],
    }
}

/// Bitext's 27 intents: things to know, things to do. What it and Banking77 call a problem
/// is said calmly to a desk; how people complain in public is learned elsewhere.
fn bitext(label: &str) -> [Option<bool>; 3] {
    let yes = Some(true);
    match label {
        "complaint" | "payment_issue" | "registration_problems" => [None; 3],
        "check_cancellation_fee"
        | "check_invoice"
        | "check_payment_methods"
        | "check_refund_policy"
        | "contact_customer_service"
        | "delivery_options"
        | "delivery_period"
        | "track_order"
        | "track_refund" => [None, yes, None],
        _ => [None, None, yes],
    }
}

/// Banking77's intents, by what their names say is asked or is wanted.
fn banking(label: &str) -> [Option<bool>; 3] {
    let (yes, no) = (Some(true), Some(false));
    const WANTED: [&str; 8] = [
        "activate_my_card",
        "cancel_transfer",
        "change_pin",
        "edit_personal_details",
        "order_physical_card",
        "request_refund",
        "terminate_account",
        "get_disposable_virtual_card",
    ];
    const KNOWN: [&str; 12] = [
        "age_limit",
        "atm_support",
        "card_acceptance",
        "card_delivery_estimate",
        "country_support",
        "disposable_card_limits",
        "exchange_charge",
        "exchange_rate",
        "fiat_currency_support",
        "supported_cards_and_currencies",
        "top_up_limits",
        "transfer_timing",
    ];
    if WANTED.contains(&label) {
        [None, None, yes]
    } else if KNOWN.contains(&label) {
        [None, yes, no]
    } else {
        [None; 3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, label: &str, expected: [Option<bool>; 3]) {
        let text = Text {
            text: "where is it?".to_owned(),
            label: label.to_owned(),
            lang: "en".to_owned(),
            source: source.to_owned(),
        };
        assert_eq!(meaning(&text), expected, "{source} {label}");
    }

    #[test]
    fn labels_speak_of_the_heads_that_they_are_about() {
        let (yes, no) = (Some(true), Some(false));
        check("complaints_en", "complaint", [yes, None, None]);
        check("complaints_en", "not_complaint", [no, None, None]);
        check("minibar_app_intent_fr", "irrelevant", [no, no, no]);
        check("bitext_support", "get_refund", [None, None, yes]);
        check("bitext_support", "track_order", [None, yes, None]);
        check("banking77", "transaction_charged_twice", [None; 3]);
        check("banking77", "exchange_rate", [None, yes, no]);
        check("sanders_tweets", "negative", [yes, None, None]);
        check("tweeteval_emotion", "anger", [None, None, no]);
        check("clinc150", "timer", [None; 3]);
    }
}
