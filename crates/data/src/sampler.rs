//! The order of an epoch, as a pure function.

use rng::{Purpose, Stream};
use serde::{Deserialize, Serialize};

/// In which order an epoch goes through the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they stand in the list.
    Sequential,
    /// A new random order each epoch, fixed by the seed and the epoch's number alone, so that any epoch can be
    /// replayed without those before it.
    Shuffled {
        /// Of the run.
        seed: u64,
    },
}

impl Order {
    /// Indices of the `n` samples in the order of `epoch` (counted from 0).
    ///
    /// # Examples
    /// ```
    /// use data::Order;
    ///
    /// assert_eq!(Order::Sequential.epoch(3, 4), [0, 1, 2, 3]);
    /// let order = Order::Shuffled { seed: 7 };
    /// assert_eq!(order.epoch(3, 100), order.epoch(3, 100));
    /// assert_ne!(order.epoch(3, 100), order.epoch(4, 100));
    /// ```
    pub fn epoch(self, epoch: u64, n: u32) -> Vec<u32> {
        match self {
            Self::Sequential => (0..n).collect(),
            Self::Shuffled { seed } => Stream::new(seed, Purpose::Shuffle, epoch, 0).permutation(n),
        }
    }
}

/// What happens to the samples after the last full batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LastBatch {
    /// They make a smaller batch.
    #[default]
    Keep,
    /// They are left out of this epoch.
    Drop,
}

/// Consecutive batches of an epoch's order; `batch_size` of 0 counts as 1.
///
/// # Examples
/// ```
/// use data::{LastBatch, batches};
///
/// let order = [4, 2, 0, 3, 1];
/// assert_eq!(batches(&order, 2, LastBatch::Keep).count(), 3);
/// assert_eq!(batches(&order, 2, LastBatch::Drop).last(), Some(&[0, 3][..]));
/// ```
pub fn batches(order: &[u32], batch_size: usize, last: LastBatch) -> impl ExactSizeIterator<Item = &[u32]> {
    let size = batch_size.max(1);
    let used = match last {
        LastBatch::Keep => order.len(),
        LastBatch::Drop => order.len() / size * size,
    };
    order[..used].chunks(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_holds_each_sample_once() {
        let mut order = Order::Shuffled { seed: 1 }.epoch(9, 1000);
        assert_ne!(order, Order::Sequential.epoch(9, 1000));
        order.sort_unstable();
        assert_eq!(order, Order::Sequential.epoch(0, 1000));
    }

    #[test]
    fn dropping_leaves_full_batches_only() {
        let order: Vec<u32> = (0..450).collect();
        assert_eq!(batches(&order, 32, LastBatch::Drop).map(<[u32]>::len).sum::<usize>(), 448);
        assert_eq!(batches(&order, 32, LastBatch::Keep).map(<[u32]>::len).sum::<usize>(), 450);
        assert_eq!(batches(&order, 0, LastBatch::Drop).count(), 450);
        assert_eq!(batches(&[], 32, LastBatch::Keep).count(), 0);
    }
}
