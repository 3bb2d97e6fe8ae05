//! What a poll produced, stored as one: mentions, the source's cursor, events and their
//! deliveries. Here it is decided what is new and what is an item that is known already.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::{
    Store, StoreError,
    events::{Outgoing, put_events},
    hours::count_hour,
    keys,
    mentions::{self, MentionRow, open_case, put_mention},
    tables::{Change, View, get, put, put_bytes, text},
};
use crate::domain::{
    EarlierText, EventId, EventType, Flag, Label, Mention, MentionId, SourceName, SourceStatus,
};

/// Mentions in one transaction. sled keeps a transaction in memory and lets nobody else
/// write meanwhile; 500 take a few tens of milliseconds.
const N_PER_TRANSACTION: usize = 500;
/// An item that changes at every poll must not grow for ever.
const N_EARLIER_TEXTS: usize = 20;

/// An item that a poll found, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMention {
    /// The mention as it is when it is new, or as it is now when it is known; a known one
    /// keeps its id, source, story, case and the time when it was first seen.
    pub mention: Mention,
    /// Its identity keys, the strongest first. A key that is known makes the item the
    /// mention of that key; of several the first decides.
    pub keys: Vec<String>,
    /// What is to be told. `mention.flagged` is stored for a mention that was not flagged
    /// before, every other type also when the mention was known and changed.
    pub events: Vec<Outgoing>,
}

/// What a poll produced.
#[derive(Clone, Debug, PartialEq)]
pub struct PollOutcome {
    /// The source that was polled.
    pub source: SourceName,
    /// Its cursor and health after the poll. `None` when more of the same poll follows:
    /// the cursor moves with the last part only.
    pub status: Option<SourceStatus>,
    /// What was found, in the order of the answer.
    pub mentions: Vec<NewMention>,
    /// What is to be told about the poll as a whole, stored with the last mentions.
    pub events: Vec<Outgoing>,
}

/// What was really stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Mentions that did not exist.
    pub new: Vec<MentionId>,
    /// Mentions whose title, text, rating or verdict changed.
    pub updated: Vec<MentionId>,
    /// Events that did not exist.
    pub events: Vec<EventId>,
}

/// What became of one item.
enum Stored {
    New,
    Updated,
    Known,
}

impl Store {
    /// The mention that each set of identity keys leads to, so that only new and changed
    /// texts are judged. A set may turn out known in [`Store::record_poll`] although it was
    /// unknown here: another source was quicker.
    pub fn known(&self, keys: &[Vec<String>]) -> Result<Vec<Option<Mention>>, StoreError> {
        let identities = &self.tables().identities;
        keys.iter()
            .map(|keys| {
                for key in keys {
                    let Some(id) = identities.get(keys::identity(key))? else {
                        continue;
                    };
                    if let Some(mention) = self.mention(&MentionId::new(text(&id)))? {
                        return Ok(Some(mention));
                    }
                }
                Ok(None)
            })
            .collect()
    }

    /// Stores what a poll produced.
    ///
    /// An item with a known key is the known mention. From the source that found it first
    /// it brings its changes: text, title, rating and verdict are taken over, the earlier
    /// text is kept, and a deadline never moves later. From another source it only adds its
    /// keys, or two sources that shorten a text differently would change it for ever. When
    /// one poll holds an item twice, its first appearance counts.
    ///
    /// Everything is one transaction as long as there are no more than 500 mentions. More
    /// are stored part by part, the cursor and `events` with the last one: a crash in
    /// between leaves the old cursor, the next poll finds the earlier parts by their keys,
    /// and their events are not stored again because their ids are made from content.
    pub fn record_poll(&self, outcome: &PollOutcome) -> Result<Recorded, StoreError> {
        let mut recorded = Recorded::default();
        let mut touched = HashSet::new();
        let at = outcome.at();
        let mut parts: Vec<&[NewMention]> = outcome.mentions.chunks(N_PER_TRANSACTION).collect();
        let last = parts.pop().unwrap_or_default();
        for part in parts {
            let (stored, ids) =
                self.transact(|view| record_part(view, &outcome.source, at, part, &touched))?;
            recorded.add(stored);
            touched.extend(ids);
        }
        let (stored, _) = self.transact(|view| {
            let (mut stored, ids) = record_part(view, &outcome.source, at, last, &touched)?;
            if let Some(status) = &outcome.status {
                put(&view.sources, status.name.as_str(), status)?;
            }
            stored.events.extend(put_events(view, &outcome.events)?);
            Ok((stored, ids))
        })?;
        recorded.add(stored);
        self.flush()?;
        Ok(recorded)
    }
}

