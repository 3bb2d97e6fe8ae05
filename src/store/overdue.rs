//! Cases whose last moment has passed, each told once.

use chrono::{DateTime, Utc};

use super::{
    Store, StoreError,
    events::{Outgoing, put_events},
    keys,
    mentions::{self, MentionRow, put_mention},
    tables::{get, text},
};
use crate::domain::{EventId, Mention};

/// Places in the value of a case's index entry.
const BACKLOG: usize = 1;
const TOLD: usize = 2;

impl Store {
    /// Marks the cases whose deadline has passed by `now` and that were not told yet, at
    /// most `limit`, and stores the events that `events` makes of each; which events were
    /// new. Backlog is never overdue.
    pub fn raise_overdue(
        &self,
        now: DateTime<Utc>,
        limit: usize,
        events: impl Fn(&Mention) -> Vec<Outgoing>,
    ) -> Result<Vec<EventId>, StoreError> {
        let mut ids = Vec::new();
        let end = keys::joined(&[&[keys::WAITING], &keys::time(now)]);
        for entry in self.tables().cases.range(vec![keys::WAITING]..end) {
            let (key, value) = entry?;
            let is = |place: usize| value.get(place) == Some(&1);
            if !is(BACKLOG) && !is(TOLD) {
                ids.push(text(keys::id_after(&key, keys::CASE_BYTES)));
            }
            if ids.len() == limit {
                break;
            }
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let stored = self.transact(|view| {
            let mut stored = Vec::new();
            for id in &ids {
                let row: Option<MentionRow> = get(&view.mentions, mentions::TABLE, id)?;
                let Some(mut row) = row.filter(|row| is_overdue(&row.mention, now)) else {
                    continue;
                };
                let old = row.mention.clone();
                if let Some(case) = &mut row.mention.case {
                    case.overdue_at = Some(now);
                }
                put_mention(view, Some(&old), &row)?;
                stored.extend(put_events(view, &events(&row.mention))?);
            }
            Ok(stored)
        })?;
        self.flush()?;
        Ok(stored)
    }
}

/// Whether people are to be told, looked at again inside the transaction.
fn is_overdue(mention: &Mention, now: DateTime<Utc>) -> bool {
    let waits = mention
        .case
        .as_ref()
        .is_some_and(|case| case.state.is_waiting() && case.overdue_at.is_none());
    let is_late = mention
        .flag
        .as_ref()
        .is_some_and(|flag| flag.reply_by < now);
    waits && is_late && !mention.backlog
}
