//! The user's own models: a folder in the store's, with those that were trained here or
//! came from a hub, and a small file that says which one is in use and which were before.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ClassifyError, Manifest, find_model};

/// The folder's name in the store's.
const MODELS: &str = "models";
/// The file that says what is in use.
const IN_USE: &str = "in-use.json";
/// Models that one can go back to.
const MOST_BEFORE: usize = 20;

/// The folder of the user's own models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    folder: PathBuf,
}

/// `in-use.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct InUse {
    /// The folder of the model, from the shelf's; none for the shipped one.
    folder: Option<PathBuf>,
    /// Those in use before, the last one last.
    #[serde(default)]
    before: Vec<Option<PathBuf>>,
}

/// A model that can be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Shelved {
    /// Where it is.
    pub folder: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
}

impl Shelf {
    /// The shelf of a store.
    pub fn of_store(store: &Path) -> Self {
        Self {
            folder: store.join(MODELS),
        }
    }

    /// Where models are put.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The model to load: the one asked for, else the one in use, else the shipped one.
    ///
    /// # Errors
    /// `NoModel`, and `BadModel` when the one in use is gone.
    pub fn choose(&self, asked: Option<&Path>) -> Result<PathBuf, ClassifyError> {
        if asked.is_some() {
            return find_model(asked);
        }
        match self.read()?.folder.map(|folder| self.folder.join(folder)) {
            None => find_model(None),
            Some(folder) if folder.is_dir() => Ok(folder),
            Some(folder) => Err(ClassifyError::BadModel {
                file: folder.display().to_string(),
                why: format!(
                    "the folder is gone, and {} says that this model is in use; go back to the \
                     shipped one with `hearken model use shipped`",
                    self.folder.join(IN_USE).display()
                ),
            }),
        }
    }

    /// Makes a model the one in use; `None` is the shipped one.
    ///
    /// # Errors
    /// `BadModel` when the file cannot be written.
    pub fn put_in_use(&self, model: Option<&Path>) -> Result<(), ClassifyError> {
        let mut in_use = self.read().unwrap_or_default();
        // What stands on the shelf is named by its place there, so that a store can be moved.
        let model = model.map(|model| model.strip_prefix(&self.folder).unwrap_or(model).to_owned());
        if in_use.folder == model {
            return Ok(());
        }
        let before = std::mem::replace(&mut in_use.folder, model);
        in_use.before.push(before);
        let n_old = in_use.before.len().saturating_sub(MOST_BEFORE);
        in_use.before.drain(..n_old);
        self.write(&in_use)
    }

    /// Goes back to the model that was in use before; its folder, or none for the shipped
    /// one. `Ok(None)` outside when there was no other.
    ///
    /// # Errors
    /// `BadModel` when the file cannot be written.
    pub fn go_back(&self) -> Result<Option<Option<PathBuf>>, ClassifyError> {
        let mut in_use = self.read()?;
        while let Some(before) = in_use.before.pop() {
            let folder = before.as_ref().map(|folder| self.folder.join(folder));
            if folder.as_ref().is_none_or(|folder| folder.is_dir()) {
                in_use.folder = before;
                self.write(&in_use)?;
                return Ok(Some(folder));
            }
        }
        Ok(None)
    }

    /// Moves a folder here, under a name that is free.
    ///
    /// # Errors
    /// `BadModel` when it cannot be moved.
    pub fn take(&self, from: &Path, name: &str) -> Result<PathBuf, ClassifyError> {
        let plain: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || "-_.+".contains(c) {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        let place = (1..)
            .map(|n| match n {
                1 => self.folder.join(&plain),
                n => self.folder.join(format!("{plain}.{n}")),
            })
            .find(|place| !place.exists())
            .expect("one of endless names is free");
        std::fs::rename(from, &place).map_err(|error| broken(from, &error))?;
        Ok(place)
    }

    /// Every model here, by name.
    pub fn models(&self) -> Vec<Shelved> {
        let mut models: Vec<Shelved> = std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let folder = entry.ok()?.path();
                let manifest = Manifest::read(&folder).ok()?;
                Some(Shelved { folder, manifest })
            })
            .collect();
        models.sort_by(|a, b| a.folder.cmp(&b.folder));
        models
    }

    fn read(&self) -> Result<InUse, ClassifyError> {
        let file = self.folder.join(IN_USE);
        match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| broken(&file, &error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(InUse::default()),
            Err(error) => Err(broken(&file, &error)),
        }
    }

    fn write(&self, in_use: &InUse) -> Result<(), ClassifyError> {
        let file = self.folder.join(IN_USE);
        let written = std::fs::create_dir_all(&self.folder).and_then(|()| {
            let beside = tempfile::NamedTempFile::new_in(&self.folder)?;
            serde_json::to_writer_pretty(beside.as_file(), in_use)?;
            beside.as_file().sync_all()?;
            beside.persist(&file)?;
            Ok(())
        });
        written.map_err(|error| broken(&file, &error))
    }
}

fn broken(file: &Path, why: &dyn std::fmt::Display) -> ClassifyError {
    ClassifyError::BadModel {
        file: file.display().to_string(),
        why: why.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_model_in_use_is_chosen_and_one_can_go_back() {
        let store = tempfile::tempdir().expect("a temporary folder");
        let shelf = Shelf::of_store(store.path());
        let shipped = find_model(None).expect("the shipped model is there");
        let place = |name: &str| {
            let folder = shelf.folder().join(name);
            std::fs::create_dir_all(&folder).expect("a folder");
            folder
        };
        let chosen = || shelf.choose(None).expect("there is a model");
        assert_eq!(chosen(), shipped);
        let (first, second) = (place("first"), place("second"));
        for folder in [&first, &second, &second] {
            shelf.put_in_use(Some(folder)).expect("it is written");
        }
        assert_eq!(chosen(), second);
        assert_eq!(
            shelf.go_back().expect("it is written"),
            Some(Some(first.clone()))
        );
        assert_eq!(chosen(), first);
        assert_eq!(shelf.go_back().expect("it is written"), Some(None));
        assert_eq!(chosen(), shipped);
        assert_eq!(shelf.go_back().expect("nothing to write"), None);
    }

    #[test]
    fn a_model_that_is_gone_is_told_with_the_way_out() {
        let store = tempfile::tempdir().expect("a temporary folder");
        let shelf = Shelf::of_store(store.path());
        shelf
            .put_in_use(Some(&store.path().join("gone")))
            .expect("it is written");
        let error = shelf.choose(None).expect_err("it is gone").to_string();
        assert!(error.contains("hearken model use shipped"), "{error}");
    }
}
