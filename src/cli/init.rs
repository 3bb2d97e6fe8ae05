//! `hearken init`: the whole reference as a starting point.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;

use super::{Global, print};
use crate::config;

/// Example:
///   hearken init && $EDITOR hearken.toml && hearken check
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// Replace a file that exists; the old one is kept beside it as FILE.old
    #[arg(long)]
    force: bool,
}

pub(super) fn call(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let file = global.config_path();
    if file.exists() {
        if !arguments.force {
            bail!(
                "{} exists already and is kept; replace it with --force",
                file.display()
            );
        }
        let mut old = file.clone().into_os_string();
        old.push(".old");
        std::fs::rename(&file, &old)
            .with_context(|| format!("cannot keep the old {}", file.display()))?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Secrets may be written into it later.
        options.mode(0o600);
    }
    options
        .open(&file)
        .and_then(|mut opened| opened.write_all(config::reference().as_bytes()))
        .with_context(|| format!("cannot write {}", file.display()))?;
    print::line(&format!("Wrote {}.", file.display()))?;
    print::line(
        "Next: put your brand and sources into it, then `hearken check` and `hearken run`.",
    )?;
    Ok(ExitCode::SUCCESS)
}
