//! Loss and accuracies, added up batch by batch.

use super::rank;
use crate::history::Metrics;
use serde::{Deserialize, Serialize};

/// Running sums over the samples seen so far, in their order, so that the result does not depend on threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    loss: f64,
    hits1: usize,
    hits5: usize,
    samples: usize,
}

impl Tally {
    /// Adds a batch: `mean_loss` over its samples, and where each sample's class stands among its scores.
    ///
    /// # Shapes
    /// `logits` `[batch, num_classes]`, `targets` `[batch]`.
    pub fn add(&mut self, mean_loss: f64, logits: &[f32], targets: &[u32]) {
        self.loss += mean_loss * targets.len() as f64;
        self.samples += targets.len();
        let classes = logits.len() / targets.len().max(1);
        for (scores, &target) in logits.chunks_exact(classes.max(1)).zip(targets) {
            let rank = rank(scores, target as usize);
            self.hits1 += usize::from(rank < 1);
            self.hits5 += usize::from(rank < 5);
        }
    }

    /// Means over the samples that were added; zeros if there were none.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.metrics_over(self.samples)
    }

    /// The same, but hits are divided by `count`, whatever number was scored: the published report's way.
    #[must_use]
    pub fn metrics_over(&self, count: usize) -> Metrics {
        let share = |hits: usize| hits as f64 / count.max(1) as f64;
        Metrics {
            loss: self.loss / self.samples.max(1) as f64,
            top1: share(self.hits1),
            top5: share(self.hits5),
            samples: self.samples,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_count_by_their_samples() {
        let mut tally = Tally::default();
        tally.add(1.0, &[0.1, 0.9, 0.8, 0.2, 0.3, 0.7], &[1, 0, 0]);
        tally.add(5.0, &[0.1, 0.9], &[1]);
        let m = tally.metrics();
        assert_eq!((m.loss, m.top1, m.top5, m.samples), (2.0, 0.75, 1.0, 4));
        let m = tally.metrics_over(6);
        assert_eq!((m.loss, m.top1, m.samples), (2.0, 0.5, 4));
        assert_eq!(Tally::default().metrics(), Metrics::default());
    }
}
