//! How good scores are: pairs of a score and what people said come in, figures come out.
//! Ties are counted as if their order were random, so that a coarse score wins nothing.

/// The figures of one set of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Texts.
    pub n: usize,
    /// Share of them that needed an answer.
    pub needed: f64,
    /// Share that needed one among the fifth with the highest scores.
    pub precision_at_top: f64,
    /// Share found of those that needed one, while a tenth of the others is called too.
    pub recall_at_false_alarms: f64,
    /// Area under the ROC curve.
    pub area: f64,
    /// Mean distance between scores and shares, in ten equal bins, weighted by texts.
    pub calibration_error: f64,
    /// Mean log loss, in nats.
    pub log_loss: f64,
}

/// The share that is looked at first.
const TOP: f64 = 0.2;
/// The share of false alarms that people put up with.
const FALSE_ALARMS: f64 = 0.1;

/// Measures scores from 0 to 1; `None` unless both answers occur.
pub fn measure(scored: &[(f64, bool)]) -> Option<Measured> {
    let n = scored.len();
    let n_needed = scored.iter().filter(|(_, needed)| *needed).count();
    if n_needed == 0 || n_needed == n {
        return None;
    }
    let groups = tied(scored);
    let (yes, no) = (n_needed as f64, (n - n_needed) as f64);
    Some(Measured {
        n,
        needed: yes / n as f64,
        precision_at_top: precision_at(&groups, TOP * n as f64),
        recall_at_false_alarms: recall_at(&groups, FALSE_ALARMS * no, yes),
        area: area(&groups, yes, no),
        calibration_error: calibration_error(scored),
        log_loss: log_loss(scored),
    })
}

/// Groups of one score, the highest first: how many needed an answer, how many not.
fn tied(scored: &[(f64, bool)]) -> Vec<(f64, f64)> {
    let mut sorted: Vec<&(f64, bool)> = scored.iter().collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut groups: Vec<(f64, f64)> = Vec::new();
    let mut last = None;
    for (score, needed) in sorted {
        if last != Some(score) {
            groups.push((0.0, 0.0));
            last = Some(score);
        }
        if let Some(group) = groups.last_mut() {
            if *needed {
                group.0 += 1.0;
            } else {
                group.1 += 1.0;
            }
        }
    }
    groups
}

fn precision_at(groups: &[(f64, f64)], room: f64) -> f64 {
    let (mut found, mut left) = (0.0, room);
    for (yes, no) in groups {
        let taken = (yes + no).min(left);
        found += yes * taken / (yes + no);
        left -= taken;
        if left <= 0.0 {
            break;
        }
    }
    found / room
}

fn recall_at(groups: &[(f64, f64)], room: f64, n_yes: f64) -> f64 {
    let (mut found, mut left) = (0.0, room);
    for (yes, no) in groups {
        if *no > left {
            found += yes * left / no;
            break;
        }
        found += yes;
        left -= no;
    }
    found / n_yes
}

fn area(groups: &[(f64, f64)], n_yes: f64, n_no: f64) -> f64 {
    let (mut above, mut sum) = (0.0, 0.0);
    for (yes, no) in groups {
        sum += no * (above + yes / 2.0);
        above += yes;
    }
    sum / (n_yes * n_no)
}

fn calibration_error(scored: &[(f64, bool)]) -> f64 {
    const BINS: usize = 10;
    let mut bins = [(0.0_f64, 0.0_f64); BINS];
    for (score, needed) in scored {
        let bin = ((score * BINS as f64) as usize).min(BINS - 1);
        bins[bin].0 += score;
        bins[bin].1 += f64::from(u8::from(*needed));
    }
    let total: f64 = bins.iter().map(|(said, was)| (said - was).abs()).sum();
    total / scored.len() as f64
}

fn log_loss(scored: &[(f64, bool)]) -> f64 {
    let total: f64 = scored
        .iter()
        .map(|(score, needed)| {
            let right = if *needed { *score } else { 1.0 - score };
            -right.clamp(1e-6, 1.0).ln()
        })
        .sum();
    total / scored.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-9, "{actual} ≠ {expected}");
    }

    #[test]
    fn a_perfect_order_is_perfect() {
        let scored: Vec<(f64, bool)> = (0..10).map(|n| (f64::from(n) / 10.0, n >= 8)).collect();
        let measured = measure(&scored).expect("both occur");
        near(measured.precision_at_top, 1.0);
        near(measured.recall_at_false_alarms, 1.0);
        near(measured.area, 1.0);
        near(measured.needed, 0.2);
    }

    #[test]
    fn a_score_that_never_differs_is_chance() {
        let scored: Vec<(f64, bool)> = (0..40).map(|n| (0.25, n % 4 == 0)).collect();
        let measured = measure(&scored).expect("both occur");
        near(measured.precision_at_top, 0.25);
        near(measured.recall_at_false_alarms, 0.1);
        near(measured.area, 0.5);
        near(measured.calibration_error, 0.0);
    }

    #[test]
    fn one_mistake_in_the_middle_is_counted() {
        // Ranked: yes, no, yes, then seven times no.
        let scored: Vec<(f64, bool)> = (0..10)
            .map(|n| (1.0 - f64::from(n) / 10.0, n == 0 || n == 2))
            .collect();
        let measured = measure(&scored).expect("both occur");
        near(measured.precision_at_top, 0.5);
        // A tenth of eight is 0.8 of a false alarm: the second yes is not reached.
        near(measured.recall_at_false_alarms, 0.5);
        near(measured.area, 15.0 / 16.0);
    }

    #[test]
    fn one_answer_alone_is_no_measure() {
        assert_eq!(measure(&[(0.5, true)]), None);
        assert_eq!(measure(&[]), None);
    }
}
