//! `hearken triage train`: fits the complaint, question and request heads on labelled
//! texts, their scales on held-out ones, and prints how good they are on a third set.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget};

use super::super::print;
use super::data::{SOURCES, Text, WEAK_SOURCES, meaning, read};
use super::files;
use crate::classify::intent::{
    HEADS, IntentExample, IntentLanguage, IntentManifest, IntentRecipe, Intents, SHIPPED_INTENTS,
    fit_intents, fit_scale,
};
use crate::classify::linear::{Features, Weights, weights_file};
use crate::domain::Kind;
use crate::worker::Engine;

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Train {
    /// A folder with triage/train, triage/dev and triage/test inside
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where the heads are written: a file per language and hearken.json
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Leave out these collections
    #[arg(long, value_delimiter = ',', value_name = "SOURCE")]
    except: Vec<String>,
    /// Passes over the texts
    #[arg(long, default_value_t = IntentRecipe::default().n_epochs)]
    epochs: usize,
    /// Print the figures of the dev files instead of the test files: what choices are made on
    #[arg(long)]
    on_dev: bool,
    /// The version in hearken.json
    #[arg(long, default_value = "1")]
    version: String,
}

/// Probabilities are fitted on what is written to or about brands, not on talk.
const SCALED_ON: [&str; 4] = [
    "complaints_en",
    "minibar_app_intent_en",
    "minibar_app_intent_fr",
    "bitext_support",
];

/// What sort of text a collection holds.
pub(super) fn kind_of(source: &str) -> Kind {
    if source.starts_with("minibar") {
        Kind::Review
    } else {
        Kind::Post
    }
}

pub(super) fn train(train: &Train) -> anyhow::Result<()> {
    let split = |split: &str| -> anyhow::Result<Vec<Text>> {
        let folder = train.data.join("triage").join(split);
        let mut texts = Vec::new();
        for source in SOURCES {
            if !train.except.iter().any(|out| out == source) {
                texts.extend(read(&folder, source)?);
            }
        }
        let folder = train.data.join(split);
        for source in WEAK_SOURCES {
            if !train.except.iter().any(|out| out == source) {
                texts.extend(read(&folder, source)?);
            }
        }
        Ok(texts)
    };
    let (texts, held_out) = (split("train")?, split("dev")?);
    let measured = if train.on_dev {
        held_out.clone()
    } else {
        split("test")?
    };
    let mut by_lang: BTreeMap<String, Vec<Text>> = BTreeMap::new();
    for text in texts {
        by_lang.entry(text.lang.clone()).or_default().push(text);
    }
    if by_lang.is_empty() {
        bail!(
            "no text to learn from in {}: it has to hold files such as complaints_en.jsonl.gz",
            train.data.join("triage").join("train").display()
        );
    }
    let recipe = IntentRecipe {
        n_epochs: train.epochs,
        ..IntentRecipe::default()
    };
    let (mut languages, mut weights) = (BTreeMap::new(), BTreeMap::new());
    for (lang, texts) in &by_lang {
        let fitted = fitted(texts, &recipe);
        let mut of = IntentLanguage::default();
        for (place, head) in HEADS.iter().enumerate() {
            let judged: Vec<(f64, bool)> = held_out
                .iter()
                .filter(|text| text.lang == *lang && SCALED_ON.contains(&text.source.as_str()))
                .filter_map(|text| Some((raw(&fitted, text)[place], meaning(text)[place]?)))
                .collect();
            if let Some(scale) = fit_scale(&judged) {
                of.heads.insert((*head).to_owned(), scale);
            }
        }
        files::write_bytes(&weights_file(&train.out, lang), |file| fitted.write(file))?;
        languages.insert(lang.clone(), of);
        weights.insert(lang.clone(), fitted);
    }
    let manifest = IntentManifest {
        name: SHIPPED_INTENTS.to_owned(),
        version: train.version.clone(),
        trained: Engine::now().format("%Y-%m-%d").to_string(),
        languages,
    };
    let text = format!("{}\n", serde_json::to_string_pretty(&manifest)?);
    files::write(&train.out.join("hearken.json"), &text)?;
    show(&Intents::new(manifest, weights), &measured)
}

