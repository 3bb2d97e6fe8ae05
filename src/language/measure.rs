//! How well languages are found: labelled texts in, a table by language and length out.

use std::collections::BTreeMap;

use serde::Serialize;

use super::features::words_of;
use super::script::{Script, script_of};
use super::{detect, without_addresses};
use crate::domain::base_language;

/// A text whose language is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The text.
    pub text: String,
    /// What `reference` says.
    pub lang: String,
}

/// Letters from which the goals count.
const LONG_ENOUGH: usize = 20;
/// Upper ends of the buckets of length, in letters.
const LENGTHS: [(&str, usize); 5] = [
    ("1-9", 9),
    ("10-19", 19),
    ("20-49", 49),
    ("50-99", 99),
    ("100+", usize::MAX),
];

/// Texts, and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counts {
    /// Texts.
    pub n: usize,
    /// Found right.
    pub n_right: usize,
    /// No answer.
    pub n_unknown: usize,
}

impl Counts {
    fn add(&mut self, is_right: bool, is_unknown: bool) {
        self.n += 1;
        self.n_right += usize::from(is_right);
        self.n_unknown += usize::from(is_unknown);
    }

    /// Share found right; an unknown one is not.
    pub fn accuracy(&self) -> f64 {
        self.n_right as f64 / self.n.max(1) as f64
    }

    /// Share without an answer.
    pub fn unknown(&self) -> f64 {
        self.n_unknown as f64 / self.n.max(1) as f64
    }
}

/// One language of the table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    /// The code.
    pub lang: String,
    /// All texts.
    pub all: Counts,
    /// Texts of 20 letters and more.
    pub long: Counts,
    /// By bucket of length, the shortest first: its name and what became of its texts.
    pub lengths: Vec<(String, Counts)>,
    /// What it was taken for instead among all texts, most often first; unknown left out.
    pub taken_for: Vec<(String, usize)>,
}

/// The table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    /// By language.
    pub rows: Vec<Row>,
}

/// English words that carry a sentence and are no Hindi or Telugu ones in Latin letters
/// (`to`, `me`, `is`, `are`, `in` are).
const OF_ENGLISH: &str = "the and for with was were you your this that have has had will would they \
    them their from what when who can could been it its my we our about all just not if of i an";
/// Words that carry a sentence in Hindi or Telugu, in the usual spellings.
const OF_INDIA: &str = "hai hain h ho hu hoon hun tha thi ka ki ke ko se me mein mai bhi \
    nahi nhi nahin kya kyu kyun aur ye yeh wo woh koi kuch sab bahut bhut kar karo kr raha rahe \
    rahi diya gaya gya jo jab tab tak pe apna apne tera mera mere tum aap hum bhai yaar ji \
    undi ledu ani kuda chala anna nenu meeru idi adi lo ni ga entha ela emi unna unnaru cheyandi \
    chesaru kani inka ippudu naku miru meru vadu oka nuvvu";

/// The code that a text labelled with a language should get. Labels say `hi` and `te`
/// whatever the letters are: below a quarter of the language's own, the text is in Latin
/// letters. `None` for a text without any letter, and for an Arabic one in Latin letters,
/// which is none that could be found right.
///
/// Sources of Hindi and Telugu in Latin letters hold many posts that are plain English. One
/// with two or more words that only English has, and at most one of their own for every four
/// of these, counts as English; what has neither stays as it is labelled. `reference_as_labelled` leaves that out.
pub fn reference(lang: &str, text: &str) -> Option<String> {
    let code = reference_as_labelled(lang, text)?;
    let is_english = code.ends_with("-Latn") && {
        let words = words_of(text);
        let count = |list: &str| {
            let is_one = |word: &&String| list.split_whitespace().any(|of| of == word.as_str());
            words.iter().filter(is_one).count()
        };
        count(OF_ENGLISH) >= 2 && count(OF_INDIA) <= count(OF_ENGLISH) / 4
    };
    Some(if is_english { "en".to_owned() } else { code })
}

