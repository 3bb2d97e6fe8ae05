//! The tables (sled trees) and a transaction over all of them. Which key and value each
//! one holds is said here, once.

use serde::{Serialize, de::DeserializeOwned};
use sled::{
    IVec, Tree,
    transaction::{
        ConflictableTransactionError, TransactionError, Transactional, TransactionalTree, abort,
    },
};

use super::{
    codec,
    error::{RowError, StoreError},
};

/// What a step of a transaction gives: an error aborts the whole of it.
pub(super) type Change<A> = Result<A, ConflictableTransactionError<StoreError>>;

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Every table, for reading outside transactions.
        pub(super) struct Tables {
            $($(#[$doc])* pub(super) $name: Tree,)*
        }

        impl Tables {
            /// Opens every table, making those that do not exist.
            pub(super) fn open(db: &sled::Db) -> Result<Self, StoreError> {
                Ok(Self { $($name: db.open_tree(stringify!($name))?,)* })
            }

            fn all(&self) -> Vec<&Tree> {
                vec![$(&self.$name),*]
            }
        }

        /// Every table as one transaction sees it.
        pub(super) struct View {
            $(pub(super) $name: TransactionalTree,)*
        }

        impl View {
            fn of(trees: &[TransactionalTree]) -> Self {
                let mut trees = trees.iter().cloned();
                Self { $($name: trees.next().expect("there is one tree for every table"),)* }
            }
        }
    };
}

tables! {
    /// Schema version, time of creation, counters.
    meta,
    /// Mention id → mention with its identity keys.
    mentions,
    /// Hash of an identity key → mention id.
    identities,
    /// Seen at, posted at, mention id → what filters look at.
    mentions_by_time,
    /// Waiting or closed, deadline, mention id → what filters look at.
    cases,
    /// Author, seen at, mention id → what filters look at.
    authors,
    /// When a person last corrected it, mention id → nothing.
    corrected,
    /// Event id → event.
    events,
    /// Stored at, event id → nothing.
    events_by_time,
    /// Delivery id → delivery.
    deliveries,
    /// Created at, delivery id → what filters look at.
    deliveries_by_time,
    /// Destination, next try, created at, delivery id → story: the queues.
    due,
    /// Destination, when they are told, created at, delivery id → nothing: what waits to be
    /// told together.
    bundles,
    /// Destination, story, created at, delivery id → nothing: unfinished deliveries, so
    /// that of each story the oldest goes first.
    stories,
    /// Destination, what alerts have in common → until when those like it are held back.
    bursts,
    /// Destination, delivery id → nothing: what senders have claimed.
    sending,
    /// Destination, story → where the message about it stands.
    posted,
    /// Destination name → its health.
    destinations,
    /// Source name → cursor and health.
    sources,
    /// Mention id → what the index of reprints knows of the article.
    prints,
    /// Band of a sketch → ids of the mentions in it, the oldest first.
    print_bands,
    /// When it leaves the index, mention id → nothing.
    prints_by_time,
    /// Brand, hour → how many mentions were seen, and how many of them negative.
    hours,
    /// Brand → its spike.
    spikes,
    /// Purpose, hash of the token → token.
    tokens,
    /// Name of a setting → text.
    settings,
}

impl Tables {
    /// Whether no table has a row.
    pub(super) fn are_empty(&self) -> bool {
        self.all().iter().all(|tree| tree.is_empty())
    }

    /// Runs `change` as one transaction over all tables. It may run more than once.
    pub(super) fn transact<A>(&self, change: impl Fn(&View) -> Change<A>) -> Result<A, StoreError> {
        self.all()
            .as_slice()
            .transaction(|trees| change(&View::of(trees)))
            .map_err(|error| match error {
                TransactionError::Abort(error) => error,
                TransactionError::Storage(error) => StoreError::Storage(error),
            })
    }
}

/// The row of `tree`, outside a transaction.
pub(super) fn load<T: DeserializeOwned>(
    tree: &Tree,
    table: &'static str,
    key: impl AsRef<[u8]>,
) -> Result<Option<T>, StoreError> {
    let key = key.as_ref();
    tree.get(key)?
        .map(|bytes| codec::decode(table, key, &bytes))
        .transpose()
}

/// The row of `tree` as the transaction sees it.
pub(super) fn get<T: DeserializeOwned>(
    tree: &TransactionalTree,
    table: &'static str,
    key: impl AsRef<[u8]>,
) -> Change<Option<T>> {
    let key = key.as_ref();
    match tree.get(key)? {
        None => Ok(None),
        Some(bytes) => codec::decode(table, key, &bytes).map(Some).or_else(abort),
    }
}

/// The row that another row says exists.
pub(super) fn must_get<T: DeserializeOwned>(
    tree: &TransactionalTree,
    table: &'static str,
    key: impl AsRef<[u8]>,
) -> Change<T> {
    let key = key.as_ref();
    match get(tree, table, key)? {
        Some(row) => Ok(row),
        None => abort(codec::damaged(table, key, RowError::Missing)),
    }
}

/// Writes a row.
pub(super) fn put(
    tree: &TransactionalTree,
    key: impl AsRef<[u8]>,
    value: &impl Serialize,
) -> Change<()> {
    let bytes = codec::encode(value).or_else(abort)?;
    put_bytes(tree, key, bytes)
}

/// Writes an index entry.
pub(super) fn put_bytes(
    tree: &TransactionalTree,
    key: impl AsRef<[u8]>,
    value: impl Into<IVec>,
) -> Change<()> {
    tree.insert(key.as_ref(), value)?;
    Ok(())
}

/// Puts the entry of a row into an index, and takes the entry away that the row had.
pub(super) fn reindex(
    tree: &TransactionalTree,
    old: Option<(Vec<u8>, Vec<u8>)>,
    new: Option<(Vec<u8>, Vec<u8>)>,
) -> Change<()> {
    if old == new {
        return Ok(());
    }
    if let Some((key, _)) = old
        && new.as_ref().is_none_or(|(new_key, _)| *new_key != key)
    {
        tree.remove(key)?;
    }
    if let Some((key, value)) = new {
        put_bytes(tree, key, value)?;
    }
    Ok(())
}

/// Reads every row of a table, in the order of its keys.
pub(super) fn rows<T: DeserializeOwned>(
    tree: &Tree,
    table: &'static str,
) -> impl Iterator<Item = Result<(IVec, T), StoreError>> + use<T> {
    tree.iter().map(move |entry| {
        let (key, bytes) = entry?;
        let row = codec::decode(table, &key, &bytes)?;
        Ok((key, row))
    })
}

/// Reads the rows after a key, in the order of their keys.
pub(super) fn rows_after<T: DeserializeOwned>(
    tree: &Tree,
    table: &'static str,
    after: Option<&str>,
) -> impl Iterator<Item = Result<(IVec, T), StoreError>> + use<T> {
    use std::ops::Bound::{Excluded, Unbounded};
    let from = after.map_or(Unbounded, |key| Excluded(key.as_bytes()));
    tree.range::<&[u8], _>((from, Unbounded)).map(move |entry| {
        let (key, bytes) = entry?;
        let row = codec::decode(table, &key, &bytes)?;
        Ok((key, row))
    })
}

/// A key's text, for errors and for ids that end a key.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
