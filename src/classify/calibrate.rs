//! Makes probabilities mean what they say: a temperature per convention (Guo et al. 2017)
//! and the bound below which a verdict is `unsure`, both fitted on held-out texts.

/// What was fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Logits are divided by it.
    pub temperature: f64,
    /// Verdicts whose best probability is below abstain.
    pub unsure_below: f64,
    /// Expected calibration error in 15 bins, on the texts it was fitted on.
    pub error: f64,
    /// The same for exact probabilities: few texts in a bin scatter around their mean.
    pub error_by_chance: f64,
    /// Share of the texts that is answered.
    pub coverage: f64,
    /// Share of the answered that is right.
    pub accuracy_when_sure: f64,
}

/// The accuracy that answers should have, where abstaining can bring it.
pub const WANTED_ACCURACY: f64 = 0.85;
/// Abstaining on more than this leaves people with the work.
const MOST_ABSTAINED: f64 = 0.30;
/// Where abstaining cannot bring the accuracy, only the least sure are left to people.
const USUALLY_ABSTAINED: f64 = 0.15;
/// Even probabilities over three classes say nothing.
const LEAST_BOUND: f64 = 0.40;

/// Fits logits (negative, neutral, positive) with the class that people said.
pub fn fit(texts: &[([f64; 3], usize)]) -> Option<Fit> {
    if texts.is_empty() {
        return None;
    }
    let temperature = (10..=600)
        .map(|hundredths| f64::from(hundredths) / 100.0)
        .min_by(|a, b| loss(texts, *a).total_cmp(&loss(texts, *b)))
        .expect("the range is not empty");
    let mut judged: Vec<(f64, bool)> = texts
        .iter()
        .map(|(logits, meant)| claimed(*logits, temperature, *meant))
        .collect();
    judged.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (n_answered, n_right) = answered(&judged);
    let n = judged.len() as f64;
    let unsure_below = judged
        .get(n_answered.saturating_sub(1))
        .map_or(LEAST_BOUND, |least| (least.0 * 100.0).floor() / 100.0)
        .max(LEAST_BOUND);
    Some(Fit {
        temperature,
        unsure_below,
        error: calibration_error(&judged),
        error_by_chance: error_by_chance(&judged),
        coverage: n_answered as f64 / n,
        accuracy_when_sure: n_right as f64 / (n_answered as f64).max(1.0),
    })
}

/// The probability of the label given, and whether it is the one that people said.
pub(super) fn claimed(logits: [f64; 3], temperature: f64, meant: usize) -> (f64, bool) {
    let shares = softmax(logits.map(|logit| logit / temperature));
    let best = (0..3)
        .max_by(|&a, &b| shares[a].total_cmp(&shares[b]))
        .expect("there are three classes");
    (shares[best], best == meant)
}

/// The longest run of the surest texts that is right often enough, within what may be
/// abstained on; where there is none, all but the least sure.
fn answered(judged: &[(f64, bool)]) -> (usize, usize) {
    let share = |abstained: f64| ((1.0 - abstained) * judged.len() as f64).ceil() as usize;
    let (least, usual) = (share(MOST_ABSTAINED), share(USUALLY_ABSTAINED));
    let mut n_right = 0;
    let mut at_usual = (0, 0);
    let mut right_enough = None;
    for (place, (_, right)) in judged.iter().enumerate() {
        n_right += usize::from(*right);
        let n = place + 1;
        if n == usual {
            at_usual = (n, n_right);
        }
        if n >= least && n_right as f64 >= WANTED_ACCURACY * n as f64 {
            right_enough = Some((n, n_right));
        }
    }
    right_enough.unwrap_or(at_usual)
}

