//! Adam with decoupled weight decay.

use kernels::update::AdamStep;
use serde::{Deserialize, Serialize};

use super::Decayed;
use super::adam::adam_step;

/// Settings of AdamW, defaults as in PyTorch. The update is [`AdamStep`]'s.
///
/// # Source
/// Loshchilov & Hutter 2017, arXiv 1711.05101; `torch.optim.AdamW`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdamW {
    /// Memory of the gradient's mean and of its square's, each in [0, 1); default 0.9 and 0.999.
    pub betas: (f64, f64),
    /// Added to the root of the mean square; default 1e-8.
    pub eps: f64,
    /// Share of the parameter taken off in each step, times `lr`; default 0.01.
    pub weight_decay: f64,
    /// What the decay shrinks; default: weights.
    pub decayed: Decayed,
}

impl Default for AdamW {
    fn default() -> Self {
        AdamW { betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.01, decayed: Decayed::Weights }
    }
}

impl AdamW {
    pub(super) fn at(&self, lr: f64, step: u64, decayed: bool) -> AdamStep {
        let decay = if decayed { self.weight_decay } else { 0.0 };
        AdamStep { decay, ..adam_step(lr, self.betas, self.eps, step) }
    }
}