/// `reference` as the label says it, whatever the words are.
pub fn reference_as_labelled(lang: &str, text: &str) -> Option<String> {
    let primary = base_language(lang);
    match (primary, script_of(&without_addresses(text))) {
        (_, Script::None) | ("ar", Script::Latin) => None,
        ("hi" | "te", Script::Latin) => Some(format!("{primary}-Latn")),
        _ => Some(primary.to_owned()),
    }
}

/// Finds the language of every line, with what `hint` gives for it.
pub fn measure<'a>(lines: &'a [Line], hint: impl Fn(&'a Line) -> Option<&'a str>) -> Table {
    let mut rows: BTreeMap<&str, (Row, BTreeMap<&'static str, usize>)> = BTreeMap::new();
    for line in lines {
        let found = detect(&line.text, hint(line));
        let (is_right, is_unknown) = (found == Some(line.lang.as_str()), found.is_none());
        let (row, taken_for) = rows.entry(&line.lang).or_insert_with(|| {
            let lengths = LENGTHS.map(|(name, _)| (name.to_owned(), Counts::default()));
            let row = Row {
                lang: line.lang.clone(),
                lengths: lengths.to_vec(),
                ..Row::default()
            };
            (row, BTreeMap::new())
        });
        let text = without_addresses(&line.text);
        let n_letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
        row.all.add(is_right, is_unknown);
        if n_letters >= LONG_ENOUGH {
            row.long.add(is_right, is_unknown);
        }
        let bucket = LENGTHS.iter().position(|(_, most)| n_letters <= *most);
        if let Some(bucket) = bucket {
            row.lengths[bucket].1.add(is_right, is_unknown);
        }
        if let Some(found) = found.filter(|_| !is_right) {
            *taken_for.entry(found).or_default() += 1;
        }
    }
    let rows = rows.into_values().map(|(mut row, taken_for)| {
        row.taken_for = taken_for
            .into_iter()
            .map(|(code, n)| (code.to_owned(), n))
            .collect();
        row.taken_for
            .sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        row
    });
    Table {
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_made_from_the_label_and_the_letters() {
        assert_eq!(reference("hi", "bahut kharab").as_deref(), Some("hi-Latn"));
        let english = "have you seen the film of the year";
        assert_eq!(reference("hi", english).as_deref(), Some("en"));
        assert_eq!(
            reference_as_labelled("hi", english).as_deref(),
            Some("hi-Latn")
        );
        let mixed = "yaar have you seen the film, bahut bakwas hai";
        assert_eq!(reference("hi", mixed).as_deref(), Some("hi-Latn"));
        assert_eq!(reference("hi", "बहुत खराब").as_deref(), Some("hi"));
        assert_eq!(reference("te", "super ఉంది బాగుంది").as_deref(), Some("te"));
        assert_eq!(reference("pt-BR", "muito bom").as_deref(), Some("pt"));
        assert_eq!(reference("en", "👍 https://x.example/words"), None);
        assert_eq!(reference("ar", "good"), None);
    }

    #[test]
    fn right_wrong_and_unknown_are_counted_by_length() {
        let line = |text: &str, lang: &str| Line {
            text: text.to_owned(),
            lang: lang.to_owned(),
        };
        let lines = [
            line("यह फोन बहुत खराब है", "hi"),
            line("यह फोन बहुत खराब है और कोई जवाब नहीं देता कभी भी", "mr"),
            line("qwrtpsdf", "en"),
        ];
        let table = measure(&lines, |_| None);
        let row = |lang: &str| {
            let row = table.rows.iter().find(|row| row.lang == lang);
            row.expect("there is a row").clone()
        };
        assert_eq!((row("hi").all.n_right, row("hi").lengths[1].1.n), (1, 1));
        assert_eq!(row("mr").taken_for, [("hi".to_owned(), 1)]);
        assert_eq!(row("mr").long.n, 1);
        assert_eq!(row("en").all.n_unknown, 1);
    }
}
