//! Stochastic gradient descent with momentum.

use kernels::update::SgdStep;
use serde::{Deserialize, Serialize};

use super::Decayed;

/// Settings of SGD. The update is [`SgdStep`]'s.
///
/// # Source
/// `torch.optim.SGD`; the published recipe is `momentum` 0.95, `dampening` 0.95 and `decoupled_decay` 0.001 of all
/// parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sgd {
    /// Share of the last step's velocity in the next, in [0, 1); default 0.
    pub momentum: f64,
    /// `v ← momentum·v + (1 − dampening)·g`: with `dampening` = `momentum` the velocity is a running mean of the
    /// gradients (the EMA form); default 0, the sum. The first step is damped too, unlike PyTorch's.
    pub dampening: f64,
    /// Step by the gradient where the velocity leads to; default no.
    pub nesterov: bool,
    /// Added to the gradient times the parameter (L2); default 0.
    pub weight_decay: f64,
    /// Share of the parameter itself taken off in each step, not scaled by `lr`; default 0.
    pub decoupled_decay: f64,
    /// What the two decays shrink; default: weights.
    pub decayed: Decayed,
}

impl Sgd {
    /// Plain momentum.
    #[must_use]
    pub fn with_momentum(momentum: f64) -> Self {
        Sgd { momentum, ..Sgd::default() }
    }

    /// The running-mean form, `v ← momentum·v + (1 − momentum)·g`.
    #[must_use]
    pub fn ema(momentum: f64) -> Self {
        Sgd { momentum, dampening: momentum, ..Sgd::default() }
    }

    pub(super) fn decays(&self) -> bool {
        self.weight_decay != 0.0 || self.decoupled_decay != 0.0
    }

    pub(super) fn at(&self, lr: f64, decayed: bool) -> SgdStep {
        let decay = |d: f64| if decayed { d } else { 0.0 };
        SgdStep {
            lr,
            momentum: self.momentum,
            dampening: self.dampening,
            nesterov: self.nesterov,
            weight_decay: decay(self.weight_decay),
            decoupled_decay: decay(self.decoupled_decay),
        }
    }
}
