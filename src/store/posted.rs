//! Where each destination's message about a story stands, so that it can be changed or
//! followed; written in the step that records the attempt.

use super::{
    Store, StoreError, keys,
    tables::{Change, View, load, put},
};
use crate::domain::{Attempt, Posted, StoryId};

pub(super) const TABLE: &str = "posted";

/// Remembers the message that an attempt became.
pub(super) fn put_posted(view: &View, destination: &str, attempt: &Attempt) -> Change<()> {
    match &attempt.posted {
        Some(posted) => put(
            &view.posted,
            keys::posted(destination, &posted.story),
            posted,
        ),
        None => Ok(()),
    }
}

impl Store {
    /// Where a destination's message about a story stands; `None` when it has none, or none
    /// that is remembered.
    pub fn posted(&self, destination: &str, story: &StoryId) -> Result<Option<Posted>, StoreError> {
        let key = keys::posted(destination, story);
        load(&self.tables().posted, TABLE, key)
    }
}