fn raw(weights: &Weights, text: &Text) -> [f64; 3] {
    let kind = kind_of(&text.source);
    weights
        .logits(&Features::of(&text.text, kind), kind)
        .map(f64::from)
}

fn fitted(texts: &[Text], recipe: &IntentRecipe) -> Weights {
    let steps = (texts.len() * (recipe.n_epochs + 1)) as u64;
    let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
    let examples: Vec<IntentExample> = texts
        .iter()
        .map(|text| {
            bar.inc(1);
            let kind = kind_of(&text.source);
            IntentExample {
                features: Features::of(&text.text, kind),
                kind,
                meant: meaning(text),
                source: text.source.clone(),
            }
        })
        .filter(|example| example.meant.iter().any(Option::is_some))
        .collect();
    let weights = fit_intents(&examples, recipe, || bar.inc(examples.len() as u64));
    bar.finish_and_clear();
    weights
}

/// How often a yes-or-no answer was right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counts {
    hits: f64,
    misses: f64,
    false_alarms: f64,
    right_rejections: f64,
}

impl Counts {
    pub(super) fn add(&mut self, said: bool, meant: bool) {
        *match (said, meant) {
            (true, true) => &mut self.hits,
            (false, true) => &mut self.misses,
            (true, false) => &mut self.false_alarms,
            (false, false) => &mut self.right_rejections,
        } += 1.0;
    }

    /// F1 of "yes".
    pub(super) fn f1(self) -> f64 {
        2.0 * self.hits / (2.0 * self.hits + self.misses + self.false_alarms).max(1.0)
    }

    /// Mean of the F1 of "yes" and of "no".
    pub(super) fn macro_f1(self) -> f64 {
        let no = 2.0 * self.right_rejections
            / (2.0 * self.right_rejections + self.misses + self.false_alarms).max(1.0);
        f64::midpoint(self.f1(), no)
    }

    fn n(self) -> f64 {
        self.hits + self.misses + self.false_alarms + self.right_rejections
    }

    fn accuracy(self) -> f64 {
        (self.hits + self.right_rejections) / self.n().max(1.0)
    }
}

fn show(intents: &Intents, texts: &[Text]) -> anyhow::Result<()> {
    let mut counts: BTreeMap<(usize, &str), Counts> = BTreeMap::new();
    for text in texts {
        let Some(intent) = intents.of(&text.text, kind_of(&text.source), Some(&text.lang)) else {
            continue;
        };
        let said = [intent.complaint, intent.question, intent.request];
        for (place, meant) in meaning(text).into_iter().enumerate() {
            if let Some(meant) = meant
                && intents.knows(&text.lang, HEADS[place])
            {
                counts
                    .entry((place, &text.source))
                    .or_default()
                    .add(said[place] >= 0.5, meant);
            }
        }
    }
    let rows: Vec<Vec<String>> = counts
        .into_iter()
        .map(|((place, source), counts)| {
            vec![
                HEADS[place].to_owned(),
                source.to_owned(),
                format!("{:.0}", counts.n()),
                format!("{:.3}", counts.f1()),
                format!("{:.3}", counts.macro_f1()),
                format!("{:.3}", counts.accuracy()),
            ]
        })
        .collect();
    print::table(
        &["head", "source", "n", "F1", "macro-F1", "accuracy"],
        &rows,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_confusion_table() {
        let mut counts = Counts::default();
        for (said, meant, n) in [
            (true, true, 6),
            (false, true, 2),
            (true, false, 2),
            (false, false, 10),
        ] {
            (0..n).for_each(|_| counts.add(said, meant));
        }
        assert!((counts.f1() - 0.75).abs() < 1e-9);
        assert!((counts.macro_f1() - (0.75 + 20.0 / 24.0) / 2.0).abs() < 1e-9);
        assert!((counts.accuracy() - 0.8).abs() < 1e-9);
    }
}
