//! Judges texts: with a BERT model on libtorch in the languages it was trained on, with a
//! linear model in others. One thread owns the models; callers send batches over a channel
//! and get one verdict per text, in their order. A caller that goes away, or a batch that
//! makes the model fail, never stops the owner.

mod alone;
pub mod blend;
mod cache;
pub mod calibrate;
mod eval;
pub mod intent;
mod judge;
pub mod learn;
pub mod linear;
mod locate;
mod model;
mod own_words;
mod prepare;
mod sentences;
mod shelf;
mod toward;

use std::path::{Path, PathBuf};
use std::sync::mpsc;

use tokio::sync::oneshot;

pub use eval::{Evaluation, Labelled, SourceScore, evaluate, read_labelled};
pub use locate::{LINEAR_INSIDE, SHIPPED, find_model};
pub use model::{Manifest, Precision, look_over, manifest_of};
pub use prepare::prepare;
pub use shelf::{Shelf, Shelved};
pub use toward::{
    Judged, LanguageScore, Spoken, Subject, TowardCase, TowardEvaluation, evaluate_toward,
    read_toward,
};

use crate::domain::{Kind, Sentiment, base_language};

/// Batches waiting for the model before senders have to wait: a few polls' worth.
const QUEUE_LENGTH: usize = 64;

/// A text to be judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// The text as it was written; preparation happens here.
    pub text: String,
    /// What sort of text it is: the model was told in training.
    pub kind: Kind,
    /// The code, where known, as `language::detect` gives it (`en`, `hi-Latn`); unknown
    /// counts as a language of the transformer. For a language that no model was trained on
    /// the verdict is `unsure` with even probabilities.
    pub lang: Option<String>,
    /// The brand that the verdict is about, as it is called; `None` judges the text as a
    /// whole, and so does a model that was not trained toward brands.
    pub brand: Option<String>,
    /// Where the text speaks of that brand, `[start, end)` in Unicode characters: what
    /// stands there is kept when the text is longer than the model takes.
    pub brand_at: Option<[usize; 2]>,
}

impl Input {
    /// The language as models know it: Hindi in Latin letters (`hi-Latn`) is Hindi.
    pub fn spoken(&self) -> Option<&str> {
        self.lang.as_deref().map(base_language)
    }

    /// The language as it is written here: `hi-Latn` where most letters of a Hindi, Telugu
    /// or Arabic text are Latin ones, whatever the tag says of it; else as spoken.
    pub fn written(&self) -> Option<&str> {
        let spoken = self.spoken()?;
        let in_latin = match spoken {
            "ar" => "ar-Latn",
            "hi" => "hi-Latn",
            "te" => "te-Latn",
            _ => return Some(spoken),
        };
        let (mut n_latin, mut n_letters) = (0_usize, 0_usize);
        for letter in self.text.chars().filter(|letter| letter.is_alphabetic()) {
            n_letters += 1;
            n_latin += usize::from(letter.is_ascii());
        }
        Some(if 2 * n_latin > n_letters {
            in_latin
        } else {
            spoken
        })
    }
}

/// How the model is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The model's folder.
    pub folder: PathBuf,
    /// Intra-op threads of libtorch. Its threads spin, so one is right whenever
    /// anything else runs on the machine.
    pub n_threads: usize,
    /// Arithmetic; `Auto` takes bf16 where a short measurement finds it faster.
    pub precision: Precision,
    /// Whether texts that are easy for the linear model, or for a specialist with it, are
    /// answered without the transformer: faster, and at most 0.3 points of macro-F1 worse.
    pub cascade: bool,
    /// Verdicts kept for texts that come again; 0 keeps none.
    pub n_cached: usize,
}

/// Verdicts kept unless told otherwise: some megabytes.
const N_CACHED: usize = 20_000;

impl Settings {
    /// One thread, automatic precision, a cache of verdicts, no cascade.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            n_threads: 1,
            precision: Precision::Auto,
            cascade: false,
            n_cached: N_CACHED,
        }
    }
}

