//! What a range test found, and its files `lr_find.csv` and `lr_find.json`.

use super::{RangeTest, curve};
use crate::{Job, Recipe, TrainError, store::RunDir};
use serde::{Deserialize, Serialize};
use std::{fmt::Write, fs, path::Path};

/// First line of `lr_find.csv`.
const CSV_HEADER: &str = "step,lr,loss,smoothed";

/// One step of a range test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RangePoint {
    /// Counted from 1.
    pub step: u64,
    /// Its rate.
    pub lr: f64,
    /// The loss of its batch before the step, the one that the gradient is of.
    pub loss: f64,
}

/// A place in the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Landmark {
    /// Its rate.
    pub lr: f64,
    /// The smoothed loss there.
    pub loss: f64,
}

/// Why a range test made no more steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RangeEnd {
    /// It came to the highest rate.
    Highest,
    /// The loss was far over what it was at the beginning.
    OutOfHand {
        /// At this rate.
        lr: f64,
    },
    /// Loss or gradient became no number.
    NotFinite {
        /// At this rate.
        lr: f64,
    },
}

/// By what a rate is suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The loss falls most steeply there.
    Steepest,
    /// It is half the rate at which the loss is lowest: the steepest descent is too near to that.
    HalfOfLowest,
    /// It is a tenth of the rate at which the loss is lowest: the steepest descent is too far below that.
    TenthOfLowest,
}

/// A rate to train with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suggestion {
    /// The largest rate of the schedule.
    pub lr: f64,
    /// By what.
    pub reason: Reason,
    /// The same in words.
    pub why: String,
}

/// What a range test found. Places are none if the loss did not fall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LrRange {
    /// Name of the model.
    pub model: String,
    /// Name of the recipe.
    pub recipe: String,
    /// Seed of batches, start values and augmentation.
    pub seed: u64,
    /// Samples a step.
    pub batch_size: usize,
    /// The largest rate of the recipe's own schedule.
    pub recipe_lr: f64,
    /// Rate of the first step.
    pub from: f64,
    /// Rate of the last step, had it come to that.
    pub to: f64,
    /// Steps made.
    pub steps: u64,
    /// Why there were no more.
    pub end: RangeEnd,
    /// Mean loss of the first steps, at rates too low to matter; none if the very first was no number.
    pub first_loss: Option<f64>,
    /// Where a tenth of the fall is done.
    pub begins: Option<Landmark>,
    /// Where the loss falls most steeply.
    pub steepest: Option<Landmark>,
    /// Where it has come down to its lowest, but for the luck of batches.
    pub lowest: Option<Landmark>,
    /// From this rate on the loss is at least what it was at the beginning, or no number.
    pub diverges: Option<f64>,
    /// None if the loss did not fall.
    pub suggestion: Option<Suggestion>,
    /// The steps.
    #[serde(skip)]
    pub points: Vec<RangePoint>,
    /// The loss at each of them, averaged over its neighbours.
    #[serde(skip)]
    pub smoothed: Vec<f64>,
}

impl LrRange {
    pub(super) fn of(job: &Job, test: &RangeTest, points: Vec<RangePoint>, end: RangeEnd) -> Self {
        let reach = curve::reach(test.steps);
        let smoothed = curve::smoothed(&points, reach);
        let valley = curve::valley(&points, &smoothed, reach);
        let place = |i: usize| Landmark { lr: points[i].lr, loss: smoothed[i] };
        let broke = match end {
            RangeEnd::Highest => None,
            RangeEnd::OutOfHand { lr } | RangeEnd::NotFinite { lr } => Some(lr),
        };
        let recipe = job.recipe();
        Self {
            model: job.spec().name.clone(),
            recipe: recipe.recipe.clone(),
            seed: recipe.seed,
            batch_size: recipe.batch_size,
            recipe_lr: recipe.schedule.lr,
            from: test.lowest,
            to: test.highest,
            steps: points.len() as u64,
            end,
            first_loss: curve::first_loss(&points, reach),
            begins: valley.map(|v| place(v.begins)),
            steepest: valley.map(|v| place(v.steepest)),
            lowest: valley.map(|v| place(v.lowest)),
            diverges: valley.and_then(|v| v.back).map(|i| points[i].lr).or(broke),
            suggestion: valley.map(|v| suggestion(points[v.steepest].lr, points[v.lowest].lr)),
            points,
            smoothed,
        }
    }

    /// The text of `lr_find.csv`: a row for each step, in digits that give the numbers back exactly.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = format!("{CSV_HEADER}\n");
        for (RangePoint { step, lr, loss }, smoothed) in self.points.iter().zip(&self.smoothed) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{step},{lr},{loss},{smoothed}");
        }
        text
    }

    /// Writes `config.toml` (the recipe of `job`), `lr_find.csv` and `lr_find.json`.
    ///
    /// # Errors
    /// [`TrainError::Write`].
    pub fn write_in(&self, dir: &RunDir, job: &Job) -> Result<(), TrainError> {
        let path = dir.lr_find();
        let mut json = serde_json::to_vec_pretty(self).map_err(|e| TrainError::write(&path)(e.into()))?;
        json.push(b'\n');
        dir.write(&dir.config(), job.recipe().to_toml().as_bytes())?;
        dir.write(&dir.lr_find_csv(), self.csv().as_bytes())?;
        dir.write(&path, &json)
    }

    /// In words, how the recipe `run` differs from the `tested` one in what a range test depends on: all but the schedule, the
    /// length of the run, its seed, and what is scored.
    #[must_use]
    pub fn unlike(tested: &Recipe, run: &Recipe) -> Option<String> {
        let tested = Recipe {
            recipe: run.recipe.clone(),
            on_bad: run.on_bad,
            seed: run.seed,
            epochs: run.epochs,
            max_steps: run.max_steps,
            patience: run.patience,
            scored: run.scored,
            tested: run.tested,
            schedule: run.schedule,
            ema: run.ema,
            ..tested.clone()
        };
        tested.difference(run)
    }

    /// Reads an `lr_find.json`; the steps are not in it.
    ///
    /// # Errors
    /// [`TrainError::Read`] if it can't be read, [`TrainError::Damaged`] if it is something else.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        serde_json::from_slice(&fs::read(path).map_err(TrainError::read(path))?)
            .map_err(|error| TrainError::Damaged { path: path.into(), what: error.to_string() })
    }
}

/// The steepest descent, but not nearer to the rate of the lowest loss than half of it, and not farther than a tenth.
pub(super) fn suggestion(steepest: f64, lowest: f64) -> Suggestion {
    let below = lowest / steepest;
    let instead = |share: &str, how: &str| {
        format!(
            "{share} the rate where the loss is lowest; the steepest descent, at {steepest:.1e}, is too {how} it"
        )
    };
    let (lr, reason, why) = if below < 2.0 {
        (lowest / 2.0, Reason::HalfOfLowest, instead("half", "near to"))
    } else if below > 10.0 {
        (lowest / 10.0, Reason::TenthOfLowest, instead("a tenth of", "far below"))
    } else {
        let why =
            format!("the loss falls most steeply there, {below:.1} times below the rate where it is lowest");
        (steepest, Reason::Steepest, why)
    };
    Suggestion { lr: two_digits(lr), reason, why }
}

/// A rate as one would type it: the test tells no more.
fn two_digits(lr: f64) -> f64 {
    format!("{lr:.1e}").parse().unwrap_or(lr)
}
