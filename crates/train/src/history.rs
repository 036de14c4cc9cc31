//! What a run leaves behind in numbers: one record an epoch, one summary a run.

use serde::{Deserialize, Serialize};

/// Loss and accuracies of one pass over one split.
///
/// # Units and ranges
/// `loss` in nats, mean over samples; `top1` and `top5` fractions in [0, 1].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Fraction of samples whose class has the highest score.
    pub top1: f64,
    /// Fraction of samples whose class is among the five highest scores.
    pub top5: f64,
    /// Number of samples that were scored.
    pub samples: usize,
}

/// One row of `results.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Seconds since the run began.
    pub time_secs: f64,
    /// Running metrics over the epoch's training batches, each scored with the weights before its step.
    pub train: Metrics,
    /// Metrics on the validation split after the epoch; 0 samples if there is no such split.
    pub val: Metrics,
    /// Learning rate of the epoch's last step.
    pub lr: f64,
    /// Training images per second of wall time, validation not counted.
    pub images_per_sec: f64,
}

/// One run, as stored in `summary.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Model name, `perceptron`, `lenet5`, `lenet5-modified`, or the stem of a model file.
    pub model: String,
    /// Recipe name, `tuned` or `published`.
    pub recipe: String,
    /// Seed of the run.
    pub seed: u64,
    /// Number of classes; chance is 1 / `num_classes`.
    pub num_classes: usize,
    /// One record an epoch, in order.
    pub epochs: Vec<EpochRecord>,
    /// Epoch (from 1) whose weights are `weights/best.safetensors`; `None` if no epoch ended, or nothing was validated.
    pub best_epoch: Option<usize>,
    /// Test metrics of the best weights, unless the recipe names others (`tested`); `None` if there is no test split.
    pub test: Option<Metrics>,
    /// Wall seconds of the run, all included.
    pub wall_secs: f64,
}
