//! An article as the index of reprints knows it: its sketch, and who printed it where and
//! when. Says whether one article is a reprint of another; never applies to what customers
//! write, whose texts are theirs however much they resemble each other.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{MentionId, Sketch, SourceName, StoryId};

/// Reprints appear within this time of each other, and are remembered for as long.
pub const REPRINTED_WITHIN: TimeDelta = TimeDelta::hours(72);
/// Fewer words in common may be a slogan, a quotation or a footer.
const LEAST_COMMON_WORDS: usize = 30;
/// From here on an article of another site is a reprint: a changed headline and the other
/// site's boilerplate leave two thirds and more of a usual text.
const LEAST_SIMILARITY: f64 = 0.5;
/// Within one site texts share boilerplate; there it takes nearly the whole text.
const LEAST_SIMILARITY_WITHIN_SITE: f64 = 0.8;

/// Who signed an article, as far as telling two people apart needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Byline {
    /// Digest of the account or the name: the index holds no names.
    pub digest: String,
    /// Whether it is an account, so a person, rather than a name.
    pub is_account: bool,
}

/// One printed article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticlePrint {
    /// The mention that it is.
    pub id: MentionId,
    /// The story that it stands in.
    pub story: StoryId,
    /// The source that found it.
    pub source: SourceName,
    /// The site that printed it, where its address says so.
    pub site: Option<String>,
    /// Who signed it.
    pub byline: Option<Byline>,
    /// When it was posted, or seen where the site does not say.
    pub posted: DateTime<Utc>,
    /// Its text.
    pub sketch: Sketch,
}

impl ArticlePrint {
    /// Whether both are the same article, printed twice.
    pub fn is_reprint_of(&self, other: &Self) -> bool {
        let apart = (self.posted - other.posted).abs();
        if apart > REPRINTED_WITHIN {
            return false;
        }
        let is_one_place =
            self.source == other.source || (self.site.is_some() && self.site == other.site);
        if let (Some(left), Some(right)) = (&self.byline, &other.byline)
            && left.digest != right.digest
            && (is_one_place || (left.is_account && right.is_account))
        {
            // Two people who wrote the same are two people. Newspapers put their own
            // names under what an agency wrote; accounts and one site's authors do not.
            return false;
        }
        let overlap = self.sketch.overlap(&other.sketch);
        let least = if is_one_place {
            LEAST_SIMILARITY_WITHIN_SITE
        } else {
            LEAST_SIMILARITY
        };
        overlap.n_words >= LEAST_COMMON_WORDS && overlap.similarity >= least
    }
}
