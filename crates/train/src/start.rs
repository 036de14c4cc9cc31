//! Weights to start from instead of fresh ones.

use crate::TrainError;
use data::{DataSpec, Preprocess};
use nn::{MismatchError, ModelFile, Sequential, StoredTensor};
use std::path::{Path, PathBuf};

/// A weights file that fits a network, but perhaps for its last layer.
#[derive(Debug)]
pub(crate) struct StartWeights {
    path: PathBuf,
    file: ModelFile,
    preprocess: Option<Preprocess>,
    new_head: Option<String>,
}

impl StartWeights {
    /// Reads `path` for `net`. Weights for another number of classes fit too: then the last layer keeps its fresh values.
    ///
    /// # Errors
    /// [`TrainError`] if the file can't be read or is of another model.
    pub(crate) fn read(path: &Path, net: &Sequential) -> Result<Self, TrainError> {
        let file = ModelFile::read(path)?;
        let stored = DataSpec::from_metadata(&file.metadata)
            .map_err(|source| TrainError::StoredEntry { path: path.into(), source })?;
        let new_head = match file.load_into(net, &mut vec![0.0; net.num_slots()]) {
            Ok(()) => None,
            Err(source) => {
                let head = other_head(net, &source);
                Some(head.ok_or_else(|| TrainError::OtherModel { path: path.into(), source })?)
            }
        };
        Ok(Self { path: path.into(), file, preprocess: stored.map(|spec| spec.preprocess), new_head })
    }

    /// What the pictures were prepared with that the weights were trained on, if the file says so.
    pub(crate) fn preprocess(&self) -> Option<&Preprocess> {
        self.preprocess.as_ref()
    }

    /// The layer that the file has for another number of classes.
    pub(crate) fn new_head(&self) -> Option<&str> {
        self.new_head.as_deref()
    }

    /// Puts the weights into `params`, but for those of a new head.
    pub(crate) fn load(&self, net: &Sequential, params: &mut [f32]) -> Result<(), TrainError> {
        let other = |source| TrainError::OtherModel { path: self.path.clone(), source };
        let Some(head) = &self.new_head else { return self.file.load_into(net, params).map_err(other) };
        let own = |name: &str| name.strip_prefix(head.as_str()).is_some_and(|rest| rest.starts_with('.'));
        let mut file = self.file.clone();
        for entry in net.params().iter().filter(|entry| own(&entry.name)) {
            let (shape, data) = (entry.spec.shape.clone(), params[entry.range.clone()].to_vec());
            file.tensors.insert(entry.name.clone(), StoredTensor { shape, data });
        }
        file.load_into(net, params).map_err(other)
    }
}

/// The name of the last layer with weights, if it alone differs, and in the number of its outputs alone.
fn other_head(net: &Sequential, mismatch: &MismatchError) -> Option<String> {
    if !mismatch.missing.is_empty() || !mismatch.unexpected.is_empty() {
        return None;
    }
    let (head, _) = net.params().last()?.name.rsplit_once('.')?;
    let outputs_alone = |(name, found, needed): &(String, Vec<usize>, Vec<usize>)| {
        name.rsplit_once('.').is_some_and(|(layer, _)| layer == head)
            && found.len() == needed.len()
            && found.first() != needed.first()
            && found[1..] == needed[1..]
    };
    mismatch.reshaped.iter().all(outputs_alone).then(|| head.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nn::Shape;

    fn net(classes: usize) -> Sequential {
        nn::zoo::lenet5(Shape::image(1, 128, 128), classes).build().unwrap()
    }

    fn stored(name: &str, classes: usize) -> (tempfile::TempDir, PathBuf, Vec<f32>) {
        let folder = tempfile::tempdir().unwrap();
        let (path, net) = (folder.path().join(name), net(classes));
        let params = net.init_params(&Default::default(), 1);
        ModelFile::of(
            &nn::zoo::lenet5(Shape::image(1, 128, 128), classes),
            &net,
            &params,
            Default::default(),
        )
        .write(&path)
        .unwrap();
        (folder, path, params.to_vec())
    }

    fn values<'a>(net: &Sequential, params: &'a [f32], name: &str) -> &'a [f32] {
        &params[net.params().iter().find(|entry| entry.name == name).unwrap().range.clone()]
    }

    #[test]
    fn another_number_of_classes_gets_a_new_head_and_the_other_layers() {
        let (_folder, path, old) = stored("fifty.safetensors", 50);
        let (before, now) = (net(50), net(10));
        let start = StartWeights::read(&path, &now).unwrap();
        assert_eq!(start.new_head(), Some("fc3"));
        let fresh = now.init_params(&Default::default(), 2);
        let mut params = fresh.clone();
        start.load(&now, &mut params).unwrap();
        for entry in now.params() {
            let expected = match entry.name.starts_with("fc3.") {
                true => values(&now, &fresh, &entry.name),
                false => values(&before, &old, &entry.name),
            };
            assert_eq!(values(&now, &params, &entry.name), expected, "{}", entry.name);
        }
    }

    #[test]
    fn the_same_number_of_classes_loads_everything() {
        let (_folder, path, old) = stored("ten.safetensors", 10);
        let start = StartWeights::read(&path, &net(10)).unwrap();
        let mut params = vec![0.0; old.len()];
        start.load(&net(10), &mut params).unwrap();
        assert_eq!((start.new_head(), params), (None, old));
    }

    #[test]
    fn another_model_is_refused() {
        let (_folder, path, _) = stored("lenet5.safetensors", 10);
        let other = nn::zoo::lenet5_modified(Shape::image(1, 128, 128), 10).build().unwrap();
        let message = StartWeights::read(&path, &other).unwrap_err().to_string();
        assert!(message.contains("lenet5.safetensors") && message.contains("another model"), "{message}");
    }
}
