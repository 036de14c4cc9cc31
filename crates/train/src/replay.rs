//! Batches made again: what a run was fed with is a function of recipe, epoch and number.

use crate::{Job, recipe::Sampling};
use data::{Batch, Loader, Order, balanced, batches, check};

const COLUMNS: usize = 8;

/// Pictures of `side` pixels that a sheet holds: 64, or fewer where they would come to over 16 million pixels.
fn shown(side: usize) -> usize {
    ((1 << 24) / (side * side)).clamp(1, 64)
}

impl Job {
    /// The indices of the training samples in the order of `epoch`, counted from 0.
    pub(crate) fn order(&self, epoch: u64) -> Vec<u32> {
        let (recipe, set) = (self.recipe(), &self.splits().train);
        match (recipe.sampling, recipe.shuffle) {
            (Sampling::Balanced, _) => balanced(&set.labels, recipe.seed, epoch),
            (Sampling::EachOnce, true) => {
                Order::Shuffled { seed: recipe.seed }.epoch(epoch, set.len() as u32)
            }
            (Sampling::EachOnce, false) => Order::Sequential.epoch(epoch, set.len() as u32),
        }
    }

    /// The training batch with number `batch` of `epoch`, both counted from 0, with the bits that the run is fed with; none
    /// if the epoch has not so many.
    #[must_use]
    pub fn replay(&self, loader: &Loader, epoch: u64, batch: usize) -> Option<Batch> {
        let (recipe, order) = (self.recipe(), self.order(epoch));
        let indices = batches(&order, recipe.batch_size, recipe.last_batch).nth(batch)?;
        let mut made = Batch::default();
        loader.fill(indices, epoch, &mut made);
        Some(made)
    }

    /// A PNG of the run's first pictures, up to 64, as the network sees them, augmented; none if nothing is changed in them, or if they
    /// are histograms.
    #[must_use]
    pub fn first_batch_png(&self) -> Option<Vec<u8>> {
        if self.recipe().augment.is_none() {
            return None;
        }
        let loader = self.train_loader();
        let side = loader.preprocess().width.max(loader.preprocess().height);
        let mut order = self.order(0);
        order.truncate(self.recipe().batch_size.min(shown(side)));
        let mut batch = Batch::default();
        loader.fill(&order, 0, &mut batch);
        Self::sheet(&loader, &batch)
    }

    /// A PNG of a batch's pictures, up to 64, as the network sees them; none if it is fed with histograms.
    #[must_use]
    pub fn sheet(loader: &Loader, batch: &Batch) -> Option<Vec<u8>> {
        let side = loader.preprocess().width.max(loader.preprocess().height);
        let mut pictures = loader.seen(batch)?;
        pictures.truncate(shown(side));
        Some(check::to_png(&check::sheet(&pictures, COLUMNS, side)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_stays_small_whatever_the_pictures() {
        assert_eq!([1, 128, 512, 1024, 4096].map(shown), [64, 64, 64, 16, 1]);
    }
}
