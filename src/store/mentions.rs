//! Mentions and their cases: the row with its index entries, reading by id, by time and by
//! urgency, and what a person does to a case.

use std::ops::Bound;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sled::transaction::abort;

use super::{
    META_N_MENTIONS, Store, StoreError,
    authors::author_entry,
    corrections::correction_entry,
    events::{Outgoing, put_events},
    keys,
    tables::{Change, View, get, load, put, put_bytes, reindex, text},
};
use crate::domain::{CaseAct, CaseState, EventId, Label, Mention, MentionId};

pub(super) const TABLE: &str = "mentions";
/// More than anybody can choose from.
const N_EXAMPLES: usize = 5;

/// A mention as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct MentionRow {
    pub(super) mention: Mention,
    /// The identity keys that lead to this mention, as they were given.
    pub(super) keys: Vec<String>,
}

/// Which mentions to read; the default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MentionFilter {
    /// Only those seen at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Only those seen before this time.
    pub until: Option<DateTime<Utc>>,
    /// Only those with this verdict.
    pub label: Option<Label>,
    /// Only those flagged, or only those not flagged.
    pub flagged: Option<bool>,
}

/// Which cases to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CaseFilter {
    /// Every case, those that wait first.
    All,
    /// Those whose customer waits: open and claimed.
    #[default]
    Waiting,
    /// Those in one state.
    Only(CaseState),
}

/// What acting on a case led to.
#[derive(Clone, Debug, PartialEq)]
pub struct ActOutcome {
    /// The mention as it is now.
    pub mention: Mention,
    /// Whether the action changed anything; it does not when the case was there already.
    pub changed: bool,
    /// The events that were stored for it.
    pub events: Vec<EventId>,
}

/// What an index entry says of its mention, so that filters and counts need not read the
/// mention itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) label: Label,
    pub(super) flagged: bool,
    pub(super) backlog: bool,
}

impl Summary {
    const LABELS: [Label; 4] = [
        Label::Negative,
        Label::Neutral,
        Label::Positive,
        Label::Unsure,
    ];
    const FLAGGED: u8 = 1;
    const BACKLOG: u8 = 2;

    pub(super) fn of(mention: &Mention) -> Self {
        Self {
            label: mention.sentiment.label,
            flagged: mention.flag.is_some(),
            backlog: mention.backlog,
        }
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        let label = match self.label {
            Label::Negative => 0,
            Label::Neutral => 1,
            Label::Positive => 2,
            Label::Unsure => 3,
        };
        let flagged = if self.flagged { Self::FLAGGED } else { 0 };
        let backlog = if self.backlog { Self::BACKLOG } else { 0 };
        vec![label, flagged | backlog]
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let &[label, marks] = bytes else { return None };
        Some(Self {
            label: *Self::LABELS.get(usize::from(label))?,
            flagged: marks & Self::FLAGGED != 0,
            backlog: marks & Self::BACKLOG != 0,
        })
    }
}

/// The byte that stands for a state in the index of cases.
fn state_byte(state: CaseState) -> u8 {
    match state {
        CaseState::Open => 0,
        CaseState::Claimed => 1,
        CaseState::Replied => 2,
        CaseState::Verified => 3,
        CaseState::Dismissed => 4,
    }
}

/// The entry of a mention in the index by time.
pub(super) fn time_entry(mention: &Mention) -> (Vec<u8>, Vec<u8>) {
    let (posted, _) = Mention::clock_start(&mention.item, mention.seen_at);
    (
        keys::mention_time(mention.seen_at, posted, &mention.id),
        Summary::of(mention).to_bytes(),
    )
}

/// The entry of a mention in the index of cases; none without a case.
pub(super) fn case_entry(mention: &Mention) -> Option<(Vec<u8>, Vec<u8>)> {
    let case = mention.case.as_ref()?;
    let group = if case.state.is_waiting() {
        keys::WAITING
    } else {
        keys::CLOSED
    };
    let reply_by = mention.flag.as_ref().map(|flag| flag.reply_by);
    Some((
        keys::case(group, reply_by, &mention.id),
        vec![
            state_byte(case.state),
            u8::from(mention.backlog),
            u8::from(case.overdue_at.is_some()),
        ],
    ))
}

/// Writes a mention with its index entries; `old` is the row that it replaces.
pub(super) fn put_mention(view: &View, old: Option<&Mention>, row: &MentionRow) -> Change<()> {
    let mention = &row.mention;
    put(&view.mentions, mention.id.as_str(), row)?;
    reindex(
        &view.mentions_by_time,
        old.map(time_entry),
        Some(time_entry(mention)),
    )?;
    reindex(&view.cases, old.and_then(case_entry), case_entry(mention))?;
    reindex(
        &view.authors,
        old.and_then(author_entry),
        author_entry(mention),
    )?;
    reindex(
        &view.corrected,
        old.and_then(correction_entry),
        correction_entry(mention),
    )?;
    if old.is_none() {
        let n_mentions = read_count(view.meta.get(META_N_MENTIONS)?.as_deref()) + 1;
        put_bytes(
            &view.meta,
            META_N_MENTIONS,
            n_mentions.to_be_bytes().to_vec(),
        )?;
    }
    Ok(())
}

/// A flagged mention always has a case, or nobody would find it.
pub(super) fn open_case(mention: &mut Mention) {
    if mention.flag.is_some() && mention.case.is_none() {
        mention.case = Some(crate::domain::Case::open());
    }
}

/// A counter of the meta table; zero before it was first written.
pub(super) fn read_count(bytes: Option<&[u8]>) -> u64 {
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u64::from_be_bytes)
}

