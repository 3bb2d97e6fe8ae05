//! Measures verdicts toward a brand on labelled cases, against what the text as a whole was
//! judged to be. Files in, cases out; cases and verdicts in, figures per language out.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Spoken, Subject};
use crate::classify::ClassifyError;
use crate::classify::eval::{bad, files_of, kinds_of, opened};
use crate::classify::own_words::find_ascii_fold;
use crate::domain::{Kind, Label, Sentiment};

/// A text, a brand in it, and what people say the author feels toward that brand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TowardCase {
    /// The text with its one brand.
    pub subject: Subject,
    /// What people said.
    pub label: Label,
    /// The language it is counted under.
    pub lang: String,
    /// What makes it hard, where the file says.
    pub why: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    label: Label,
    #[serde(default)]
    brand: Option<String>,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    why: Option<String>,
}

/// Reads cases from `.jsonl` and `.jsonl.gz` files or folders of them. A line without a
/// `brand` gets it from `names`, each given with its spellings: the one name that its text
/// speaks of. Lines that speak of none or of several are left out and counted.
///
/// # Errors
/// `BadLabelled` names file and line.
pub fn read_toward(
    paths: &[PathBuf],
    names: &[Vec<String>],
) -> Result<(Vec<TowardCase>, usize), ClassifyError> {
    let mut cases = Vec::new();
    let mut n_left_out = 0;
    for file in files_of(paths)? {
        let kinds = kinds_of(&file);
        for (place, line) in BufReader::new(opened(&file)?).lines().enumerate() {
            let wrong = |why: &dyn std::fmt::Display| bad(&file, place + 1, why);
            let line = line.map_err(|error| wrong(&error))?;
            if line.trim().is_empty() {
                continue;
            }
            let line: Line = serde_json::from_str(&line).map_err(|error| wrong(&error))?;
            if line.label == Label::Unsure {
                return Err(wrong(&"a label is negative, neutral or positive"));
            }
            if line.brand.is_none() && names.is_empty() {
                return Err(wrong(
                    &"no `brand`; add it to the line, or give a list of names with --names",
                ));
            }
            match case(line, &kinds, names, &file) {
                Some(case) => cases.push(case),
                None => n_left_out += 1,
            }
        }
    }
    Ok((cases, n_left_out))
}

fn case(
    line: Line,
    kinds: &BTreeMap<String, Kind>,
    names: &[Vec<String>],
    file: &Path,
) -> Option<TowardCase> {
    let brand = match line.brand {
        Some(brand) => brand,
        None => only_name(&line.text, names)?,
    };
    let stem = || {
        let name = file.file_name()?.to_str()?;
        name.split(".jsonl").next()
    };
    let kind = line
        .kind
        .or_else(|| kinds.get(line.source.as_deref().or_else(stem)?).copied());
    Some(TowardCase {
        subject: Subject {
            text: line.text,
            kind: kind.unwrap_or_default(),
            lang: line.lang.clone(),
            brands: vec![Spoken {
                name: brand,
                spans: Vec::new(),
            }],
            ..Subject::default()
        },
        label: line.label,
        lang: line.lang.unwrap_or_else(|| "und".to_owned()),
        why: line.why,
    })
}

/// The spelling of the one name that a text speaks of; `None` where it speaks of none, or
/// of several names.
fn only_name(text: &str, names: &[Vec<String>]) -> Option<String> {
    let mut found = names.iter().filter_map(|spellings| {
        // The longest spelling says most.
        spellings
            .iter()
            .filter(|spelling| speaks_of(text, spelling))
            .max_by_key(|spelling| spelling.len())
    });
    let first = found.next()?;
    found.next().is_none().then(|| first.clone())
}

fn speaks_of(text: &str, name: &str) -> bool {
    let is_letter = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    !name.is_empty()
        && find_ascii_fold(text, name).any(|at| {
            !is_letter(text[..at].chars().next_back())
                && !is_letter(text[at + name.len()..].chars().next())
        })
}

