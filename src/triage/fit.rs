//! Fits the weights to what people said needs an answer: logistic regression with a
//! Gaussian prior around the weights in use, so that few answers change little and parts
//! that nobody has met stay as they are. Pure.

use std::collections::BTreeMap;

use rand::seq::SliceRandom as _;
use rand::{SeedableRng as _, rngs::StdRng};

use super::part::{Part, Way};
use super::signals::Signal;
use super::weights::{Weights, kept_to, probability};

/// Fewer decisions of people than this fit nothing.
pub const LEAST_DECISIONS: usize = 200;
/// Parts of a cross-validation.
const FOLDS: usize = 5;
/// Passes over all weights; it has settled long before.
const SWEEPS: usize = 200;

/// An item whose answer is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// What is known of it.
    pub signals: Vec<Signal>,
    /// Whether it needed an answer, from 0 to 1; between them when only a score says so.
    pub needed: f64,
    /// How much it counts.
    pub weight: f64,
}

/// How far weights may move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Freedom {
    /// Standard deviation of the prior of each weight.
    pub spread: f64,
    /// The same for the base.
    pub of_base: f64,
    /// Parts whose weights stay as they are.
    pub held: &'static [Part],
}

impl Freedom {
    /// For the shipped weights: thousands of texts say what is right.
    pub const WIDE: Self = Self {
        spread: 1.0,
        of_base: 10.0,
        // Which collection is of reviews says nothing of who needs an answer, no label there
        // says how serious a threat or a star is, and where the question head knows the
        // language a question mark adds nothing: other languages need it.
        held: &[
            Part::Asks,
            Part::ReviewPage,
            Part::QuestionPage,
            Part::FewStars,
            Part::ManyStars,
            Part::Safety,
            Part::Legal,
            Part::Fraud,
            Part::Viral,
        ],
    };
    /// For a team's decisions: a few hundred correct what thousands said.
    pub const TEAM: Self = Self {
        spread: 0.5,
        of_base: 1.5,
        held: &[],
    };
}

/// What a cross-validation found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validated {
    /// Mean log loss of the weights in use, in nats.
    pub before: f64,
    /// Mean log loss of fitted weights on answers that they were not fitted on.
    pub after: f64,
}

impl Validated {
    /// Whether fitting is better by more than chance would bring between two shuffles.
    pub fn is_better(self) -> bool {
        const LEAST_GAIN: f64 = 0.005;
        self.after + LEAST_GAIN <= self.before
    }
}

/// Fits weights around `start`.
pub fn fit(known: &[Known], start: &Weights, freedom: Freedom) -> Weights {
    let mut fitted = start.clone();
    let parts: Vec<Part> = Part::ALL
        .into_iter()
        .filter(|part| !freedom.held.contains(part))
        .collect();
    // Per part: the rows that have it, with its value there.
    let mut columns: BTreeMap<Part, Vec<(usize, f64)>> = BTreeMap::new();
    for (row, known) in known.iter().enumerate() {
        for signal in &known.signals {
            if signal.value != 0.0 {
                columns
                    .entry(signal.part)
                    .or_default()
                    .push((row, signal.value));
            }
        }
    }
    let mut sums: Vec<f64> = known
        .iter()
        .map(|known| {
            let of = |signal: &Signal| start.of(signal.part) * signal.value;
            start.base + known.signals.iter().map(of).sum::<f64>()
        })
        .collect();
    let every_row: Vec<(usize, f64)> = (0..known.len()).map(|row| (row, 1.0)).collect();
    for _ in 0..SWEEPS {
        let base = stepped(
            &every_row,
            known,
            &mut sums,
            (fitted.base, start.base, freedom.of_base),
            Way::Either,
        );
        let mut moved = (base - fitted.base).abs();
        fitted.base = base;
        for &part in &parts {
            let Some(column) = columns.get(&part) else {
                continue;
            };
            let old = fitted.of(part);
            let new = stepped(
                column,
                known,
                &mut sums,
                (old, start.of(part), freedom.spread),
                part.way(),
            );
            fitted.set(part, new);
            moved = moved.max((new - old).abs());
        }
        if moved < 1e-6 {
            break;
        }
    }
    fitted
}

/// One Newton step of one weight; `sums` follow it. Returns the weight after it.
fn stepped(
    column: &[(usize, f64)],
    known: &[Known],
    sums: &mut [f64],
    (weight, prior, spread): (f64, f64, f64),
    way: Way,
) -> f64 {
    let pull = 1.0 / (spread * spread);
    let (mut slope, mut bend) = (pull * (weight - prior), pull);
    for &(row, value) in column {
        let said = probability(sums[row]);
        let counts = known[row].weight;
        slope += counts * (said - known[row].needed) * value;
        bend += counts * (said * (1.0 - said)).max(1e-4) * value * value;
    }
    // Half a unit a step: far from the optimum a full Newton step overshoots.
    let step = (slope / bend).clamp(-0.5, 0.5);
    let new = kept_to(way, weight - step);
    for &(row, value) in column {
        sums[row] += (new - weight) * value;
    }
    new
}

