//! Brings an older store up to date, one schema version after the other, after a copy of
//! its folder was put beside it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use sled::{Batch, Tree};
use tracing::info;

use super::{
    META_N_MENTIONS, SCHEMA, Store, StoreError,
    authors::author_entry,
    corrections::correction_entry,
    deliveries, events, keys,
    mentions::{self, MentionRow},
    tables::{Tables, rows},
};
use crate::domain::{Delivery, Event};

/// The step from each version to the next: the first one leads from 0 to 1. A step that
/// was interrupted runs again from its start, so each must bear that.
const STEPS: [Step; SCHEMA as usize] = [rebuild_indexes, rebuild_indexes];

type Step = fn(&Tables) -> Result<(), StoreError>;

/// Index entries written at once.
const N_PER_BATCH: usize = 1_000;

/// Runs every step that the store lacks.
pub(super) fn run(store: &Store, from: u32, now: DateTime<Utc>) -> Result<(), StoreError> {
    store.flush()?;
    let backup = back_up(store.folder(), from, now)?;
    info!(
        from,
        to = SCHEMA,
        backup = %backup.display(),
        "The store comes from an older version; a copy was made, now it is brought up to date"
    );
    for (version, step) in (0..).zip(STEPS).skip(from as usize) {
        step(store.tables())?;
        store.flush()?;
        store.write_schema(version + 1)?;
    }
    Ok(())
}

/// Copies the folder to a new one beside it. The name is given only to a complete copy.
fn back_up(folder: &Path, schema: u32, now: DateTime<Utc>) -> Result<PathBuf, StoreError> {
    let name = folder.file_name().unwrap_or("store".as_ref());
    let beside = |suffix: &str| {
        let mut name = name.to_owned();
        name.push(suffix);
        folder.with_file_name(name)
    };
    let stamp = now.format("%Y%m%dT%H%M%SZ");
    let target = (1..)
        .map(|n| match n {
            1 => beside(&format!("-schema-{schema}-{stamp}")),
            n => beside(&format!("-schema-{schema}-{stamp}-{n}")),
        })
        .find(|path| !path.exists())
        .expect("one of endless names is free");
    let unfinished = beside("-unfinished-copy");
    let made = (|| {
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        copy_folder(folder, &unfinished)?;
        fs::rename(&unfinished, &target)
    })();
    made.map_err(|source| StoreError::Folder {
        doing: "copy the store before its migration to",
        path: target.clone(),
        source,
    })?;
    Ok(target)
}

/// Copies files and folders with their permissions; sockets and links are left out.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target)?;
            fs::File::open(&target)?.sync_all()?;
        }
    }
    Ok(())
}

/// Makes every index anew from the rows. Schema 0 had neither cases nor queues per
/// destination, schema 1 no order within a story; making all of them anew costs seconds
/// and cannot forget one.
fn rebuild_indexes(tables: &Tables) -> Result<(), StoreError> {
    for index in [
        &tables.identities,
        &tables.mentions_by_time,
        &tables.cases,
        &tables.authors,
        &tables.corrected,
        &tables.events_by_time,
        &tables.deliveries_by_time,
        &tables.due,
        &tables.bundles,
        &tables.stories,
        &tables.sending,
    ] {
        index.clear()?;
    }

    let mut identities = Filling::of(&tables.identities);
    let mut by_time = Filling::of(&tables.mentions_by_time);
    let mut cases = Filling::of(&tables.cases);
    let mut authors = Filling::of(&tables.authors);
    let mut corrected = Filling::of(&tables.corrected);
    let mut n_mentions: u64 = 0;
    for row in rows::<MentionRow>(&tables.mentions, mentions::TABLE) {
        let (id, row) = row?;
        for key in &row.keys {
            identities.add((keys::identity(key).into_bytes(), id.to_vec()))?;
        }
        by_time.add(mentions::time_entry(&row.mention))?;
        cases.extend(mentions::case_entry(&row.mention))?;
        authors.extend(author_entry(&row.mention))?;
        corrected.extend(correction_entry(&row.mention))?;
        n_mentions += 1;
    }
    identities.finish()?;
    by_time.finish()?;
    cases.finish()?;
    authors.finish()?;
    corrected.finish()?;
    tables
        .meta
        .insert(META_N_MENTIONS, &n_mentions.to_be_bytes())?;

    let mut by_time = Filling::of(&tables.events_by_time);
    for row in rows::<Event>(&tables.events, events::TABLE) {
        let (_, event) = row?;
        by_time.add((keys::timed(event.at, event.id.as_str()), Vec::new()))?;
    }
    by_time.finish()?;

    let mut by_time = Filling::of(&tables.deliveries_by_time);
    let mut due = Filling::of(&tables.due);
    let mut bundles = Filling::of(&tables.bundles);
    let mut stories = Filling::of(&tables.stories);
    let mut sending = Filling::of(&tables.sending);
    for row in rows::<Delivery>(&tables.deliveries, deliveries::TABLE) {
        let (_, delivery) = row?;
        by_time.add(deliveries::time_entry(&delivery))?;
        due.extend(deliveries::due_entry(&delivery))?;
        bundles.extend(deliveries::bundle_entry(&delivery))?;
        stories.extend(deliveries::story_entry(&delivery))?;
        sending.extend(deliveries::sending_entry(&delivery))?;
    }
    by_time.finish()?;
    due.finish()?;
    bundles.finish()?;
    stories.finish()?;
    sending.finish()
}

/// An index being filled, some entries at a time.
struct Filling<'a> {
    index: &'a Tree,
    batch: Batch,
    n_in_batch: usize,
}

impl<'a> Filling<'a> {
    fn of(index: &'a Tree) -> Self {
        Self {
            index,
            batch: Batch::default(),
            n_in_batch: 0,
        }
    }

    fn add(&mut self, (key, value): (Vec<u8>, Vec<u8>)) -> Result<(), StoreError> {
        self.batch.insert(key, value);
        self.n_in_batch += 1;
        if self.n_in_batch == N_PER_BATCH {
            self.index.apply_batch(std::mem::take(&mut self.batch))?;
            self.n_in_batch = 0;
        }
        Ok(())
    }

    fn extend(&mut self, entry: Option<(Vec<u8>, Vec<u8>)>) -> Result<(), StoreError> {
        entry.map_or(Ok(()), |entry| self.add(entry))
    }

    fn finish(self) -> Result<(), StoreError> {
        self.index.apply_batch(self.batch)?;
        Ok(())
    }
}
