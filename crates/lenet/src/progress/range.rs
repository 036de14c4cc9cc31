//! A range test going on: a bar over its steps.

use super::Console;
use indicatif::ProgressBar;
use train::{RangePoint, RangeTest};

pub(super) const TEMPLATE: &str = "range test {bar} {human_pos}/{human_len} steps, {eta} left, {msg}";

/// Tells how a range test goes.
#[derive(Debug)]
pub(crate) struct RangeProgress(Option<ProgressBar>);

impl RangeProgress {
    /// Before the first step of `test` of the model called `model`.
    pub(crate) fn new(console: Console, model: &str, test: &RangeTest) -> Self {
        let RangeTest { lowest, highest, steps } = test;
        console.line(&format!("{model}: a range test of {steps} steps, from lr {lowest:e} to {highest:e}"));
        Self(console.bar(*steps as u64, TEMPLATE))
    }

    /// A step was made.
    pub(crate) fn told(&self, point: &RangePoint) {
        if let Some(bar) = &self.0 {
            bar.set_position(point.step);
            bar.set_message(format!("lr {:.1e}, loss {:.3}", point.lr, point.loss));
        }
    }

    /// No more steps.
    pub(crate) fn done(self) {
        if let Some(bar) = self.0 {
            bar.finish_and_clear();
        }
    }
}
