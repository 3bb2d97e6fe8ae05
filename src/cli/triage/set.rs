//! The set that the flag score is fitted and measured on: complaints to brands, reports in
//! app reviews, requests to support desks, star reviews, and calm posts about brands. Each
//! text says whether it needs an answer; stars are not shown to the score, since they are
//! what says so.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde::{Deserialize, Serialize};

use super::data::read;
use super::heads::kind_of;
use crate::classify::intent::Intents;
use crate::classify::{Classifier, Input, Settings};
use crate::domain::{Intent, Item, Kind, Sentiment, hex_digest};
use crate::triage::{Evidence, Part, Signal, TriageInput, score_by_rules, signals};

/// Reviews of goods and services whose stars (or annotated feeling) say who is unhappy;
/// reviews of films and books wait for nobody.
const STAR_REVIEWS: [&str; 10] = [
    "alexa_reviews",
    "ar_elsahar_reviews",
    "es_cuba_hotels",
    "fdu_amazon_reviews",
    "hi_amazon_hsac",
    "opener_hotel_en",
    "opener_hotel_es",
    "playstore_4geeks",
    "skytrax_lounge_seat",
    "tr_eticaret",
];
/// The same, in a shop's own words.
const MORE_REVIEWS: [&str; 1] = ["tr_magaza"];
/// Posts about brands, of which the calm and the happy ones need nothing: most of what is
/// said about a brand, and nothing of it is among complaints and reviews.
const CALM_POSTS: [&str; 4] = [
    "cf_brand_emotions_sxsw",
    "de_germeval17_bahn",
    "entity_brand_tweets",
    "sanders_tweets",
];
/// Texts judged between two steps of the progress bar.
const PART: usize = 256;

/// A text of the set.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case {
    pub(super) text: String,
    pub(super) kind: Kind,
    pub(super) lang: String,
    pub(super) source: String,
    /// Whether it needs an answer.
    pub(super) needed: bool,
}

/// A text with everything that the score is made of.
pub(super) struct Judged {
    pub(super) case: Case,
    pub(super) signals: Vec<Signal>,
    pub(super) intent: Option<Intent>,
    pub(super) by_rules: f64,
}

/// The set of a split (`dev`, `test`), at most `per_source` texts of each collection,
/// always the same ones.
pub(super) fn build(data: &Path, split: &str, per_source: usize) -> anyhow::Result<Vec<Case>> {
    let triage = data.join("triage").join(split);
    let plain = data.join(split);
    let mut cases = Vec::new();
    for text in read(&triage, "complaints_en")? {
        let needed = text.label == "complaint";
        cases.push(case(text, needed));
    }
    for source in ["minibar_app_intent_en", "minibar_app_intent_fr"] {
        for text in read(&triage, source)? {
            // People do not agree whether a wish needs an answer.
            let needed = match text.label.as_str() {
                "problem_report" => true,
                "irrelevant" => false,
                _ => continue,
            };
            cases.push(case(text, needed));
        }
    }
    for source in ["bitext_support", "banking77"] {
        for text in read(&triage, source)? {
            cases.push(case(text, true));
        }
    }
    for source in STAR_REVIEWS.iter().chain(&MORE_REVIEWS) {
        for text in read(&plain, source)? {
            let needed = text.label == "negative";
            cases.push(Case {
                kind: Kind::Review,
                ..case(text, needed)
            });
        }
    }
    for source in CALM_POSTS {
        for text in read(&plain, source)? {
            // Whether an unhappy one needs an answer, nobody has said.
            if text.label != "negative" {
                cases.push(case(text, false));
            }
        }
    }
    Ok(sampled(cases, per_source))
}

fn case(text: super::data::Text, needed: bool) -> Case {
    Case {
        kind: kind_of(&text.source),
        text: text.text,
        lang: text.lang,
        source: text.source,
        needed,
    }
}

/// The first texts of each collection in the order of a digest: chance without a dice.
fn sampled(cases: Vec<Case>, per_source: usize) -> Vec<Case> {
    let mut by_source: BTreeMap<String, Vec<(String, Case)>> = BTreeMap::new();
    for case in cases {
        let place = hex_digest("triage set", &[&case.text]);
        by_source
            .entry(case.source.clone())
            .or_default()
            .push((place, case));
    }
    by_source
        .into_values()
        .flat_map(|mut cases| {
            cases.sort_by(|a, b| a.0.cmp(&b.0));
            cases.truncate(per_source);
            cases.into_iter().map(|(_, case)| case)
        })
        .collect()
}

/// A verdict that was paid for before.
#[derive(Deserialize, Serialize)]
struct Cached {
    key: String,
    sentiment: Sentiment,
}

