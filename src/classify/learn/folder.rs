//! The folder of a training: what it was begun with, how far it is, what came out. Each
//! file is written beside its place and moved there, so that a kill leaves no half one.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tch::{Kind as TensorKind, Tensor};

use super::texts::Text;
use super::tune::Learned;
use super::{LearnError, TuneRecipe, at};
use crate::classify::model::{WEIGHTS, read_weights};
use crate::classify::{LINEAR_INSIDE, Manifest};

/// The folder's name where models are kept.
pub const TRAINING: &str = "training";
/// How far a candidate goes from the model in use toward what was learned: when all of it
/// forgets too much, a part may still be better (Wortsman et al. 2022).
const SHARES_LEARNED: [f64; 7] = [1.0, 0.85, 0.7, 0.55, 0.4, 0.3, 0.2];

/// How much of what was learned a candidate takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// Of the transformer.
    share: f64,
    /// Whether it takes the linear models that were fitted.
    with_linear: bool,
}

/// What a training came to, and the folders of models that can be made of it.
pub(super) struct Candidates<'a> {
    training: &'a Training,
    /// The weights that were learned, and all of those in use.
    transformer: Option<(Learned, BTreeMap<String, Tensor>)>,
    /// The folder of the linear models that were fitted.
    linear: Option<PathBuf>,
}

impl<'a> Candidates<'a> {
    pub(super) fn new(
        training: &'a Training,
        tuned: Option<Learned>,
        linear: Option<PathBuf>,
    ) -> Result<Self, LearnError> {
        let transformer = match tuned {
            Some(tuned) => {
                let (_, before) = read_weights(training.base())?;
                Some((tuned, before.into_iter().collect()))
            }
            None => None,
        };
        Ok(Self {
            training,
            transformer,
            linear,
        })
    }

    /// Every way that is tried, the farthest first, and last the linear models alone.
    pub(super) fn ways(&self) -> Vec<Way> {
        let has_linear = self.linear.is_some();
        let mut ways = Vec::new();
        if self.transformer.is_some() {
            for share in SHARES_LEARNED {
                if has_linear {
                    ways.push(Way {
                        share,
                        with_linear: true,
                    });
                }
                ways.push(Way {
                    share,
                    with_linear: false,
                });
            }
        }
        if has_linear {
            ways.push(Way {
                share: 0.0,
                with_linear: true,
            });
        }
        ways
    }

    /// The whole folder of a model with what was learned, as far as `way` goes.
    pub(super) fn make(&self, way: Way) -> Result<PathBuf, LearnError> {
        let linear = self.linear.as_deref().filter(|_| way.with_linear);
        let ending = if way.with_linear { "-linear" } else { "" };
        let name = format!("candidate-{:.0}{ending}", way.share * 100.0);
        let folder = self.training.all_but_weights(&name, linear)?;
        match &self.transformer {
            Some((tuned, before)) => {
                write_tensors(&folder.join(WEIGHTS), &blend(before, tuned, way.share))?;
            }
            None => {
                let (from, _) = read_weights(self.training.base())?;
                let name = from.file_name().unwrap_or(WEIGHTS.as_ref());
                std::fs::copy(&from, folder.join(name)).map_err(at("copy", &from))?;
            }
        }
        Ok(folder)
    }

    /// Removes one that is not taken: each is as large as the model.
    pub(super) fn remove(&self, folder: &Path) -> Result<(), LearnError> {
        std::fs::remove_dir_all(folder).map_err(at("remove", folder))
    }
}

/// What a training was begun with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Plan {
    /// The folder of the model in use then.
    base: PathBuf,
    /// That model, as verdicts carry it.
    base_id: String,
    /// The version that the new model will have.
    version: String,
    /// The day, for the manifest.
    day: String,
    recipe: TuneRecipe,
}

/// How far the fitting is.
pub(super) struct Checkpoint {
    pub n_done: usize,
    pub learned: Learned,
}

