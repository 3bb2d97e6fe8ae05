//! How commands find the running daemon: a file in the store's folder that only its
//! owner can read, with the address and a token. sled locks its folder, so a command
//! beside a daemon always asks the daemon.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

const FILE: &str = "daemon.json";

/// Where the daemon answers, and with which token.
#[derive(Clone, Serialize, Deserialize)]
pub struct Handshake {
    /// Where its API listens.
    pub address: SocketAddr,
    /// The token of this run.
    pub token: String,
    /// The process, for people.
    pub pid: u32,
}

/// Removes the file when the daemon ends in good order.
pub struct Published {
    file: PathBuf,
}

impl Drop for Published {
    fn drop(&mut self) {
        // A file that is left behind names an address where nobody answers: harmless.
        let _ = std::fs::remove_file(&self.file);
    }
}

impl Handshake {
    /// Writes the file, readable by its owner only, in one rename.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn publish(&self, store_folder: &Path) -> std::io::Result<Published> {
        let mut file = tempfile::Builder::new()
            .prefix(".daemon-")
            .tempfile_in(store_folder)?;
        file.write_all(serde_json::to_string(self)?.as_bytes())?;
        file.as_file().sync_all()?;
        let path = store_folder.join(FILE);
        file.persist(&path)?;
        Ok(Published { file: path })
    }

    /// What the file says, if there is one.
    pub fn read(store_folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(store_folder.join(FILE)).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_private_and_goes_with_the_daemon() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let handshake = Handshake {
            address: "127.0.0.1:8080".parse().expect("an address"),
            token: "t".to_owned(),
            pid: 1,
        };
        let published = handshake.publish(folder.path()).expect("it is written");
        let file = folder.path().join(FILE);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&file)
                .expect("it exists")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(
            Handshake::read(folder.path()).map(|read| read.address),
            Some(handshake.address)
        );
        drop(published);
        assert!(Handshake::read(folder.path()).is_none());
    }
}
