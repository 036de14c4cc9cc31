//! What a run tells the world while it runs.
//!
//! A fixed, small vocabulary: step logs, `results.csv`, weights, progress bars and the like are all [`Observer`]s, and
//! the loop knows none of them.

use crate::{
    Position, TrainError,
    doctor::Finding,
    history::{EpochRecord, Metrics},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Something that happened in a run.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Before the first step.
    Started(&'a RunInfo),
    /// The run goes on from a checkpoint; comes after [`Event::Started`].
    Resumed {
        /// Where.
        position: &'a Position,
        /// Why the newest checkpoint was not used, if it wasn't.
        note: Option<&'a str>,
    },
    /// A checkpoint is about to be written: what an observer holds back must get to its place first.
    Saving(&'a Position),
    /// After an optimizer step.
    StepDone(&'a StepRecord),
    /// The weights as they are: before the first step, and after each one's [`Event::StepDone`].
    Weights {
        /// Optimizer steps made.
        step: u64,
        /// The weights, `[num_slots]`.
        params: &'a [f32],
    },
    /// The doctor found something severe, for the first time in the run.
    Found(&'a Finding),
    /// The epoch's validation metrics are the best so far; comes before its [`Event::EpochDone`].
    BestSoFar {
        /// The epoch.
        record: &'a EpochRecord,
        /// The weights that were scored.
        params: &'a [f32],
    },
    /// After an epoch and its validation.
    EpochDone {
        /// The epoch.
        record: &'a EpochRecord,
        /// The weights that were scored.
        params: &'a [f32],
    },
    /// After the last step.
    Finished {
        /// Why there are no more.
        reason: StopReason,
        /// Optimizer steps that were made.
        steps: u64,
        /// The weights after the last of them.
        params: &'a [f32],
    },
    /// The test split was scored; comes after [`Event::Finished`], if there is one.
    Tested(&'a Metrics),
}

/// What is known of a run before its first step.
#[derive(Clone, Debug, PartialEq)]
pub struct RunInfo {
    /// Name of the model.
    pub model: String,
    /// Name of the recipe.
    pub recipe: String,
    /// Seed of the run.
    pub seed: u64,
    /// Number of classes.
    pub num_classes: usize,
    /// Numbers that are trained.
    pub num_params: usize,
    /// Epochs to be run.
    pub epochs: usize,
    /// Optimizer steps an epoch.
    pub steps_per_epoch: u64,
    /// Optimizer steps of the whole run.
    pub total_steps: u64,
    /// Samples that an epoch learns from.
    pub samples_per_epoch: usize,
    /// Validation samples; 0 without a validation split.
    pub val_samples: usize,
}

/// One optimizer step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepRecord {
    /// Counted from 1 over the whole run.
    pub step: u64,
    /// Counted from 1.
    pub epoch: usize,
    /// Samples in the batch.
    pub samples: usize,
    /// The batch's loss, a mean over its samples, with the weights before the step.
    pub loss: f64,
    /// Learning rate of the step.
    pub lr: f64,
    /// Running metrics over the epoch's batches so far.
    pub so_far: Metrics,
    /// Time spent making the batch.
    pub loading: Duration,
}

/// Why a run made no more steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// All epochs are done.
    AllEpochs,
    /// The recipe's `max_steps` are done.
    MaxSteps,
    /// As many epochs in a row as the recipe's `patience` were not the best.
    Patience,
    /// An observer asked for it.
    Asked,
    /// The session's time is over.
    MaxTime,
}

impl StopReason {
    /// Whether there is nothing to go on with.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::AllEpochs | Self::MaxSteps | Self::Patience => true,
            Self::Asked | Self::MaxTime => false,
        }
    }
}

/// What an observer wants of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    #[default]
    Continue,
    /// No more steps: finish with the weights as they are.
    Stop,
}

impl Flow {
    /// Stop if either says so.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == Self::Stop { self } else { other }
    }
}

/// Someone who is told of every [`Event`] of a run, in order.
///
/// # Examples
/// ```
/// use train::{Event, Flow, Observer, TrainError};
///
/// /// Stops a run after a number of epochs.
/// struct Patience(usize);
///
/// impl Observer for Patience {
///     fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError> {
///         match event {
///             Event::EpochDone { record, .. } if record.epoch >= self.0 => Ok(Flow::Stop),
///             _ => Ok(Flow::Continue),
///         }
///     }
/// }
/// # let _ = Patience(3);
/// ```
pub trait Observer {
    /// Takes note of `event`.
    ///
    /// # Errors
    /// What ends the run: a file that can't be written, for example.
    fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError>;
}

/// Nobody.
impl Observer for () {
    fn on(&mut self, _: &Event<'_>) -> Result<Flow, TrainError> {
        Ok(Flow::Continue)
    }
}

/// All of them in order; one that wants to stop is enough.
impl Observer for Vec<&mut dyn Observer> {
    fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError> {
        let mut flow = Flow::Continue;
        for observer in self {
            flow = flow.and(observer.on(event)?);
        }
        Ok(flow)
    }
}
