//! Mentions out of one store and into another, with nothing lost: case, flag, earlier
//! texts, and the keys by which the next poll knows each item again.

use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError, keys,
    mentions::{self, MentionRow, put_mention},
    polls::take_keys,
    tables::{View, get, rows_after},
};
use crate::domain::{Mention, MentionId};

/// Imported in one transaction.
const N_PER_TRANSACTION: usize = 200;
/// Ids are digests of 32 digits; others may come from elsewhere.
const MOST_ID_BYTES: usize = 100;

/// A mention with its identity keys: a line of an export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportedMention {
    /// The mention as the API gives it.
    #[serde(flatten)]
    pub mention: Mention,
    /// The identity keys that lead to it, the strongest first.
    #[serde(default)]
    pub keys: Vec<String>,
}

impl ExportedMention {
    /// Why it cannot be stored, although it has the right fields.
    pub fn problem(&self) -> Option<String> {
        let id = self.mention.id.as_str();
        let is_plain = id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if id.is_empty() || id.len() > MOST_ID_BYTES || !is_plain {
            return Some(format!(
                "`id` is not one to {MOST_ID_BYTES} letters, digits, dots or dashes"
            ));
        }
        if self.mention.source.as_str().is_empty() {
            return Some("`source` is empty".to_owned());
        }
        if self.mention.brands.is_empty() {
            return Some("`brands` is empty: a mention speaks of at least one".to_owned());
        }
        None
    }
}

/// How many mentions an import brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Stored.
    pub n_new: usize,
    /// There already, and left as they are.
    pub n_known: usize,
}

impl Store {
    /// Up to `limit` mentions in the order of their ids, those after `after`. New mentions
    /// that come meanwhile move nothing.
    pub fn export_mentions(
        &self,
        after: Option<&MentionId>,
        limit: usize,
    ) -> Result<Vec<ExportedMention>, StoreError> {
        rows_after::<MentionRow>(
            &self.tables().mentions,
            mentions::TABLE,
            after.map(MentionId::as_str),
        )
        .take(limit)
        .map(|row| row.map(|(_, MentionRow { mention, keys })| ExportedMention { mention, keys }))
        .collect()
    }

    /// Stores mentions that were exported, as they are: nobody is alerted. One that is here
    /// already, by its id or by any of its keys, stays as it is, so importing a file twice
    /// changes nothing.
    pub fn import_mentions(&self, given: &[ExportedMention]) -> Result<Imported, StoreError> {
        let mut imported = Imported::default();
        for part in given.chunks(N_PER_TRANSACTION) {
            let stored = self.transact(|view| {
                let mut stored = Imported::default();
                for mention in part {
                    if import(view, mention)? {
                        stored.n_new += 1;
                    } else {
                        stored.n_known += 1;
                    }
                }
                Ok(stored)
            })?;
            imported.n_new += stored.n_new;
            imported.n_known += stored.n_known;
        }
        self.flush()?;
        Ok(imported)
    }
}

/// Stores one mention unless it is here; whether it was not.
fn import(view: &View, given: &ExportedMention) -> super::tables::Change<bool> {
    let is_known =
        get::<MentionRow>(&view.mentions, mentions::TABLE, given.mention.id.as_str())?.is_some();
    if is_known {
        return Ok(false);
    }
    for key in &given.keys {
        if view.identities.get(keys::identity(key))?.is_some() {
            return Ok(false);
        }
    }
    let mut row = MentionRow {
        mention: given.mention.clone(),
        keys: Vec::new(),
    };
    mentions::open_case(&mut row.mention);
    take_keys(view, &mut row, &given.keys)?;
    put_mention(view, None, &row)?;
    Ok(true)
}
