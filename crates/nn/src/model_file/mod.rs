//! Weights on disk: a safetensors file that PyTorch can load, with the model and its companions in the header.
//!
//! Names and layouts are those of a torch `state_dict`. The header's `__metadata__` holds the model as JSON under
//! [`MODEL_KEY`]; what else is put there (preprocessing, class names, recipe, self-test) is opaque to this crate, only
//! some keys are agreed on here.

mod disk;
mod duplicates;
mod error;
mod format;

use std::collections::BTreeMap;

use kernels::Element;

pub use error::{MismatchError, ModelFileError};
pub use format::FormatError;

use crate::param::ParamEntry;
use crate::sequential::Sequential;
use crate::spec::ModelSpec;

/// Where in `__metadata__` the model is.
pub const MODEL_KEY: &str = "lenet.model";

/// Where in `__metadata__` the preprocessing is kept by convention, as JSON.
pub const PREPROCESS_KEY: &str = "lenet.preprocess";
/// Where in `__metadata__` the class names are kept by convention, a JSON list in the order of the logits.
pub const CLASSES_KEY: &str = "lenet.classes";
/// Where in `__metadata__` the recipe's name is kept by convention.
pub const RECIPE_KEY: &str = "lenet.recipe";

/// Counters that PyTorch's batch normalisation stores and nothing here reads.
const TORCH_COUNTER: &str = ".num_batches_tracked";

/// The content of a weights file.
///
/// # Examples
/// ```
/// use nn::ModelFile;
/// let spec = nn::zoo::perceptron(50);
/// let net = spec.build::<f32>()?;
/// let params = net.init_params(&Default::default(), 1);
/// let classes = [("lenet.classes".to_owned(), r#"["cat","dog"]"#.to_owned())];
/// let bytes = ModelFile::of(&spec, &net, &params, classes.into()).to_bytes();
///
/// let file = ModelFile::from_bytes(&bytes)?;
/// let mut loaded = vec![0.0; net.num_slots()];
/// file.load_into(&net, &mut loaded)?;
/// assert_eq!(loaded[..], params[..]);
/// assert_eq!(file.spec, Some(spec));
/// assert_eq!(file.tensors["fc1.weight"].shape, [50, 64]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelFile {
    /// The model; none in a file that was not written here.
    pub spec: Option<ModelSpec>,
    /// The parameters by name, e.g. `conv1.weight`.
    pub tensors: BTreeMap<String, StoredTensor>,
    /// Everything else in `__metadata__`.
    pub metadata: BTreeMap<String, String>,
}

/// A tensor as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTensor {
    /// Sizes, as in torch.
    pub shape: Vec<usize>,
    /// Numbers, row-major.
    pub data: Vec<f32>,
}

impl ModelFile {
    /// The file of a network's parameters. For a fused network `spec` is the model it was fused from: names and
    /// places of the parameters are the same.
    ///
    /// # Panics
    /// If the parameters are not the network's.
    #[must_use]
    pub fn of<T: Element>(
        spec: &ModelSpec,
        net: &Sequential<T>,
        params: &[T],
        metadata: BTreeMap<String, String>,
    ) -> Self {
        assert_eq!(params.len(), net.num_slots(), "length of the parameters");
        let stored = |entry: &ParamEntry| StoredTensor {
            shape: entry.spec.shape.clone(),
            data: params[entry.range.clone()].iter().map(|w| w.to_f64() as f32).collect(),
        };
        let tensors = net.params().iter().map(|entry| (entry.name.clone(), stored(entry))).collect();
        ModelFile { spec: Some(spec.clone()), tensors, metadata }
    }

    /// Copies the parameters to the network's flat slice; the zeros between layers are left as they are.
    ///
    /// # Errors
    /// If a tensor is missing, left over, or of another shape: the weights are of another model. Then nothing is
    /// copied.
    ///
    /// # Panics
    /// If `params` has not the network's length.
    pub fn load_into<T: Element>(&self, net: &Sequential<T>, params: &mut [T]) -> Result<(), MismatchError> {
        assert_eq!(params.len(), net.num_slots(), "length of the parameters");
        let mismatch = self.compare(net);
        if !mismatch.is_empty() {
            return Err(mismatch);
        }
        for entry in net.params() {
            if let Some(stored) = self.tensors.get(&entry.name) {
                let place = &mut params[entry.range.clone()];
                place.iter_mut().zip(&stored.data).for_each(|(w, &s)| *w = T::from_f64(f64::from(s)));
            }
        }
        Ok(())
    }

    fn compare<T: Element>(&self, net: &Sequential<T>) -> MismatchError {
        let mut mismatch = MismatchError::default();
        for entry in net.params() {
            match self.tensors.get(&entry.name) {
                None => mismatch.missing.push(entry.name.clone()),
                Some(stored) if stored.shape != entry.spec.shape => mismatch.reshaped.push((
                    entry.name.clone(),
                    stored.shape.clone(),
                    entry.spec.shape.clone(),
                )),
                Some(_) => {}
            }
        }
        let known = |name: &str| net.params().iter().any(|e| e.name == name);
        mismatch.unexpected = self.tensors.keys().filter(|name| !known(name)).cloned().collect();
        mismatch
    }
}

#[cfg(test)]
mod tests;
