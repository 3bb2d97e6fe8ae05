//! What can go wrong in the store, worded so that a person knows what to do next.

use std::path::PathBuf;

use crate::domain::{DeliveryId, MentionId};

/// A failed operation of the store. Nothing of a failed operation is kept, except for
/// the earlier transactions of a long [`super::Store::record_poll`].
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process (or another handle of this one) has the store open.
    #[error(
        "the store at {} is in use by another process; stop it, or let it do the work",
        path.display()
    )]
    InUse {
        /// The store's folder.
        path: PathBuf,
    },
    /// The store was written by a later program.
    #[error(
        "the store at {} has schema {found}, this program knows up to {known}; \
         install the newer Hearken again, or restore the backup made before the upgrade",
        path.display()
    )]
    Newer {
        /// The store's folder.
        path: PathBuf,
        /// The schema of the store.
        found: u32,
        /// The schema of this program.
        known: u32,
    },
    /// The folder does not hold a store that can be read.
    #[error(
        "the store at {} cannot be read: {what}; restore a backup, or move the folder away \
         to start with an empty store",
        path.display()
    )]
    Broken {
        /// The store's folder.
        path: PathBuf,
        /// What was found.
        what: String,
        /// The engine's own error, when there is one.
        #[source]
        source: Option<sled::Error>,
    },
    /// A file or folder around the rows could not be made, read or copied.
    #[error("cannot {doing} {}", path.display())]
    Folder {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The engine could not read or write, for example because the disk is full. After
    /// such an error every later write fails as well, until the store is opened again.
    #[error("the store could not be read or written")]
    Storage(#[source] sled::Error),
    /// One row cannot be understood.
    #[error("row {key} of {table} is damaged; restore a backup")]
    Row {
        /// The kind of row.
        table: &'static str,
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: RowError,
    },
    /// A value could not be turned into bytes.
    #[error("a value cannot be stored")]
    Encode(#[source] serde_json::Error),
    /// What has arrived is not sent again by hand.
    #[error("delivery {id} has arrived already")]
    Delivered {
        /// The delivery.
        id: DeliveryId,
    },
    /// No mention has this id, or an id that starts so.
    #[error("no mention has the id {id}")]
    NotFound {
        /// What was asked for.
        id: String,
    },
    /// Several mentions have ids that start so.
    #[error("several mentions have an id that starts with {prefix}: {}, …", examples.join(", "))]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// The first ids that match.
        examples: Vec<String>,
    },
    /// The mention exists but was never flagged.
    #[error("mention {id} has no case: it was never flagged")]
    NoCase {
        /// The mention.
        id: MentionId,
    },
    /// No delivery has this id.
    #[error("no delivery has the id {id}")]
    NoDelivery {
        /// What was asked for.
        id: DeliveryId,
    },
}

/// Why the bytes of a row are not a value.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// There is no row where another row says that there is one.
    #[error("it is missing")]
    Missing,
    /// The first byte names no format that this program knows.
    #[error("its format tag is {0:?}")]
    Format(Option<u8>),
    /// The compressed form announces more than a row may hold.
    #[error("it announces {0} bytes")]
    TooLarge(usize),
    /// The compressed form is damaged.
    #[error("it cannot be decompressed")]
    Compression(#[source] lz4_flex::block::DecompressError),
    /// The text inside is not the value expected.
    #[error("its text does not fit")]
    Json(#[source] serde_json::Error),
}

impl From<sled::Error> for StoreError {
    fn from(error: sled::Error) -> Self {
        Self::Storage(error)
    }
}

impl StoreError {
    /// Whether the disk has no room left: nothing is lost, but nothing new is kept.
    pub fn is_disk_full(&self) -> bool {
        let io = match self {
            Self::Storage(sled::Error::Io(io)) => io,
            Self::Folder { source, .. } => source,
            _ => return false,
        };
        matches!(
            io.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        )
    }
}
