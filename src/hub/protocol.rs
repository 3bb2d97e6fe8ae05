//! The hub's own answers: what a revision is, and which files it has.

use serde::Deserialize;
use url::Url;

use super::HubError;
use crate::domain::Secret;
use crate::net::{Client, Request};

/// The largest list of files that is read.
const MOST_LIST_BYTES: u64 = 8 * 1024 * 1024;

/// A hub, and how it is asked.
pub struct Hub {
    pub(super) client: Client,
    base: Url,
    token: Option<Secret>,
}

/// A revision, pinned: what it is called today may be another one tomorrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// `owner/name`.
    pub name: String,
    /// The commit.
    pub commit: String,
    /// Its files.
    pub files: Vec<FileInfo>,
}

/// A file of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Its path.
    pub path: String,
    /// Its length, where the hub says it.
    pub n_bytes: Option<u64>,
    /// SHA-256 in hex of a large file.
    pub sha256: Option<String>,
    /// SHA-1 in hex of a small file, as Git counts it (`blob LENGTH\0` before it).
    pub git_sha1: Option<String>,
}

#[derive(Deserialize)]
struct RawRevision {
    sha: String,
    siblings: Vec<RawFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFile {
    rfilename: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    blob_id: Option<String>,
    #[serde(default)]
    lfs: Option<RawLarge>,
}

#[derive(Deserialize)]
struct RawLarge {
    sha256: String,
    #[serde(default)]
    size: Option<u64>,
}

impl Hub {
    /// A hub at an address; the token is sent to it alone.
    ///
    /// # Errors
    /// `Address`.
    pub fn new(client: Client, address: &str, token: Option<Secret>) -> Result<Self, HubError> {
        let wrong = || HubError::Address {
            hub: address.to_owned(),
        };
        let with_slash = format!("{}/", address.trim_end_matches('/'));
        let base = Url::parse(&with_slash).map_err(|_| wrong())?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(wrong());
        }
        Ok(Self {
            client,
            base,
            token,
        })
    }

    pub(super) fn host(&self) -> String {
        self.base.host_str().unwrap_or_default().to_owned()
    }

    /// Looks a revision up: a branch, a tag, a commit.
    ///
    /// # Errors
    /// `Name`, `Refused`, `Protocol`, `Net`.
    pub async fn revision(&self, name: &str, revision: &str) -> Result<Revision, HubError> {
        check_name(name)?;
        let path = format!(
            "api/models/{name}/revision/{}?blobs=true",
            encoded(revision)
        );
        let mut request = self.request(&path)?;
        request.cap_bytes = Some(MOST_LIST_BYTES);
        let answer = self.client.send(request).await?;
        if !answer.is_success() {
            return Err(self.refused(answer.status, &format!("{name} at {revision}")));
        }
        let raw: RawRevision =
            serde_json::from_slice(&answer.body).map_err(|error| HubError::Protocol {
                host: self.host(),
                why: format!("the list of files cannot be read ({error})"),
            })?;
        if raw.sha.is_empty() || !raw.sha.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(HubError::Protocol {
                host: self.host(),
                why: "the revision has no commit".to_owned(),
            });
        }
        let files = raw
            .siblings
            .into_iter()
            .map(|file| FileInfo {
                n_bytes: file.lfs.as_ref().and_then(|large| large.size).or(file.size),
                git_sha1: if file.lfs.is_some() {
                    None
                } else {
                    file.blob_id
                },
                sha256: file.lfs.map(|large| large.sha256.to_lowercase()),
                path: file.rfilename,
            })
            .collect();
        Ok(Revision {
            name: name.to_owned(),
            commit: raw.sha,
            files,
        })
    }

    /// Asks for a file of a revision.
    pub(super) fn file(&self, revision: &Revision, path: &str) -> Result<Request, HubError> {
        let path = path.split('/').map(encoded).collect::<Vec<_>>().join("/");
        self.request(&format!(
            "{}/resolve/{}/{path}",
            revision.name, revision.commit
        ))
    }

    fn request(&self, path: &str) -> Result<Request, HubError> {
        let url = self.base.join(path).map_err(|_| HubError::Address {
            hub: self.base.to_string(),
        })?;
        let request = Request::get(url);
        Ok(match &self.token {
            None => request,
            Some(token) => request.header("Authorization", format!("Bearer {}", token.reveal())),
        })
    }

    pub(super) fn refused(&self, status: u16, what: &str) -> HubError {
        let why = match status {
            401 | 403 => "there is no such model, or it takes a token: set HF_TOKEN",
            404 => "there is no such model or revision",
            429 => "it has been asked too often: wait a few minutes",
            _ => "try again later",
        };
        HubError::Refused {
            host: self.host(),
            status,
            what: what.to_owned(),
            why: why.to_owned(),
        }
    }
}

/// `owner/name`, of the letters that hubs take.
fn check_name(name: &str) -> Result<(), HubError> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.len() <= 96
            && !part.starts_with('.')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    match name.split_once('/') {
        Some((owner, rest)) if is_part(owner) && is_part(rest) => Ok(()),
        _ => Err(HubError::Name {
            name: name.to_owned(),
        }),
    }
}

fn encoded(part: &str) -> String {
    percent_encoding::utf8_percent_encode(part, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%2E", ".")
        .replace("%2D", "-")
        .replace("%5F", "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_two_plain_parts() {
        for good in ["a/b", "cardiffnlp/twitter-xlm-roberta-base-sentiment"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["a", "a/b/c", "../x", "a/../b", "a/b?c", "/b", "a/", "a/.."] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
