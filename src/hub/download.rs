//! Files of a revision into a folder: each into `NAME.part` first, checked, then moved.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::{FileInfo, Hub, HubError, Revision};
use crate::net::{NetError, Opened};

/// Tokenizers and configurations; what a model may have of them is taken.
const SMALL_FILES: [&str; 7] = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
];
/// Weights, the best first: one is enough.
const WEIGHTS: [&str; 2] = ["model.safetensors", "rust_model.ot"];
/// A download that has brought nothing for so long is broken.
const SILENCE: Duration = Duration::from_secs(60);
/// Attempts at a file before the command gives up; each goes on where the last one ended.
const N_ATTEMPTS: usize = 4;

/// How far a download is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubProgress {
    /// The file.
    pub file: String,
    /// Bytes that are here.
    pub n_have: u64,
    /// Bytes of the whole, where known.
    pub n_all: Option<u64>,
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Files that are in the folder now.
    pub files: Vec<String>,
    /// Bytes that were downloaded, without those that were here from a broken attempt.
    pub n_bytes: u64,
}

/// Downloads what it takes to run a model. What is in the folder already, whole or in
/// part, is used.
///
/// # Errors
/// `Lacks` when the revision has no weights or no vocabulary that can be read; else as
/// [`HubError`] says, and what has come is kept.
pub async fn fetch(
    hub: &Hub,
    revision: &Revision,
    folder: &Path,
    told: &mut (dyn FnMut(HubProgress) + Send),
) -> Result<Fetched, HubError> {
    let wanted = wanted(revision)?;
    std::fs::create_dir_all(folder).map_err(|source| file_error(folder, source))?;
    let mut fetched = Fetched {
        files: Vec::new(),
        n_bytes: 0,
    };
    for info in wanted {
        let place = folder.join(&info.path);
        if !place.is_file() {
            fetched.n_bytes += fetch_file(hub, revision, info, &place, told).await?;
        }
        fetched.files.push(info.path.clone());
    }
    Ok(fetched)
}

/// The files that are needed of a revision.
fn wanted(revision: &Revision) -> Result<Vec<&FileInfo>, HubError> {
    let find = |path: &str| revision.files.iter().find(|file| file.path == path);
    let lacks = |why: &str| HubError::Lacks {
        name: revision.name.clone(),
        revision: revision.commit.clone(),
        why: why.to_owned(),
    };
    let mut wanted: Vec<&FileInfo> = SMALL_FILES.iter().filter_map(|path| find(path)).collect();
    if find("config.json").is_none() {
        return Err(lacks("it has no config.json"));
    }
    if wanted.iter().all(|file| file.path.ends_with("config.json")) {
        return Err(lacks(
            "it has no vocabulary that can be read (tokenizer.json, vocab.txt, vocab.json with \
             merges.txt, or sentencepiece.bpe.model)",
        ));
    }
    let weights = WEIGHTS.iter().find_map(|path| find(path)).ok_or_else(|| {
        lacks(if find("pytorch_model.bin").is_some() {
            "it has its weights as pytorch_model.bin only, and a pickle can run any code, so it \
             is not read; many models have a conversion as `--revision refs/pr/N`: look at the \
             pull requests of the model's page"
        } else {
            "it has neither model.safetensors nor rust_model.ot in one piece"
        })
    })?;
    wanted.push(weights);
    Ok(wanted)
}

