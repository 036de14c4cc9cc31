//! A run's numbers: weights, optimizer, best weights so far, and where it is.

use crate::{
    Best, Job, Position, Stepper, TrainError,
    checkpoint::{Checkpoint, Identity, Snapshot},
};
use nn::{Buffer, optim::OptimizerState};
use std::path::Path;

/// Everything that changes from step to step.
pub(crate) struct RunState<'a> {
    pub(crate) stepper: Stepper<'a>,
    pub(crate) position: Position,
    /// Weights of the best epoch.
    pub(crate) best: Option<Buffer<f32>>,
}

const WEIGHTS: &str = "weights";
const AVERAGE: &str = "average";
const BEST: &str = "best";

impl<'a> RunState<'a> {
    /// Before the first step.
    pub(crate) fn new(job: &'a Job) -> Result<Self, TrainError> {
        let recipe = job.recipe();
        let capacity = recipe.batch_size.min(job.splits().train.len());
        let stepper = Stepper::new(job.net(), recipe, job.initial_params()?, capacity)
            .with_class_weights(job.class_weights());
        Ok(Self { stepper, position: Position::default(), best: None })
    }

    /// Where a checkpoint, read from `path`, was made.
    pub(crate) fn restored(job: &'a Job, checkpoint: &Checkpoint, path: &Path) -> Result<Self, TrainError> {
        let damaged = |what: String| TrainError::Damaged { path: path.to_owned(), what };
        let slots = job.net().num_slots();
        let position = checkpoint.position.clone();
        let wanted =
            [(true, WEIGHTS), (job.recipe().ema.is_some(), AVERAGE), (position.best.is_some(), BEST)];
        for name in wanted.into_iter().filter_map(|(wanted, name)| wanted.then_some(name)) {
            if checkpoint.buffer(name).is_none_or(|buffer| buffer.len() != slots) {
                return Err(damaged(format!("it lacks {slots} numbers called '{name}'")));
            }
        }
        let mut state = Self::new(job)?;
        let own = [WEIGHTS, AVERAGE, BEST];
        let others = checkpoint.buffers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
        let optimizer = OptimizerState {
            steps: checkpoint.updates,
            buffers: others.map(|(name, buffer)| (name.as_str(), &**buffer)).collect(),
        };
        let weights = checkpoint.buffer(WEIGHTS).map_or(&[][..], |buffer| buffer);
        let average = checkpoint.buffer(AVERAGE).map(|buffer| &**buffer);
        state
            .stepper
            .restore(position.step, weights, average, &optimizer)
            .map_err(|error| damaged(error.to_string()))?;
        Ok(Self { position, best: checkpoint.buffer(BEST).cloned(), ..state })
    }

    /// All of it, to be saved.
    pub(crate) fn snapshot<'s>(&'s self, identity: &'s Identity) -> Snapshot<'s> {
        let optimizer = self.stepper.optimizer();
        let mut buffers = vec![(WEIGHTS, self.stepper.params())];
        buffers.extend(self.stepper.average().map(|average| (AVERAGE, average)));
        buffers.extend(self.best.as_deref().map(|best| (BEST, best)));
        buffers.extend(optimizer.buffers);
        Snapshot { identity, position: &self.position, updates: optimizer.steps, buffers }
    }

    /// The best epoch with its weights.
    pub(crate) fn take_best(&mut self) -> Option<Best> {
        let best = self.position.best?;
        let params = self.best.take()?;
        Some(Best { epoch: best.epoch, val: best.val, params })
    }
}
