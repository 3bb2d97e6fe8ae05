//! One verdict of several: what was said of a text as a whole and of sentences around a
//! brand. Verdicts and weights come in, one verdict and the sentence that decided go out.

use std::ops::Range;

use crate::classify::judge::verdict;
use crate::domain::{Kind, Label, Sentiment};

/// A sentence around the brand and what was said of it.
#[derive(Clone, Debug)]
pub(super) struct Part<'a> {
    /// Where it stands in the document, in bytes.
    pub(super) place: Range<usize>,
    /// What was said of it.
    pub(super) said: &'a Sentiment,
    /// How near the brand it stands: 1 for the sentence that names it.
    pub(super) weight: f64,
}

/// A sentence that is this much less sure than the whole text is still the reason for it.
const NEARLY: f64 = 0.1;
/// What a sentence without any feeling still counts for.
const LEAST_SHARE: f64 = 0.1;

/// How much the sentences around the brand count beside the whole text. A review is about
/// the brand from its first word to its last; in any other text most of it may be about
/// something else. Chosen on dev texts with hearken-multi: 258 long reviews in three
/// languages (whole 0.849 right, a third 0.857, a half 0.841), and 260 posts about a brand
/// between posts about anything (whole 0.515, a half 0.638).
pub(super) fn share_of_parts(kind: Kind) -> f64 {
    match kind {
        Kind::Review => 1.0 / 3.0,
        Kind::Post | Kind::Comment | Kind::Article | Kind::Question => 0.5,
    }
}

/// Pools the verdicts: `of_parts` of the word is that of the sentences, the rest the whole
/// text's, and among the sentences the more one feels the more it counts.
/// Log-probabilities are averaged, so that two voices that agree are as sure as each was,
/// not surer.
///
/// Gives the verdict, and the place in `parts` of the sentence that decided: the one that
/// is surest of the label, where the whole text was not much surer of it.
pub(super) fn pool(
    whole: &Sentiment,
    parts: &[Part<'_>],
    of_parts: f64,
    unsure_below: f64,
) -> (Sentiment, Option<usize>) {
    let shares: Vec<f64> = parts
        .iter()
        .map(|part| part.weight * (1.0 - part.said.neutral).max(LEAST_SHARE))
        .collect();
    let all: f64 = shares.iter().sum();
    if parts.is_empty() || all <= 0.0 {
        return (whole.clone(), None);
    }
    let mut pooled = logs(whole).map(|log| log * (1.0 - of_parts));
    for (part, share) in parts.iter().zip(&shares) {
        for (sum, log) in pooled.iter_mut().zip(logs(part.said)) {
            *sum += log * of_parts * share / all;
        }
    }
    let pooled = verdict(pooled, 1.0, unsure_below, &whole.model);
    let felt = |said: &Sentiment| match pooled.label {
        Label::Negative => Some(said.negative),
        Label::Positive => Some(said.positive),
        // Nothing in particular makes a text neutral, or doubtful.
        Label::Neutral | Label::Unsure => None,
    };
    let decided = parts
        .iter()
        .enumerate()
        .filter_map(|(place, part)| Some((place, felt(part.said)? * part.weight.min(1.0))))
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        .map(|(place, _)| place)
        .filter(|&place| {
            let felt_more = felt(whole).zip(felt(parts[place].said));
            felt_more.is_some_and(|(whole, part)| part >= whole - NEARLY)
        });
    (pooled, decided)
}

fn logs(said: &Sentiment) -> [f64; 3] {
    [said.negative, said.neutral, said.positive].map(|share| share.max(1e-4).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(negative: f64, neutral: f64, positive: f64) -> Sentiment {
        verdict(
            [negative, neutral, positive].map(|share: f64| share.max(1e-4).ln()),
            1.0,
            0.0,
            "m/1",
        )
    }

    fn part(said: &Sentiment, weight: f64) -> Part<'_> {
        Part {
            place: 0..1,
            said,
            weight,
        }
    }

    #[test]
    fn an_angry_sentence_about_the_brand_decides_in_a_calm_text() {
        let (calm, angry) = (said(0.2, 0.7, 0.1), said(0.95, 0.04, 0.01));
        let (pooled, decided) = pool(&calm, &[part(&calm, 1.0), part(&angry, 1.0)], 0.5, 0.4);
        assert_eq!((pooled.label, decided), (Label::Negative, Some(1)));
        assert_eq!(pooled.model, "m/1");
    }

    #[test]
    fn the_whole_decides_where_it_is_surer() {
        let (sure, less) = (said(0.97, 0.02, 0.01), said(0.6, 0.3, 0.1));
        let (pooled, decided) = pool(&sure, &[part(&less, 1.0)], 0.5, 0.4);
        assert_eq!((pooled.label, decided), (Label::Negative, None));
        assert!(pooled.negative < sure.negative && pooled.negative > less.negative);
    }

    #[test]
    fn voices_that_contradict_each_other_are_unsure() {
        let (angry, happy) = (said(0.9, 0.05, 0.05), said(0.05, 0.05, 0.9));
        let (pooled, decided) = pool(&angry, &[part(&happy, 1.0)], 0.5, 0.6);
        assert_eq!((pooled.label, decided), (Label::Unsure, None));
    }

    #[test]
    fn a_text_without_sentences_is_what_its_whole_is() {
        let whole = said(0.1, 0.2, 0.7);
        assert_eq!(pool(&whole, &[], 0.5, 0.0), (whole, None));
    }

    #[test]
    fn agreeing_voices_are_as_sure_as_each() {
        let angry = said(0.8, 0.15, 0.05);
        let (pooled, _) = pool(&angry, &[part(&angry, 1.0), part(&angry, 0.5)], 0.5, 0.0);
        assert!((pooled.negative - 0.8).abs() < 1e-3, "{pooled:?}");
    }
}
