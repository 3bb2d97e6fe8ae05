//! What the classifier said about a text.

use serde::{Deserialize, Serialize};

use super::Rating;

/// The verdict; `Unsure` means that no class is likely enough to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// The author is unhappy.
    Negative,
    /// No clear feeling.
    Neutral,
    /// The author is happy.
    Positive,
    /// The model abstains; a person should look.
    Unsure,
}

impl Label {
    /// The word used in JSON and in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Positive => "positive",
            Self::Unsure => "unsure",
        }
    }
}

/// A verdict with its three probabilities, which sum to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sentiment {
    /// The verdict.
    pub label: Label,
    /// Calibrated probability of negative.
    pub negative: f64,
    /// Calibrated probability of neutral.
    pub neutral: f64,
    /// Calibrated probability of positive.
    pub positive: f64,
    /// Name and version of the model, `hearken-multi/1`.
    pub model: String,
    /// The sentence of a long text that decided; none where the text as a whole did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentence: Option<Sentence>,
}

impl Sentiment {
    /// Another label instead, as a person says: a sentence that decided for something else
    /// decides nothing any more.
    pub fn judge_again(&mut self, label: Label) {
        if self.label != label {
            self.sentence = None;
        }
        self.label = label;
    }
}

/// A sentence of a mention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// What it says, cut where it is very long.
    pub text: String,
    /// `[start, end)` in Unicode characters of the item's `text`; none when it is its title.
    #[serde(default)]
    pub span: Option<[usize; 2]>,
}

/// Stars and text that say the opposite of each other. Neither is believed: the verdict
/// stays that of the text, and a person should look.
///
/// Low stars are at most two of five, high ones at least four; a text that is neutral or
/// of which the model is unsure contradicts nothing.
pub fn stars_against_text(rating: Option<Rating>, label: Label) -> bool {
    let Some(stars) = rating.and_then(Rating::of_five) else {
        return false;
    };
    match label {
        Label::Positive => stars <= LOW_STARS,
        Label::Negative => stars >= HIGH_STARS,
        Label::Neutral | Label::Unsure => false,
    }
}

/// A customer who gives these, of five, is unhappy.
const LOW_STARS: f64 = 2.0;
/// And with these is content.
const HIGH_STARS: f64 = 4.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, best: f64, label: Label, expected: bool) {
        let rating = Some(Rating { value, best });
        assert_eq!(
            stars_against_text(rating, label),
            expected,
            "{value} of {best}, {label:?}"
        );
    }

    #[test]
    fn only_the_opposite_is_marked() {
        check(1.0, 5.0, Label::Positive, true);
        check(2.0, 5.0, Label::Positive, true);
        check(3.0, 5.0, Label::Positive, false);
        check(5.0, 5.0, Label::Positive, false);
        check(5.0, 5.0, Label::Negative, true);
        check(4.0, 5.0, Label::Negative, true);
        check(3.0, 5.0, Label::Negative, false);
        check(1.0, 5.0, Label::Negative, false);
        for label in [Label::Neutral, Label::Unsure] {
            check(1.0, 5.0, label, false);
            check(5.0, 5.0, label, false);
        }
    }

    #[test]
    fn other_scales_count_as_five_stars() {
        check(3.0, 10.0, Label::Positive, true);
        check(5.0, 10.0, Label::Positive, false);
        check(9.0, 10.0, Label::Negative, true);
        check(1.0, 1.0, Label::Negative, true);
        check(0.0, 1.0, Label::Positive, true);
        check(1.0, 0.0, Label::Positive, false);
        check(f64::NAN, 5.0, Label::Positive, false);
    }

    #[test]
    fn a_review_without_stars_has_no_contradiction() {
        assert!(!stars_against_text(None, Label::Positive));
    }

    #[test]
    fn verdicts_stored_before_sentences_were_known_still_read() {
        let old =
            r#"{"label":"negative","negative":0.9,"neutral":0.1,"positive":0.0,"model":"m/1"}"#;
        let read: Sentiment = serde_json::from_str(old).expect("it reads");
        assert_eq!(read.sentence, None);
        assert_eq!(serde_json::to_string(&read).expect("it is plain data"), old);
    }
}
