//! Chooses the weights of a blend on held-out texts, and the bounds that go with them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Blend, Easy, Mix, Parts, UNKNOWN, kind_key};
use crate::classify::calibrate;
use crate::domain::{Kind, base_language};

/// Weights of the linear model that are tried. A transformer that is too sure of itself
/// has log-probabilities several times as large, hence the large ones.
const LINEAR: [f64; 14] = [
    0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.3, 1.6, 2.0, 2.5, 3.0, 4.0, 5.0,
];
/// Weights of the transformer beside a specialist that are tried.
const BESIDE_SPECIALIST: [f64; 4] = [0.25, 0.5, 0.75, 1.0];
/// A collection with this many texts or more counts fully in the choice of the weights.
const COUNTS_FULLY: usize = 100;
/// Temperatures tried for each choice of weights: from this one, each so much larger.
const COOLEST: f64 = 0.5;
const TEMPERATURE_STEP: f64 = 1.15;
const TEMPERATURES: i32 = 22;
/// Fewer held-out texts of a kind say nothing of its own; it is fitted with the others of
/// its language.
const LEAST: usize = 300;
/// What the cascade may cost in macro-F1 on held-out texts; the goal on new ones is 0.003.
const CASCADE_MAY_COST: f64 = 0.0015;
/// A stage of the cascade that answers less than this share is not worth asking.
const LEAST_EASY: f64 = 0.05;
/// The lowest bounds tried, in hundredths. The linear model has seen words of the
/// collections that held-out texts share and new ones do not, so its own certainty is worth
/// less than it looks.
const LOWEST_ALONE: u32 = 80;
const LOWEST_BESIDE: u32 = 50;

/// What the linear model of a language must save in nats to be heard more: words of the
/// collections that it was fitted on help on held-out texts of the same ones, and less on
/// others. A language without an entry has none.
pub type Margins = BTreeMap<String, f64>;

/// A held-out text with what each judge said of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// The language as it is written: `hi`, `hi-Latn`.
    pub lang: String,
    /// What sort of text.
    pub kind: Kind,
    /// The collection it comes from; collections count the same, whatever their size.
    pub source: String,
    /// The class that people said: 0 negative, 1 neutral, 2 positive.
    pub meant: usize,
    /// What the judges said.
    pub parts: Parts,
}

/// One row of a blend with what it reaches on the texts that it was fitted on.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The language, or `und`.
    pub lang: String,
    /// The kind's key.
    pub kind: &'static str,
    /// Texts of this language and kind.
    pub n: usize,
    /// The row.
    pub mix: Mix,
    /// Mean macro-F1 over the collections.
    pub macro_f1: f64,
    /// The same with the transformer alone.
    pub macro_f1_alone: f64,
    /// Expected calibration error in 15 bins.
    pub error: f64,
    /// What that error would be if the probabilities were exact: few texts scatter.
    pub error_by_chance: f64,
    /// Share that is answered.
    pub coverage: f64,
    /// Share of the answered that is right.
    pub accuracy_when_sure: f64,
    /// Share that the linear model alone may answer.
    pub easy: f64,
    /// Share that specialist and linear model may answer without the transformer, before
    /// the linear model alone has had its own.
    pub without_transformer: f64,
}