/// The figures of one language, or of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LanguageScore {
    /// Cases measured.
    pub n: usize,
    /// Share judged right toward the brand, by the most probable class.
    pub toward: f64,
    /// Share that the verdict on the text as a whole gets right.
    pub whole: f64,
    /// Cases that only the verdict toward the brand gets right.
    pub n_gained: usize,
    /// Cases that only the verdict on the whole gets right.
    pub n_lost: usize,
    /// Share on which the verdict toward the brand is not `unsure`.
    pub coverage: f64,
    /// Share judged right toward the brand among those.
    pub toward_when_sure: f64,
}

/// Accuracy toward brands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TowardEvaluation {
    /// All cases.
    pub all: LanguageScore,
    /// By language.
    pub languages: BTreeMap<String, LanguageScore>,
    /// By what makes a case hard, where the files say.
    pub why: BTreeMap<String, LanguageScore>,
    /// Texts that were given with several brands and differing labels.
    pub n_contrasts: usize,
    /// Share of them judged right toward every brand; judging the whole gets none.
    pub contrasts_right: f64,
}

/// Scores verdicts: `toward` and `whole` are those of `cases`, in order.
pub fn evaluate_toward(
    cases: &[TowardCase],
    toward: &[Sentiment],
    whole: &[Sentiment],
) -> TowardEvaluation {
    let rows: Vec<Row<'_>> = cases
        .iter()
        .zip(toward.iter().zip(whole))
        .map(|(case, (toward, whole))| Row {
            case,
            toward_right: best(toward) == case.label,
            whole_right: best(whole) == case.label,
            is_sure: toward.label != Label::Unsure,
        })
        .collect();
    let mut by_text: BTreeMap<&str, Vec<&Row<'_>>> = BTreeMap::new();
    for row in &rows {
        by_text.entry(&row.case.subject.text).or_default().push(row);
    }
    let contrasts: Vec<&Vec<&Row<'_>>> = by_text
        .values()
        .filter(|rows| rows.iter().any(|row| row.case.label != rows[0].case.label))
        .collect();
    let n_right = contrasts
        .iter()
        .filter(|rows| rows.iter().all(|row| row.toward_right))
        .count();
    TowardEvaluation {
        all: score(&rows.iter().collect::<Vec<_>>()),
        languages: grouped(&rows, |row| Some(&row.case.lang)),
        why: grouped(&rows, |row| row.case.why.as_ref()),
        n_contrasts: contrasts.len(),
        contrasts_right: ratio(n_right, contrasts.len()),
    }
}

struct Row<'a> {
    case: &'a TowardCase,
    toward_right: bool,
    whole_right: bool,
    is_sure: bool,
}

fn grouped<'a>(
    rows: &'a [Row<'a>],
    key: impl Fn(&'a Row<'a>) -> Option<&'a String>,
) -> BTreeMap<String, LanguageScore> {
    let mut groups: BTreeMap<&String, Vec<&Row<'_>>> = BTreeMap::new();
    for row in rows {
        if let Some(key) = key(row) {
            groups.entry(key).or_default().push(row);
        }
    }
    groups
        .into_iter()
        .map(|(key, rows)| (key.clone(), score(&rows)))
        .collect()
}

