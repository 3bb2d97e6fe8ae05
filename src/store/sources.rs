//! Cursor and health of sources. A cursor that stands for new mentions moves with them,
//! in `record_poll`; here it is only read, or written after a poll that brought none.

use super::{
    Store, StoreError,
    events::{Outgoing, put_events},
    tables::{load, put, rows},
};
use crate::domain::{EventId, SourceName, SourceStatus};

pub(super) const TABLE: &str = "sources";

impl Store {
    /// What is remembered of a source; that of a source never polled when there is nothing.
    pub fn source_status(&self, name: &SourceName) -> Result<SourceStatus, StoreError> {
        let status = load(&self.tables().sources, TABLE, name.as_str())?;
        Ok(status.unwrap_or_else(|| SourceStatus::new(name.clone())))
    }

    /// Remembers how a poll without mentions went, and stores what is to be told about it;
    /// which events were new.
    pub fn save_source_status(
        &self,
        status: &SourceStatus,
        events: &[Outgoing],
    ) -> Result<Vec<EventId>, StoreError> {
        let stored = self.transact(|view| {
            put(&view.sources, status.name.as_str(), status)?;
            put_events(view, events)
        })?;
        self.flush()?;
        Ok(stored)
    }

    /// Everything remembered of sources, by name, including those no longer configured.
    pub fn all_source_statuses(&self) -> Result<Vec<SourceStatus>, StoreError> {
        rows(&self.tables().sources, TABLE)
            .map(|row| row.map(|(_, status)| status))
            .collect()
    }
}