/// A training under way, held by this process alone.
pub struct Training {
    folder: PathBuf,
    plan: Plan,
    n_threads: usize,
    /// Whether an earlier process began it.
    resumed: bool,
    _lock: File,
}

impl Training {
    /// Begins a training in `folder`, or goes on with the one that a killed process left
    /// there, as long as it is of the same model. `texts` is called for a new one only.
    ///
    /// # Errors
    /// `Busy` when another process is at it.
    pub fn begin(
        folder: &Path,
        base: &Path,
        day: &str,
        recipe: &TuneRecipe,
        texts: impl FnOnce() -> Result<Vec<Text>, LearnError>,
    ) -> Result<Self, LearnError> {
        std::fs::create_dir_all(folder).map_err(at("make", folder))?;
        let lock = lock(folder)?;
        let base_id = Manifest::read(base)?.id();
        let plan_file = folder.join("plan.json");
        let left: Option<Plan> = std::fs::read(&plan_file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(plan) = left.filter(|plan| plan.base == base && plan.base_id == base_id) {
            return Ok(Self {
                folder: folder.to_owned(),
                plan,
                n_threads: 1,
                resumed: true,
                _lock: lock,
            });
        }
        clear(folder)?;
        let plan = Plan {
            base: base.to_owned(),
            version: next_version(&base_id),
            base_id,
            day: day.to_owned(),
            recipe: recipe.clone(),
        };
        let texts = texts()?;
        let texts_file = folder.join("texts.jsonl");
        write(&texts_file, |file| {
            for text in &texts {
                serde_json::to_writer(&mut *file, text)?;
                file.write_all(b"\n")?;
            }
            Ok(())
        })?;
        // Last, because its being there says that the texts are whole.
        write(&plan_file, |file| {
            Ok(serde_json::to_writer_pretty(file, &plan)?)
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            plan,
            n_threads: 1,
            resumed: false,
            _lock: lock,
        })
    }

    /// Forgets what a killed training left.
    ///
    /// # Errors
    /// `Busy` when it is not killed at all.
    pub fn forget(folder: &Path) -> Result<(), LearnError> {
        if !folder.is_dir() {
            return Ok(());
        }
        let _lock = lock(folder)?;
        clear(folder)
    }

    /// Whether a process is at work in the folder.
    pub fn is_running(folder: &Path) -> bool {
        folder.is_dir() && matches!(lock(folder), Err(LearnError::Busy { .. }))
    }

    /// Whether it goes on with what an earlier process began.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// Intra-op threads of libtorch.
    #[must_use]
    pub fn with_threads(mut self, n_threads: usize) -> Self {
        self.n_threads = n_threads.max(1);
        self
    }

    /// How it was begun.
    pub fn recipe(&self) -> &TuneRecipe {
        &self.plan.recipe
    }

    /// The folder of the model that is fitted further.
    pub fn base(&self) -> &Path {
        &self.plan.base
    }

    pub(super) fn n_threads(&self) -> usize {
        self.n_threads
    }

    /// The texts that it was begun with.
    pub(super) fn texts(&self) -> Result<Vec<Text>, LearnError> {
        let path = self.folder.join("texts.jsonl");
        let file = File::open(&path).map_err(at("read", &path))?;
        BufReader::new(file)
            .lines()
            .map(|line| {
                let line = line.map_err(at("read", &path))?;
                serde_json::from_str(&line).map_err(|error| damaged(&path, error))
            })
            .collect()
    }

    /// How far a killed process came; `None` when it fitted nothing yet.
    pub(super) fn checkpoint(&self) -> Result<Option<Checkpoint>, LearnError> {
        // One file holds both, so that they belong together: the count is in its name.
        let found = self
            .checkpoints()?
            .into_iter()
            .max_by_key(|(n_done, _)| *n_done);
        let Some((n_done, path)) = found else {
            return Ok(None);
        };
        let tensors = Tensor::read_safetensors(&path).map_err(|error| damaged(&path, error))?;
        Ok(Some(Checkpoint {
            n_done,
            learned: tensors.into_iter().collect(),
        }))
    }

    pub(super) fn keep_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), LearnError> {
        let older = self.checkpoints()?;
        let path = self
            .folder
            .join(format!("checkpoint-{}.safetensors", checkpoint.n_done));
        write_tensors(&path, &checkpoint.learned)?;
        for (_, path) in older
            .into_iter()
            .filter(|(n_done, _)| *n_done != checkpoint.n_done)
        {
            std::fs::remove_file(&path).map_err(at("remove", &path))?;
        }
        Ok(())
    }

