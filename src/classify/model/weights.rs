//! A file of weights → the variables of a network, by name. Everything that the network
//! has must be in the file with the same shape; what else the file holds is left.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use tch::{Kind as TensorKind, Tensor, nn};

use super::bad;
use crate::classify::ClassifyError;

/// The file of a model in the layout of Hugging Face.
pub(super) const SAFETENSORS: &str = "model.safetensors";

/// Copies the weights of a folder into the variables, which stay what they are (f32).
///
/// # Errors
/// `BadModel` names the file and what is missing, cut off or of another shape.
pub(super) fn fill(variables: &mut nn::VarStore, folder: &Path) -> Result<(), ClassifyError> {
    let file = folder.join(SAFETENSORS);
    let found = read(&file)?;
    let wanted: BTreeMap<String, Tensor> = variables.variables().into_iter().collect();
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
                    "`{name}` has the shape {:?}, and {} beside it says {:?}",
                    source.size(),
                    super::network::CONFIG,
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
                "it lacks {} of the network's weights, `{first}` for one: it belongs to another \
                 architecture than {} beside it",
                missing.len(),
                super::network::CONFIG
            ),
        )),
    }
}

fn read(file: &PathBuf) -> Result<HashMap<String, Tensor>, ClassifyError> {
    // libtorch's own errors name the place in its sources, so what is common is asked first.
    std::fs::metadata(file).map_err(|error| bad(file, error))?;
    let tensors = Tensor::read_safetensors(file).map_err(|error| bad(file, error))?;
    Ok(tensors.into_iter().collect())
}
