//! One pass over the training split, step by step.

use crate::{
    Event, Flow, Job, Observer, RunInfo, StepRecord, StopReason, TrainError,
    error::FileList,
    history::Metrics,
    metrics::Tally,
    recipe::{BiasGradient, Recipe, WeightGradient},
};
use data::{Batch, Loader, Order, batches};
use nn::{
    Buffer, Mode, Sequential, StepId, Workspace,
    loss::published::sum_bias_gradients,
    optim::{Optimizer, centralize},
};
use std::time::Instant;

/// How a pass came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// After its last batch.
    Whole,
    /// Before.
    Early(StopReason),
}

/// Weights, optimizer and memory of a run; its position is the number of steps made.
pub(crate) struct EpochRunner<'a> {
    net: &'a Sequential,
    recipe: &'a Recipe,
    info: &'a RunInfo,
    loader: &'a Loader,
    params: Buffer<f32>,
    grads: Buffer<f32>,
    optimizer: Optimizer,
    workspace: Workspace,
    batch: Batch,
    steps: u64,
    lr: f64,
}

impl<'a> EpochRunner<'a> {
    pub(crate) fn new(job: &'a Job, info: &'a RunInfo, loader: &'a Loader) -> Result<Self, TrainError> {
        let (net, recipe) = (job.net(), job.recipe());
        Ok(Self {
            net,
            recipe,
            info,
            loader,
            params: job.initial_params()?,
            grads: Buffer::zeros(net.num_slots()),
            optimizer: recipe.optimizer.build(net),
            workspace: net.workspace(recipe.batch_size.min(loader.set().len()), Mode::Train),
            batch: Batch::default(),
            steps: 0,
            lr: 0.0,
        })
    }

    pub(crate) fn params(&self) -> &[f32] {
        &self.params
    }

    pub(crate) fn into_params(self) -> Buffer<f32> {
        self.params
    }

    /// Optimizer steps made.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
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
                step: self.steps,
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
            if self.steps >= self.info.total_steps && index < last {
                return Ok((Ended::Early(StopReason::MaxSteps), tally.metrics()));
            }
        }
        Ok((Ended::Whole, tally.metrics()))
    }

    /// Forward, loss, backward, update, for the batch that was loaded; gives the batch's mean loss before the update.
    fn step(&mut self, epoch: usize, tally: &mut Tally) -> Result<f64, TrainError> {
        let (net, batch) = (self.net, &self.batch);
        let at = StepId { seed: self.recipe.seed, step: self.steps };
        self.lr = self.recipe.schedule.lr_at(
            self.steps as usize,
            self.recipe.epochs * self.info.steps_per_epoch as usize,
            self.info.steps_per_epoch as usize,
        );
        net.forward(&self.params, &batch.input, at, &mut self.workspace);
        let (logits, grad) = self.workspace.logits_and_grad();
        let loss = self.recipe.loss.step(logits, &batch.targets, grad);
        if !loss.own.is_finite() {
            return Err(self.not_finite(epoch, loss.own));
        }
        tally.add(loss.reported, logits, &batch.targets);
        self.grads.fill(0.0);
        net.backward(&self.params, &batch.input, at, &mut self.workspace, &mut self.grads);
        net.update_stats(&mut self.params, &self.workspace);
        if self.recipe.bias_gradient == BiasGradient::SummedOverUnits {
            sum_bias_gradients(net, &mut self.grads);
        }
        if self.recipe.weight_gradient == WeightGradient::Centralized {
            centralize(net, &mut self.grads);
        }
        self.optimizer.step(&mut self.params, &self.grads, self.lr);
        self.steps += 1;
        Ok(loss.reported)
    }

    fn not_finite(&self, epoch: usize, loss: f64) -> TrainError {
        let name = |&index: &u32| self.loader.set().names[index as usize].clone();
        let files = FileList(self.batch.indices.iter().map(name).collect());
        TrainError::NotFinite { loss, step: self.steps + 1, epoch: epoch + 1, lr: self.lr, files }
    }
}
