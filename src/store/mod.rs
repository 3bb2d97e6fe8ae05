//! The store: sled behind operations of the domain ("record what a poll produced",
//! "claim due deliveries"), each atomic. No key, table or sled type leaves this folder, so
//! that the same operations can stand on PostgreSQL later. Functions block: async callers
//! use `spawn_blocking`; a [`Store`] is cheap to clone. The clock is never read here.
//!
//! What always holds, and [`Store::verify`] checks:
//!
//! 1. **Acknowledged means on disk.** An operation that returns `Ok` for something people
//!    rely on has flushed. Only claims ([`Store::claim_due`]) are not flushed: a lost claim
//!    is found as `due` again, which is what [`Store::recover_sending`] makes of it anyway.
//! 2. **A cursor moves with its mentions.** It is written in the transaction of the last
//!    mentions of its poll, together with their events and deliveries.
//! 3. **An item is one mention.** Every identity key belongs to one mention; whatever comes
//!    with a known key is that mention again, from whichever source.
//! 4. **An event is stored once**, and so are its deliveries: their ids are made from
//!    content, and an id that exists is left alone, so a poll repeated after a crash
//!    alerts nobody again.
//! 5. **A delivery that waits is in the queue of its destination**, or among what is told
//!    together, and nowhere else; a dead destination cannot hold up another one. Of each
//!    story the oldest unfinished delivery goes first.
//! 6. **Indexes and rows agree**: they change in the same transaction.
//!
//! sled commits one transaction at a time per process and may run a closure again, so
//! closures only read what they captured and are never handed the outside world. Inside a
//! transaction only single rows can be read: ranges are read before, and every row found
//! so is checked again inside.

mod authors;
mod bundles;
mod claims;
mod codec;
mod corrections;
mod decisions;
mod deleted;
mod deliveries;
mod destinations;
mod error;
mod events;
mod exchange;
mod hours;
mod keys;
mod mentions;
mod migrate;
mod overdue;
mod polls;
mod posted;
mod prints;
mod replays;
mod sources;
mod stats;
mod tables;
mod tokens;
mod verify;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::sleep,
    time::Duration,
};

use chrono::{DateTime, Utc};

pub use bundles::Bundle;
pub use claims::Room;
pub use corrections::Corrected;
pub use decisions::{Decided, Decisions};
pub use deleted::MarkedDeleted;
pub use deliveries::{AttemptOutcome, DeliveryFilter, Tried};
pub use destinations::{DestinationHealth, Disabled, Held, Holds};
pub use error::{RowError, StoreError};
pub use events::Outgoing;
pub use exchange::{ExportedMention, Imported};
pub use hours::HourCount;
pub use mentions::{ActOutcome, CaseFilter, MentionFilter};
pub use polls::{NewMention, PollOutcome, Recorded};
pub use stats::Stats;
pub use tokens::{TokenPurpose, TokenRow};
pub use verify::Report;

use tables::{Change, Tables, View};

/// The version of rows and keys that this program writes.
pub const SCHEMA: u32 = 2;

/// sled keeps about this much of the store in memory; its own default is a gigabyte.
const CACHE_BYTES: u64 = 128 * 1024 * 1024;
/// The folder of sled's files inside the store's folder, which also holds other files.
const ROWS: &str = "rows";
/// Says that the folder holds a store, so that lost rows are not mistaken for a new store.
const MARKER: &str = "hearken-store";
/// sled's worker threads may hold the lock for a moment after a store was closed.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const LOCK_RETRY_EVERY: Duration = Duration::from_millis(50);

const META_SCHEMA: &str = "schema";
const META_CREATED_AT: &str = "created_at";
const META_N_MENTIONS: &str = "n_mentions";