/// Downloads one file; the bytes that came.
async fn fetch_file(
    hub: &Hub,
    revision: &Revision,
    info: &FileInfo,
    place: &Path,
    told: &mut (dyn FnMut(HubProgress) + Send),
) -> Result<u64, HubError> {
    let part = part_of(place);
    let mut n_came = 0;
    let mut attempt = 1;
    loop {
        match append(hub, revision, info, &part, &mut n_came, told).await {
            Ok(()) => break,
            // What has come is kept, so another attempt asks for the rest.
            Err(HubError::Broken { .. }) if attempt < N_ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
    let checked = {
        let (part, info) = (part.clone(), info.clone());
        tokio::task::spawn_blocking(move || check(&part, &info))
            .await
            .unwrap_or_else(|_| {
                Err(HubError::Protocol {
                    host: hub.host(),
                    why: "the check was stopped".to_owned(),
                })
            })
    };
    if let Err(error) = checked {
        // Going on from damaged bytes would never end well.
        let _ = std::fs::remove_file(&part);
        return Err(error);
    }
    std::fs::rename(&part, place).map_err(|source| file_error(place, source))?;
    Ok(n_came)
}

fn part_of(place: &Path) -> PathBuf {
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    place.with_file_name(name)
}

/// Asks for what is missing of a file and appends it.
async fn append(
    hub: &Hub,
    revision: &Revision,
    info: &FileInfo,
    part: &Path,
    n_came: &mut u64,
    told: &mut (dyn FnMut(HubProgress) + Send),
) -> Result<(), HubError> {
    let write_error = |source| file_error(part, source);
    let mut n_have = std::fs::metadata(part).map_or(0, |meta| meta.len());
    if info.n_bytes.is_some_and(|n_all| n_have >= n_all) && n_have > 0 {
        return Ok(());
    }
    let mut request = hub.file(revision, &info.path)?;
    if n_have > 0 {
        request = request.header("Range", format!("bytes={n_have}-"));
    }
    let broken = |n_have: u64, source: NetError| HubError::Broken {
        file: info.path.clone(),
        n_have,
        source,
    };
    let mut stream = match hub
        .client
        .open(request)
        .await
        .map_err(|error| broken(n_have, error))?
    {
        Opened::Stream(stream) => stream,
        // The part is as long as the file, or longer: begin anew.
        Opened::Refused(answer) if answer.status == 416 => {
            std::fs::remove_file(part).map_err(write_error)?;
            return Err(broken(
                0,
                NetError::Other {
                    host: hub.host(),
                    why: "the part on disk was longer than the file".to_owned(),
                },
            ));
        }
        Opened::Refused(answer) => return Err(hub.refused(answer.status, &info.path)),
    };
    // Whoever knows no ranges sends the whole file.
    let goes_on = stream
        .headers()
        .get("content-range")
        .is_some_and(|range| range.starts_with(&format!("bytes {n_have}-")));
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(goes_on)
        .write(true)
        .truncate(!goes_on)
        .open(part)
        .map_err(write_error)?;
    if !goes_on {
        n_have = 0;
    }
    loop {
        let piece = match tokio::time::timeout(SILENCE, stream.next()).await {
            Ok(piece) => piece.map_err(|error| broken(n_have, error))?,
            Err(_) => {
                return Err(broken(
                    n_have,
                    NetError::Other {
                        host: hub.host(),
                        why: format!("nothing came for {} seconds", SILENCE.as_secs()),
                    },
                ));
            }
        };
        let Some(piece) = piece else { break };
        file.write_all(&piece).map_err(write_error)?;
        n_have += piece.len() as u64;
        *n_came += piece.len() as u64;
        told(HubProgress {
            file: info.path.clone(),
            n_have,
            n_all: info.n_bytes,
        });
    }
    file.sync_all().map_err(write_error)?;
    match info.n_bytes {
        Some(n_all) if n_have < n_all => Err(broken(
            n_have,
            NetError::Other {
                host: hub.host(),
                why: format!("it ended after {n_have} of {n_all} bytes"),
            },
        )),
        _ => Ok(()),
    }
}

/// Compares a file with what the hub says of it.
fn check(part: &Path, info: &FileInfo) -> Result<(), HubError> {
    let mut file = std::fs::File::open(part).map_err(|source| file_error(part, source))?;
    let n_bytes = file
        .metadata()
        .map_err(|source| file_error(part, source))?
        .len();
    let mut large = Sha256::new();
    let mut small = Sha1::new();
    small.update(format!("blob {n_bytes}\0"));
    let mut piece = vec![0; 1 << 20];
    loop {
        let n = file
            .read(&mut piece)
            .map_err(|source| file_error(part, source))?;
        if n == 0 {
            break;
        }
        large.update(&piece[..n]);
        if info.git_sha1.is_some() {
            small.update(&piece[..n]);
        }
    }
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let pair = match (&info.sha256, &info.git_sha1) {
        (Some(expected), _) => Some((expected, hex(&large.finalize()))),
        (None, Some(expected)) => Some((expected, hex(&small.finalize()))),
        (None, None) => None,
    };
    match pair {
        Some((expected, found)) if *expected != found => Err(HubError::Checksum {
            file: info.path.clone(),
            expected: expected.clone(),
            found,
        }),
        _ => Ok(()),
    }
}

fn file_error(path: &Path, source: std::io::Error) -> HubError {
    HubError::File {
        path: path.display().to_string(),
        source,
    }
}
