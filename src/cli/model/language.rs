//! `hearken model language`: how well languages are found, as a table, and the training of
//! the model for Latin letters that is compiled in.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use serde_json::json;

use super::super::print;
use crate::classify::read_labelled;
use crate::language::{
    Line, Recipe, Row, Table, Taught, measure, reference, reference_as_labelled, train,
};

#[derive(Clone, Debug, Subcommand)]
pub(in crate::cli) enum Action {
    /// A table by language and length: hearken model language eval labelled/test
    Eval(Eval),
    /// Fit the model for Latin letters: hearken model language train --data labelled/ --words words/ --out latin.weights.gz
    Train(Train),
}

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Eval {
    /// Files or folders of .jsonl or .jsonl.gz with `text`, `label` and `lang`
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Pretend that the site states this language; `true` states the right one
    #[arg(long, value_name = "LANG")]
    hint: Option<String>,
    /// Believe that every text labelled Hindi or Telugu is, also where its words are all English
    #[arg(long)]
    as_labelled: bool,
    /// One JSON object per language
    #[arg(long)]
    json: bool,
}

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Train {
    /// A folder with train/ and dev/, each of .jsonl or .jsonl.gz files with `text`, `label`, `lang`
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// A folder with lists of words, WORD<TAB>FREQUENCY in LANG.tsv; und-NAME.tsv for languages without a code
    /// of their own (models/train/language_words.py writes them)
    #[arg(long, value_name = "DIR")]
    words: PathBuf,
    /// Leave out these sources
    #[arg(long, value_delimiter = ',', value_name = "SOURCE")]
    except: Vec<String>,
    /// Where the model is written; Hearken is built anew with it in models/hearken-language/latin.weights.gz
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn call(action: &Action) -> anyhow::Result<()> {
    match action {
        Action::Eval(asked) => eval(asked),
        Action::Train(asked) => fit(asked),
    }
}

fn eval(asked: &Eval) -> anyhow::Result<()> {
    let reference = if asked.as_labelled {
        reference_as_labelled
    } else {
        reference
    };
    let (mut lines, mut n_left_out, mut n_corrected) = (Vec::new(), 0, 0);
    for text in read_labelled(&asked.paths)? {
        match reference(&text.lang, &text.input.text) {
            Some(lang) => {
                n_corrected += usize::from(lang == "en" && text.lang != "en");
                lines.push(Line {
                    text: text.input.text,
                    lang,
                });
            }
            None => n_left_out += 1,
        }
    }
    let table = measure(&lines, |line| match asked.hint.as_deref() {
        Some("true") => Some(line.lang.as_str()),
        _ => asked.hint.as_deref(),
    });
    if asked.json {
        for row in &table.rows {
            print::json(&json!(row))?;
        }
        return Ok(());
    }
    print::line(&format!(
        "{} texts; {n_left_out} without a letter left out; {n_corrected} labelled Hindi or Telugu count as \
         English by their words; an unknown one is not right.",
        lines.len()
    ))?;
    print::line("")?;
    show(&table)
}

fn show(table: &Table) -> anyhow::Result<()> {
    let mut head = vec![
        "lang",
        "n",
        "accuracy",
        "unknown",
        "n 20+",
        "20+",
        "unknown 20+",
    ];
    let lengths: Vec<String> = table.rows.first().map_or_else(Vec::new, |row| {
        row.lengths.iter().map(|(name, _)| name.clone()).collect()
    });
    head.extend(lengths.iter().map(String::as_str));
    head.push("taken for");
    let rows: Vec<Vec<String>> = table.rows.iter().map(cells).collect();
    print::table(&head, &rows)
}

fn cells(row: &Row) -> Vec<String> {
    /// The others are few.
    const MOST_CONFUSIONS: usize = 4;
    let mut cells = vec![row.lang.clone()];
    for counts in [&row.all, &row.long] {
        cells.push(counts.n.to_string());
        cells.push(format!("{:.3}", counts.accuracy()));
        cells.push(format!("{:.3}", counts.unknown()));
    }
    cells.extend(row.lengths.iter().map(|(_, counts)| {
        if counts.n == 0 {
            "-".to_owned()
        } else {
            format!("{:.3}", counts.accuracy())
        }
    }));
    let taken_for: Vec<String> = row
        .taken_for
        .iter()
        .take(MOST_CONFUSIONS)
        .map(|(code, n)| format!("{code} {n}"))
        .collect();
    cells.push(taken_for.join(", "));
    cells
}

fn fit(asked: &Train) -> anyhow::Result<()> {
    let texts = |split: &str| -> anyhow::Result<Vec<(String, String)>> {
        let texts = read_labelled(&[asked.data.join(split)])?;
        Ok(texts
            .into_iter()
            .filter(|text| !asked.except.contains(&text.source))
            .filter_map(|text| {
                let code = reference(&text.lang, &text.input.text)?;
                // Their own scripts say it already.
                (!matches!(code.as_str(), "hi" | "te" | "ar")).then_some((code, text.input.text))
            })
            .collect())
    };
    let taught = Taught {
        texts: texts("train")?,
        words: word_lists(&asked.words)?,
        held_out: texts("dev")?,
    };
    let spinner = ProgressBar::new_spinner();
    let weights = train(&taught, &Recipe::default(), |said| {
        spinner.println(said);
        spinner.tick();
    })
    .map_err(anyhow::Error::msg)?;
    spinner.finish_and_clear();

    let folder = match asked.out.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let cannot = || format!("cannot write {}", asked.out.display());
    // Beside the place and moved there: a stopped training leaves no half file.
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(cannot)?;
    weights.write(&mut file).with_context(cannot)?;
    file.flush().with_context(cannot)?;
    super::train::make_readable(file.as_file()).with_context(cannot)?;
    file.persist(&asked.out).with_context(cannot)?;
    print::line(&format!(
        "{}: {} languages, temperature {:.2}",
        asked.out.display(),
        weights.header.languages.len(),
        weights.header.temperature
    ))
}

type WordLists = BTreeMap<String, Vec<Vec<(String, f32)>>>;

/// Every `.tsv` of the folder, by the code before its first hyphen.
fn word_lists(folder: &Path) -> anyhow::Result<WordLists> {
    let cannot = || format!("cannot read the word lists in {}", folder.display());
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(cannot)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "tsv"))
        .collect();
    files.sort();
    if files.is_empty() {
        bail!(
            "no .tsv file in {}: make them with models/train/language_words.py",
            folder.display()
        );
    }
    let mut lists = WordLists::new();
    for file in files {
        let stem = file
            .file_stem()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let code = stem.split('-').next().unwrap_or(stem).to_owned();
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let words = text
            .lines()
            .enumerate()
            .map(|(place, line)| {
                let pair = line.split_once('\t');
                pair.and_then(|(word, frequency)| Some((word.to_owned(), frequency.parse().ok()?)))
                    .with_context(|| {
                        format!("{}:{}: not WORD<TAB>FREQUENCY", file.display(), place + 1)
                    })
            })
            .collect::<anyhow::Result<Vec<(String, f32)>>>()?;
        if words.is_empty() {
            bail!("{} is empty", file.display());
        }
        lists.entry(code).or_default().push(words);
    }
    Ok(lists)
}