/// An open store. Clones share it; it closes when the last one is dropped.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    db: sled::Db,
    tables: Tables,
    /// One claim at a time, so that the number under way per destination is exact.
    claiming: Mutex<()>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("folder", &self.inner.folder)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in `folder`, which is made (readable by its owner only) when it does
    /// not exist. An older store is brought up to date, after a copy of the folder was
    /// put beside it.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it open, [`StoreError::Newer`] when a
    /// later program wrote it, [`StoreError::Broken`] when it cannot be read.
    pub fn open(folder: &Path, now: DateTime<Utc>) -> Result<Self, StoreError> {
        make_private_folder(folder)?;
        let db = open_rows(folder)?;
        let tables = Tables::open(&db)?;
        let store = Self {
            inner: Arc::new(Inner {
                folder: folder.to_owned(),
                db,
                tables,
                claiming: Mutex::new(()),
            }),
        };
        match store.read_schema()? {
            None => store.begin(now)?,
            Some(found) if found > SCHEMA => {
                return Err(StoreError::Newer {
                    path: folder.to_owned(),
                    found,
                    known: SCHEMA,
                });
            }
            Some(found) if found < SCHEMA => migrate::run(&store, found, now)?,
            Some(_) => (),
        }
        store.mark()?;
        Ok(store)
    }

    /// The folder that the store was opened in.
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// Blocks until everything written so far is on disk.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.inner.db.flush()?;
        Ok(())
    }

    /// Bytes that the store's files take.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        Ok(self.inner.db.size_on_disk()?)
    }

    /// When the store was made.
    pub fn created_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let bytes = self.tables().meta.get(META_CREATED_AT)?;
        Ok(bytes.and_then(|bytes| keys::read_time(&bytes)))
    }

    fn tables(&self) -> &Tables {
        &self.inner.tables
    }

    /// Runs `change` as one transaction over all tables. It may run more than once.
    fn transact<A>(&self, change: impl Fn(&View) -> Change<A>) -> Result<A, StoreError> {
        self.inner.tables.transact(change)
    }

    /// Waits for the claim of another thread to end. A claim that panicked changed
    /// nothing, so its lock is as good as any.
    fn lock_claims(&self) -> MutexGuard<'_, ()> {
        self.inner
            .claiming
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn broken(&self, what: impl Into<String>) -> StoreError {
        StoreError::Broken {
            path: self.inner.folder.clone(),
            what: what.into(),
            source: None,
        }
    }

    fn read_schema(&self) -> Result<Option<u32>, StoreError> {
        let Some(bytes) = self.tables().meta.get(META_SCHEMA)? else {
            return Ok(None);
        };
        let bytes: [u8; 4] = bytes
            .as_ref()
            .try_into()
            .map_err(|_| self.broken("its schema version is damaged"))?;
        Ok(Some(u32::from_be_bytes(bytes)))
    }

    fn write_schema(&self, schema: u32) -> Result<(), StoreError> {
        self.tables()
            .meta
            .insert(META_SCHEMA, &schema.to_be_bytes())?;
        self.flush()
    }

    /// Makes a new store of an empty folder, and refuses one that only looks empty.
    fn begin(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.inner.folder.join(MARKER).exists() {
            return Err(self.broken("its rows are gone"));
        }
        if !self.tables().are_empty() {
            return Err(self.broken("its schema version is missing"));
        }
        self.tables()
            .meta
            .insert(META_CREATED_AT, &keys::time(now))?;
        self.write_schema(SCHEMA)
    }

    fn mark(&self) -> Result<(), StoreError> {
        let path = self.inner.folder.join(MARKER);
        if path.exists() {
            return Ok(());
        }
        let text = "This folder holds the mentions, alerts and cursors of Hearken.\n";
        std::fs::write(&path, text).map_err(|source| StoreError::Folder {
            doing: "write",
            path,
            source,
        })
    }
}

fn make_private_folder(folder: &Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| StoreError::Folder {
        doing: "create the folder",
        path: folder.to_owned(),
        source,
    })
}

fn open_rows(folder: &Path) -> Result<sled::Db, StoreError> {
    let config = sled::Config::new()
        .path(folder.join(ROWS))
        .cache_capacity(CACHE_BYTES);
    let mut waited = Duration::ZERO;
    loop {
        // sled checks some of what it reads with assertions; a damaged file must give an
        // error all the same.
        let opened =
            catch_unwind(AssertUnwindSafe(|| config.open())).map_err(|_| StoreError::Broken {
                path: folder.to_owned(),
                what: "its files are damaged".into(),
                source: None,
            })?;
        match opened {
            Ok(db) => return Ok(db),
            Err(error) if !is_lock_error(&error) => return Err(cannot_open(folder, error)),
            Err(_) if waited >= LOCK_PATIENCE => {
                return Err(StoreError::InUse {
                    path: folder.to_owned(),
                });
            }
            Err(_) => {
                sleep(LOCK_RETRY_EVERY);
                waited += LOCK_RETRY_EVERY;
            }
        }
    }
}

/// sled has no error of its own for a lock that is held; its text is all there is.
fn is_lock_error(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(io) if io.to_string().contains("could not acquire lock"))
}

fn cannot_open(folder: &Path, error: sled::Error) -> StoreError {
    let what = match &error {
        sled::Error::Io(io) if io.kind() != std::io::ErrorKind::InvalidData => {
            return StoreError::Storage(error);
        }
        sled::Error::Unsupported(_) => "its files come from another version of the engine",
        _ => "its files are damaged",
    };
    StoreError::Broken {
        path: folder.to_owned(),
        what: what.into(),
        source: Some(error),
    }
}
