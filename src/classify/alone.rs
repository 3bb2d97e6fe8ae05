//! A batch is never lost to one text: where the model fails on a batch, its texts are judged
//! one by one, and only those that fail alone go without a verdict.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::ClassifyError;

/// Judges a batch, each text alone when the batch fails. `nobody` answers for a text that
/// fails alone.
///
/// # Errors
/// That of the batch, when every text fails alone: then the model is broken, not a text.
pub(super) fn judge_each<Question: Clone, Answer>(
    questions: &[Question],
    judge: impl Fn(&[Question]) -> Result<Vec<Answer>, ClassifyError>,
    nobody: impl Fn(&Question) -> Answer,
) -> Result<Vec<Answer>, ClassifyError> {
    // tch turns libtorch's exceptions into panics in places; one bad batch must not take
    // the thread with it.
    let judge = |part: &[Question]| {
        catch_unwind(AssertUnwindSafe(|| judge(part)))
            .unwrap_or_else(|_| Err(ClassifyError::Inference("libtorch panicked".to_owned())))
    };
    let error = match judge(questions) {
        Ok(answers) => return Ok(answers),
        Err(error) => error,
    };
    if questions.len() < 2 || !matches!(error, ClassifyError::Inference(_)) {
        return Err(error);
    }
    let mut n_failed = 0;
    let answers: Vec<Answer> = questions
        .iter()
        .map(|question| {
            let alone = judge(std::slice::from_ref(question));
            alone
                .ok()
                .and_then(|mut answers| answers.pop())
                .unwrap_or_else(|| {
                    n_failed += 1;
                    nobody(question)
                })
        })
        .collect();
    if n_failed == questions.len() {
        return Err(error);
    }
    tracing::warn!(
        n_failed,
        n_texts = questions.len(),
        %error,
        "The model failed on a batch; {n_failed} of its texts have no verdict"
    );
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(texts: &[&str]) -> Result<Vec<String>, ClassifyError> {
        let judge = |part: &[&str]| -> Result<Vec<String>, ClassifyError> {
            if part.contains(&"fails") {
                return Err(ClassifyError::Inference("a logit is not finite".to_owned()));
            }
            assert!(!part.contains(&"panics"), "as libtorch does");
            Ok(part.iter().map(|text| text.to_uppercase()).collect())
        };
        judge_each(texts, judge, |_| "unsure".to_owned())
    }

    #[test]
    fn one_text_that_fails_does_not_cost_the_others() {
        assert_eq!(judged(&["a", "b"]).expect("both"), ["A", "B"]);
        assert_eq!(
            judged(&["a", "fails", "b", "panics"]).expect("two of four"),
            ["A", "unsure", "B", "unsure"]
        );
    }

    #[test]
    fn a_broken_model_is_an_error() {
        judged(&["fails"]).expect_err("nothing was judged");
        judged(&["fails", "panics"]).expect_err("nothing was judged");
        assert_eq!(judged(&[]).expect("nothing to judge"), Vec::<String>::new());
    }
}
