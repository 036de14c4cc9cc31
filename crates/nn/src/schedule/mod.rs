//! Learning rates over a run, as pure functions of the step.

mod one_cycle;

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

pub use one_cycle::OneCycle;

/// The learning rate of a run: a peak, a curve, and a warm-up in front.
///
/// # Examples
/// ```
/// use nn::schedule::{Curve, Schedule};
/// let schedule = Schedule { lr: 0.1, curve: Curve::Cosine { min_factor: 0.0 }, warmup_epochs: 1.0 };
/// let lr = |step| schedule.lr_at(step, 300, 100);
/// assert!(lr(0) < lr(50) && lr(50) < lr(99));
/// assert!((lr(100) - 0.1).abs() < 1e-9);
/// assert!((lr(200) - 0.05).abs() < 1e-9);
/// assert!(lr(299) < 1e-4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The largest learning rate.
    pub lr: f64,
    /// How it goes on from there; default: constant.
    #[serde(default)]
    pub curve: Curve,
    /// Epochs of linear increase before the curve begins, also a fraction of one; default 0.
    #[serde(default)]
    pub warmup_epochs: f64,
}

/// The course of the learning rate after the warm-up, as a factor of the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Curve {
    /// Always the same.
    #[default]
    Constant,
    /// Multiplied by `gamma` every so many epochs.
    Step {
        /// Epochs between two drops, at least 1.
        every_epochs: usize,
        /// Factor of a drop.
        gamma: f64,
    },
    /// Half a cosine from 1 down to `min_factor` at the end of the run.
    ///
    /// Source: Loshchilov & Hutter 2016, arXiv 1608.03983, without restarts.
    Cosine {
        /// Share of the largest learning rate that is left; default 0.
        #[serde(default)]
        min_factor: f64,
    },
    /// Up and down once over the run.
    OneCycle(OneCycle),
    /// Multiplied by `factor` after every batch: what the published recipe does.
    PerBatchDecay {
        /// Factor of a step, e.g. 0.999.
        factor: f64,
    },
}

impl Schedule {
    /// Always `lr`.
    #[must_use]
    pub fn constant(lr: f64) -> Self {
        Schedule { lr, curve: Curve::Constant, warmup_epochs: 0.0 }
    }

    /// The learning rate of `step` (from 0) in a run of `total_steps`.
    #[must_use]
    pub fn lr_at(&self, step: usize, total_steps: usize, steps_per_epoch: usize) -> f64 {
        let warmup = (self.warmup_epochs * steps_per_epoch as f64).round().max(0.0) as usize;
        let rest = total_steps.saturating_sub(warmup);
        if step < warmup {
            let begin = self.curve.factor(0, rest, steps_per_epoch);
            return self.lr * begin * (step + 1) as f64 / (warmup + 1) as f64;
        }
        self.lr * self.curve.factor(step - warmup, rest, steps_per_epoch)
    }
}

impl Curve {
    /// Share of the largest learning rate at `step` of `total_steps`, both counted after the warm-up.
    fn factor(&self, step: usize, total_steps: usize, steps_per_epoch: usize) -> f64 {
        match *self {
            Curve::Constant => 1.0,
            Curve::Step { every_epochs, gamma } => {
                let drops = step / (every_epochs.max(1) * steps_per_epoch.max(1));
                gamma.powf(drops as f64)
            }
            Curve::Cosine { min_factor } => {
                let share = (step as f64 / total_steps.max(1) as f64).min(1.0);
                min_factor + (1.0 - min_factor) * 0.5 * (1.0 + (PI * share).cos())
            }
            Curve::OneCycle(cycle) => cycle.factor(step, total_steps),
            Curve::PerBatchDecay { factor } => factor.powf(step as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lr(curve: Curve, step: usize) -> f64 {
        Schedule { curve, ..Schedule::constant(0.3) }.lr_at(step, 200, 10)
    }

    #[test]
    fn steps_drop_after_whole_epochs() {
        let curve = Curve::Step { every_epochs: 3, gamma: 0.1 };
        assert_eq!([lr(curve, 0), lr(curve, 29)], [0.3, 0.3]);
        assert!((lr(curve, 30) - 0.03).abs() < 1e-15 && (lr(curve, 60) - 0.003).abs() < 1e-15);
    }

    #[test]
    fn the_published_decay_is_sevenfold_in_an_epoch() {
        let curve = Curve::PerBatchDecay { factor: 0.999 };
        let ratio = lr(curve, 0) / lr(curve, 1978);
        assert!((7.0..7.5).contains(&ratio), "{ratio}");
    }

    /// The rates that `torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.3, total_steps=200)` gives.
    #[test]
    fn one_cycle_agrees_with_torch() {
        let curve = Curve::OneCycle(OneCycle::default());
        for (step, expected) in ONE_CYCLE_TORCH {
            let found = lr(curve, step);
            assert!((found / expected - 1.0).abs() < 1e-9, "step {step}: {found}, torch {expected}");
        }
    }

    const ONE_CYCLE_TORCH: [(usize, f64); 9] = [
        (0, 0.012),
        (1, 0.012_204_091_822_546_281),
        (30, 0.159_833_355_087_039_55),
        (59, 0.3),
        (60, 0.299_962_235_392_435),
        (61, 0.299_848_960_585_357_26),
        (130, 0.146_634_903_818_467_86),
        (198, 3.896_460_756_498_590_6e-5),
        (199, 1.2e-6),
    ];

    #[test]
    fn warm_up_joins_the_curve_without_a_jump() {
        let curves = [
            Curve::Constant,
            Curve::Cosine { min_factor: 0.1 },
            Curve::OneCycle(OneCycle::default()),
            Curve::PerBatchDecay { factor: 0.99 },
        ];
        for curve in curves {
            let s = Schedule { lr: 1.0, curve, warmup_epochs: 2.0 };
            let rates: Vec<f64> = (0..22).map(|i| s.lr_at(i, 200, 10)).collect();
            assert!(rates.windows(2).take(20).all(|w| w[1] > w[0]), "{curve:?}: {rates:?}");
            assert!((rates[20] - curve.factor(0, 180, 10)).abs() < 1e-12);
        }
    }

    #[test]
    fn odd_runs_give_finite_rates() {
        for curve in [Curve::Cosine { min_factor: 0.0 }, Curve::OneCycle(OneCycle::default())] {
            for (step, total, epoch) in [(0, 0, 0), (0, 1, 1), (5, 1, 1), (1, 2, 1)] {
                let lr = Schedule { lr: 1.0, curve, warmup_epochs: 0.5 }.lr_at(step, total, epoch);
                assert!(lr.is_finite() && (0.0..=1.0).contains(&lr), "{curve:?} {step} {total}: {lr}");
            }
        }
    }
}
