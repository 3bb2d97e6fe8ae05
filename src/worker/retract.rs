//! What was taken away where it stood: the feed says so, the site shows a marker in its
//! place, or it is gone from the middle of its list. The mention is marked, never removed,
//! and people who were told of it are told.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::events::deleted_event;
use super::{Engine, Plan, PlannedSource, blocking};
use crate::dedupe::{self, Identity};
use crate::domain::{Event, Listing, Mention, MentionId, SourceName};
use crate::parse::Parsed;
use crate::store::StoreError;

/// The items of a source that are no longer there, by their identity keys.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// The site says so of these.
    said: Vec<Vec<String>>,
    /// Two answers in a row do without these.
    vanished: Vec<String>,
    /// The keys of everything that is there: an entry that changed its id is not gone.
    /// Empty when nothing vanished.
    here: Vec<Vec<String>>,
}

impl Gone {
    /// What an answer takes away, and what to remember of it.
    pub(super) fn of(
        source: &SourceName,
        before: &Listing,
        parsed: &Parsed,
        identities: &[Identity],
    ) -> (Self, Listing) {
        let (listing, vanished) = dedupe::vanished(before, &parsed.items, identities);
        let is_listed = |id: &String| {
            parsed
                .items
                .iter()
                .any(|item| item.native_id.as_ref() == Some(id))
        };
        let by_tombstone = parsed
            .deleted
            .iter()
            .filter(|id| !is_listed(id))
            .map(|id| vec![dedupe::native_key(source, id)]);
        let by_marker = parsed
            .items
            .iter()
            .zip(identities)
            .filter(|(item, _)| dedupe::is_deletion_marker(item))
            .map(|(_, identity)| identity.keys.clone());
        let said = by_tombstone.chain(by_marker).collect();
        let here = if vanished.is_empty() {
            Vec::new()
        } else {
            identities
                .iter()
                .map(|identity| identity.keys.clone())
                .collect()
        };
        let gone = Self {
            said,
            vanished,
            here,
        };
        (gone, listing)
    }

    fn is_empty(&self) -> bool {
        self.said.is_empty() && self.vanished.is_empty()
    }
}

/// Marks the mentions of what is gone; how many there were.
pub(super) async fn retract(
    engine: &Engine,
    plan: &Plan,
    source: &PlannedSource,
    gone: Gone,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    if gone.is_empty() {
        return Ok(0);
    }
    let store = engine.store.clone();
    let name = source.name.clone();
    let destinations = plan.destinations.clone();
    let (n_marked, told) = blocking(move || {
        let here: HashSet<MentionId> = store
            .known(&gone.here)?
            .into_iter()
            .flatten()
            .map(|mention| mention.id)
            .collect();
        let mut items = gone.said;
        for key in gone.vanished {
            let keys = vec![key];
            let known = store.known(std::slice::from_ref(&keys))?.pop().flatten();
            if known.is_some_and(|mention| !here.contains(&mention.id)) {
                items.push(keys);
            }
        }
        let events = |mention: &Mention| {
            let is_told = mention.flag.is_some() && !mention.backlog;
            is_told
                .then(|| deleted_event(mention, now).addressed(&destinations))
                .into_iter()
                .collect::<Vec<_>>()
        };
        let marked = store.mark_deleted(&name, &items, now, events)?;
        let mut told: Vec<Event> = Vec::new();
        for marked in &marked {
            told.extend(store.events(&marked.events)?);
        }
        Ok::<_, StoreError>((marked.len(), told))
    })
    .await?;
    if !told.is_empty() {
        engine.announce(told);
    }
    Ok(n_marked)
}
