//! A mention: an item that matched a brand, judged and kept. Serialised it is the
//! mention of the API, of `mentions --json` and of webhooks.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    BrandMatch, Case, CaseAction, Correction, Item, Label, MentionId, Rating, ReachSeen, Sentiment,
    SourceName, StoryId, stars_against_text,
};

/// Who acts when nobody did.
const HEARKEN: &str = "hearken";

/// "This needs a fast public reply", why, and by when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flag {
    /// From 0 to 1; what the alert threshold is compared with.
    pub score: f64,
    /// Sentences that a person can read, strongest first.
    pub reasons: Vec<String>,
    /// When the answer should be there.
    pub goal_by: DateTime<Utc>,
    /// When it must be there at the latest.
    pub reply_by: DateTime<Utc>,
    /// Whether the clock runs from `seen_at` because the site gave no usable time.
    pub estimated: bool,
}

impl Flag {
    /// Puts the last thing that a person said of the verdict before the other reasons, in
    /// place of what was said earlier.
    pub fn put_first(&mut self, corrections: &[Correction]) {
        let Some(last) = corrections.last() else {
            return;
        };
        let said: Vec<String> = corrections.iter().map(Correction::reason).collect();
        self.reasons.retain(|reason| !said.contains(reason));
        self.reasons.insert(0, last.reason());
    }
}

/// What a mention said before its author changed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlierText {
    /// When we saw that it had changed.
    pub until: DateTime<Utc>,
    /// The title it had.
    pub title: Option<String>,
    /// The text it had.
    pub text: String,
    /// The stars it had: a review edited upward is a customer won back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
}

/// How often an author was heard before a mention was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorHistory {
    /// Mentions before this one.
    pub n_mentions_before: u64,
    /// Those of them that were negative.
    pub n_negative_before: u64,
}

/// An item that speaks about a brand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mention {
    /// The item as the site gave it.
    #[serde(flatten)]
    pub item: Item,
    /// Its id.
    pub id: MentionId,
    /// The configured source that found it first.
    pub source: SourceName,
    /// When we first saw it.
    pub seen_at: DateTime<Utc>,
    /// Which brands, by which rule, where.
    pub brands: Vec<BrandMatch>,
    /// The story it belongs to.
    pub story: StoryId,
    /// What the classifier said: toward the brand, and where the text speaks of several
    /// watched ones, the worst of what it says toward each.
    pub sentiment: Sentiment,
    /// A review whose stars say the opposite of its text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stars_against_text: bool,
    /// Set when it needs a fast public reply.
    pub flag: Option<Flag>,
    /// The work on it, when it is or was flagged.
    pub case: Option<Case>,
    /// First seen so old that it neither alerts nor counts as overdue.
    #[serde(default)]
    pub backlog: bool,
    /// The brand's own post.
    #[serde(default)]
    pub own: bool,
    /// What people said instead of the model's verdict, oldest first; the label of
    /// `sentiment` is that of the last one as long as it was said of this text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// Earlier texts, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierText>,
    /// When we saw that the site or its author had taken it away; its text stays here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<DateTime<Utc>>,
    /// How far it had travelled when it was polled about an hour ago, so that growth is
    /// seen; absent until it was polled twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach_before: Option<ReachSeen>,
}

impl Mention {
    /// Gives the verdict another label, and all that follows from it: stars may contradict
    /// it or not.
    pub fn judge_again(&mut self, label: Label) {
        self.sentiment.judge_again(label);
        self.stars_against_text = stars_against_text(self.item.rating, label);
    }

    /// What a person said of the text as it is now.
    pub fn correction(&self) -> Option<&Correction> {
        let last = self.corrections.last()?;
        (self.text_at(last.at) == self.item.full_text()).then_some(last)
    }

    /// The whole text as it was at a moment.
    pub fn text_at(&self, at: DateTime<Utc>) -> String {
        match self.earlier.iter().find(|earlier| earlier.until > at) {
            None => self.item.full_text(),
            Some(earlier) => Item {
                title: earlier.title.clone(),
                text: earlier.text.clone(),
                ..Item::empty("", self.item.kind)
            }
            .full_text(),
        }
    }

    /// Whether people said that it needed an answer: whoever took or answered it says yes,
    /// whoever dismissed it says no, and of several the last counts. Where nobody acted, a
    /// correction of the verdict to anything but negative says no. `None` when nobody said
    /// anything, or took it back.
    pub fn answer_needed(&self) -> Option<bool> {
        let history = self.case.iter().flat_map(|case| case.history.iter().rev());
        let said_by_people = history
            .filter(|act| act.by != HEARKEN)
            .find(|act| act.action.leads_to().is_some());
        match said_by_people.map(|act| act.action) {
            Some(CaseAction::Claim | CaseAction::Done) => Some(true),
            Some(CaseAction::Dismiss) => Some(false),
            Some(_) => None,
            None => {
                let corrected = self.correction()?.label;
                (self.flag.is_some() && corrected != Label::Negative).then_some(false)
            }
        }
    }

    /// The moment the clock runs from: the posting time, or `seen_at` when the site
    /// gave none or one in the future. The flag says which (`estimated`).
    pub fn clock_start(item: &Item, seen_at: DateTime<Utc>) -> (DateTime<Utc>, bool) {
        match item.published_at {
            Some(published) if published <= seen_at => (published, false),
            _ => (seen_at, true),
        }
    }
}