impl PollOutcome {
    /// When the poll was: the latest moment at which anything in it was seen or told. A
    /// known mention alone does not say, for it may bear the time when it was first seen.
    fn at(&self) -> DateTime<Utc> {
        let polled = self
            .status
            .as_ref()
            .and_then(|status| status.health.last_poll_at);
        let seen = self.mentions.iter().map(|new| new.mention.seen_at);
        let told = self.mentions.iter().flat_map(|new| &new.events);
        let told = told.chain(&self.events).map(|(event, _)| event.at);
        polled
            .into_iter()
            .chain(seen)
            .chain(told)
            .max()
            .unwrap_or_default()
    }
}

impl Recorded {
    fn add(&mut self, other: Self) {
        self.new.extend(other.new);
        self.updated.extend(other.updated);
        self.events.extend(other.events);
    }
}

/// Stores some items of a poll; the mentions that they turned out to be come second.
fn record_part(
    view: &View,
    source: &SourceName,
    at: DateTime<Utc>,
    part: &[NewMention],
    touched_before: &HashSet<MentionId>,
) -> Change<(Recorded, HashSet<MentionId>)> {
    let mut recorded = Recorded::default();
    let mut touched = HashSet::new();
    for new in part {
        let known = find_known(view, new)?;
        let is_repeated = known.as_ref().is_some_and(|row| {
            touched.contains(&row.mention.id) || touched_before.contains(&row.mention.id)
        });
        let may_change = !is_repeated
            && known
                .as_ref()
                .is_some_and(|row| row.mention.source == *source);
        let was_flagged = known.as_ref().is_some_and(|row| row.mention.flag.is_some());
        let (id, stored) = match known {
            None => (store_new(view, new)?, Stored::New),
            Some(row) => store_known(view, row, new, may_change.then_some(at))?,
        };
        let events = match stored {
            Stored::New => put_events(view, &new.events)?,
            Stored::Updated if was_flagged => put_events(view, &without_flagged(&new.events))?,
            Stored::Updated => put_events(view, &new.events)?,
            Stored::Known => Vec::new(),
        };
        recorded.events.extend(events);
        match stored {
            Stored::New => recorded.new.push(id.clone()),
            Stored::Updated => recorded.updated.push(id.clone()),
            Stored::Known => (),
        }
        touched.insert(id);
    }
    Ok((recorded, touched))
}

/// People were told of a flagged mention when it was flagged.
fn without_flagged(events: &[Outgoing]) -> Vec<Outgoing> {
    events
        .iter()
        .filter(|(event, _)| event.event_type != EventType::MentionFlagged)
        .cloned()
        .collect()
}

/// The mention that an item is, by its keys or by its id.
fn find_known(view: &View, new: &NewMention) -> Change<Option<MentionRow>> {
    for key in &new.keys {
        if let Some(id) = view.identities.get(keys::identity(key))?
            && let Some(row) = get(&view.mentions, mentions::TABLE, &id)?
        {
            return Ok(Some(row));
        }
    }
    get(&view.mentions, mentions::TABLE, new.mention.id.as_str())
}

fn store_new(view: &View, new: &NewMention) -> Change<MentionId> {
    let mut row = MentionRow {
        mention: new.mention.clone(),
        keys: Vec::new(),
    };
    open_case(&mut row.mention);
    take_keys(view, &mut row, &new.keys)?;
    put_mention(view, None, &row)?;
    count_hour(view, &row.mention)?;
    Ok(row.mention.id)
}

