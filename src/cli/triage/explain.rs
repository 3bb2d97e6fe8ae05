//! `hearken triage explain`: every part of a score with what it added or took, of a stored
//! mention or of texts.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};

use super::super::desk::Desk;
use super::super::{Global, classify, print};
use super::files;
use crate::classify::Input;
use crate::classify::intent::Intents;
use crate::domain::{Intent, Item, Kind, Mention, Rating, Sentiment};
use crate::language;
use crate::triage::{Evidence, Scored, TriageInput, Weights, reasons, signals};
use crate::worker::Engine;

/// Examples:
///   hearken triage explain 3f2a
///   echo "Third week without my parcel, answer me!" | hearken triage explain --text -
#[derive(Args, Clone, Debug)]
#[command(verbatim_doc_comment)]
pub(in crate::cli) struct Explain {
    /// The mention's id, or its beginning
    #[arg(required_unless_present = "text", conflicts_with = "text")]
    id: Option<String>,
    /// A file with one text a line, or `-` for stdin
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// What sort of text it is: post, comment, question, review, article
    #[arg(long, default_value = "post", requires = "text", value_parser = kind)]
    kind: Kind,
    /// Stars of five
    #[arg(long, requires = "text", value_name = "NUMBER")]
    stars: Option<f64>,
    /// One JSON object per text
    #[arg(long)]
    json: bool,
}

fn kind(word: &str) -> Result<Kind, String> {
    serde_json::from_value(Value::from(word))
        .map_err(|_| "write post, comment, question, review or article".to_owned())
}

pub(super) async fn call(global: &Global, explain: &Explain) -> anyhow::Result<()> {
    let weights = files::in_use(global)?.weights;
    let settings = classify::settings(global)?;
    let folder = settings.folder.clone();
    let intents = tokio::task::spawn_blocking(move || Intents::find(&folder)).await??;
    match (&explain.id, &explain.text) {
        (Some(id), _) => {
            let desk = Desk::open(global).await?;
            let found = mention(&desk, id).await;
            desk.close().await?;
            let mention = found?;
            let intent = intent_of(
                intents.as_ref(),
                &mention.item,
                mention.item.lang.as_deref(),
            );
            let evidence = Evidence {
                intent,
                reach_before: mention.reach_before,
                ..Evidence::default()
            };
            let scored = scored(&weights, &mention, evidence);
            if let Some(flag) = &mention.flag {
                eprintln!(
                    "flagged with {:.2}; what follows is what the weights in use make of it now, \
                     its author's earlier mentions left out",
                    flag.score
                );
            }
            show(&mention.item, &mention.sentiment, &scored, explain.json)
        }
        (None, Some(file)) => {
            let lines = read_lines(file)?;
            let classifier = classify::start(global).await?;
            for line in lines {
                let lang = language::detect(&line, None).map(str::to_owned);
                let input = Input {
                    text: line.clone(),
                    kind: explain.kind,
                    lang: lang.clone(),
                    brand: None,
                    brand_at: None,
                };
                let sentiment = classifier
                    .classify(vec![input])
                    .await?
                    .pop()
                    .context("the verdict is missing")?;
                let mut item = Item::empty("text", explain.kind);
                item.text = line;
                item.lang = lang.clone();
                item.rating = explain.stars.map(|value| Rating { value, best: 5.0 });
                let evidence = Evidence {
                    intent: intent_of(intents.as_ref(), &item, lang.as_deref()),
                    ..Evidence::default()
                };
                let now = Engine::now();
                let input = TriageInput {
                    item: &item,
                    sentiment: &sentiment,
                    correction: None,
                    lang: lang.as_deref(),
                    own: false,
                    seen_at: now,
                    evidence,
                };
                let scored = weights.score(&signals(&input, now));
                show(&item, &sentiment, &scored, explain.json)?;
            }
            Ok(())
        }
        (None, None) => bail!("name a mention, or texts with --text FILE"),
    }
}

fn read_lines(file: &Path) -> anyhow::Result<Vec<String>> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(file).with_context(|| format!("cannot open {}", file.display()))?;
    }
    Ok(String::from_utf8_lossy(&bytes)
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(str::to_owned)
        .collect())
}

fn intent_of(intents: Option<&Intents>, item: &Item, lang: Option<&str>) -> Option<Intent> {
    intents.and_then(|intents| intents.of(&item.full_text(), item.kind, lang))
}

async fn mention(desk: &Desk, id: &str) -> anyhow::Result<Mention> {
    let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
    let answer = desk.get(&format!("/api/v1/mentions/{id}")).await?;
    Ok(serde_json::from_value(answer)?)
}

/// As it was when it was first seen, with what is known of it now.
fn scored(weights: &Weights, mention: &Mention, evidence: Evidence) -> Scored {
    let now = evidence
        .reach_before
        .map_or(mention.seen_at, |before| before.at.max(mention.seen_at));
    let input = TriageInput::of(mention, evidence);
    weights.score(&signals(&input, now))
}

fn show(item: &Item, sentiment: &Sentiment, scored: &Scored, as_json: bool) -> anyhow::Result<()> {
    let score = (scored.score * 100.0).round() / 100.0;
    if as_json {
        let parts: Vec<Value> = scored
            .contributions
            .iter()
            .map(|part| {
                json!({
                    "part": part.part.name(),
                    "value": part.value,
                    "points": part.points,
                    "said": part.said,
                })
            })
            .collect();
        return print::json(&json!({
            "text": item.text,
            "score": score,
            "label": sentiment.label,
            "reasons": reasons(scored),
            "parts": parts,
        }));
    }
    print::line(&format!(
        "{score:.2}  {}  {}",
        sentiment.label.as_str(),
        print::one_line(&item.full_text(), 100)
    ))?;
    for part in &scored.contributions {
        let said = if part.said.is_empty() {
            "no head knows the language"
        } else {
            &part.said
        };
        print::line(&format!(
            "  {:+.2}  {}",
            part.points,
            print::one_line(said, 100)
        ))?;
    }
    Ok(())
}
