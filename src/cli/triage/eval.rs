//! `hearken triage eval`: how good the flag score is on labelled texts, beside the score of
//! version 0.1 in the same run; and fitting the weights on the held-out half of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};

use super::super::classify::settings;
use super::super::{Global, print};
use super::heads::Counts;
use super::set::{Judged, build, has_heads, judge};
use super::{DataFolder, files};
use crate::triage::{Freedom, Known, Measured, Weights, fit, measure};

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Eval {
    #[command(flatten)]
    data: DataFolder,
    /// dev or test
    #[arg(long, default_value = "test", value_parser = ["dev", "test"])]
    split: String,
    /// At most this many texts of each collection, always the same ones
    #[arg(long, default_value_t = 400)]
    per_source: usize,
    /// Keep verdicts in this file and do not pay for them again
    #[arg(long, value_name = "FILE")]
    cache: Option<PathBuf>,
    /// The shipped weights, whatever is in use
    #[arg(long)]
    shipped: bool,
    /// First fit the weights on the dev texts and write them to this file
    #[arg(long, value_name = "FILE")]
    fit_to: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn call(global: &Global, eval: &Eval) -> anyhow::Result<()> {
    let settings = settings(global)?;
    let judged_of = |split: &str| -> anyhow::Result<Vec<Judged>> {
        let cases = build(&eval.data.data, split, eval.per_source)?;
        if cases.is_empty() {
            bail!(
                "no text of the set in {}: it has to hold {split}/ and triage/{split}/ with files \
                 such as complaints_en.jsonl.gz",
                eval.data.data.display()
            );
        }
        judge(&settings, cases, eval.cache.as_ref())
    };
    let mut weights = if eval.shipped {
        Weights::shipped()
    } else {
        files::in_use(global)?.weights
    };
    if let Some(file) = &eval.fit_to {
        weights = fitted(&judged_of("dev")?, &weights);
        files::write(file, &weights.to_toml())?;
        eprintln!("written: {}", file.display());
    }
    let judged = judged_of(&eval.split)?;
    let rows = rows(&judged, &weights)?;
    let complaints = complaints(&judged);
    if eval.json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|row| json!({ "of": row.of, "score": of(&row.now), "rules_0_1": of(&row.before) }))
            .collect();
        return print::json(&json!({
            "split": eval.split,
            "weights": weights.origin,
            "rows": rows,
            "complaint_f1": complaints.map(Counts::f1),
            "complaint_macro_f1": complaints.map(Counts::macro_f1),
        }));
    }
    show(&eval.split, &rows)?;
    if let Some(complaints) = complaints {
        print::line("")?;
        print::line(&format!(
            "complaint head on complaints_en: F1 {:.3}, macro-F1 {:.3}",
            complaints.f1(),
            complaints.macro_f1()
        ))?;
    }
    Ok(())
}

/// Weights fitted on judged texts, starting from those in use.
fn fitted(judged: &[Judged], start: &Weights) -> Weights {
    let known: Vec<Known> = judged
        .iter()
        .map(|judged| Known {
            signals: judged.signals.clone(),
            needed: f64::from(u8::from(judged.case.needed)),
            weight: 1.0,
        })
        .collect();
    let mut fitted = fit(&known, start, Freedom::WIDE);
    let languages: std::collections::BTreeSet<&str> = judged
        .iter()
        .map(|judged| judged.case.lang.as_str())
        .collect();
    fitted.origin = format!(
        "fitted on {} complaints, support requests, reviews and calm posts ({}); stars, threats, question marks, \
         reach, growth, followers, page, freshness and repeat author are set by hand",
        known.len(),
        languages.into_iter().collect::<Vec<_>>().join(" ")
    );
    fitted
}

struct Row {
    of: String,
    now: Measured,
    before: Measured,
}

/// All texts, then each language, then each collection in which both answers occur.
fn rows(judged: &[Judged], weights: &Weights) -> anyhow::Result<Vec<Row>> {
    let mut groups: BTreeMap<(u8, String), Vec<&Judged>> = BTreeMap::new();
    for judged in judged {
        let lang = &judged.case.lang;
        let heads = if has_heads(judged) {
            ""
        } else {
            ", words only"
        };
        for (order, name) in [
            (0, "all".to_owned()),
            (1, format!("{lang}{heads}")),
            (2, judged.case.source.clone()),
        ] {
            groups.entry((order, name)).or_default().push(judged);
        }
    }
    let mut rows = Vec::new();
    for ((order, of), judged) in groups {
        let scored = |score: &dyn Fn(&Judged) -> f64| {
            let scored: Vec<(f64, bool)> = judged
                .iter()
                .map(|judged| (score(judged), judged.case.needed))
                .collect();
            measure(&scored)
        };
        let now = scored(&|judged| weights.score(&judged.signals).score);
        let before = scored(&|judged| judged.by_rules);
        match now.zip(before) {
            Some((now, before)) => rows.push(Row { of, now, before }),
            None if order == 0 => bail!("every text of the set has the same answer"),
            None => (),
        }
    }
    Ok(rows)
}

/// The complaint head alone, on the collection that it can be compared on.
fn complaints(judged: &[Judged]) -> Option<Counts> {
    let mut counts = Counts::default();
    let mut n = 0;
    for judged in judged {
        if judged.case.source == "complaints_en"
            && let Some(intent) = judged.intent
        {
            counts.add(intent.complaint >= 0.5, judged.case.needed);
            n += 1;
        }
    }
    (n > 0).then_some(counts)
}

fn of(measured: &Measured) -> Value {
    json!({
        "n": measured.n,
        "needed": measured.needed,
        "precision_at_top_20": measured.precision_at_top,
        "recall_at_10_false_alarms": measured.recall_at_false_alarms,
        "auc": measured.area,
        "calibration_error": measured.calibration_error,
        "log_loss": measured.log_loss,
    })
}

fn show(split: &str, rows: &[Row]) -> anyhow::Result<()> {
    let first = rows.first().context("there is no row")?;
    print::line(&format!(
        "{} texts of {split}, {:.0} % of them need an answer; each figure beside that of the \
         rules of version 0.1",
        first.now.n,
        first.now.needed * 100.0
    ))?;
    print::line("")?;
    let pair = |now: f64, before: f64| format!("{now:.3} ({before:.3})");
    let lines: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let (now, before) = (&row.now, &row.before);
            vec![
                row.of.clone(),
                now.n.to_string(),
                format!("{:.2}", now.needed),
                pair(now.precision_at_top, before.precision_at_top),
                pair(now.recall_at_false_alarms, before.recall_at_false_alarms),
                pair(now.area, before.area),
                pair(now.calibration_error, before.calibration_error),
            ]
        })
        .collect();
    print::table(
        &[
            "of",
            "n",
            "need",
            "precision, top 20 %",
            "recall, 10 % false alarms",
            "AUC",
            "calibration error",
        ],
        &lines,
    )
}
