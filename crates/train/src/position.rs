//! Where a run is.

use crate::{
    history::{EpochRecord, Metrics},
    metrics::Tally,
};
use serde::{Deserialize, Serialize};

/// A run's place between its first step and its last, with what it has seen: all that goes on but the weights.
///
/// Random numbers have no state of their own. They are functions of the seed and of the place: of the epoch and the
/// picture (order, augmentation), or of the step and the layer (dropout).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Optimizer steps made.
    pub step: u64,
    /// Epochs that ended.
    pub epoch: usize,
    /// Batches done of the epoch under way.
    pub batch: usize,
    /// Sums over those batches.
    pub tally: Tally,
    /// Learning rate of the last step.
    pub lr: f64,
    /// Seconds that the epoch under way took so far.
    pub epoch_secs: f64,
    /// Seconds since the run began, pauses not counted.
    pub secs: f64,
    /// One record an epoch that ended.
    pub records: Vec<EpochRecord>,
    /// The best of them.
    pub best: Option<BestEpoch>,
}

/// Which epoch was the best on the validation split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BestEpoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Its validation metrics.
    pub val: Metrics,
}

impl Position {
    /// In words, for messages: `step 12, in epoch 2`.
    #[must_use]
    pub fn words(&self) -> String {
        match self.batch {
            0 => format!("step {}, after epoch {}", self.step, self.epoch),
            _ => format!("step {}, in epoch {}", self.step, self.epoch + 1),
        }
    }
}
