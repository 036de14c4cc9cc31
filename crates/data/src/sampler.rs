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

/// Indices of an epoch in which every class has the same share (to one sample), in a random order that the seed and the
/// epoch's number alone fix; as many as there are labels.
///
/// A small class's samples come several times, one round after the other; of a large class another part comes each epoch.
///
/// # Examples
/// ```
/// let order = data::balanced(&[0, 0, 0, 0, 0, 1], 7, 0);
/// assert_eq!(order.len(), 6);
/// assert_eq!(order.iter().filter(|&&index| index == 5).count(), 3);
/// ```
#[must_use]
pub fn balanced(labels: &[u32], seed: u64, epoch: u64) -> Vec<u32> {
    let mut classes: Vec<Vec<u32>> = Vec::new();
    for (index, &label) in (0..).zip(labels) {
        classes.resize(classes.len().max(label as usize + 1), Vec::new());
        classes[label as usize].push(index);
    }
    classes.retain(|members| !members.is_empty());
    let stream = |number: u64| Stream::new(seed, Purpose::Balance, epoch, number);
    // Which classes have the one sample more changes from epoch to epoch.
    let turns = stream(0).permutation(classes.len() as u32);
    let mut drawn = Vec::with_capacity(labels.len());
    for (turn, &class) in turns.iter().enumerate() {
        let share = (labels.len() - turn).div_ceil(classes.len());
        let members = &classes[class as usize];
        let rounds = (0..share.div_ceil(members.len()) as u64).flat_map(|round| {
            let number = 1 + (u64::from(class) << 32 | round);
            stream(number).permutation(members.len() as u32)
        });
        drawn.extend(rounds.take(share).map(|place| members[place as usize]));
    }
    let order = Order::Shuffled { seed }.epoch(epoch, drawn.len() as u32);
    order.into_iter().map(|place| drawn[place as usize]).collect()
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
    fn a_balanced_epoch_has_all_classes_alike_and_uses_every_sample_of_a_small_one_alike() {
        let labels: Vec<u32> = (0..1000)
            .map(|i| match i {
                ..900 => 0,
                900..993 => 2,
                _ => 3,
            })
            .collect();
        let order = balanced(&labels, 5, 2);
        assert_eq!(order, balanced(&labels, 5, 2));
        assert_ne!(order, balanced(&labels, 5, 3));
        let count = |label: u32| order.iter().filter(|&&i| labels[i as usize] == label).count();
        assert_eq!((count(0) + count(2) + count(3), count(1)), (1000, 0));
        assert!([count(0), count(2), count(3)].iter().all(|n| [333, 334].contains(n)));
        for rare in 993..1000 {
            let times = order.iter().filter(|&&i| i == rare).count();
            assert!([47, 48].contains(&times), "{times}");
        }
        let first: std::collections::HashSet<u32> = order.iter().copied().filter(|&i| i < 900).collect();
        assert_eq!(first.len(), count(0), "no sample of a large class comes twice");
        assert!(balanced(&[], 1, 0).is_empty());
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
