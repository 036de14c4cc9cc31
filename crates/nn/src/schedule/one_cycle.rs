//! The one-cycle schedule.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// From `1 / div_factor` up to 1, then down to `1 / (div_factor · final_div_factor)`, both along half a cosine.
///
/// # Source
/// Smith & Topin 2017, arXiv 1708.07120; formula and defaults of `torch.optim.lr_scheduler.OneCycleLR`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OneCycle {
    /// Share of the run that goes up, in (0, 1); default 0.3.
    pub pct_start: f64,
    /// The largest learning rate over the first; default 25.
    pub div_factor: f64,
    /// The first learning rate over the last; default 10,000.
    pub final_div_factor: f64,
}

impl Default for OneCycle {
    fn default() -> Self {
        OneCycle { pct_start: 0.3, div_factor: 25.0, final_div_factor: 1e4 }
    }
}

impl OneCycle {
    /// Share of the largest learning rate at `step` of `total_steps`.
    pub(super) fn factor(&self, step: usize, total_steps: usize) -> f64 {
        let (step, last) = (step as f64, total_steps as f64 - 1.0);
        let peak = self.pct_start * total_steps as f64 - 1.0;
        let first = 1.0 / self.div_factor;
        if step <= peak {
            anneal(first, 1.0, step / peak)
        } else {
            let peak = peak.max(0.0);
            anneal(1.0, first / self.final_div_factor, (step - peak) / (last - peak))
        }
    }
}

fn anneal(from: f64, to: f64, share: f64) -> f64 {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 };
    to + (from - to) / 2.0 * (1.0 + (PI * share).cos())
}
