//! A file of weights → the variables of a network, by name. Everything that the network
//! has must be in the file with the same shape; what else the file holds is left.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use tch::{Kind as TensorKind, Tensor, nn};

use super::network::CONFIG;
use super::{bad, unreadable};
use crate::classify::ClassifyError;

/// The file of a model in the layout of Hugging Face.
pub(in crate::classify) const SAFETENSORS: &str = "model.safetensors";
/// The same in the format of rust-bert's own conversions.
pub(in crate::classify) const RUST_MODEL: &str = "rust_model.ot";
/// What neither libtorch nor safety lets us read: a pickle runs code of its author.
const PICKLE: &str = "pytorch_model.bin";

/// Copies the weights of a folder into the variables, which stay what they are (f32).
///
/// # Errors
/// `BadModel` names the file and what is missing, cut off or of another shape.
pub(super) fn fill(variables: &mut nn::VarStore, folder: &Path) -> Result<(), ClassifyError> {
    let (file, found) = read_weights(folder)?;
    let wanted: BTreeMap<String, Tensor> = variables.variables().into_iter().collect();
    let n_wanted = wanted.len();
    let mut missing = Vec::new();
    for (name, mut variable) in wanted {
        let Some(source) = found.get(&name) else {
            missing.push(name);
            continue;
        };
        if source.size() != variable.size() {
            return Err(bad(
                &file,
                format!(
                    "`{name}` has the shape {:?}, and {CONFIG} beside it says {:?}: they belong \
                     to different models",
                    source.size(),
                    variable.size()
                ),
            ));
        }
        tch::no_grad(|| variable.f_copy_(&source.to_kind(TensorKind::Float)))
            .map_err(|error| bad(&file, error))?;
    }
    match &missing[..] {
        [] => Ok(()),
        [first, ..] => Err(bad(
            &file,
            format!(
                "it lacks {} of the network's {n_wanted} weights, `{first}` for one: it belongs \
                 to another architecture than {CONFIG} beside it, or holds no classifier",
                missing.len(),
            ),
        )),
    }
}

/// By name; files of the first BERT call the two parts of a layer's norm gamma and beta.
fn by_name(tensors: Vec<(String, Tensor)>) -> HashMap<String, Tensor> {
    tensors
        .into_iter()
        .map(|(name, tensor)| {
            let name = match name.rsplit_once('.') {
                Some((stem, "gamma")) => format!("{stem}.weight"),
                Some((stem, "beta")) => format!("{stem}.bias"),
                _ => name,
            };
            (name, tensor)
        })
        .collect()
}

/// The file of a folder's weights, there and whole as far as its head says.
fn find(folder: &Path) -> Result<PathBuf, ClassifyError> {
    let file = folder.join(SAFETENSORS);
    if file.exists() {
        check_length(&file)?;
        return Ok(file);
    }
    let other = folder.join(RUST_MODEL);
    if other.exists() {
        return Ok(other);
    }
    let pickle = folder.join(PICKLE);
    if pickle.exists() {
        return Err(bad(
            &pickle,
            "a pickle can run any code, so it is not read: convert it with \
             `python -c \"from transformers import AutoModelForSequenceClassification as M; \
             M.from_pretrained('FOLDER').save_pretrained('FOLDER', safe_serialization=True)\"`, \
             or take a revision that has model.safetensors",
        ));
    }
    let absent = std::io::Error::from(std::io::ErrorKind::NotFound);
    Err(unreadable(&file, &absent))
}

/// Whether the weights of a folder are there and whole, without reading them.
///
/// # Errors
/// `BadModel`.
pub(super) fn look_over(folder: &Path) -> Result<(), ClassifyError> {
    find(folder).map(drop)
}

/// Every weight in a folder's file, and that file.
///
/// # Errors
/// `BadModel` when it is missing or damaged.
pub(in crate::classify) fn read_weights(
    folder: &Path,
) -> Result<(PathBuf, HashMap<String, Tensor>), ClassifyError> {
    let file = find(folder)?;
    let read = if file.ends_with(RUST_MODEL) {
        Tensor::load_multi(&file)
    } else {
        Tensor::read_safetensors(&file)
    };
    let tensors = read.map_err(|error| bad(&file, damaged(&error)))?;
    Ok((file, by_name(tensors)))
}

/// The head of the file says how long it is: a download that broke off is told before
/// libtorch is asked.
fn check_length(file: &Path) -> Result<(), ClassifyError> {
    use std::io::Read as _;
    /// No head of a model is near this.
    const MOST_HEAD_BYTES: u64 = 64 * 1024 * 1024;
    let cut_off = |why: String| {
        bad(
            file,
            format!("{why}: the file is cut off or damaged; copy or download it again"),
        )
    };
    let mut opened = std::fs::File::open(file).map_err(|error| bad(file, error))?;
    let n_bytes = opened.metadata().map_err(|error| bad(file, error))?.len();
    let mut length = [0_u8; 8];
    opened
        .read_exact(&mut length)
        .map_err(|_| cut_off(format!("it has {n_bytes} bytes")))?;
    let n_head = u64::from_le_bytes(length);
    if n_head > MOST_HEAD_BYTES || n_head + 8 > n_bytes {
        return Err(cut_off("it does not begin as safetensors do".to_owned()));
    }
    let mut head = vec![0_u8; usize::try_from(n_head).unwrap_or(0)];
    opened
        .read_exact(&mut head)
        .map_err(|error| bad(file, error))?;
    let head: HashMap<String, serde_json::Value> = serde_json::from_slice(&head)
        .map_err(|_| cut_off("it does not begin as safetensors do".to_owned()))?;
    let n_data = head
        .values()
        .filter_map(|tensor| tensor["data_offsets"][1].as_u64())
        .max()
        .unwrap_or(0);
    let n_wanted = 8 + n_head + n_data;
    if n_bytes < n_wanted {
        return Err(cut_off(format!("it has {n_bytes} of {n_wanted} bytes")));
    }
    Ok(())
}

/// libtorch names the place in its own sources below the first line.
fn damaged(error: &tch::TchError) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    format!("it is damaged ({first}); copy or download it again")
}