/// Fits every language and kind that there are texts of, and `und` on all of them with the
/// transformer alone. A way of writing (`hi-Latn`) gets rows of its own where it has texts
/// enough, and counts with its language otherwise.
pub fn fit(texts: &[Heard], margins: &Margins) -> Vec<Fitted> {
    let mut counts: BTreeMap<(&str, &'static str), usize> = BTreeMap::new();
    for text in texts {
        *counts.entry((&text.lang, kind_key(text.kind))).or_default() += 1;
    }
    let mut by_lang: BTreeMap<&str, Vec<&Heard>> = BTreeMap::new();
    for text in texts {
        let base = base_language(&text.lang);
        let enough = counts[&(text.lang.as_str(), kind_key(text.kind))] >= LEAST;
        let lang = if enough { text.lang.as_str() } else { base };
        by_lang.entry(lang).or_default().push(text);
    }
    let mut rows = Vec::new();
    for (lang, texts) in &by_lang {
        let margin = margins.get(*lang).copied().unwrap_or(0.0);
        let kinds: BTreeSet<&'static str> = texts.iter().map(|text| kind_key(text.kind)).collect();
        for kind in kinds {
            let own: Vec<&Heard> = texts
                .iter()
                .copied()
                .filter(|text| kind_key(text.kind) == kind)
                .collect();
            let enough = own.len() >= LEAST;
            rows.extend(row(lang, kind, if enough { &own } else { texts }, margin));
        }
    }
    let alone: Vec<Heard> = texts
        .iter()
        .map(|text| Heard {
            parts: Parts {
                transformer: text.parts.transformer,
                ..Parts::default()
            },
            ..text.clone()
        })
        .collect();
    let alone: Vec<&Heard> = alone.iter().collect();
    rows.extend(row(UNKNOWN, kind_key(Kind::Post), &alone, 0.0));
    rows
}

/// How exact the probabilities of a language are, over all its kinds.
#[derive(Clone, Debug, PartialEq)]
pub struct Exactness {
    /// The language.
    pub lang: String,
    /// Its texts.
    pub n: usize,
    /// Expected calibration error in 15 bins.
    pub error: f64,
    /// What that error would be if the probabilities were exact.
    pub error_by_chance: f64,
}

/// The calibration error of each language under a blend, kinds and ways of writing together.
pub fn exactness(texts: &[Heard], blend: &Blend) -> Vec<Exactness> {
    let mut by_lang: BTreeMap<&str, Vec<(f64, bool)>> = BTreeMap::new();
    for text in texts {
        if let Some(mix) = blend.mix(Some(&text.lang), text.kind) {
            let claimed = calibrate::claimed(mix.sum(&text.parts), mix.temperature, text.meant);
            let lang = base_language(&text.lang);
            by_lang.entry(lang).or_default().push(claimed);
        }
    }
    by_lang
        .into_iter()
        .map(|(lang, claimed)| Exactness {
            lang: lang.to_owned(),
            n: claimed.len(),
            error: calibrate::calibration_error(&claimed),
            error_by_chance: calibrate::error_by_chance(&claimed),
        })
        .collect()
}

/// The row for verdicts toward a brand, fitted on texts with a brand.
pub fn fit_toward(texts: &[Heard]) -> Option<Fitted> {
    let texts: Vec<&Heard> = texts.iter().collect();
    row("toward", kind_key(Kind::Post), &texts, 0.0)
}

fn row(lang: &str, kind: &'static str, texts: &[&Heard], margin: f64) -> Option<Fitted> {
    let weights = choose(texts, margin);
    let sums: Vec<([f64; 3], usize)> = texts
        .iter()
        .map(|text| (weights.sum(&text.parts), text.meant))
        .collect();
    let certainty = calibrate::fit(&sums)?;
    let mut mix = Mix {
        temperature: certainty.temperature,
        unsure_below: certainty.unsure_below,
        ..weights
    };
    let said: Vec<[f64; 3]> = sums.iter().map(|(sum, _)| *sum).collect();
    let macro_f1 = mean_macro_f1(texts, &said);
    let least = macro_f1 - CASCADE_MAY_COST;
    let all = |of: &dyn Fn(&Parts) -> Option<[f64; 3]>| -> Option<Vec<[f64; 3]>> {
        texts.iter().map(|text| of(&text.parts)).collect()
    };
    let own = all(&|parts| mix.sum_without_transformer(parts));
    let beside = stage(texts, own, &said, least, LOWEST_BESIDE);
    let later = beside.as_ref().map_or(&said, |stage| &stage.said);
    let alone = stage(
        texts,
        all(&|parts| parts.linear),
        later,
        least,
        LOWEST_ALONE,
    );
    mix.easy = alone.as_ref().map(|stage| stage.easy);
    mix.without_transformer = beside.as_ref().map(|stage| stage.easy);
    Some(Fitted {
        lang: lang.to_owned(),
        kind,
        n: texts.len(),
        mix,
        macro_f1,
        macro_f1_alone: mean_macro_f1(texts, &sums_of(texts, &Mix::default())),
        error: certainty.error,
        error_by_chance: certainty.error_by_chance,
        coverage: certainty.coverage,
        accuracy_when_sure: certainty.accuracy_when_sure,
        easy: alone.map_or(0.0, |stage| stage.share),
        without_transformer: beside.map_or(0.0, |stage| stage.share),
    })
}

fn sums_of(texts: &[&Heard], mix: &Mix) -> Vec<[f64; 3]> {
    texts.iter().map(|text| mix.sum(&text.parts)).collect()
}

/// The weights with the least log-loss at their best temperature, averaged over the
/// collections (stacking, Wolpert 1992; as a log-linear pool, Heskes 1998). Cross-validated
/// on dev, it reached the same macro-F1 as choosing by macro-F1, which a handful of texts of
/// a rare class decide, and better probabilities.
///
/// Of all weights within `margin` nats of the least loss, those with the least linear one.
fn choose(texts: &[&Heard], margin: f64) -> Mix {
    let has =
        |of: fn(&Parts) -> Option<[f64; 3]>| texts.iter().any(|text| of(&text.parts).is_some());
    let (linear, specialist) = (has(|parts| parts.linear), has(|parts| parts.specialist));
    let mut tried = Vec::new();
    for &linear in if linear { &LINEAR[..] } else { &LINEAR[..1] } {
        tried.push(Mix {
            linear,
            ..Mix::default()
        });
        if specialist {
            tried.extend(BESIDE_SPECIALIST.map(|transformer| Mix {
                transformer,
                specialist: 1.0,
                linear,
                ..Mix::default()
            }));
        }
    }
    let shares = shares_of_collections(texts);
    let reached: Vec<(f64, Mix)> = tried
        .into_iter()
        .map(|mix| (loss(texts, &shares, &sums_of(texts, &mix)), mix))
        .collect();
    let least = reached
        .iter()
        .map(|(loss, _)| *loss)
        .fold(f64::MAX, f64::min);
    reached
        .into_iter()
        .filter(|(loss, _)| *loss <= least + margin)
        .min_by(|(a, first), (b, second)| {
            let by_linear = first.linear.total_cmp(&second.linear);
            by_linear.then(a.total_cmp(b))
        })
        .map(|(_, mix)| mix)
        .unwrap_or_default()
}

/// How much each text counts: collections count the same, small ones less. Sums to 1.
fn shares_of_collections(texts: &[&Heard]) -> Vec<f64> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for text in texts {
        *counts.entry(&text.source).or_default() += 1;
    }
    let weight = |n: usize| n.min(COUNTS_FULLY) as f64;
    let all: f64 = counts.values().map(|n| weight(*n)).sum();
    texts
        .iter()
        .map(|text| {
            let n = counts[text.source.as_str()];
            weight(n) / (n as f64 * all)
        })
        .collect()
}