/// Compares the weights in use with fitted ones on answers held out in turn. Rows whose
/// answer is only a score help to fit and are not measured on.
pub fn cross_validate(known: &[Known], start: &Weights, freedom: Freedom, seed: u64) -> Validated {
    let mut order: Vec<usize> = (0..known.len()).collect();
    order.shuffle(&mut StdRng::seed_from_u64(seed));
    let (mut before, mut after, mut total) = (0.0, 0.0, 0.0);
    for fold in 0..FOLDS {
        let is_held_out = |place: usize| place % FOLDS == fold;
        let rest: Vec<Known> = order
            .iter()
            .enumerate()
            .filter(|(place, _)| !is_held_out(*place))
            .map(|(_, &row)| known[row].clone())
            .collect();
        let fitted = fit(&rest, start, freedom);
        for (_, &row) in order
            .iter()
            .enumerate()
            .filter(|(place, _)| is_held_out(*place))
        {
            let row = &known[row];
            if row.needed != 0.0 && row.needed != 1.0 {
                continue;
            }
            before += row.weight * loss(start.score(&row.signals).score, row.needed);
            after += row.weight * loss(fitted.score(&row.signals).score, row.needed);
            total += row.weight;
        }
    }
    Validated {
        before: before / f64::max(total, 1e-9),
        after: after / f64::max(total, 1e-9),
    }
}

fn loss(said: f64, needed: f64) -> f64 {
    let said = said.clamp(1e-6, 1.0 - 1e-6);
    -(needed * said.ln() + (1.0 - needed) * (1.0 - said).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(parts: &[(Part, f64)], needed: bool) -> Known {
        Known {
            signals: parts
                .iter()
                .map(|(part, value)| Signal {
                    part: *part,
                    value: *value,
                    said: String::new(),
                })
                .collect(),
            needed: f64::from(u8::from(needed)),
            weight: 1.0,
        }
    }

    /// A team that answers every question and leaves anger without one alone.
    fn team(n: usize) -> Vec<Known> {
        (0..n)
            .map(|n| match n % 4 {
                0 => known(&[(Part::Negativity, 2.0)], n % 40 == 0),
                1 => known(&[(Part::Negativity, 2.0), (Part::Asks, 1.0)], true),
                2 => known(&[(Part::Negativity, -1.0), (Part::Asks, 1.0)], n % 40 != 2),
                _ => known(&[(Part::Negativity, 1.0), (Part::Service, 1.0)], false),
            })
            .collect()
    }

    #[test]
    fn it_learns_what_a_team_answers() {
        let start = Weights::shipped();
        let rows = team(300);
        let fitted = fit(&rows, &start, Freedom::TEAM);
        assert!(fitted.of(Part::Asks) > start.of(Part::Asks) + 0.3);
        let validated = cross_validate(&rows, &start, Freedom::TEAM, 1);
        assert!(validated.is_better(), "{validated:?}");
    }

    #[test]
    fn what_nobody_met_stays_and_few_answers_move_little() {
        let start = Weights::shipped();
        let fitted = fit(&team(300), &start, Freedom::TEAM);
        assert!((fitted.of(Part::Legal) - start.of(Part::Legal)).abs() < 1e-12);
        let few = fit(&team(4), &start, Freedom::TEAM);
        let moved = (few.of(Part::Asks) - start.of(Part::Asks)).abs();
        assert!(moved < (fitted.of(Part::Asks) - start.of(Part::Asks)).abs() / 2.0);
    }

    #[test]
    fn no_weight_crosses_zero_against_its_way() {
        let rows: Vec<Known> = (0..200)
            .map(|n| {
                known(
                    &[(Part::Legal, f64::from(u8::from(n % 2 == 0)))],
                    n % 2 == 1,
                )
            })
            .collect();
        let free = Freedom {
            spread: 100.0,
            of_base: 100.0,
            held: &[],
        };
        let fitted = fit(&rows, &Weights::shipped(), free);
        assert!(fitted.of(Part::Legal).abs() < 1e-9);
    }

    #[test]
    fn noise_is_not_better() {
        let rows: Vec<Known> = (0..200)
            .map(|n| {
                let value = f64::from((n * 7 % 11) as u8) / 5.0 - 1.0;
                known(&[(Part::Negativity, value)], (n * 13 + n / 7) % 2 == 0)
            })
            .collect();
        let mut fair = fit(&rows, &Weights::shipped(), Freedom::WIDE);
        fair.set(Part::Praise, 0.0);
        let validated = cross_validate(&rows, &fair, Freedom::TEAM, 1);
        assert!(!validated.is_better(), "{validated:?}");
    }
}