    fn checkpoints(&self) -> Result<Vec<(usize, PathBuf)>, LearnError> {
        let entries = std::fs::read_dir(&self.folder).map_err(at("read", &self.folder))?;
        Ok(entries
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let name = path.file_name()?.to_str()?;
                let n_done = name
                    .strip_prefix("checkpoint-")?
                    .strip_suffix(".safetensors")?
                    .parse()
                    .ok()?;
                Some((n_done, path))
            })
            .collect())
    }

    /// An empty folder inside.
    pub(super) fn fresh_folder(&self, name: &str) -> Result<PathBuf, LearnError> {
        let folder = self.folder.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(at("remove", &folder))?;
        }
        std::fs::create_dir_all(&folder).map_err(at("make", &folder))?;
        Ok(folder)
    }

    /// Gives the model of a folder its new version and day.
    pub(super) fn rename_model(&self, folder: &Path) -> Result<(), LearnError> {
        let path = folder.join("hearken.json");
        let bytes = std::fs::read(&path).map_err(at("read", &path))?;
        let mut manifest: Value =
            serde_json::from_slice(&bytes).map_err(|error| damaged(&path, error))?;
        let before = manifest["version"].as_str().unwrap_or_default();
        manifest["version"] = next_version(before).into();
        manifest["trained"] = self.plan.day.clone().into();
        write(&path, |file| {
            Ok(serde_json::to_writer_pretty(file, &manifest)?)
        })
    }

    /// Everything of the model in use but its weights, under the new version.
    fn all_but_weights(&self, name: &str, linear: Option<&Path>) -> Result<PathBuf, LearnError> {
        let folder = self.fresh_folder(name)?;
        copy_files(self.base(), &folder, |name| {
            // What the model in use is expected to say, the new one says no more.
            name != WEIGHTS && !name.ends_with(".ot") && name != "expected.json"
        })?;
        let kept = self.base().join(LINEAR_INSIDE);
        if let Some(linear) = linear.or_else(|| kept.is_dir().then_some(&kept)) {
            let inside = folder.join(LINEAR_INSIDE);
            std::fs::create_dir_all(&inside).map_err(at("make", &inside))?;
            copy_files(linear, &inside, |_| true)?;
        }
        self.rename_model(&folder)?;
        Ok(folder)
    }

    /// Ends it: nothing of it is left but `kept`, the candidate that was moved away.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn finish(self) -> Result<(), LearnError> {
        clear(&self.folder)
    }
}

/// `2` → `2+1` → `2+2`: the version of the model in use, and how often it has learned.
fn next_version(id_or_version: &str) -> String {
    let version = id_or_version
        .rsplit_once('/')
        .map_or(id_or_version, |(_, version)| version);
    match version.rsplit_once('+') {
        Some((of, n)) if n.parse::<u32>().is_ok() => {
            format!("{of}+{}", n.parse::<u32>().unwrap_or(0).saturating_add(1))
        }
        _ => format!("{version}+1"),
    }
}

fn blend(before: &BTreeMap<String, Tensor>, tuned: &Learned, share: f64) -> Learned {
    tch::no_grad(|| {
        before
            .iter()
            .map(|(name, old)| {
                let new = match tuned.get(name) {
                    None => old.shallow_clone(),
                    Some(tuned) => {
                        let old_wide = old.to_kind(TensorKind::Float);
                        (&old_wide + (tuned - &old_wide) * share).to_kind(old.kind())
                    }
                };
                (name.clone(), new.contiguous())
            })
            .collect()
    })
}