/// Mean distance between what was claimed and what was right, in 15 equal bins, weighted
/// by how many texts fall into each (Naeini et al. 2015).
pub fn calibration_error(judged: &[(f64, bool)]) -> f64 {
    let mut bins = [(0_usize, 0.0_f64, 0_usize); BINS];
    for (share, right) in judged {
        let bin = bin(*share);
        bins[bin].0 += 1;
        bins[bin].1 += share;
        bins[bin].2 += usize::from(*right);
    }
    let total: f64 = bins
        .iter()
        .map(|(_, claimed, n_right)| (claimed - *n_right as f64).abs())
        .sum();
    total / judged.len().max(1) as f64
}

/// What `calibration_error` comes to on average when every probability is exact: the mean
/// absolute deviation of each bin's sum, by the normal approximation.
pub(super) fn error_by_chance(judged: &[(f64, bool)]) -> f64 {
    let mut variance = [0.0_f64; BINS];
    for (share, _) in judged {
        variance[bin(*share)] += share * (1.0 - share);
    }
    let total: f64 = variance
        .iter()
        .map(|variance| (std::f64::consts::FRAC_2_PI * variance).sqrt())
        .sum();
    total / judged.len().max(1) as f64
}

/// Bins of equal width that probabilities are sorted into.
const BINS: usize = 15;

fn bin(share: f64) -> usize {
    ((share * BINS as f64) as usize).min(BINS - 1)
}

fn loss(texts: &[([f64; 3], usize)], temperature: f64) -> f64 {
    texts
        .iter()
        .map(|(logits, meant)| log_loss(*logits, temperature, *meant))
        .sum()
}

/// What a verdict costs in nats when people said `meant`.
pub(super) fn log_loss(logits: [f64; 3], temperature: f64, meant: usize) -> f64 {
    -softmax(logits.map(|logit| logit / temperature))[meant]
        .max(1e-9)
        .ln()
}

pub(super) fn softmax(logits: [f64; 3]) -> [f64; 3] {
    let most = logits.iter().copied().fold(f64::MIN, f64::max);
    let raised = logits.map(|logit| (logit - most).exp());
    let sum: f64 = raised.iter().sum();
    raised.map(|value| value / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A judge that claims far more than it knows: right in three of four texts.
    fn boastful() -> Vec<([f64; 3], usize)> {
        (0..400)
            .map(|n| ([6.0, 0.0, 0.0], if n % 4 == 0 { 2 } else { 0 }))
            .collect()
    }

    #[test]
    fn a_boastful_judge_is_cooled_down() {
        let fit = fit(&boastful()).expect("there are texts");
        let shares = softmax([6.0 / fit.temperature, 0.0, 0.0]);
        assert!((shares[0] - 0.75).abs() < 0.06, "{shares:?}");
        assert!(fit.error < 0.06, "{fit:?}");
    }

    #[test]
    fn it_abstains_on_what_it_does_not_know() {
        // Sure texts are right, the others are guesses.
        let mut texts: Vec<([f64; 3], usize)> = (0..900).map(|_| ([4.0, 0.0, 0.0], 0)).collect();
        texts.extend((0..100).map(|n| ([0.4, 0.0, 0.0], n % 3)));
        texts.extend((0..300).map(|n| ([0.4, 0.0, 0.0], n % 3)));
        let fit = fit(&texts).expect("there are texts");
        assert!(fit.accuracy_when_sure >= 0.85, "{fit:?}");
        assert!(fit.coverage < 0.9, "{fit:?}");
    }

    #[test]
    fn exact_probabilities_err_by_chance_alone() {
        let exact: Vec<(f64, bool)> = (0..1_000).map(|n| (0.7, n * 7 % 10 < 7)).collect();
        // One bin: the mean absolute deviation of 1,000 draws at 0.7 is 11.6.
        assert!((error_by_chance(&exact) - 0.011_56).abs() < 1e-4);
        assert!(calibration_error(&exact) < 1e-9);
    }

    #[test]
    fn nothing_to_fit_is_no_fit() {
        assert_eq!(fit(&[]), None);
    }
}
