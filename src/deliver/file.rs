//! Destinations of kind `file`: one line an event, appended and on disk before it counts as
//! delivered.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use super::attempt::Back;
use super::kinds::Heard;
use crate::domain::DestinationKind;

/// Appends one line. A line that was written halfway before a crash is ended first, so that
/// it spoils no other one.
pub(super) async fn append(kind: &DestinationKind, line: Vec<u8>) -> Result<Back, String> {
    let DestinationKind::File { path } = kind else {
        return Err("its kind is not a file".to_owned());
    };
    let path = path.clone();
    let written = tokio::task::spawn_blocking(move || write(&path, &line)).await;
    match written {
        Ok(Ok(())) => Ok(Back {
            status: None,
            heard: Heard::taken(),
            answer: Vec::new(),
            bucket: None,
        }),
        Ok(Err(error)) => Err(format!("its file cannot be written ({})", error.kind())),
        Err(_) => Err("the program is stopping".to_owned()),
    }
}

fn write(path: &Path, line: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true);
    // What customers wrote is for the owner of the file.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let mut bytes = Vec::with_capacity(line.len() + 1);
    if !ends_a_line(&mut file)? {
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(line);
    // One write: lines of several processes never mix.
    file.write_all(&bytes)?;
    file.sync_data()
}

fn ends_a_line(file: &mut std::fs::File) -> std::io::Result<bool> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
