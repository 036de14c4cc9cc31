//! One pass over the training split, step by step.

use crate::{
    Event, Flow, Job, Observer, RunInfo, StepRecord, Stepper, StopReason, TrainError, error::FileList,
    history::Metrics, metrics::Tally, recipe::Recipe,
};
use data::{Batch, Loader, Order, batches};
use nn::Buffer;
use std::time::Instant;

/// How a pass came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// After its last batch.
    Whole,
    /// Before.
    Early(StopReason),
}

/// The state of a run; its position is the number of steps made.
pub(crate) struct EpochRunner<'a> {
    recipe: &'a Recipe,
    info: &'a RunInfo,
    loader: &'a Loader,
    stepper: Stepper<'a>,
    batch: Batch,
    lr: f64,
}

impl<'a> EpochRunner<'a> {
    pub(crate) fn new(job: &'a Job, info: &'a RunInfo, loader: &'a Loader) -> Result<Self, TrainError> {
        let recipe = job.recipe();
        let capacity = recipe.batch_size.min(loader.set().len());
        let stepper = Stepper::new(job.net(), recipe, job.initial_params()?, capacity);
        Ok(Self { recipe, info, loader, stepper, batch: Batch::default(), lr: 0.0 })
    }

    pub(crate) fn result(&self) -> &[f32] {
        self.stepper.result()
    }

    pub(crate) fn into_result(self) -> Buffer<f32> {
        self.stepper.into_result()
    }

    /// Optimizer steps made.
    pub(crate) fn steps(&self) -> u64 {
        self.stepper.steps()
    }

    /// Learning rate of the last step.
    pub(crate) fn lr(&self) -> f64 {
        self.lr
    }

    /// Runs epoch `epoch` (from 0); the metrics are running ones, each batch scored with the weights before its step.
    pub(crate) fn run(
        &mut self,
        epoch: usize,
        observer: &mut dyn Observer,
    ) -> Result<(Ended, Metrics), TrainError> {
        let recipe = self.recipe;
        let order = if recipe.shuffle { Order::Shuffled { seed: recipe.seed } } else { Order::Sequential };
        let order = order.epoch(epoch as u64, self.loader.set().len() as u32);
        let all = batches(&order, recipe.batch_size, recipe.last_batch);
        let last = all.len() - 1;
        let mut tally = Tally::default();
        for (index, indices) in all.enumerate() {
            let begin = Instant::now();
            self.loader.fill(indices, epoch as u64, &mut self.batch);
            let loading = begin.elapsed();
            let loss = self.step(epoch, &mut tally)?;
            let record = StepRecord {
                step: self.steps(),
                epoch: epoch + 1,
                samples: self.batch.len(),
                loss,
                lr: self.lr,
                so_far: tally.metrics(),
                loading,
            };
            let flow = observer.on(&Event::StepDone(&record))?;
            if flow == Flow::Stop {
                return Ok((Ended::Early(StopReason::Asked), tally.metrics()));
            }
            if self.steps() >= self.info.total_steps && index < last {
                return Ok((Ended::Early(StopReason::MaxSteps), tally.metrics()));
            }
        }
        Ok((Ended::Whole, tally.metrics()))
    }

    /// One step for the batch that was loaded; gives the batch's mean loss before the update.
    fn step(&mut self, epoch: usize, tally: &mut Tally) -> Result<f64, TrainError> {
        let batch = &self.batch;
        self.lr = self.recipe.schedule.lr_at(
            self.steps() as usize,
            self.recipe.epochs * self.info.steps_per_epoch as usize,
            self.info.steps_per_epoch as usize,
        );
        let loss = self.stepper.score(&batch.input, &batch.targets);
        if !loss.own.is_finite() {
            return Err(self.not_finite(epoch, loss.own));
        }
        tally.add(loss.reported, self.stepper.logits(), &batch.targets);
        self.stepper.learn(&batch.input, self.lr);
        Ok(loss.reported)
    }

    fn not_finite(&self, epoch: usize, loss: f64) -> TrainError {
        let name = |&index: &u32| self.loader.set().names[index as usize].clone();
        let files = FileList(self.batch.indices.iter().map(name).collect());
        TrainError::NotFinite { loss, step: self.steps() + 1, epoch: epoch + 1, lr: self.lr, files }
    }
}
