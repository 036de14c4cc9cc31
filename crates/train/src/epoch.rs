//! One pass over the training split, step by step.

use crate::{
    Event, Flow, Job, Observer, RunInfo, StepRecord, StopReason, TrainError, error::FileList, keeper::Keeper,
    state::RunState,
};
use data::{Batch, Loader, batches};
use nn::{Mode, optim::all_finite};
use std::time::Instant;

/// How a pass came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// After its last batch.
    Whole,
    /// Before, for good.
    Early(StopReason),
    /// Before, to rest.
    Resting,
}

/// Makes the steps of epochs; where it stands is in the [`RunState`].
pub(crate) struct EpochRunner<'a> {
    job: &'a Job,
    info: &'a RunInfo,
    loader: &'a Loader,
    batch: Batch,
}

impl<'a> EpochRunner<'a> {
    pub(crate) fn new(job: &'a Job, info: &'a RunInfo, loader: &'a Loader) -> Self {
        Self { job, info, loader, batch: Batch::default() }
    }

    /// Runs the epoch under way from where it stands.
    pub(crate) fn run(
        &mut self,
        state: &mut RunState<'_>,
        keeper: &mut Keeper<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Ended, TrainError> {
        let recipe = self.job.recipe();
        let epoch = state.position.epoch;
        let order = self.job.order(epoch as u64);
        let all = batches(&order, recipe.batch_size, recipe.last_batch);
        let last = all.len() - 1;
        let (begin, before) = (Instant::now(), state.position.epoch_secs);
        for (index, indices) in all.enumerate().skip(state.position.batch) {
            let begin_loading = Instant::now();
            self.loader.fill(indices, epoch as u64, &mut self.batch);
            let loading = begin_loading.elapsed();
            let loss = self.step(state)?;
            state.position.batch = index + 1;
            state.position.epoch_secs = before + begin.elapsed().as_secs_f64();
            let record = StepRecord {
                step: state.position.step,
                epoch: epoch + 1,
                samples: self.batch.len(),
                loss,
                lr: state.position.lr,
                so_far: state.position.tally.metrics(),
                loading,
            };
            let flow = observer.on(&Event::StepDone(&record))?;
            let weights = Event::Weights { step: record.step, params: state.stepper.params() };
            if flow.and(observer.on(&weights)?) == Flow::Stop {
                return Ok(Ended::Early(StopReason::Asked));
            }
            if index == last {
                break;
            }
            if record.step >= self.info.total_steps {
                return Ok(Ended::Early(StopReason::MaxSteps));
            }
            if keeper.rest().is_some() {
                return Ok(Ended::Resting);
            }
            if keeper.is_due(record.step) {
                keeper.save(state, observer)?;
            }
        }
        Ok(Ended::Whole)
    }

    /// One step for the batch that was loaded; gives the batch's mean loss before the update.
    fn step(&self, state: &mut RunState<'_>) -> Result<f64, TrainError> {
        let (batch, recipe) = (&self.batch, self.job.recipe());
        let RunState { stepper, position, .. } = state;
        let lr = recipe.schedule.lr_at(
            position.step as usize,
            recipe.epochs * self.info.steps_per_epoch as usize,
            self.info.steps_per_epoch as usize,
        );
        let loss = stepper.score_batch(batch);
        let learned = match loss.own.is_finite() {
            true => stepper.learn(&batch.input, lr).map_err(|error| error.to_string()),
            false => Err(self.bad_loss(loss.own, stepper.params())),
        };
        if let Err(what) = learned {
            let (step, epoch) = (position.step + 1, position.epoch + 1);
            return Err(TrainError::NotFinite { what, step, epoch, lr, files: self.files() });
        }
        position.tally.add(loss.reported, stepper.logits(), &batch.targets);
        (position.lr, position.step) = (lr, stepper.steps());
        Ok(loss.reported)
    }

    /// Where a loss that is no number comes from: the first weight or layer that is not finite.
    fn bad_loss(&self, loss: f64, params: &[f32]) -> String {
        let net = self.job.plain();
        if !all_finite(&self.batch.input) {
            return format!("the loss became {loss}: the pictures themselves are not finite");
        }
        if let Some(entry) = net.params().iter().find(|entry| !all_finite(&params[entry.range.clone()])) {
            return format!("the loss became {loss}: {} is not finite after the step before", entry.name);
        }
        let values = net.forward_all(&mut params.to_vec(), &self.batch.input, |_| Mode::Train, |_, _, _| {});
        let first = net.nodes().iter().zip(&values).find(|(_, value)| !all_finite(value));
        match first {
            Some((node, _)) => format!("the loss became {loss}: the output of {} is not finite", node.name),
            None => format!("the loss became {loss} though all layers are finite"),
        }
    }

    /// The batch's pictures.
    fn files(&self) -> FileList {
        let name = |&index: &u32| self.loader.set().names[index as usize].clone();
        FileList(self.batch.indices.iter().map(name).collect())
    }
}
