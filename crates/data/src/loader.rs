//! From a prepared split to batches.

use crate::{
    augment::{Augment, Scratch, View},
    prepared::PreparedSet,
    preprocess::{Feature, Preprocess, pixel_levels},
};
use rayon::prelude::*;
use std::{cell::RefCell, sync::Arc};

/// The input of one training or evaluation step. Its buffers are reused from batch to batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// `[samples, features…]`.
    pub input: Vec<f32>,
    /// Class of each sample.
    pub targets: Vec<u32>,
    /// Index of each sample in its split, to name it by.
    pub indices: Vec<u32>,
}

impl Batch {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }
}

/// Makes batches of a prepared split: augmentation, then features.
///
/// # Exactness
/// What a sample becomes depends on its plane, the seed, the epoch and its index alone: not on the batch it stands in,
/// nor on the number of threads.
#[derive(Clone, Debug)]
pub struct Loader {
    set: Arc<PreparedSet>,
    preprocess: Preprocess,
    augment: Augment,
    seed: u64,
    /// Histograms of all samples, where no augmentation can change them.
    ready: Option<Vec<f32>>,
}

impl Loader {
    /// A loader without augmentation, for scoring.
    pub fn plain(set: Arc<PreparedSet>, preprocess: Preprocess) -> Self {
        Self::new(set, preprocess, Augment::NONE, 0)
    }

    /// A loader whose pictures are augmented anew each epoch.
    pub fn new(set: Arc<PreparedSet>, preprocess: Preprocess, augment: Augment, seed: u64) -> Self {
        debug_assert_eq!(set.shape, [preprocess.colour.channels(), preprocess.height, preprocess.width]);
        let mut loader = Self { set, preprocess, augment, seed, ready: None };
        // A flip moves pixels only, which a histogram does not see.
        let histogram = matches!(loader.preprocess.feature, Feature::Histogram { .. });
        if histogram && loader.augment.crop_area.is_none() {
            let length = loader.preprocess.feature_len();
            let mut ready = vec![0.0; loader.set.len() * length];
            ready.par_chunks_exact_mut(length).enumerate().for_each(|(index, out)| {
                loader.preprocess.features(loader.set.plane(index), out);
            });
            loader.ready = Some(ready);
        }
        loader
    }

    /// The split that it reads.
    pub fn set(&self) -> &PreparedSet {
        &self.set
    }

    /// What makes its features.
    pub fn preprocess(&self) -> &Preprocess {
        &self.preprocess
    }

    /// Shape of one sample's input.
    pub fn input_shape(&self) -> Vec<usize> {
        self.preprocess.input_shape()
    }

    /// Fills `batch` with the samples `order` in `epoch` (counted from 0), on all threads of the current pool.
    ///
    /// # Panics
    /// If an index in `order` is not below the number of samples.
    pub fn fill(&self, order: &[u32], epoch: u64, batch: &mut Batch) {
        let length = self.preprocess.feature_len();
        batch.input.resize(order.len() * length, 0.0);
        batch.targets.clear();
        batch.targets.extend(order.iter().map(|&i| self.set.labels[i as usize]));
        batch.indices.clear();
        batch.indices.extend_from_slice(order);
        match &self.ready {
            Some(ready) => {
                for (out, &index) in batch.input.chunks_exact_mut(length).zip(order) {
                    out.copy_from_slice(&ready[index as usize * length..][..length]);
                }
            }
            None => batch
                .input
                .par_chunks_exact_mut(length)
                .zip(order)
                .for_each(|(out, &index)| self.features(index, epoch, out)),
        }
    }

    fn features(&self, index: u32, epoch: u64, out: &mut [f32]) {
        thread_local! {
            static SCRATCH: RefCell<(Scratch, Vec<f32>)> = RefCell::default();
        }
        let plane = self.set.plane(index as usize);
        let (height, width) = (self.preprocess.height, self.preprocess.width);
        let view = self.augment.view(width, height, self.seed, epoch, u64::from(index));
        if self.augment.crop_area.is_none() && !view.flip {
            return self.preprocess.features(plane, out);
        }
        SCRATCH.with_borrow_mut(|(scratch, levels)| match &self.preprocess.feature {
            Feature::Pixels { .. } | Feature::PicturePixels => {
                let area = height * width;
                let channels = plane.chunks_exact(area).zip(out.chunks_exact_mut(area));
                for (channel, (plane, out)) in channels.enumerate() {
                    let (mean, std) = self.preprocess.scale_of(channel, plane);
                    if self.augment.crop_area.is_none() {
                        mirror(plane, width, &pixel_levels(mean, std), out);
                    } else {
                        view.sample(plane, width, 1.0 / (255.0 * std), -mean / std, out, scratch);
                    }
                }
            }
            Feature::Histogram { .. } => {
                let seen = self.sampled_plane(plane, view, scratch, levels);
                self.preprocess.features(&seen, out);
            }
        });
    }

    /// The augmented plane as 8-bit levels, which a histogram counts.
    fn sampled_plane(
        &self,
        plane: &[u8],
        view: View,
        scratch: &mut Scratch,
        levels: &mut Vec<f32>,
    ) -> Vec<u8> {
        let (height, width) = (self.preprocess.height, self.preprocess.width);
        levels.resize(height * width, 0.0);
        let mut seen = Vec::with_capacity(plane.len());
        for channel in plane.chunks_exact(height * width) {
            view.sample(channel, width, 1.0, 0.5, levels, scratch);
            seen.extend(levels.iter().map(|&v| v as u8));
        }
        seen
    }
}

/// Rows of `plane` from right to left, as features.
fn mirror(plane: &[u8], width: usize, levels: &[f32; 256], out: &mut [f32]) {
    for (source, out) in plane.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        for (value, &v) in out.iter_mut().zip(source.iter().rev()) {
            *value = levels[usize::from(v)];
        }
    }
}

#[cfg(test)]
#[path = "loader_tests.rs"]
mod tests;
