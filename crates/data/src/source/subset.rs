//! Some samples of a source as a split of their own.

use super::{
    Content, Sample, Source,
    dataset::{Split, TEST, TRAIN, VAL},
};
use crate::{
    error::DataError,
    split::{Share, divide},
};
use std::{collections::BTreeMap, sync::Arc};

/// Samples of another source, by their indices there.
pub(super) struct Subset {
    inner: Arc<dyn Source>,
    indices: Vec<u32>,
    samples: Vec<Sample>,
}

impl Subset {
    pub(super) fn new(inner: Arc<dyn Source>, indices: Vec<u32>) -> Self {
        let samples = indices.iter().map(|&i| inner.samples()[i as usize].clone()).collect();
        Self { inner, indices, samples }
    }
}

impl Source for Subset {
    fn samples(&self) -> &[Sample] {
        &self.samples
    }

    fn read(&self, index: usize) -> Result<Content, DataError> {
        self.inner.read(self.indices[index] as usize)
    }

    fn origin(&self, index: usize) -> String {
        self.inner.origin(self.indices[index] as usize)
    }

    fn stamp(&self, index: usize) -> Option<u64> {
        self.inner.stamp(self.indices[index] as usize)
    }
}

/// What is said of data that was split here.
pub(super) const DIVIDED: &str =
    "no splits in the data: split 80/10/10 within each class by a hash of the name";

/// The source split 80/10/10 within each class by a hash of the names.
pub(super) fn divided(source: Arc<dyn Source>) -> Vec<(String, Split)> {
    let mut classes: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (index, sample) in source.samples().iter().enumerate() {
        classes.entry(sample.label).or_default().push(index as u32);
    }
    let mut parts = [(TRAIN, Vec::new()), (VAL, Vec::new()), (TEST, Vec::new())];
    for indices in classes.into_values() {
        let name = |&index: &u32| source.samples()[index as usize].name.clone();
        let names: Vec<String> = indices.iter().map(name).collect();
        for (index, share) in indices.into_iter().zip(divide(&names)) {
            let part = match share {
                Share::Train => 0,
                Share::Val => 1,
                Share::Test => 2,
            };
            parts[part].1.push(index);
        }
    }
    let filled = parts.into_iter().filter(|(_, indices)| !indices.is_empty());
    filled
        .map(|(name, mut indices)| {
            indices.sort_unstable();
            let split: Arc<dyn Source> = Arc::new(Subset::new(Arc::clone(&source), indices));
            (name.to_owned(), Split::Ready(split))
        })
        .collect()
}

/// The split that a word means: `valid`, `validation` and `dev` are val, `eval` and `t10k` are test; others stay.
pub(super) fn split_named(word: &str) -> String {
    let lower = word.trim().to_lowercase();
    match lower.as_str() {
        "training" => TRAIN.into(),
        "valid" | "validation" | "dev" => VAL.into(),
        "testing" | "eval" | "t10k" => TEST.into(),
        _ => lower,
    }
}
