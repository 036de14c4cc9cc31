//! Adam.

use kernels::update::AdamStep;
use serde::{Deserialize, Serialize};

use super::Decayed;

/// Settings of Adam, defaults as in PyTorch. The update is [`AdamStep`]'s.
///
/// # Source
/// Kingma & Ba 2014, arXiv 1412.6980; `torch.optim.Adam`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adam {
    /// Memory of the gradient's mean and of its square's, each in [0, 1); default 0.9 and 0.999.
    pub betas: (f64, f64),
    /// Added to the root of the mean square; default 1e-8.
    pub eps: f64,
    /// Added to the gradient times the parameter (L2); default 0.
    pub weight_decay: f64,
    /// What the decay shrinks; default: weights.
    pub decayed: Decayed,
}

impl Default for Adam {
    fn default() -> Self {
        Adam { betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.0, decayed: Decayed::Weights }
    }
}

impl Adam {
    pub(super) fn at(&self, lr: f64, step: u64, decayed: bool) -> AdamStep {
        let l2 = if decayed { self.weight_decay } else { 0.0 };
        AdamStep { l2, ..adam_step(lr, self.betas, self.eps, step) }
    }
}

/// Without any decay; `step` counts from 1.
pub(super) fn adam_step(lr: f64, betas: (f64, f64), eps: f64, step: u64) -> AdamStep {
    let correction = |beta: f64| 1.0 - beta.powf(step as f64);
    AdamStep {
        lr,
        beta1: betas.0,
        beta2: betas.1,
        eps,
        l2: 0.0,
        decay: 0.0,
        correction1: correction(betas.0),
        correction2: correction(betas.1),
    }
}
