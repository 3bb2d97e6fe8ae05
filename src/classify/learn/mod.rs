//! Learns from people on this machine: the upper layers of the transformer in use, and the
//! linear models of the languages concerned, are fitted to what people said, together with
//! texts of the user's own that keep their verdicts (rehearsal). What comes out is taken
//! only when it is better on corrections that were held out and not worse on a set of
//! texts written by us. Every step can be killed and goes on where it was.

mod check;
mod folder;
mod judge;
mod linear;
mod rehearse;
#[cfg(test)]
mod tests;
mod texts;
mod tune;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use folder::Candidates;
pub use folder::{TRAINING, Training};
pub use judge::{MOST_LOST, Measured};
pub use texts::{LEAST_CORRECTIONS, Part, Text, prepare_texts};
pub use tune::TuneRecipe;

use super::ClassifyError;

/// Why nothing was learned.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// Too little was said to learn from it and to hold some of it back.
    #[error(
        "there are {n} corrections to learn from, and it takes {least}: correct more verdicts \
         with `hearken correct`, on the page or through the API"
    )]
    TooFew {
        /// How many there are.
        n: usize,
        /// How many it takes.
        least: usize,
    },
    /// Another training runs.
    #[error("another training is at work in {folder}; see `hearken model train --status`")]
    Busy {
        /// Its folder.
        folder: String,
    },
    /// The model or its linear part failed.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    /// libtorch failed.
    #[error("the training failed: {0}")]
    Torch(String),
    /// A file could not be read or written.
    #[error("cannot {doing} {path}")]
    File {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file of the training is not what was written.
    #[error("{path} is damaged ({why}): begin anew with --fresh")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

fn at(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> LearnError + use<> {
    let path = path.display().to_string();
    move |source| LearnError::File {
        doing,
        path,
        source,
    }
}

/// How far a training is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is done now.
    pub stage: Stage,
    /// Steps of this stage that are done.
    pub n_done: usize,
    /// Its steps altogether.
    pub n_all: usize,
}

/// What a training does, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Asks the model in use what it says of the texts.
    Asking,
    /// Fits.
    Fitting,
    /// Measures the candidates.
    Measuring,
}

impl Stage {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asking => "asking the model in use",
            Self::Fitting => "fitting",
            Self::Measuring => "measuring",
        }
    }
}

/// What came out of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The folder of the new model when it is better; it is for the caller to put it where
    /// models are kept.
    pub candidate: Option<PathBuf>,
    /// Corrections that were learned from.
    pub n_learned: usize,
    /// The model in use, on what was held out and on the check set.
    pub before: Measured,
    /// The best candidate.
    pub after: Measured,
    /// Why it was taken or not, for people.
    pub why: String,
}

/// Fits candidates and measures them; goes on where a killed training was.
///
/// # Errors
/// As `LearnError` says; what was done until then is kept.
pub fn train(
    training: &Training,
    recipe: &TuneRecipe,
    told: &mut dyn FnMut(Progress),
) -> Result<Outcome, LearnError> {
    let texts = training.texts()?;
    let learned: Vec<&Text> = texts
        .iter()
        .filter(|text| text.part == Part::Learn)
        .collect();
    let rehearsed: Vec<&Text> = texts
        .iter()
        .filter(|text| text.part == Part::Rehearse)
        .collect();
    let held: Vec<&Text> = texts
        .iter()
        .filter(|text| text.part == Part::Hold)
        .collect();
    let n_learned = learned.len();

    let ours = rehearse::texts();
    let ours: Vec<&Text> = ours.iter().collect();
    let beside = [&rehearsed[..], &ours].concat();
    let linear = linear::refit(training, &learned, &beside, recipe)?;
    let tuned = tune::tune(training, &learned, &rehearsed, &ours, recipe, told)?;
    let candidates = Candidates::new(training, tuned, linear)?;
    let ways = candidates.ways();
    let mut n_done = 0;
    let n_all = ways.len() + 1;
    let mut measure = |folder: &Path| {
        told(Progress {
            stage: Stage::Measuring,
            n_done,
            n_all,
        });
        n_done += 1;
        judge::measure(folder, training.n_threads(), &held)
    };
    let before = measure(training.base())?;
    let mut best: Option<(PathBuf, Measured)> = None;
    for way in ways {
        let folder = candidates.make(way)?;
        let after = measure(&folder)?;
        let is_better = match &best {
            None => true,
            Some((_, best)) => after.is_rather_taken(best, &before),
        };
        let worse = if is_better {
            best.replace((folder, after)).map(|(folder, _)| folder)
        } else {
            Some(folder)
        };
        if let Some(folder) = worse {
            candidates.remove(&folder)?;
        }
        let is_best = |(_, best): &(PathBuf, Measured)| {
            best.n_held_wrong == 0 && best.may_replace(&before).is_ok()
        };
        if best.as_ref().is_some_and(is_best) {
            break;
        }
    }
    let Some((folder, after)) = best else {
        return Ok(Outcome {
            candidate: None,
            n_learned,
            why: "no model judges the languages of these corrections".to_owned(),
            after: before.clone(),
            before,
        });
    };
    let verdict = after.may_replace(&before);
    Ok(Outcome {
        candidate: verdict.is_ok().then_some(folder),
        n_learned,
        before,
        after,
        why: match verdict {
            Ok(why) | Err(why) => why,
        },
    })
}
