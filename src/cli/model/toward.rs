//! `hearken model eval --toward`: how often the verdict toward a brand is right, against
//! the verdict on the text as a whole.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::{PART, progress};
use crate::classify::{
    Classifier, LanguageScore, Settings, Subject, TowardCase, TowardEvaluation, evaluate_toward,
    read_toward,
};
use crate::cli::print;
use crate::domain::Sentiment;

/// What is measured.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    /// Files or folders of cases.
    pub(super) paths: Vec<PathBuf>,
    /// A file of names for lines that give no brand.
    pub(super) names: Option<PathBuf>,
    /// Only this language.
    pub(super) lang: Option<String>,
    /// At most this many, spread evenly over the cases.
    pub(super) limit: Option<usize>,
    /// One JSON object instead of tables.
    pub(super) as_json: bool,
}

/// Measures and prints. Blocks: call it off the async runtime.
pub(super) fn measure(settings: &Settings, measure: &Measure) -> anyhow::Result<()> {
    let names = match &measure.names {
        Some(file) => read_names(file)?,
        None => Vec::new(),
    };
    let (mut cases, n_left_out) = read_toward(&measure.paths, &names)?;
    if let Some(lang) = &measure.lang {
        cases.retain(|case| case.lang == *lang);
    }
    if let Some(limit) = measure.limit {
        cases = spread(cases, limit);
    }
    if cases.is_empty() {
        bail!("no case to measure: {n_left_out} lines speak of none or of several of the names");
    }
    let classifier = Classifier::start(settings)?;
    let toward = judged(&classifier, &cases, Clone::clone)?;
    let whole = judged(&classifier, &cases, |subject| Subject {
        brands: Vec::new(),
        ..subject.clone()
    })?;
    let manifest = classifier.manifest();
    let evaluation = evaluate_toward(&cases, &toward, &whole);
    if measure.as_json {
        return print::json(&json!({
            "model": manifest.id(),
            "knows_brands": manifest.toward,
            "left_out": n_left_out,
            "evaluation": evaluation,
        }));
    }
    let told = if manifest.toward {
        "it is told the brand"
    } else {
        "it was not trained to be told a brand, so it judges the text and the sentences around it"
    };
    print::line(&format!("Model {}; {told}.", manifest.id()))?;
    if n_left_out > 0 {
        print::line(&format!(
            "{n_left_out} lines speak of none or of several of the names and are left out."
        ))?;
    }
    show(&evaluation)
}

/// A line per name: the name and its further spellings, with commas between.
fn read_names(file: &Path) -> anyhow::Result<Vec<Vec<String>>> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read the names in {}", file.display()))?;
    let names: Vec<Vec<String>> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .map(|line| {
            let spellings = line.split(',').map(str::trim);
            spellings
                .filter(|spelling| !spelling.is_empty())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter(|spellings| !spellings.is_empty())
        .collect();
    if names.is_empty() {
        bail!("{} has no name; write one a line", file.display());
    }
    Ok(names)
}

/// `limit` of the cases in even steps: a file ordered by brand must not give one brand.
fn spread(cases: Vec<TowardCase>, limit: usize) -> Vec<TowardCase> {
    let n_cases = cases.len();
    if limit >= n_cases {
        return cases;
    }
    let is_taken = |place: usize| (place * limit) / n_cases != ((place + 1) * limit) / n_cases;
    cases
        .into_iter()
        .enumerate()
        .filter_map(|(place, case)| is_taken(place).then_some(case))
        .collect()
}

fn judged(
    classifier: &Classifier,
    cases: &[TowardCase],
    as_asked: impl Fn(&Subject) -> Subject,
) -> anyhow::Result<Vec<Sentiment>> {
    let bar = progress(cases.len());
    let mut verdicts = Vec::with_capacity(cases.len());
    for part in cases.chunks(PART) {
        let subjects = part.iter().map(|case| as_asked(&case.subject)).collect();
        let answers = classifier.judge_blocking(subjects)?;
        verdicts.extend(answers.into_iter().map(|judged| judged.sentiment));
        bar.inc(part.len() as u64);
    }
    bar.finish_and_clear();
    Ok(verdicts)
}

fn show(evaluation: &TowardEvaluation) -> anyhow::Result<()> {
    let row = |name: &str, score: &LanguageScore| {
        vec![
            name.to_owned(),
            score.n.to_string(),
            format!("{:.3}", score.toward),
            format!("{:.3}", score.whole),
            format!("+{} −{}", score.n_gained, score.n_lost),
            format!("{:.3}", score.coverage),
            format!("{:.3}", score.toward_when_sure),
        ]
    };
    let head = |first| {
        [
            first,
            "n",
            "toward the brand",
            "whole text",
            "cases",
            "sure",
            "toward when sure",
        ]
    };
    print::line("")?;
    let mut rows: Vec<Vec<String>> = evaluation
        .languages
        .iter()
        .map(|(lang, score)| row(lang, score))
        .collect();
    rows.push(row("all", &evaluation.all));
    print::table(&head("lang"), &rows)?;
    if !evaluation.why.is_empty() {
        print::line("")?;
        let rows: Vec<Vec<String>> = evaluation
            .why
            .iter()
            .map(|(why, score)| row(why, score))
            .collect();
        print::table(&head("why"), &rows)?;
    }
    if evaluation.n_contrasts > 0 {
        print::line("")?;
        print::line(&format!(
            "{} texts speak of brands with differing labels; {:.3} of them are right toward every brand.",
            evaluation.n_contrasts, evaluation.contrasts_right
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_the_whole_file() {
        let case = |place: usize| TowardCase {
            subject: Subject {
                text: place.to_string(),
                ..Subject::default()
            },
            label: crate::domain::Label::Neutral,
            lang: "en".to_owned(),
            why: None,
        };
        for (n_cases, limit) in [(10, 3), (810, 100), (5, 5), (3, 9), (7, 0)] {
            let taken = spread((0..n_cases).map(case).collect(), limit);
            assert_eq!(taken.len(), limit.min(n_cases), "{limit} of {n_cases}");
        }
        let taken = spread((0..9).map(case).collect(), 3);
        let places: Vec<&str> = taken
            .iter()
            .map(|case| case.subject.text.as_str())
            .collect();
        assert_eq!(places, ["2", "5", "8"]);
    }

    #[test]
    fn names_come_a_line_each_with_their_spellings() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("names.txt");
        std::fs::write(&file, "# games\nCall of Duty, COD\n\n Xbox ,\n").expect("written");
        assert_eq!(
            read_names(&file).expect("it reads"),
            [vec!["Call of Duty", "COD"], vec!["Xbox"]]
        );
        std::fs::write(&file, "# nothing\n").expect("written");
        assert!(read_names(&file).is_err());
        assert!(read_names(&folder.path().join("none")).is_err());
    }
}
