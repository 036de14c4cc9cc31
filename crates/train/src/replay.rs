//! Batches made again: what a run was fed with is a function of recipe, epoch and number.

use crate::{Job, recipe::Sampling};
use data::{Batch, Loader, Order, balanced, batches, check};

/// Most pictures on a sheet.
const SHOWN: usize = 64;
const COLUMNS: usize = 8;

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

    /// A PNG of the run's first pictures as the network sees them, augmented; none if nothing is changed in them, or if they
    /// are histograms.
    #[must_use]
    pub fn first_batch_png(&self) -> Option<Vec<u8>> {
        if self.recipe().augment.is_none() {
            return None;
        }
        let loader = self.train_loader();
        let mut pictures = loader.seen(&self.replay(&loader, 0, 0)?)?;
        pictures.truncate(SHOWN);
        let side = loader.preprocess().width.max(loader.preprocess().height);
        Some(check::to_png(&check::sheet(&pictures, COLUMNS, side)))
    }
}