/// Why texts could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum ClassifyError {
    /// No folder held a model.
    #[error("no model found: looked in {}; name one with --model DIR or [model] path", .looked_in.join(", "))]
    NoModel {
        /// The folders that were tried.
        looked_in: Vec<String>,
    },
    /// A file of the model is missing or unreadable.
    #[error("model file {file} cannot be read: {why}")]
    BadModel {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// libtorch failed on a batch.
    #[error("the model failed on a batch: {0}")]
    Inference(String),
    /// The owner thread is gone: the program is stopping.
    #[error("the classifier has stopped")]
    Stopped,
    /// A labelled file cannot be read.
    #[error("{file}:{line}: {why}")]
    BadLabelled {
        /// The file.
        file: String,
        /// The line, from 1; 0 for the whole file.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// What the owner is asked.
enum Batch {
    /// Verdicts on texts as they are.
    Texts(Asked<Input, Sentiment>),
    /// Verdicts toward the brands that texts speak of.
    Subjects(Asked<Subject, Judged>),
}

struct Asked<Question, Answer> {
    questions: Vec<Question>,
    reply: oneshot::Sender<Result<Vec<Answer>, ClassifyError>>,
}

/// A handle to the thread that owns the model; cheap to clone.
#[derive(Clone)]
pub struct Classifier {
    batches: mpsc::SyncSender<Batch>,
    manifest: std::sync::Arc<Manifest>,
    languages: std::sync::Arc<[String]>,
}

impl Classifier {
    /// Loads the model on its own thread and waits until it is ready. Call it off the
    /// async runtime: loading takes a moment.
    ///
    /// # Errors
    /// `BadModel` names the file that is missing or broken.
    pub fn start(settings: &Settings) -> Result<Self, ClassifyError> {
        let (batches, inbox) = mpsc::sync_channel::<Batch>(QUEUE_LENGTH);
        let (ready, loaded) = mpsc::sync_channel(1);
        let settings = settings.clone();
        std::thread::Builder::new()
            .name("classifier".to_owned())
            .spawn(move || {
                let judge = match judge::Judge::load(&settings) {
                    Ok(judge) => judge,
                    Err(error) => {
                        // Nobody waits any more only when the program is ending.
                        let _ = ready.send(Err(error));
                        return;
                    }
                };
                let _ = ready.send(Ok((judge.manifest().clone(), judge.languages())));
                own(&judge, &inbox);
            })
            .map_err(|error| ClassifyError::Inference(error.to_string()))?;
        let (manifest, languages) = loaded.recv().map_err(|_| ClassifyError::Stopped)??;
        Ok(Self {
            batches,
            manifest: std::sync::Arc::new(manifest),
            languages: languages.into(),
        })
    }

    /// What the transformer says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Every language that is judged, by the transformer or by a linear model; ISO 639-1
    /// codes in order.
    pub fn languages(&self) -> &[String] {
        &self.languages
    }

    /// Judges texts as they are; one verdict each, in their order.
    ///
    /// # Errors
    /// `Inference` when libtorch fails, `Stopped` when the program is ending.
    pub async fn classify(&self, inputs: Vec<Input>) -> Result<Vec<Sentiment>, ClassifyError> {
        self.ask(Batch::Texts, inputs).await
    }

    /// Judges what texts say toward their brands; one answer each, in their order.
    ///
    /// # Errors
    /// As `classify`.
    pub async fn judge(&self, subjects: Vec<Subject>) -> Result<Vec<Judged>, ClassifyError> {
        self.ask(Batch::Subjects, subjects).await
    }

    /// `classify` for callers outside the async runtime.
    ///
    /// # Errors
    /// As `classify`.
    pub fn classify_blocking(&self, inputs: Vec<Input>) -> Result<Vec<Sentiment>, ClassifyError> {
        self.ask_blocking(Batch::Texts, inputs)
    }

    /// `judge` for callers outside the async runtime.
    ///
    /// # Errors
    /// As `classify`.
    pub fn judge_blocking(&self, subjects: Vec<Subject>) -> Result<Vec<Judged>, ClassifyError> {
        self.ask_blocking(Batch::Subjects, subjects)
    }

    async fn ask<Question, Answer>(
        &self,
        batch: fn(Asked<Question, Answer>) -> Batch,
        questions: Vec<Question>,
    ) -> Result<Vec<Answer>, ClassifyError> {
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let (reply, answer) = oneshot::channel();
        let batches = self.batches.clone();
        let batch = batch(Asked { questions, reply });
        tokio::task::spawn_blocking(move || batches.send(batch))
            .await
            .map_err(|_| ClassifyError::Stopped)?
            .map_err(|_| ClassifyError::Stopped)?;
        answer.await.map_err(|_| ClassifyError::Stopped)?
    }

    fn ask_blocking<Question, Answer>(
        &self,
        batch: fn(Asked<Question, Answer>) -> Batch,
        questions: Vec<Question>,
    ) -> Result<Vec<Answer>, ClassifyError> {
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let (reply, answer) = oneshot::channel();
        self.batches
            .send(batch(Asked { questions, reply }))
            .map_err(|_| ClassifyError::Stopped)?;
        answer.blocking_recv().map_err(|_| ClassifyError::Stopped)?
    }
}

/// Serves batches until every handle is gone.
fn own(judge: &judge::Judge, inbox: &mpsc::Receiver<Batch>) {
    while let Ok(batch) = inbox.recv() {
        match batch {
            Batch::Texts(asked) => {
                serve(asked, |inputs| judge.judge(inputs), |_| judge.by_nobody())
            }
            Batch::Subjects(asked) => serve(
                asked,
                |subjects| toward::judge(judge, subjects),
                |subject| toward::unjudged(subject, &judge.by_nobody()),
            ),
        }
    }
}

fn serve<Question: Clone, Answer>(
    asked: Asked<Question, Answer>,
    answer: impl Fn(&[Question]) -> Result<Vec<Answer>, ClassifyError>,
    nobody: impl Fn(&Question) -> Answer,
) {
    if asked.reply.is_closed() {
        return;
    }
    let answers = alone::judge_each(&asked.questions, answer, nobody);
    // The caller may have gone while we worked.
    let _ = asked.reply.send(answers);
}