/// Gives a known mention its new keys and, when `changed_at` says that it may change, what
/// is new about it.
fn store_known(
    view: &View,
    mut row: MentionRow,
    new: &NewMention,
    changed_at: Option<DateTime<Utc>>,
) -> Change<(MentionId, Stored)> {
    let old = row.mention.clone();
    let has_new_keys = take_keys(view, &mut row, &new.keys)?;
    let mut stored = Stored::Known;
    if let Some(at) = changed_at {
        if has_changed(&old, &new.mention) {
            row.mention = merged(&old, &new.mention, at);
            stored = Stored::Updated;
        } else {
            row.mention.item.engagement = new.mention.item.engagement;
            row.mention.item.updated_at = new.mention.item.updated_at.or(old.item.updated_at);
            row.mention.reach_before = new.mention.reach_before.or(old.reach_before);
            take_followers(&mut row.mention, &new.mention);
        }
        // What is listed again was not deleted, or is back.
        row.mention.deleted_at = None;
    }
    if has_new_keys || row.mention != old {
        put_mention(view, Some(&old), &row)?;
    }
    Ok((old.id, stored))
}

/// Gives the mention those keys that belong to nobody yet; whether there were any.
pub(super) fn take_keys(view: &View, row: &mut MentionRow, new_keys: &[String]) -> Change<bool> {
    let mut has_new = false;
    for key in new_keys {
        let identity = keys::identity(key);
        if view.identities.get(&identity)?.is_some() {
            continue;
        }
        put_bytes(&view.identities, identity, row.mention.id.as_str())?;
        if !row.keys.contains(key) {
            row.keys.push(key.clone());
        }
        has_new = true;
    }
    Ok(has_new)
}

/// Followers come and go without anybody editing anything.
fn take_followers(mention: &mut Mention, new: &Mention) {
    let followers = new.item.author.as_ref().and_then(|author| author.followers);
    if let (Some(author), Some(followers)) = (&mut mention.item.author, followers) {
        author.followers = Some(followers);
    }
}

/// Whether a mention that spreads needs an answer now, or more than before.
fn is_more_urgent(old: &Mention, new: &Mention) -> bool {
    let score = |mention: &Mention| mention.flag.as_ref().map(|flag| flag.score);
    score(new) > score(old)
}

fn has_changed(old: &Mention, new: &Mention) -> bool {
    old.item.title != new.item.title
        || old.item.text != new.item.text
        || old.item.rating != new.item.rating
        || (old.sentiment.label != new.sentiment.label && old.correction().is_none())
        || is_more_urgent(old, new)
}

/// The known mention with what its author had changed by `at`.
fn merged(old: &Mention, new: &Mention, at: DateTime<Utc>) -> Mention {
    let mut mention = Mention {
        id: old.id.clone(),
        source: old.source.clone(),
        seen_at: old.seen_at,
        story: old.story.clone(),
        case: old.case.clone().or_else(|| new.case.clone()),
        backlog: old.backlog,
        // Somebody may have corrected it since the poll read it.
        corrections: old.corrections.clone(),
        earlier: old.earlier.clone(),
        ..new.clone()
    };
    let said = old
        .correction()
        .filter(|_| old.item.full_text() == new.item.full_text())
        .map(|correction| correction.label);
    if let Some(label) = said {
        mention.judge_again(label);
    }
    // The customer waits since the first posting, whatever date an edit bears.
    mention.item.published_at = match (old.item.published_at, new.item.published_at) {
        (Some(old_time), Some(new_time)) => Some(old_time.min(new_time)),
        (old_time, new_time) => old_time.or(new_time),
    };
    mention.flag = match (&old.flag, &new.flag) {
        (Some(old_flag), Some(new_flag)) => Some(Flag {
            goal_by: old_flag.goal_by.min(new_flag.goal_by),
            reply_by: old_flag.reply_by.min(new_flag.reply_by),
            estimated: old_flag.estimated && new_flag.estimated,
            ..new_flag.clone()
        }),
        // The poll may have triaged it before a person said that it is negative.
        (Some(old_flag), None) if said == Some(Label::Negative) => Some(old_flag.clone()),
        (_, new_flag) => new_flag.clone(),
    };
    open_case(&mut mention);
    let text_changed = old.item.title != new.item.title || old.item.text != new.item.text;
    if text_changed || old.item.rating != new.item.rating {
        mention.earlier.push(EarlierText {
            until: at,
            title: old.item.title.clone(),
            text: old.item.text.clone(),
            rating: old.item.rating,
        });
        // The first text is what the customer came with; the last ones say what followed.
        if mention.earlier.len() > N_EARLIER_TEXTS {
            mention.earlier.remove(1);
        }
    }
    mention
}