impl Store {
    /// The mention with this id.
    pub fn mention(&self, id: &MentionId) -> Result<Option<Mention>, StoreError> {
        let row: Option<MentionRow> = load(&self.tables().mentions, TABLE, id.as_str())?;
        Ok(row.map(|row| row.mention))
    }

    /// The mention with this id, or the only one whose id starts so: people type the
    /// first characters.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] and [`StoreError::Ambiguous`].
    pub fn find_mention(&self, prefix: &str) -> Result<Mention, StoreError> {
        let not_found = || StoreError::NotFound { id: prefix.into() };
        if prefix.is_empty() {
            return Err(not_found());
        }
        if let Some(mention) = self.mention(&MentionId::new(prefix))? {
            return Ok(mention);
        }
        let mut ids = Vec::new();
        for key in self.tables().mentions.scan_prefix(prefix).keys() {
            ids.push(text(&key?));
            if ids.len() == N_EXAMPLES {
                break;
            }
        }
        match ids.as_slice() {
            [] => Err(not_found()),
            [id] => self
                .mention(&MentionId::new(id.as_str()))?
                .ok_or_else(not_found),
            _ => Err(StoreError::Ambiguous {
                prefix: prefix.into(),
                examples: ids,
            }),
        }
    }

    /// The mentions that the filter lets through, the last seen first; among those of one
    /// poll the last posted first. Rows are read as the iterator is asked for them, and
    /// only those that pass.
    pub fn mentions_newest_first(
        &self,
        filter: &MentionFilter,
    ) -> impl Iterator<Item = Result<Mention, StoreError>> + Send + use<> {
        let store = self.clone();
        let MentionFilter { label, flagged, .. } = *filter;
        self.time_entries(filter.since, filter.until)
            .rev()
            .filter_map(move |entry| {
                let (key, value) = match entry {
                    Ok(entry) => entry,
                    Err(error) => return Some(Err(error.into())),
                };
                let passes = Summary::read(&value).is_none_or(|summary| {
                    label.is_none_or(|label| label == summary.label)
                        && flagged.is_none_or(|flagged| flagged == summary.flagged)
                });
                if !passes {
                    return None;
                }
                let id = text(keys::id_after(&key, keys::MENTION_TIME_BYTES));
                store.mention(&MentionId::new(id)).transpose()
            })
    }

    /// The index entries of the mentions seen from `since` on and before `until`.
    pub(super) fn time_entries(
        &self,
        since: Option<DateTime<Utc>>,
        until: Option<DateTime<Utc>>,
    ) -> sled::Iter {
        let bound = |at: DateTime<Utc>| keys::time(at).to_vec();
        let from = since.map_or(Bound::Unbounded, |at| Bound::Included(bound(at)));
        let to = until.map_or(Bound::Unbounded, |at| Bound::Excluded(bound(at)));
        // A range that ends before it starts is nothing to find, not a mistake.
        if let (Bound::Included(from), Bound::Excluded(to)) = (&from, &to)
            && from >= to
        {
            return self
                .tables()
                .mentions_by_time
                .range(from.clone()..from.clone());
        }
        self.tables()
            .mentions_by_time
            .range::<Vec<u8>, _>((from, to))
    }

    /// The cases that the filter lets through, the most urgent first: those that wait by
    /// deadline, then the closed ones by deadline.
    pub fn cases(
        &self,
        filter: CaseFilter,
    ) -> impl Iterator<Item = Result<Mention, StoreError>> + Send + use<> {
        let store = self.clone();
        let cases = &self.tables().cases;
        let entries = match filter {
            CaseFilter::All => cases.iter(),
            CaseFilter::Waiting => cases.scan_prefix([keys::WAITING]),
            CaseFilter::Only(state) if state.is_waiting() => cases.scan_prefix([keys::WAITING]),
            CaseFilter::Only(_) => cases.scan_prefix([keys::CLOSED]),
        };
        entries.filter_map(move |entry| {
            let (key, value) = match entry {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error.into())),
            };
            if let CaseFilter::Only(state) = filter
                && value.first() != Some(&state_byte(state))
            {
                return None;
            }
            let id = text(keys::id_after(&key, keys::CASE_BYTES));
            store.mention(&MentionId::new(id)).transpose()
        })
    }

    /// Does what a person asked for to the case of a mention, and stores the events that
    /// `events` makes of the changed mention with it. Doing the same again changes nothing
    /// and stores no event; a reply that was already verified stays verified.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] and [`StoreError::NoCase`].
    pub fn act_on_case(
        &self,
        id: &MentionId,
        act: CaseAct,
        events: impl Fn(&Mention) -> Vec<Outgoing>,
    ) -> Result<ActOutcome, StoreError> {
        let outcome = self.transact(|view| {
            let Some(mut row) = get::<MentionRow>(&view.mentions, TABLE, id.as_str())? else {
                return abort(StoreError::NotFound { id: id.to_string() });
            };
            let old = row.mention.clone();
            let Some(case) = row.mention.case.as_mut() else {
                return abort(StoreError::NoCase { id: id.clone() });
            };
            let changed = case.apply(&act);
            let mut stored = Vec::new();
            if changed {
                put_mention(view, Some(&old), &row)?;
                stored = put_events(view, &events(&row.mention))?;
            }
            Ok(ActOutcome {
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

    /// How many mentions there are.
    pub fn n_mentions(&self) -> Result<u64, StoreError> {
        let bytes = self.tables().meta.get(META_N_MENTIONS)?;
        Ok(read_count(bytes.as_deref()))
    }
}