/// Mean log-loss in nats at the best temperature of a coarse scale.
fn loss(texts: &[&Heard], shares: &[f64], said: &[[f64; 3]]) -> f64 {
    (0..TEMPERATURES)
        .map(|step| COOLEST * TEMPERATURE_STEP.powi(step))
        .map(|temperature| {
            texts
                .iter()
                .zip(shares)
                .zip(said)
                .map(|((text, share), said)| {
                    share * calibrate::log_loss(*said, temperature, text.meant)
                })
                .sum()
        })
        .fold(f64::INFINITY, f64::min)
}

/// A stage of the cascade on the texts that it is fitted on.
struct Stage {
    easy: Easy,
    /// What the cascade says of each text from this stage on.
    said: Vec<[f64; 3]>,
    /// Share of the texts that the stage answers.
    share: f64,
}

/// The lowest bound above which a stage may answer what `later` would: with it and with
/// every higher one the collections keep `least` of macro-F1, so that a bound that only
/// happens to do well is not taken. `None` where there is none, or it answers hardly anything.
fn stage(
    texts: &[&Heard],
    own: Option<Vec<[f64; 3]>>,
    later: &[[f64; 3]],
    least: f64,
    lowest: u32,
) -> Option<Stage> {
    let own = own?;
    let pairs: Vec<([f64; 3], usize)> = own
        .iter()
        .zip(texts)
        .map(|(said, text)| (*said, text.meant))
        .collect();
    let temperature = calibrate::fit(&pairs)?.temperature;
    let with = |hundredths: u32| {
        let easy = Easy {
            temperature,
            above: f64::from(hundredths) / 100.0,
        };
        let mut n_answered = 0;
        let said: Vec<[f64; 3]> = own
            .iter()
            .zip(later)
            .map(|(own, later)| {
                let answers = easy.answers(*own);
                n_answered += usize::from(answers);
                if answers { *own } else { *later }
            })
            .collect();
        Stage {
            easy,
            said,
            share: n_answered as f64 / own.len() as f64,
        }
    };
    (lowest..100)
        .rev()
        .map(with)
        .take_while(|stage| mean_macro_f1(texts, &stage.said) >= least)
        .last()
        .filter(|stage| stage.share >= LEAST_EASY)
}

