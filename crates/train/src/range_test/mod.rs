//! The learning-rate range test: a short training whose rate grows from step to step, and what its losses say.
//!
//! Everything else is as in the run that the recipe describes: model, start values, batches, augmentation, optimizer. Only
//! the schedule is replaced, and nothing is validated or kept.
//!
//! # Source
//! Smith 2017, "Cyclical Learning Rates for Training Neural Networks", arXiv 1506.01186, section 3.3; fastai's `lr_find`.

mod curve;
mod found;

pub use found::{Landmark, LrRange, RangeEnd, RangePoint, Reason, Suggestion};

use crate::{Job, TrainError, state::RunState};
use data::{Batch, batches};

/// The rates that a range test goes through, each the same factor above the one before.
///
/// # Examples
/// ```
/// use train::RangeTest;
///
/// let test = RangeTest { lowest: 1e-4, highest: 1.0, steps: 101 };
/// assert_eq!((test.lr_at(0), test.lr_at(100)), (1e-4, 1.0));
/// assert!((test.lr_at(50) - 1e-2).abs() < 1e-12);
/// assert!(RangeTest { highest: 5e-4, ..test }.fault().is_some());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RangeTest {
    /// Rate of the first step, over 0. Default: 1e-6.
    pub lowest: f64,
    /// Rate of the last step, at least ten times the lowest. Default: 10.
    pub highest: f64,
    /// Optimizer steps, at least [`RangeTest::FEWEST_STEPS`]. Default: 200.
    pub steps: usize,
}

impl Default for RangeTest {
    fn default() -> Self {
        Self { lowest: 1e-6, highest: 10.0, steps: 200 }
    }
}

/// The loss is out of hand once it is so many times what it was at the beginning.
const OUT_OF_HAND: f64 = 2.0;

impl RangeTest {
    /// Fewer losses than these show no curve.
    pub const FEWEST_STEPS: usize = 20;

    /// Why these settings are no test, if they aren't.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let Self { lowest, highest, steps } = *self;
        let numbers = lowest > 0.0 && highest.is_finite() && highest >= 10.0 * lowest;
        if !numbers {
            return Some(format!(
                "a range test from {lowest} to {highest}: the highest rate must be at least ten times the lowest, and that over 0"
            ));
        }
        let few = Self::FEWEST_STEPS;
        (steps < few).then(|| format!("a range test of {steps} steps shows no curve; take {few} or more"))
    }

    /// The rate of `step`, counted from 0.
    #[must_use]
    pub fn lr_at(&self, step: usize) -> f64 {
        let last = self.steps.saturating_sub(1);
        if step >= last {
            return self.highest;
        }
        self.lowest * (self.highest / self.lowest).powf(step as f64 / last as f64)
    }
}

impl Job {
    /// Makes the range test, on the current rayon pool; `observe` is told of every step. Ends early once the loss is out of
    /// hand or no number any more.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] if `test` has a fault, [`TrainError::OtherModel`] as in [`Job::initial_params`].
    ///
    /// # Exactness
    /// Equal bits for every thread count.
    ///
    /// # Examples
    /// ```
    /// use data::{OnBad, Synthetic};
    /// use train::{Job, Preset, RangeTest, Recipe, Splits};
    ///
    /// let recipe = Recipe::builtin("perceptron", Preset::Tuned)?;
    /// let some = Synthetic { train: 100, val: 50, test: 0, ..Synthetic::default() };
    /// let photos = data::open("synthetic".as_ref(), &some)?;
    /// let splits = Splits::prepare(&photos, &recipe.input.preprocess(), OnBad::Fail, None, &|_, _, _| ())?;
    /// let range = Job::new(recipe, &splits)?.range_test(&RangeTest { steps: 40, ..RangeTest::default() }, &mut |_| ())?;
    /// assert!(range.points.len() <= 40 && range.points[0].lr == 1e-6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn range_test(
        &self,
        test: &RangeTest,
        observe: &mut dyn FnMut(&RangePoint),
    ) -> Result<LrRange, TrainError> {
        if let Some(what) = test.fault() {
            return Err(TrainError::Recipe { origin: self.recipe().origin(), what });
        }
        let mut points = Vec::with_capacity(test.steps);
        let end = self.rising(test, &mut points, observe)?;
        Ok(LrRange::of(self, test, points, end))
    }

    /// Makes the steps.
    fn rising(
        &self,
        test: &RangeTest,
        points: &mut Vec<RangePoint>,
        observe: &mut dyn FnMut(&RangePoint),
    ) -> Result<RangeEnd, TrainError> {
        let (recipe, loader) = (self.recipe(), self.train_loader());
        let mut stepper = RunState::new(self)?.stepper;
        let mut batch = Batch::default();
        for epoch in 0.. {
            let order = self.order(epoch);
            for indices in batches(&order, recipe.batch_size, recipe.last_batch) {
                let step = points.len();
                if step == test.steps {
                    return Ok(RangeEnd::Highest);
                }
                loader.fill(indices, epoch, &mut batch);
                let (lr, loss) = (test.lr_at(step), stepper.score_batch(&batch).own);
                if !loss.is_finite() {
                    return Ok(RangeEnd::NotFinite { lr });
                }
                points.push(RangePoint { step: step as u64 + 1, lr, loss });
                observe(&points[step]);
                if curve::is_out_of_hand(points, test.steps, OUT_OF_HAND) {
                    return Ok(RangeEnd::OutOfHand { lr });
                }
                if stepper.learn(&batch.input, lr).is_err() {
                    return Ok(RangeEnd::NotFinite { lr });
                }
            }
        }
        Ok(RangeEnd::Highest)
    }
}

#[cfg(test)]
mod tests;
