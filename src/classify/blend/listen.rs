//! Asks every judge about labelled texts, so that their weights can be fitted.

use super::Heard;
use crate::classify::judge::Judge;
use crate::classify::{ClassifyError, Input, Labelled, Settings};
use crate::domain::Label;

/// Texts asked about at once.
const PART: usize = 256;

/// What each judge of a model's folder says of labelled texts, in their order; those that
/// people were unsure of are left out. `specialists` are the folders' names of the models to hear
/// beside it. `done` is told how many texts were heard each time.
/// Runs for minutes: call it off the async runtime.
///
/// # Errors
/// `BadModel` and `Inference`, as in judging.
pub fn listen(
    settings: &Settings,
    specialists: &[String],
    texts: &[Labelled],
    mut done: impl FnMut(u64),
) -> Result<Vec<Heard>, ClassifyError> {
    let judge = Judge::load_beside(settings, specialists)?;
    let mut heard = Vec::with_capacity(texts.len());
    for part in texts.chunks(PART) {
        let inputs: Vec<Input> = part.iter().map(|text| text.input.clone()).collect();
        for (text, parts) in part.iter().zip(judge.parts(&inputs)?) {
            let meant = match text.label {
                Label::Negative => 0,
                Label::Neutral => 1,
                Label::Positive => 2,
                Label::Unsure => continue,
            };
            heard.push(Heard {
                lang: text.input.written().unwrap_or(&text.lang).to_owned(),
                kind: text.input.kind,
                source: text.source.clone(),
                meant,
                parts,
            });
        }
        done(part.len() as u64);
    }
    Ok(heard)
}
