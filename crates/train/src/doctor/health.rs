//! The readings of a run, and their file `health.jsonl`.

use super::{Moment, any_number};
use crate::{LrRange, TrainError, history::EpochRecord, store::write_file};
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

/// All that is measured of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// Known before the first step.
    pub facts: Facts,
    /// In order of their steps.
    pub readings: Vec<Reading>,
    /// In order.
    pub epochs: Vec<EpochRecord>,
    /// How it broke off, if it did.
    pub failure: Option<Failure>,
    /// What a range test of the same recipe found; not in the run's own file.
    pub range: Option<LrRange>,
}

/// What is known of data and model before the first step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Optimizer steps an epoch.
    pub steps_per_epoch: u64,
    /// Optimizer steps of the whole run.
    pub total_steps: u64,
    /// Training pictures of each class.
    pub train_counts: Vec<usize>,
    /// Validation pictures of each class; empty without such a split.
    pub val_counts: Vec<usize>,
    /// Name of the class with most training pictures.
    pub largest_class: String,
    /// Validation pictures whose pixels are also among the training pictures.
    pub val_in_train: usize,
    /// Test pictures whose pixels are also among the training pictures.
    pub test_in_train: usize,
    /// Test pictures.
    pub test: usize,
    /// What the network is fed with.
    pub input: InputFacts,
    /// Names of the batch normalisations.
    pub batch_norms: Vec<String>,
}

/// Numbers that the network is fed with, over some training pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InputFacts {
    /// Over all numbers.
    #[serde(with = "any_number")]
    pub mean: f64,
    /// Over all numbers.
    #[serde(with = "any_number")]
    pub std: f64,
    /// Largest absolute value.
    #[serde(with = "any_number")]
    pub largest: f64,
}

/// One look at the network, on pictures that are the same in every look.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// After which step.
    pub at: Moment,
    /// Learning rate of that step; 0 before the first.
    #[serde(with = "any_number")]
    pub lr: f64,
    /// Mean of the steps' losses since the last reading, as reported; none before the first step.
    #[serde(default, with = "any_number::optional")]
    pub step_loss: Option<f64>,
    /// The largest of them.
    #[serde(default, with = "any_number::optional")]
    pub largest_step_loss: Option<f64>,
    /// Cross-entropy on the training pictures that are looked at, in nats.
    #[serde(with = "any_number")]
    pub loss: f64,
    /// Norm of the whole gradient on them, of the recipe's loss.
    #[serde(with = "any_number")]
    pub grad_norm: f64,
    /// Mean entropy of the predictions over that of guessing, in [0, 1].
    #[serde(with = "any_number")]
    pub entropy: f64,
    /// Share of the class that is predicted most.
    #[serde(with = "any_number")]
    pub top_class: f64,
    /// Index of that class.
    pub top_class_index: usize,
    /// Layers that have weights, or an activation function.
    pub layers: Vec<LayerReading>,
}

/// One layer of a [`Reading`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerReading {
    /// Its name.
    pub name: String,
    /// Its kind, such as `relu`.
    pub kind: String,
    /// How much a unit's output differs from picture to picture: standard deviation over pictures, root mean square
    /// over units, over the root mean square of the outputs.
    #[serde(with = "any_number")]
    pub varies: f64,
    /// Sigmoid and tanh: share of outputs so near an end that less than 4 % of the largest slope is left.
    #[serde(default, with = "any_number::optional")]
    pub saturated: Option<f64>,
    /// ReLU: share of units (channels of a picture) that are 0 for every picture looked at.
    #[serde(default, with = "any_number::optional")]
    pub dead: Option<f64>,
    /// Norm of the weights, biases left out.
    #[serde(default, with = "any_number::optional")]
    pub weight_norm: Option<f64>,
    /// Norm of their gradient.
    #[serde(default, with = "any_number::optional")]
    pub grad_norm: Option<f64>,
    /// Norm of the last step's change over that of the weights.
    #[serde(default, with = "any_number::optional")]
    pub update_ratio: Option<f64>,
}

/// A loss that became no number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at: Moment,
    /// The error's message.
    pub message: String,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Facts(Facts),
    Reading(Reading),
    Epoch(EpochRecord),
    Failure(Failure),
}

impl Health {
    /// Replaces the file at `path` whole.
    ///
    /// # Errors
    /// [`TrainError::Write`].
    pub fn write(&self, path: &Path) -> Result<(), TrainError> {
        write_file(path, self.text().as_bytes())
    }

    /// What the file holds.
    pub(crate) fn text(&self) -> String {
        let lines = std::iter::once(Line::Facts(self.facts.clone()))
            .chain(self.readings.iter().cloned().map(Line::Reading))
            .chain(self.epochs.iter().cloned().map(Line::Epoch))
            .chain(self.failure.clone().map(Line::Failure));
        // Plain data with text keys always has a form in JSON.
        lines.map(|line| serde_json::to_string(&line).unwrap_or_default() + "\n").collect()
    }

    /// Reads what [`Health::write`] wrote.
    ///
    /// # Errors
    /// [`TrainError::Read`], or [`TrainError::Damaged`] with the line.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let text = fs::read_to_string(path).map_err(TrainError::read(path))?;
        let mut health = Self::default();
        for (index, line) in text.lines().enumerate() {
            let line = serde_json::from_str(line).map_err(|error| TrainError::Damaged {
                path: path.into(),
                what: format!("line {}: {error}", index + 1),
            })?;
            match line {
                Line::Facts(facts) => health.facts = facts,
                Line::Reading(reading) => health.readings.push(reading),
                Line::Epoch(epoch) => health.epochs.push(epoch),
                Line::Failure(failure) => health.failure = Some(failure),
            }
        }
        Ok(health)
    }

    /// Drops what lies behind `step`: a run that goes on from there makes it anew.
    pub(crate) fn back_to(&mut self, step: u64) {
        self.readings.retain(|reading| reading.at.step <= step);
        let epochs = step / self.facts.steps_per_epoch.max(1);
        self.epochs.retain(|record| record.epoch as u64 <= epochs);
        self.failure = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_survive_the_file() {
        let layer = LayerReading { update_ratio: Some(f64::INFINITY), dead: None, ..LayerReading::default() };
        let reading = Reading {
            loss: f64::NAN,
            grad_norm: f64::INFINITY,
            largest_step_loss: Some(f64::NEG_INFINITY),
            lr: 1e-300,
            layers: vec![layer],
            ..Reading::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health.jsonl");
        Health { readings: vec![reading.clone()], ..Health::default() }.write(&path).unwrap();
        let back = Health::read(&path).unwrap().readings.remove(0);
        assert!(back.loss.is_nan());
        assert_eq!(Reading { loss: 0.0, ..back }, Reading { loss: 0.0, ..reading });
    }

    #[test]
    fn files_of_earlier_versions_have_null_for_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health.jsonl");
        let health = Health { readings: vec![Reading::default()], ..Health::default() };
        fs::write(&path, health.text().replace("\"loss\":0.0", "\"loss\":null")).unwrap();
        assert!(Health::read(&path).unwrap().readings[0].loss.is_nan());
    }
}