fn score(rows: &[&Row<'_>]) -> LanguageScore {
    let count = |is_it: &dyn Fn(&Row<'_>) -> bool| rows.iter().filter(|row| is_it(row)).count();
    let n_sure = count(&|row| row.is_sure);
    LanguageScore {
        n: rows.len(),
        toward: ratio(count(&|row| row.toward_right), rows.len()),
        whole: ratio(count(&|row| row.whole_right), rows.len()),
        n_gained: count(&|row| row.toward_right && !row.whole_right),
        n_lost: count(&|row| !row.toward_right && row.whole_right),
        coverage: ratio(n_sure, rows.len()),
        toward_when_sure: ratio(count(&|row| row.is_sure && row.toward_right), n_sure),
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

fn best(said: &Sentiment) -> Label {
    [
        (said.negative, Label::Negative),
        (said.neutral, Label::Neutral),
        (said.positive, Label::Positive),
    ]
    .into_iter()
    .max_by(|a, b| a.0.total_cmp(&b.0))
    .map_or(Label::Neutral, |(_, label)| label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(text: &str, lang: &str, label: Label) -> TowardCase {
        TowardCase {
            subject: Subject {
                text: text.to_owned(),
                ..Subject::default()
            },
            label,
            lang: lang.to_owned(),
            why: (lang == "tr").then(|| "sarcasm".to_owned()),
        }
    }

    fn said(label: Label) -> Sentiment {
        let share = |of: Label| if of == label { 0.8 } else { 0.1 };
        Sentiment {
            label,
            negative: share(Label::Negative),
            neutral: share(Label::Neutral),
            positive: share(Label::Positive),
            model: "m/1".to_owned(),
            sentence: None,
        }
    }

    #[test]
    fn figures_count_cases_by_language_and_contrasts_by_text() {
        use Label::{Negative, Neutral, Positive};
        let cases = [
            case("a for b", "en", Negative),
            case("a for b", "en", Positive),
            case("c or d", "en", Neutral),
            case("aferin", "tr", Negative),
        ];
        let toward = [Negative, Positive, Negative, Positive].map(said);
        let whole = [Positive, Positive, Neutral, Positive].map(said);
        let found = evaluate_toward(&cases, &toward, &whole);
        assert_eq!(
            (found.all.n, found.all.n_gained, found.all.n_lost),
            (4, 1, 1)
        );
        assert!((found.all.toward - 0.5).abs() < 1e-9);
        assert!((found.languages["en"].whole - 2.0 / 3.0).abs() < 1e-9);
        assert!(found.languages["tr"].toward.abs() < 1e-9);
        assert_eq!(found.why.keys().collect::<Vec<_>>(), ["sarcasm"]);
        assert_eq!(found.n_contrasts, 1);
        assert!((found.contrasts_right - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_name_is_taken_from_a_text_that_speaks_of_one() {
        let names: Vec<Vec<String>> = [&["Call of Duty", "COD"][..], &["Xbox"][..], &["FIFA"]]
            .iter()
            .map(|spellings| spellings.iter().map(|&name| name.to_owned()).collect())
            .collect();
        let only = |text| only_name(text, &names);
        assert_eq!(
            only("new call of duty is out"),
            Some("Call of Duty".to_owned())
        );
        assert_eq!(only("#cod lags"), Some("COD".to_owned()));
        assert_eq!(only("COD on Xbox lags"), None);
        assert_eq!(only("codfish"), None);
        assert_eq!(only("nothing"), None);
    }

    #[test]
    fn lines_name_what_is_wrong_with_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("cases.jsonl");
        let read = |text: &str, names: &[Vec<String>]| {
            std::fs::write(&file, text).expect("it is written");
            read_toward(std::slice::from_ref(&file), names).map_err(|error| error.to_string())
        };
        let good = r#"{"text":"Acme lags","brand":"Acme","label":"negative","lang":"en"}"#;
        let (cases, n_left_out) = read(good, &[]).expect("it reads");
        assert_eq!((cases.len(), n_left_out), (1, 0));
        assert_eq!(cases[0].subject.brands[0].name, "Acme");
        let bare = r#"{"text":"Acme lags","label":"negative"}"#;
        let error = read(&format!("{good}\n{bare}"), &[]).expect_err("there is no brand");
        assert!(error.contains("cases.jsonl:2: no `brand`"), "{error}");
        let names = [vec!["Acme".to_owned()]];
        let lines = format!("{bare}\n{}", bare.replace("Acme", "Globex"));
        let (cases, n_left_out) = read(&lines, &names).expect("names are given");
        assert_eq!((cases.len(), n_left_out), (1, 1));
        let unsure = good.replace("negative", "unsure");
        assert!(read(&unsure, &[]).is_err());
    }

    /// The cases that ship with the repository are whole: the documentation counts on it.
    #[test]
    fn the_three_hundred_cases_are_there() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/toward_brand");
        let (cases, n_left_out) = read_toward(&[folder], &[]).expect("the cases read");
        assert_eq!((cases.len(), n_left_out), (300, 0));
        for lang in ["en", "tr", "hi", "te"] {
            assert_eq!(cases.iter().filter(|case| case.lang == lang).count(), 75);
        }
        for case in &cases {
            let brand = &case.subject.brands[0].name;
            assert!(case.subject.text.contains(brand.as_str()), "{brand}");
            assert!(case.why.is_some(), "{brand}");
        }
    }
}
