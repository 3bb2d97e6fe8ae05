//! Mentions whose text was taken away where it stood. They stay, marked: people have to
//! know that a case lost its object, and that somebody once said it.

use chrono::{DateTime, Utc};

use super::{
    Store, StoreError,
    events::{Outgoing, put_events},
    keys,
    mentions::{self, MentionRow, put_mention},
    tables::{View, get},
};
use crate::domain::{EventId, Mention, SourceName};

/// A mention that was marked as deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkedDeleted {
    /// The mention as it is now.
    pub mention: Mention,
    /// The events that were stored for it.
    pub events: Vec<EventId>,
}

impl Store {
    /// Marks the mentions that these identity keys lead to, a set of keys for each item, as
    /// deleted at `at`, and stores the events that `events` makes of each. Only the source
    /// that found a mention first may say so, and only once; an item that comes back in a
    /// poll loses its mark there.
    pub fn mark_deleted(
        &self,
        source: &SourceName,
        items: &[Vec<String>],
        at: DateTime<Utc>,
        events: impl Fn(&Mention) -> Vec<Outgoing>,
    ) -> Result<Vec<MarkedDeleted>, StoreError> {
        let mut marked = Vec::new();
        for item_keys in items {
            let found = self.transact(|view| {
                let Some(mut row) = find(view, item_keys)? else {
                    return Ok(None);
                };
                if row.mention.source != *source || row.mention.deleted_at.is_some() {
                    return Ok(None);
                }
                let old = row.mention.clone();
                row.mention.deleted_at = Some(at);
                put_mention(view, Some(&old), &row)?;
                let stored = put_events(view, &events(&row.mention))?;
                Ok(Some(MarkedDeleted {
                    mention: row.mention,
                    events: stored,
                }))
            })?;
            marked.extend(found);
        }
        if !marked.is_empty() {
            self.flush()?;
        }
        Ok(marked)
    }
}

fn find(view: &View, item_keys: &[String]) -> super::tables::Change<Option<MentionRow>> {
    for key in item_keys {
        if let Some(id) = view.identities.get(keys::identity(key))? {
            return get(&view.mentions, mentions::TABLE, &id);
        }
    }
    Ok(None)
}
