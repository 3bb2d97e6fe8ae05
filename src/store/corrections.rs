//! What people said against the model's verdicts: storing it, and reading it again for
//! the training.

use sled::transaction::abort;

use super::{
    Store, StoreError,
    events::{Outgoing, put_events},
    keys,
    mentions::{self, MentionRow, open_case, put_mention},
    tables::{get, text},
};
use crate::domain::{EventId, Mention, MentionId, Said};

/// What correcting a verdict led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Corrected {
    /// The mention as it is now.
    pub mention: Mention,
    /// Whether anything changed; it does not when a person said the same already.
    pub changed: bool,
    /// Whether the mention got its flag by this.
    pub flagged: bool,
    /// The events that were stored for it.
    pub events: Vec<EventId>,
}

/// The entry of a mention in the index of corrected ones; none when nobody corrected it.
pub(super) fn correction_entry(mention: &Mention) -> Option<(Vec<u8>, Vec<u8>)> {
    let last = mention.corrections.last()?;
    Some((keys::timed(last.at, mention.id.as_str()), Vec::new()))
}

impl Store {
    /// Records a person's verdict; `triage_again` flags the corrected mention or not, and
    /// the events that come out of it are stored with it. Saying the same again changes
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn correct(
        &self,
        id: &MentionId,
        said: &Said,
        triage_again: impl Fn(&mut Mention) -> Vec<Outgoing>,
    ) -> Result<Corrected, StoreError> {
        let outcome = self.transact(|view| {
            let Some(mut row) = get::<MentionRow>(&view.mentions, mentions::TABLE, id.as_str())?
            else {
                return abort(StoreError::NotFound { id: id.to_string() });
            };
            let old = row.mention.clone();
            let changed = old
                .correction()
                .is_none_or(|before| before.label != said.label);
            let mut stored = Vec::new();
            if changed {
                row.mention.judge_again(said.label);
                row.mention.corrections.push(said.against(&old.sentiment));
                let events = triage_again(&mut row.mention);
                open_case(&mut row.mention);
                put_mention(view, Some(&old), &row)?;
                stored = put_events(view, &events)?;
            }
            Ok(Corrected {
                flagged: old.flag.is_none() && row.mention.flag.is_some(),
                mention: row.mention,
                changed,
                events: stored,
            })
        })?;
        if outcome.changed {
            self.flush()?;
        }
        Ok(outcome)
    }

    /// The mentions that people corrected, the last corrected first.
    pub fn corrected_newest_first(
        &self,
    ) -> impl Iterator<Item = Result<Mention, StoreError>> + use<> {
        let store = self.clone();
        self.tables()
            .corrected
            .iter()
            .keys()
            .rev()
            .filter_map(move |key| {
                let id = match key {
                    Ok(key) => text(keys::id_after(&key, keys::TIME_BYTES)),
                    Err(error) => return Some(Err(error.into())),
                };
                store.mention(&MentionId::new(id)).transpose()
            })
    }
}
