//! Models from a hub that speaks the protocol of the Hugging Face Hub: which files a
//! revision has, and each file with its checksum, going on where a broken download ended.
//!
//! The crate `hf-hub` was looked at first: it brings an HTTP stack of its own, which knows
//! neither our proxies nor our rules for inside addresses, checks no checksum, and keeps
//! its cache outside the store. Our client streams, follows the hub's redirects without
//! the token, and is tested; what is left is this folder.

mod download;
mod protocol;

pub use download::{Fetched, HubProgress, fetch};
pub use protocol::{FileInfo, Hub, Revision};

use crate::net::NetError;

/// Where models come from unless the environment or the command line names another place.
pub const HUB: &str = "https://huggingface.co";

/// Why a model did not come.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The name is not one of a hub.
    #[error("`{name}` is no name of a model on a hub: it is written OWNER/NAME")]
    Name {
        /// The name.
        name: String,
    },
    /// The address of the hub cannot be read.
    #[error("`{hub}` is no address of a hub")]
    Address {
        /// The address.
        hub: String,
    },
    /// The hub says no.
    #[error("{host} answered {status} for {what}: {why}")]
    Refused {
        /// The hub.
        host: String,
        /// Its status.
        status: u16,
        /// What was asked for.
        what: String,
        /// What it means and how to mend it.
        why: String,
    },
    /// The hub's answer is not what the protocol says.
    #[error("{host} does not answer as a hub does: {why}")]
    Protocol {
        /// The hub.
        host: String,
        /// What is wrong.
        why: String,
    },
    /// The revision lacks what it takes to run the model.
    #[error("{name} at {revision} cannot be used: {why}")]
    Lacks {
        /// The model.
        name: String,
        /// The revision.
        revision: String,
        /// What is missing, and the way out.
        why: String,
    },
    /// A file came otherwise than the hub says it is.
    #[error(
        "{file} came damaged: its checksum is {found} instead of {expected}; the file was removed, so ask again"
    )]
    Checksum {
        /// The file.
        file: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The connection failed.
    #[error(
        "{file} could not be downloaded ({n_have} bytes are kept; the same command goes on from there)"
    )]
    Broken {
        /// The file.
        file: String,
        /// Bytes on disk.
        n_have: u64,
        /// The cause.
        #[source]
        source: NetError,
    },
    /// The hub cannot be reached.
    #[error("the hub cannot be reached; models that are here already go on working")]
    Net(#[from] NetError),
    /// A file could not be written.
    #[error("cannot write {path}")]
    File {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}
