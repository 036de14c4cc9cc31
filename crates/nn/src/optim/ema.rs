//! Weights averaged over the steps of a run.

use kernels::{Element, update};
use serde::{Deserialize, Serialize};

/// An exponential moving average of all weights, running statistics included: `a ← a + (1 − d)·(w − a)` after each step.
///
/// A net that is scored with the average of its last few hundred steps' weights is steadier, and mostly a little better, than
/// with the last ones. In the beginning the average is short, or it would be of the start values:
/// after step `t` (from 0) `d = min(decay, 1 − (1 + t)^(−2/3))`, so the first step's weights are taken as they are.
///
/// # Source
/// `ModelEmaV3` of timm, with warm-up (`--model-ema-warmup`, its gamma 1 and power 2/3).
///
/// # Examples
/// ```
/// let ema = nn::optim::Ema { decay: 0.999 };
/// let mut average = [0.0_f32];
/// ema.follow(&mut average, &[3.0], 0);
/// assert_eq!(average, [3.0]);
/// ema.follow(&mut average, &[5.0], 7); // 1 − 8^(−2/3) = 3/4
/// assert_eq!(average, [3.5]);
/// assert_eq!(ema.decay_after(1_000_000), 0.999);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ema {
    /// The most of the old average that is kept in a step, in [0, 1); 0.999 is usual.
    pub decay: f64,
}

impl Ema {
    /// What is kept of the average after a step that had `steps` before it.
    #[must_use]
    pub fn decay_after(&self, steps: u64) -> f64 {
        let warm = 1.0 - (1.0 + steps as f64).powf(-2.0 / 3.0);
        warm.min(self.decay)
    }

    /// Moves `average` towards `params` after a step that had `steps` before it, on the current rayon pool.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn follow<T: Element>(&self, average: &mut [T], params: &[T], steps: u64) {
        update::lerp(average, params, 1.0 - self.decay_after(steps));
    }
}
