//! How often an author was heard before: an index from authors to their mentions, counted
//! when a flag is told.

use chrono::{DateTime, Utc};

use super::{Store, StoreError, keys, mentions::Summary};
use crate::domain::{AuthorHistory, Label, Mention, MentionId};

/// More mentions than this are "many": counting all of a robot's would cost every poll.
const COUNT_LIMIT: usize = 1_000;

/// The entry of a mention in the index of authors; none when its author has no account.
pub(super) fn author_entry(mention: &Mention) -> Option<(Vec<u8>, Vec<u8>)> {
    let author = mention.item.author_key()?;
    Some((
        keys::author(&author, mention.seen_at, &mention.id),
        Summary::of(mention).to_bytes(),
    ))
}

impl Store {
    /// What was heard of a mention's author before this mention was seen; `None` when its
    /// author has no account to be known by.
    pub fn author_history(&self, mention: &Mention) -> Result<Option<AuthorHistory>, StoreError> {
        let Some(author) = mention.item.author_key() else {
            return Ok(None);
        };
        self.heard_before(&author, mention.seen_at, &mention.id, COUNT_LIMIT)
            .map(Some)
    }

    /// What was heard of an author (`Item::author_key`) before a mention was seen, counting
    /// the last `most` mentions only.
    pub fn heard_before(
        &self,
        author: &str,
        seen_at: DateTime<Utc>,
        id: &MentionId,
        most: usize,
    ) -> Result<AuthorHistory, StoreError> {
        let mut history = AuthorHistory::default();
        let prefix = keys::author_prefix(author);
        // Up to this very mention: told again later, the count is the same.
        let end = keys::author(author, seen_at, id);
        let entries = self.tables().authors.range(prefix..end);
        for entry in entries.rev().take(most) {
            let (_, value) = entry?;
            history.n_mentions_before += 1;
            let is_negative =
                Summary::read(&value).is_some_and(|summary| summary.label == Label::Negative);
            history.n_negative_before += u64::from(is_negative);
        }
        Ok(history)
    }
}
