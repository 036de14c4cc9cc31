//! From a prepared split to batches.

use crate::{
    augment::{Augment, Key, Mix, Scratch, Source},
    prepared::PreparedSet,
    preprocess::{Feature, Preprocess, with_levels},
};
use kernels::pixels::{Levels, prefetch};
use rayon::prelude::*;
use std::{cell::RefCell, sync::Arc};

/// The input of one training or evaluation step. Its buffers are reused from batch to batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// `[samples, features…]`.
    pub input: Vec<f32>,
    /// Class of each sample; of a mixed one that with the greater share.
    pub targets: Vec<u32>,
    /// The other class of each sample, where samples are mixed; else empty.
    pub others: Vec<u32>,
    /// The other class's share of each sample, in [0, 0.5], where samples are mixed; else empty.
    pub shares: Vec<f32>,
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
        let histogram = matches!(loader.preprocess.feature, Feature::Histogram { .. });
        if histogram && loader.augment.only_moves_pixels() {
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
        batch.others.clear();
        batch.shares.clear();
        let rows = batch.input.par_chunks_exact_mut(length).zip(order).enumerate();
        let rows = rows.map(|(at, (out, &index))| {
            if let Some(&next) = order.get(at + 1) {
                prefetch(self.set.plane(next as usize));
            }
            (out, index)
        });
        if !self.augment.mixes() {
            return rows.for_each(|(out, index)| self.features(index, epoch, out));
        }
        let mixes: Vec<Option<Mix>> = rows
            .map(|(out, index)| {
                self.features(index, epoch, out);
                let mix = self.mix(index, epoch)?;
                self.mix_into(out, &mix, epoch);
                Some(mix)
            })
            .collect();
        for (target, mix) in batch.targets.iter_mut().zip(mixes) {
            let (other, share) = mix.map_or((*target, 0.0), |mix| {
                let other = self.set.labels[mix.partner as usize];
                if mix.share > 0.5 {
                    (std::mem::replace(target, other), 1.0 - mix.share)
                } else {
                    (other, mix.share)
                }
            });
            batch.others.push(other);
            batch.shares.push(share);
        }
    }

    fn key(&self, index: u32, epoch: u64) -> Key {
        Key { seed: self.seed, epoch, index: u64::from(index) }
    }

    /// What sample `index` is mixed with in `epoch` (counted from 0), if it is.
    pub fn mix(&self, index: u32, epoch: u64) -> Option<Mix> {
        let (width, height) = (self.preprocess.width, self.preprocess.height);
        self.augment.mix(self.set.len(), width, height, self.key(index, epoch))
    }

    /// Mixes the partner's features, as they are in this epoch, into those of a sample.
    fn mix_into(&self, own: &mut [f32], mix: &Mix, epoch: u64) {
        thread_local! {
            static PARTNER: RefCell<Vec<f32>> = RefCell::default();
        }
        PARTNER.with_borrow_mut(|partner| {
            partner.resize(own.len(), 0.0);
            self.features(mix.partner, epoch, partner);
            match self.preprocess.feature {
                Feature::Histogram { .. } => mix.blend(own, partner),
                Feature::Pixels { .. } | Feature::PicturePixels => {
                    let (width, height) = (self.preprocess.width, self.preprocess.height);
                    mix.apply(own, partner, width * height, width);
                }
            }
        });
    }

    /// The features of a sample, augmented but not mixed.
    fn features(&self, index: u32, epoch: u64, out: &mut [f32]) {
        thread_local! {
            static SCRATCH: RefCell<(Scratch, Vec<f32>)> = RefCell::default();
        }
        if let Some(ready) = &self.ready {
            return out.copy_from_slice(&ready[index as usize * out.len()..][..out.len()]);
        }
        let plane = self.set.plane(index as usize);
        let (width, area) = (self.preprocess.width, self.preprocess.width * self.preprocess.height);
        let (augment, key) = (&self.augment, self.key(index, epoch));
        let upright = !augment.warps() && augment.vflip <= 0.0 && !augment.changes_levels();
        let view = augment.view(width, self.preprocess.height, key);
        if upright && augment.scale.is_none() && !view.flip {
            return self.preprocess.features(plane, out);
        }
        SCRATCH.with_borrow_mut(|(scratch, levels)| match &self.preprocess.feature {
            Feature::Pixels { .. } | Feature::PicturePixels => {
                if !upright {
                    augment.levels(Source { plane, area, width }, key, scratch, out);
                }
                let channels = plane.chunks_exact(area).zip(out.chunks_exact_mut(area));
                for (channel, (plane, out)) in channels.enumerate() {
                    let (mean, std) = self.preprocess.scale_of(channel, plane);
                    let (scale, offset) = (1.0 / (255.0 * std), -mean / std);
                    if !upright {
                        out.iter_mut().for_each(|v| *v = *v * scale + offset);
                    } else if augment.scale.is_none() {
                        with_levels(channel, mean, std, |levels| mirror(plane, width, levels, out));
                    } else {
                        view.sample(plane, width, scale, offset, out, &mut scratch.crop);
                    }
                }
            }
            Feature::Histogram { .. } => {
                levels.resize(plane.len(), 0.0);
                augment.levels(Source { plane, area, width }, key, scratch, levels);
                // Truncated after the half is added: rounds a positive number.
                let seen: Vec<u8> = levels.iter().map(|v| (v + 0.5) as u8).collect();
                self.preprocess.features(&seen, out);
            }
        });
    }
}

/// Rows of `plane` from right to left, as features.
fn mirror(plane: &[u8], width: usize, levels: &Levels, out: &mut [f32]) {
    for (source, out) in plane.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        for (value, &v) in out.iter_mut().zip(source.iter().rev()) {
            *value = levels.of(v);
        }
    }
}

#[cfg(test)]
#[path = "loader_tests.rs"]
mod tests;
