//! Reading a body chunk by chunk with the limit checked before anything is kept, so
//! that an endless body, a false length or a bomb costs no more than the limit.

use std::io::Read;
use std::time::Duration;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use tokio::time::{Instant, timeout_at};

use super::error::of_body;
use super::{Cap, NetError};

/// How far one body is read.
pub(super) struct Limits<'a> {
    pub(super) host: &'a str,
    pub(super) cap_bytes: u64,
    pub(super) on_cap: Cap,
    pub(super) deadline: Instant,
    /// The time behind `deadline`, for the text of the error.
    pub(super) total: Duration,
}

/// What was read.
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) is_whole: bool,
}

/// A false Content-Length must not reserve memory before a byte has come.
const FIRST_RESERVE_BYTES: u64 = 64 * 1024;

/// Reads the body of an answer to its end or to a limit.
pub(super) async fn read(
    response: &mut reqwest::Response,
    limits: &Limits<'_>,
) -> Result<Body, NetError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > limits.cap_bytes && limits.on_cap == Cap::Fail {
        return Err(limits.too_large());
    }
    let encoding = leftover_encoding(response);
    let reserve = announced.min(FIRST_RESERVE_BYTES).min(limits.cap_bytes);
    let mut bytes = Vec::with_capacity(usize::try_from(reserve).unwrap_or(0));
    let is_whole = match (fill(response, &mut bytes, limits).await, limits.on_cap) {
        (Ok(is_whole), _) => is_whole,
        (Err(_), Cap::Truncate) => false,
        (Err(error), Cap::Fail) => return Err(error),
    };
    match encoding {
        Some(encoding) if is_whole => unpack(&encoding, &bytes, limits),
        _ => Ok(Body { bytes, is_whole }),
    }
}

async fn fill(
    response: &mut reqwest::Response,
    bytes: &mut Vec<u8>,
    limits: &Limits<'_>,
) -> Result<bool, NetError> {
    loop {
        let n_bytes = bytes.len() as u64;
        let chunk = match timeout_at(limits.deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => return Ok(true),
            Ok(Err(error)) => return Err(of_body(&error, limits.host, n_bytes)),
            Err(_) => {
                return Err(NetError::BodyTimeout {
                    host: limits.host.to_owned(),
                    limit: limits.total,
                    n_bytes,
                });
            }
        };
        let room = limits.cap_bytes.saturating_sub(n_bytes);
        if chunk.len() as u64 > room {
            if limits.on_cap == Cap::Fail {
                return Err(limits.too_large());
            }
            let room = usize::try_from(room).unwrap_or(0);
            bytes.extend_from_slice(&chunk[..room]);
            return Ok(false);
        }
        bytes.extend_from_slice(&chunk);
    }
}

/// The encoding that the client did not undo, because it was not asked for or is
/// written in an old way. What it does undo it removes from the headers.
fn leftover_encoding(response: &reqwest::Response) -> Option<String> {
    let value = response.headers().get("content-encoding")?;
    let name = value.to_str().unwrap_or("unreadable").trim();
    let name = name.to_ascii_lowercase();
    (!name.is_empty() && name != "identity" && name != "none" && !name.starts_with("utf"))
        .then_some(name)
}

fn unpack(encoding: &str, bytes: &[u8], limits: &Limits<'_>) -> Result<Body, NetError> {
    let unpacked = match encoding {
        "gzip" | "x-gzip" => inflate(MultiGzDecoder::new(bytes), limits.cap_bytes),
        // Some servers mean zlib as the standard says, others a bare deflate stream.
        "deflate" => inflate(ZlibDecoder::new(bytes), limits.cap_bytes)
            .or_else(|_| inflate(DeflateDecoder::new(bytes), limits.cap_bytes)),
        other => Err(format!("`{other}` was not asked for")),
    };
    match unpacked {
        Ok(Inflated::Whole(bytes)) => Ok(Body {
            bytes,
            is_whole: true,
        }),
        Ok(Inflated::Cut(bytes)) if limits.on_cap == Cap::Truncate => Ok(Body {
            bytes,
            is_whole: false,
        }),
        Ok(Inflated::Cut(_)) => Err(limits.too_large()),
        Err(_) if limits.on_cap == Cap::Truncate => Ok(Body {
            bytes: bytes.to_vec(),
            is_whole: false,
        }),
        Err(why) => Err(NetError::BadCompression {
            host: limits.host.to_owned(),
            why,
        }),
    }
}

/// Unpacks a gzip file that a server sends as a plain body (`feed.xml.gz`).
///
/// # Errors
/// [`NetError::TooLarge`] for a bomb, [`NetError::BadCompression`] for broken data.
pub fn gunzip(host: &str, bytes: &[u8], cap_bytes: u64) -> Result<Vec<u8>, NetError> {
    match inflate(MultiGzDecoder::new(bytes), cap_bytes) {
        Ok(Inflated::Whole(bytes)) => Ok(bytes),
        Ok(Inflated::Cut(_)) => Err(NetError::TooLarge {
            host: host.to_owned(),
            limit_bytes: cap_bytes,
        }),
        Err(why) => Err(NetError::BadCompression {
            host: host.to_owned(),
            why,
        }),
    }
}

enum Inflated {
    Whole(Vec<u8>),
    Cut(Vec<u8>),
}

fn inflate(decoder: impl Read, cap_bytes: u64) -> Result<Inflated, String> {
    let mut bytes = Vec::new();
    // One byte more than the limit tells "exactly the limit" from "more".
    let mut limited = decoder.take(cap_bytes.saturating_add(1));
    limited
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > cap_bytes {
        bytes.truncate(usize::try_from(cap_bytes).unwrap_or(usize::MAX));
        return Ok(Inflated::Cut(bytes));
    }
    Ok(Inflated::Whole(bytes))
}

impl Limits<'_> {
    fn too_large(&self) -> NetError {
        NetError::TooLarge {
            host: self.host.to_owned(),
            limit_bytes: self.cap_bytes,
        }
    }
}
