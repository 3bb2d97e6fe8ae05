//! Finds the shipped model: beside the program's installation, never in the working
//! directory of whoever started it.

use std::path::{Path, PathBuf};

use super::ClassifyError;
use super::linear::SHIPPED_LINEAR;

/// The model that ships with this version.
pub const SHIPPED: &str = "hearken-multi";
/// The folder of a model's own linear models, when it has learned on this machine.
pub const LINEAR_INSIDE: &str = "linear";

/// The folder of the model: the one given, or the shipped one found relative to the
/// executable (`models/` in a folder above it, or `../share/hearken/models`).
///
/// # Errors
/// `NoModel` lists every folder that was tried.
pub fn find_model(given: Option<&Path>) -> Result<PathBuf, ClassifyError> {
    if let Some(folder) = given.filter(|folder| folder.is_dir()) {
        // Whoever loads it says which file is missing.
        return Ok(folder.to_owned());
    }
    let candidates = match given {
        Some(folder) => vec![folder.to_owned()],
        None => candidates(std::env::current_exe().ok().as_deref()),
    };
    if let Some(found) = candidates.iter().find(|folder| holds_model(folder)) {
        return Ok(found.clone());
    }
    Err(ClassifyError::NoModel {
        looked_in: candidates
            .iter()
            .map(|folder| folder.display().to_string())
            .collect(),
    })
}

/// The folder of the linear models: inside the transformer's when it has learned on this
/// machine, else beside it, else where the shipped ones are; `None` where there are none.
pub(super) fn find_linear(model: &Path) -> Option<PathBuf> {
    let inside = model.join(LINEAR_INSIDE);
    if inside.join("hearken.json").is_file() {
        return Some(inside);
    }
    find_beside(model, SHIPPED_LINEAR)
}

/// A folder of this name beside the transformer's, else where the shipped ones are; `None`
/// where there is none with a manifest.
pub(super) fn find_beside(model: &Path, name: &str) -> Option<PathBuf> {
    let beside = model.parent().map(|models| models.join(name));
    let shipped = candidates(std::env::current_exe().ok().as_deref())
        .into_iter()
        .map(|folder| folder.with_file_name(name));
    beside
        .into_iter()
        .chain(shipped)
        .find(|folder| folder.join("hearken.json").is_file())
}

fn holds_model(folder: &Path) -> bool {
    folder.join("hearken.json").is_file() && folder.join("model.safetensors").is_file()
}

fn candidates(executable: Option<&Path>) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    // A link to the program must not hide its installation.
    let executable = executable.and_then(|path| path.canonicalize().ok());
    if let Some(folder) = executable.as_deref().and_then(Path::parent) {
        folders.push(folder.join("models").join(SHIPPED));
        folders.push(folder.join("../share/hearken/models").join(SHIPPED));
        // target/release/hearken and target/release/deps/… live below the checkout.
        for above in folder.ancestors().skip(1).take(3) {
            folders.push(above.join("models").join(SHIPPED));
        }
    }
    // A build whose target folder lies elsewhere still knows its checkout.
    folders.push(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("models")
            .join(SHIPPED),
    );
    folders
}