fn damaged(path: &Path, why: impl ToString) -> LearnError {
    LearnError::Damaged {
        path: path.display().to_string(),
        why: why.to_string(),
    }
}

fn lock(folder: &Path) -> Result<File, LearnError> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(at("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LearnError::Busy {
            folder: folder.display().to_string(),
        }),
        Err(TryLockError::Error(error)) => Err(at("lock", &path)(error)),
    }
}

/// Removes everything but the lock and the log, the plan first: without it the rest is
/// nobody's.
fn clear(folder: &Path) -> Result<(), LearnError> {
    let plan = folder.join("plan.json");
    if plan.exists() {
        std::fs::remove_file(&plan).map_err(at("remove", &plan))?;
    }
    for entry in std::fs::read_dir(folder).map_err(at("read", folder))? {
        let path = entry.map_err(at("read", folder))?.path();
        let is_kept = path
            .file_name()
            .is_some_and(|name| name == "lock" || name == "log.txt" || name == "progress.json");
        if is_kept {
            continue;
        }
        if path.is_dir() {
            std::fs::remove_dir_all(&path).map_err(at("remove", &path))?;
        } else {
            std::fs::remove_file(&path).map_err(at("remove", &path))?;
        }
    }
    Ok(())
}

fn copy_files(from: &Path, to: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<(), LearnError> {
    for entry in std::fs::read_dir(from).map_err(at("read", from))? {
        let path = entry.map_err(at("read", from))?.path();
        let Some(name) = path.file_name().filter(|_| path.is_file()) else {
            continue;
        };
        if name.to_str().is_some_and(&is_wanted) {
            std::fs::copy(&path, to.join(name)).map_err(at("copy", &path))?;
        }
    }
    Ok(())
}

fn write(
    place: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> std::io::Result<()>,
) -> Result<(), LearnError> {
    let written = (|| {
        let file = tempfile::NamedTempFile::new_in(place.parent().unwrap_or(Path::new(".")))?;
        let mut writer = BufWriter::new(file.as_file());
        fill(&mut writer)?;
        writer.flush()?;
        drop(writer);
        file.as_file().sync_all()?;
        file.persist(place)?;
        Ok(())
    })();
    written.map_err(at("write", place))
}

fn write_tensors(place: &Path, tensors: &Learned) -> Result<(), LearnError> {
    let beside = place.with_extension("part");
    let named: Vec<(&str, &Tensor)> = tensors
        .iter()
        .map(|(name, tensor)| (name.as_str(), tensor))
        .collect();
    Tensor::write_safetensors(&named, &beside)
        .map_err(|error| LearnError::Torch(error.to_string()))?;
    File::open(&beside)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(&beside, place))
        .map_err(at("write", place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_how_often_a_model_has_learned() {
        assert_eq!(next_version("hearken-en/2"), "2+1");
        assert_eq!(next_version("2+1"), "2+2");
        assert_eq!(next_version("1.0+beta"), "1.0+beta+1");
    }

    #[test]
    fn a_blend_lies_between() {
        let of = |value: f32| Tensor::from_slice(&[value, 2.0]).to_kind(TensorKind::Half);
        let before: BTreeMap<String, Tensor> =
            [("a".to_owned(), of(1.0)), ("b".to_owned(), of(5.0))].into();
        let tuned = Learned::from([("a".to_owned(), Tensor::from_slice(&[3.0_f32, 2.0]))]);
        let blended = blend(&before, &tuned, 0.5);
        assert_eq!(blended["a"].kind(), TensorKind::Half);
        let values =
            Vec::<f32>::try_from(blended["a"].to_kind(TensorKind::Float)).expect("two numbers");
        assert_eq!(values, [2.0, 2.0]);
        assert_eq!(blended["b"], of(5.0));
    }
}