/// Judges the texts, reading from and adding to a file of verdicts when one is named.
pub(super) fn judge(
    settings: &Settings,
    cases: Vec<Case>,
    cache: Option<&PathBuf>,
) -> anyhow::Result<Vec<Judged>> {
    let intents = Intents::find(&settings.folder)?;
    let print = fingerprint(&settings.folder);
    let mut known: HashMap<String, Sentiment> = cache.map_or_else(HashMap::new, read_cache);
    let key = |case: &Case| {
        hex_digest(
            "verdict",
            &[&print, case.kind.as_str(), &case.lang, &case.text],
        )
    };
    let missing: Vec<&Case> = cases
        .iter()
        .filter(|case| !known.contains_key(&key(case)))
        .collect();
    if !missing.is_empty() {
        let classifier = Classifier::start(settings)?;
        let mut file = cache
            .map(|path| {
                std::fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .with_context(|| format!("cannot write {}", path.display()))
            })
            .transpose()?;
        let bar =
            ProgressBar::with_draw_target(Some(missing.len() as u64), ProgressDrawTarget::stderr());
        let mut fresh = Vec::new();
        for part in missing.chunks(PART) {
            let inputs = part.iter().map(|case| input(case)).collect();
            let verdicts = classifier.classify_blocking(inputs)?;
            for (case, sentiment) in part.iter().zip(verdicts) {
                let cached = Cached {
                    key: key(case),
                    sentiment,
                };
                if let Some(file) = &mut file {
                    writeln!(file, "{}", serde_json::to_string(&cached)?)?;
                }
                fresh.push(cached);
            }
            bar.inc(part.len() as u64);
        }
        bar.finish_and_clear();
        known.extend(fresh.into_iter().map(|new| (new.key, new.sentiment)));
    }
    cases
        .into_iter()
        .map(|case| {
            let sentiment = known
                .get(&key(&case))
                .context("a verdict is missing")?
                .clone();
            Ok(judged(case, &sentiment, intents.as_ref()))
        })
        .collect()
}

fn input(case: &Case) -> Input {
    Input {
        text: case.text.clone(),
        kind: case.kind,
        lang: Some(case.lang.clone()),
        brand: None,
        brand_at: None,
    }
}

fn judged(case: Case, sentiment: &Sentiment, intents: Option<&Intents>) -> Judged {
    let intent = intents.and_then(|intents| intents.of(&case.text, case.kind, Some(&case.lang)));
    let mut item = Item::empty("eval", case.kind);
    item.text = case.text.clone();
    let now: DateTime<Utc> = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    let input = TriageInput {
        item: &item,
        sentiment,
        correction: None,
        lang: Some(&case.lang),
        own: false,
        seen_at: now,
        evidence: Evidence {
            intent,
            ..Evidence::default()
        },
    };
    Judged {
        signals: signals(&input, now),
        by_rules: score_by_rules(&input, now),
        intent,
        case,
    }
}

/// Whether the heads were asked about a text.
pub(super) fn has_heads(judged: &Judged) -> bool {
    judged
        .signals
        .iter()
        .all(|found| found.part != Part::NoHeads)
}

/// What tells one model from another: verdicts of a model that has changed are not its own.
fn fingerprint(folder: &Path) -> String {
    let mut parts = Vec::new();
    for name in ["hearken.json", "model.safetensors"] {
        let file = folder.join(name);
        let seen = std::fs::metadata(&file)
            .ok()
            .map(|of| (of.len(), of.modified().ok()));
        parts.push(format!("{} {seen:?}", file.display()));
    }
    hex_digest("model", &[&parts.join(" ")])
}

fn read_cache(path: &PathBuf) -> HashMap<String, Sentiment> {
    let Ok(file) = std::fs::File::open(path) else {
        return HashMap::new();
    };
    // A line that a stopped run left half written is judged again.
    std::io::BufReader::new(file)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| serde_json::from_str::<Cached>(&line).ok())
        .map(|cached| (cached.key, cached.sentiment))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, file: &str, lines: &[(&str, &str)]) {
        std::fs::create_dir_all(folder).expect("a folder");
        let source = file.trim_end_matches(".jsonl");
        let text: String = lines
            .iter()
            .map(|(text, label)| {
                let line = serde_json::json!({
                    "text": text, "label": label, "lang": "en", "source": source,
                });
                format!("{line}\n")
            })
            .collect();
        std::fs::write(folder.join(file), text).expect("written");
    }

    #[test]
    fn every_collection_says_who_needs_an_answer_in_its_own_way() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path();
        let triage = data.join("triage").join("dev");
        let complaints = [("no bag", "complaint"), ("thanks", "not_complaint")];
        write(&triage, "complaints_en.jsonl", &complaints);
        let intents = [
            ("sync fails", "problem_report"),
            ("nice", "irrelevant"),
            ("add dark mode", "feature_request"),
        ];
        write(&triage, "minibar_app_intent_en.jsonl", &intents);
        let plain = data.join("dev");
        let reviews = [("it broke", "negative"), ("so so", "neutral")];
        write(&plain, "alexa_reviews.jsonl", &reviews);
        let posts = [("meh phone", "negative"), ("new phone", "neutral")];
        write(&plain, "sanders_tweets.jsonl", &posts);
        let set = build(data, "dev", 100).expect("it reads");
        let mut seen: Vec<(&str, bool)> = set
            .iter()
            .map(|case| (case.text.as_str(), case.needed))
            .collect();
        seen.sort_unstable();
        assert_eq!(
            seen,
            [
                ("it broke", true),
                ("new phone", false),
                ("nice", false),
                ("no bag", true),
                ("so so", false),
                ("sync fails", true),
                ("thanks", false),
            ]
        );
        assert_eq!(build(data, "dev", 1).expect("it reads").len(), 4);
    }
}