/// Macro-F1 over the labels that a collection uses, averaged over the collections.
fn mean_macro_f1(texts: &[&Heard], said: &[[f64; 3]]) -> f64 {
    let mut by_source: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, text) in texts.iter().enumerate() {
        by_source.entry(&text.source).or_default().push(place);
    }
    let sum: f64 = by_source
        .values()
        .map(|places| {
            let used: Vec<usize> = (0..3)
                .filter(|&class| places.iter().any(|&place| texts[place].meant == class))
                .collect();
            let (mut right, mut meant, mut found) = ([0.0; 3], [0.0; 3], [0.0; 3]);
            for &place in places {
                let best = used
                    .iter()
                    .copied()
                    .max_by(|&a, &b| said[place][a].total_cmp(&said[place][b]))
                    .expect("a collection with a text uses a label");
                meant[texts[place].meant] += 1.0;
                found[best] += 1.0;
                right[best] += f64::from(u8::from(best == texts[place].meant));
            }
            let f1 = |class: usize| 2.0 * right[class] / f64::max(meant[class] + found[class], 1.0);
            used.iter().map(|&class| f1(class)).sum::<f64>() / used.len() as f64
        })
        .sum();
    sum / by_source.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts on which the linear model is right where the transformer is not, and knows it.
    fn texts() -> Vec<Heard> {
        (0..900)
            .map(|n| {
                let meant = n % 3;
                let mut transformer = [-2.0; 3];
                let mut linear = [-2.0; 3];
                if n % 5 == 0 {
                    transformer[(meant + 1) % 3] = -0.3;
                    linear[meant] = -0.01;
                } else {
                    transformer[meant] = -0.1;
                    linear[(meant + n % 2) % 3] = -1.2;
                }
                Heard {
                    lang: "tr".to_owned(),
                    kind: Kind::Review,
                    source: format!("s{}", n % 2),
                    meant,
                    parts: Parts {
                        transformer: Some(transformer),
                        linear: Some(linear),
                        specialist: None,
                    },
                }
            })
            .collect()
    }

    #[test]
    fn a_judge_that_helps_gets_a_weight_and_answers_what_is_easy() {
        let rows = fit(&texts(), &Margins::new());
        let row = &rows[0];
        assert_eq!((row.lang.as_str(), row.kind), ("tr", "review"));
        assert!(row.mix.linear > 0.0, "{row:?}");
        assert!(row.macro_f1 > row.macro_f1_alone + 0.05, "{row:?}");
        let easy = row.mix.easy.expect("a fifth of the texts is easy");
        assert!(easy.above >= 0.8 && row.easy >= 0.15, "{row:?}");
        let unknown = rows.last().expect("a row of unknown languages");
        assert_eq!((unknown.lang.as_str(), unknown.mix.linear), (UNKNOWN, 0.0));
    }

    #[test]
    fn a_specialist_answers_alone_what_it_is_surely_right_about() {
        let mut texts = texts();
        for (n, text) in texts.iter_mut().enumerate() {
            // Right and sure on two texts of three, wrong and wavering on the others.
            let mut said = [-2.0; 3];
            said[if n % 3 == 0 {
                (text.meant + 1) % 3
            } else {
                text.meant
            }] = if n % 3 == 0 { -1.5 } else { 2.0 };
            text.parts.specialist = Some(said);
            text.parts.linear = None;
        }
        let row = fit(&texts, &Margins::new()).swap_remove(0);
        assert!(row.mix.specialist > 0.0, "{row:?}");
        let alone = row.mix.without_transformer.expect("most texts are sure");
        assert!((0.6..0.7).contains(&row.without_transformer), "{row:?}");
        let answers = |text: &Heard| {
            let said = row.mix.sum_without_transformer(&text.parts);
            alone.answers(said.expect("the specialist speaks"))
        };
        assert!(answers(&texts[1]) && !answers(&texts[0]), "{row:?}");
        assert_eq!(row.mix.easy, None);
    }

    #[test]
    fn a_bound_counts_only_if_every_higher_one_does_as_well() {
        let texts = texts();
        let texts: Vec<&Heard> = texts.iter().collect();
        let later: Vec<[f64; 3]> = texts.iter().map(|text| one(text.meant, 1.0)).collect();
        // Surest where it is wrong (one text in twenty), less sure where it is right.
        let own = (0..texts.len())
            .map(|n| {
                let meant = texts[n].meant;
                if n % 20 == 0 {
                    one((meant + 1) % 3, 6.0)
                } else {
                    one(meant, 3.0)
                }
            })
            .collect();
        assert!(stage(&texts, Some(own), &later, 0.98, LOWEST_BESIDE).is_none());
        let right = texts.iter().map(|text| one(text.meant, 3.0)).collect();
        let found = stage(&texts, Some(right), &later, 0.98, LOWEST_BESIDE).expect("a bound");
        assert!((found.share - 1.0).abs() < 1e-9);
    }

    fn one(class: usize, logit: f64) -> [f64; 3] {
        let mut said = [0.0; 3];
        said[class] = logit;
        said
    }

    #[test]
    fn a_way_of_writing_has_a_row_where_it_has_texts_enough() {
        let written = |lang: &str, n: usize| -> Vec<Heard> {
            let texts = texts().into_iter().take(n);
            let lang = lang.to_owned();
            texts
                .map(|text| Heard {
                    lang: lang.clone(),
                    ..text
                })
                .collect()
        };
        let langs_of = |n_latin: usize| -> Vec<(String, usize)> {
            let all = [written("hi", 600), written("hi-Latn", n_latin)].concat();
            let rows = fit(&all, &Margins::new());
            rows.iter().map(|row| (row.lang.clone(), row.n)).collect()
        };
        let row = |lang: &str, n: usize| (lang.to_owned(), n);
        assert_eq!(
            langs_of(300),
            [row("hi", 600), row("hi-Latn", 300), row(UNKNOWN, 900)]
        );
        assert_eq!(langs_of(100), [row("hi", 700), row(UNKNOWN, 700)]);
    }

    #[test]
    fn a_language_is_as_exact_as_its_kinds_together() {
        let mut texts = texts();
        for text in texts.iter_mut().step_by(2) {
            text.lang = "tr-Latn".to_owned();
        }
        let sure = Mix {
            temperature: 0.01,
            ..Mix::default()
        };
        let kinds = BTreeMap::from([("review".to_owned(), sure)]);
        let blend = Blend {
            languages: BTreeMap::from([("tr".to_owned(), kinds)]),
            ..Blend::default()
        };
        let found = exactness(&texts, &blend);
        assert_eq!((found.len(), found[0].n), (1, 900));
        // Always certain, and wrong on every fifth text.
        assert!((found[0].error - 0.2).abs() < 1e-6, "{found:?}");
        assert!(found[0].error_by_chance < 1e-6, "{found:?}");
    }

    #[test]
    fn a_linear_model_must_earn_its_weight_where_there_is_a_margin() {
        let free = fit(&texts(), &Margins::new()).swap_remove(0);
        let margins = Margins::from([("tr".to_owned(), 0.05)]);
        let earned = fit(&texts(), &margins).swap_remove(0);
        assert!(earned.mix.linear < free.mix.linear, "{earned:?} {free:?}");
        let elsewhere = Margins::from([("te".to_owned(), 0.05)]);
        assert_eq!(fit(&texts(), &elsewhere).swap_remove(0), free);
    }

    #[test]
    fn a_judge_that_knows_nothing_gets_none() {
        let mut texts = texts();
        for text in &mut texts {
            text.parts.linear = Some([-1.0986; 3]);
        }
        let row = fit(&texts, &Margins::new()).swap_remove(0);
        assert!(row.mix.linear.abs() < f64::EPSILON, "{row:?}");
        assert_eq!(row.mix.easy, None);
    }
}
