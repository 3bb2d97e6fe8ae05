//! `hearken model calibrate`: how the judges of a model are put together, and what makes
//! their probabilities mean what they say.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use super::super::print;
use super::train::store;
use super::{named_number, progress};
use crate::classify::blend::{
    BLEND, Blend, Exactness, Fitted, Heard, Mix, exactness, fit, fit_toward, listen,
};
use crate::classify::{Settings, read_labelled};

/// Examples:
///   hearken model calibrate labelled/dev                    # a table
///   hearken model calibrate labelled/dev --write            # and blend.json beside the model
///   hearken model calibrate labelled/dev --keep heard.jsonl # what the judges said, for the next time
#[derive(Args, Clone, Debug)]
#[command(verbatim_doc_comment)]
pub(in crate::cli) struct Calibrate {
    /// Files or folders of held-out .jsonl or .jsonl.gz with `text`, `label` and `lang`
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Texts with a `brand` as well: certainty of verdicts toward a brand
    #[arg(long, value_name = "PATH")]
    toward: Vec<PathBuf>,
    /// Only these sources
    #[arg(long, value_delimiter = ',', value_name = "SOURCE")]
    only: Vec<String>,
    /// Not these sources: labels that no judge agrees with, say
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "SOURCE",
        conflicts_with = "only"
    )]
    except: Vec<String>,
    /// Models beside this one that know some languages better, by their folders' names, instead
    /// of those in use
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    specialist: Vec<String>,
    /// What the linear model of a language must save in nats to be heard more: its words know
    /// the collections that it was fitted on better than new ones
    #[arg(long, value_name = "LANG=NATS", value_parser = margin)]
    linear_must_earn: Vec<(String, f64)>,
    /// A file where what the judges say is kept; texts that stand in it are not judged again
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// Write blend.json into the model's folder
    #[arg(long)]
    write: bool,
    /// The contents of blend.json instead of a table
    #[arg(long)]
    json: bool,
}

fn margin(text: &str) -> Result<(String, f64), String> {
    named_number(text, "LANG=NATS", "en=0.01", 0.0..=1.0)
}

pub(super) fn calibrate(settings: &Settings, calibrate: &Calibrate) -> anyhow::Result<()> {
    let in_use = Blend::read(&settings.folder)?.unwrap_or_default();
    let specialists = if calibrate.specialist.is_empty() {
        in_use.specialists
    } else {
        calibrate.specialist.clone()
    };
    let hear = |paths: &[PathBuf], keep: Option<&Path>| -> anyhow::Result<Vec<Heard>> {
        let mut texts = read_labelled(paths)?;
        texts.retain(|text| {
            let named = |sources: &[String]| sources.contains(&text.source);
            (calibrate.only.is_empty() || named(&calibrate.only)) && !named(&calibrate.except)
        });
        if let Some(heard) = keep.map(read_kept).transpose()?
            && heard.len() == texts.len()
        {
            return Ok(heard);
        }
        let bar = progress(texts.len());
        let heard = listen(settings, &specialists, &texts, |n| bar.inc(n))?;
        bar.finish_and_clear();
        if let Some(keep) = keep {
            store(keep, |file| write_kept(file, &heard))?;
        }
        Ok(heard)
    };
    let keep = calibrate.keep.as_deref();
    let heard = hear(&calibrate.paths, keep)?;
    if heard.is_empty() {
        bail!("no held-out text: look at --only");
    }
    let rows = fit(
        &heard,
        &calibrate.linear_must_earn.iter().cloned().collect(),
    );
    let toward = if calibrate.toward.is_empty() {
        None
    } else {
        let keep = keep.map(|keep| keep.with_extension("toward.jsonl"));
        fit_toward(&hear(&calibrate.toward, keep.as_deref())?)
    };
    let mut languages: BTreeMap<String, BTreeMap<String, Mix>> = BTreeMap::new();
    for row in &rows {
        let kinds = languages.entry(row.lang.clone()).or_default();
        kinds.insert(row.kind.to_owned(), row.mix.clone());
    }
    let blend = Blend {
        specialists,
        languages,
        toward: toward.as_ref().map(|row| row.mix.clone()).or(in_use.toward),
    };
    let text = format!("{}\n", serde_json::to_string_pretty(&blend)?);
    if calibrate.write {
        let file = settings.folder.join(BLEND);
        store(&file, |mut file| file.write_all(text.as_bytes()))?;
        eprintln!("hearken: {} is written", file.display());
    }
    if calibrate.json {
        return print::line(text.trim_end());
    }
    let rows: Vec<Vec<String>> = rows.iter().chain(&toward).map(row_of).collect();
    print::table(
        &[
            "lang",
            "kind",
            "n",
            "transformer",
            "specialist",
            "linear",
            "macro-F1",
            "(alone)",
            "temperature",
            "calibration error",
            "(by chance)",
            "unsure below",
            "sure",
            "accuracy when sure",
            "easy",
            "without the transformer",
        ],
        &rows,
    )?;
    print::line("")?;
    let exact: Vec<Vec<String>> = exactness(&heard, &blend).iter().map(exact_of).collect();
    print::table(&["lang", "n", "calibration error", "(by chance)"], &exact)
}

fn exact_of(of: &Exactness) -> Vec<String> {
    vec![
        of.lang.clone(),
        of.n.to_string(),
        format!("{:.3}", of.error),
        format!("{:.3}", of.error_by_chance),
    ]
}

fn row_of(row: &Fitted) -> Vec<String> {
    let mix = &row.mix;
    vec![
        row.lang.clone(),
        row.kind.to_owned(),
        row.n.to_string(),
        format!("{:.2}", mix.transformer),
        format!("{:.2}", mix.specialist),
        format!("{:.2}", mix.linear),
        format!("{:.3}", row.macro_f1),
        format!("{:.3}", row.macro_f1_alone),
        format!("{:.2}", mix.temperature),
        format!("{:.3}", row.error),
        format!("{:.3}", row.error_by_chance),
        format!("{:.2}", mix.unsure_below),
        format!("{:.3}", row.coverage),
        format!("{:.3}", row.accuracy_when_sure),
        format!("{:.3}", row.easy),
        format!("{:.3}", row.without_transformer),
    ]
}

fn write_kept(file: &File, heard: &[Heard]) -> std::io::Result<()> {
    let mut out = BufWriter::new(file);
    for text in heard {
        serde_json::to_writer(&mut out, text)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// What an earlier call kept; nothing when there is no such file yet.
fn read_kept(file: &Path) -> anyhow::Result<Vec<Heard>> {
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let lines = BufReader::new(opened).lines().enumerate();
    lines
        .map(|(place, line)| {
            serde_json::from_str(&line?).with_context(|| {
                format!("{}:{}: damaged; delete the file", file.display(), place + 1)
            })
        })
        .collect()
}
