//! Where the weights in use are kept, and how new ones are adopted and taken back: a file
//! is written beside its place and moved there, and the one before is kept.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::super::Global;
use crate::config;
use crate::triage::Weights;
use crate::worker::FITTED_WEIGHTS;

/// The weights in use and where they stand.
pub(super) struct InUse {
    /// The weights.
    pub(super) weights: Weights,
    /// Their file; `None` for the shipped ones.
    pub(super) file: Option<PathBuf>,
    /// Where fitted ones are written.
    pub(super) place: PathBuf,
}

impl InUse {
    /// The weights that come with the program.
    pub(super) fn shipped() -> Self {
        Self {
            weights: Weights::shipped(),
            file: None,
            place: PathBuf::from(config::DEFAULT_STORE).join(FITTED_WEIGHTS),
        }
    }
}

/// Where fitted weights are written: over the file that the configuration names, else into
/// the store's folder.
pub(super) fn place(global: &Global) -> anyhow::Result<PathBuf> {
    let file = global.config_path();
    if !file.exists() {
        if global.config.is_some() {
            bail!("{} does not exist", file.display());
        }
        return Ok(InUse::shipped().place);
    }
    let config = config::load(&file)?;
    Ok(config
        .triage
        .weights
        .unwrap_or_else(|| config.store_path.join(FITTED_WEIGHTS)))
}

/// The weights in use.
pub(super) fn in_use(global: &Global) -> anyhow::Result<InUse> {
    let place = place(global)?;
    if !place.is_file() {
        let is_named = place.file_name().is_none_or(|name| name != FITTED_WEIGHTS)
            || place.parent().is_some_and(|folder| folder.is_dir());
        if is_named && global.config_path().exists() {
            let config = config::load(&global.config_path())?;
            if let Some(named) = config.triage.weights {
                bail!(
                    "[triage] weights names {}, which is no file: write one with \
                     `hearken triage weights --shipped`",
                    named.display()
                );
            }
        }
        return Ok(InUse {
            place,
            ..InUse::shipped()
        });
    }
    let text = std::fs::read_to_string(&place)
        .with_context(|| format!("cannot read {}", place.display()))?;
    let weights = Weights::parse(&text).with_context(|| place.display().to_string())?;
    Ok(InUse {
        weights,
        file: Some(place.clone()),
        place,
    })
}

/// Puts new weights in the place of those in use, which are kept; says where.
pub(super) fn adopt(place: &Path, weights: &Weights) -> anyhow::Result<Option<PathBuf>> {
    let kept = place
        .is_file()
        .then(|| {
            let kept = kept_file(place, last_kept(place) + 1);
            std::fs::copy(place, &kept)
                .map(|_| kept.clone())
                .with_context(|| format!("cannot write {}", kept.display()))
        })
        .transpose()?;
    write(place, &weights.to_toml())?;
    Ok(kept)
}

/// What taking back led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TakenBack {
    /// The weights before are in use again.
    Before,
    /// The shipped ones are.
    Shipped,
}

/// Takes the last adopted weights back; they are kept as `….undone`.
pub(super) fn take_back(place: &Path) -> anyhow::Result<TakenBack> {
    if !place.is_file() {
        bail!("nothing was fitted here: the shipped weights are in use");
    }
    let undone = with_ending(place, "undone");
    std::fs::copy(place, &undone).with_context(|| format!("cannot write {}", undone.display()))?;
    let n = last_kept(place);
    let cannot = || format!("cannot change {}", place.display());
    if n == 0 {
        std::fs::remove_file(place).with_context(cannot)?;
        return Ok(TakenBack::Shipped);
    }
    std::fs::rename(kept_file(place, n), place).with_context(cannot)?;
    Ok(TakenBack::Before)
}

fn with_ending(place: &Path, ending: &str) -> PathBuf {
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{ending}"));
    place.with_file_name(name)
}

fn kept_file(place: &Path, n: usize) -> PathBuf {
    with_ending(place, &n.to_string())
}

/// The number of the last kept file; 0 when there is none.
fn last_kept(place: &Path) -> usize {
    (1..)
        .take_while(|n| kept_file(place, *n).is_file())
        .last()
        .unwrap_or(0)
}

/// Writes beside the place and moves it there: a stopped command leaves no half file.
pub(super) fn write(place: &Path, text: &str) -> anyhow::Result<()> {
    write_bytes(place, |file| {
        std::io::Write::write_all(&mut &*file, text.as_bytes())
    })
}

/// The same for whatever writes itself.
pub(super) fn write_bytes(
    place: &Path,
    fill: impl FnOnce(&std::fs::File) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let folder = match place.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let cannot = || format!("cannot write {}", place.display());
    std::fs::create_dir_all(folder).with_context(cannot)?;
    let file = tempfile::NamedTempFile::new_in(folder)
        .and_then(|file| fill(file.as_file()).map(|()| file))
        .with_context(cannot)?;
    make_readable(file.as_file()).with_context(cannot)?;
    file.persist(place).with_context(cannot)?;
    Ok(())
}

/// A temporary file is its owner's alone; weights are for everybody who runs the program.
#[cfg(unix)]
fn make_readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_file: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_base(base: f64) -> Weights {
        let mut weights = Weights::shipped();
        weights.base = base;
        weights
    }

    #[test]
    fn what_is_adopted_is_taken_back_step_by_step() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder.path().join("data").join(FITTED_WEIGHTS);
        let base = || {
            let text = std::fs::read_to_string(&place).expect("it is there");
            Weights::parse(&text).expect("it reads").base
        };
        assert_eq!(adopt(&place, &with_base(-1.0)).expect("written"), None);
        let kept = adopt(&place, &with_base(-2.0)).expect("written");
        assert!(kept.is_some_and(|kept| kept.is_file()));
        adopt(&place, &with_base(-3.0)).expect("written");
        assert!((base() + 3.0).abs() < 1e-9);
        assert_eq!(take_back(&place).expect("one is kept"), TakenBack::Before);
        assert!((base() + 2.0).abs() < 1e-9);
        assert_eq!(take_back(&place).expect("one is kept"), TakenBack::Before);
        assert!((base() + 1.0).abs() < 1e-9);
        assert_eq!(take_back(&place).expect("none was"), TakenBack::Shipped);
        take_back(&place).expect_err("nothing is left to take back");
    }
}
