//! The loop over epochs.

use crate::{
    Event, Flow, Job, Observer, RunInfo, StopReason, TrainError,
    epoch::{Ended, EpochRunner},
    evaluate::{Evaluator, Scoring},
    history::{EpochRecord, Metrics},
};
use nn::Buffer;
use std::time::Instant;

/// What a run made.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Weights after the last step.
    pub params: Buffer<f32>,
    /// Weights of the best epoch on the validation split; none if there is no such split, or no epoch ended.
    pub best: Option<Best>,
    /// One record an epoch that ended.
    pub epochs: Vec<EpochRecord>,
    /// Optimizer steps made.
    pub steps: u64,
    /// Why there were no more.
    pub stop: StopReason,
}

/// The best epoch on the validation split: lowest loss, among equals highest top-1, among equals the first.
///
/// The loss weighs every photo by how sure the net was; top-1 of a few hundred photos is mostly luck (0.02 of standard
/// error at 450).
#[derive(Clone, Debug)]
pub struct Best {
    /// Counted from 1.
    pub epoch: usize,
    /// Its validation metrics.
    pub val: Metrics,
    /// Its weights.
    pub params: Buffer<f32>,
}

pub(crate) fn run(job: &Job, info: &RunInfo, observer: &mut dyn Observer) -> Result<Trained, TrainError> {
    let begin = Instant::now();
    let recipe = job.recipe();
    let (train, val) = (job.train_loader(), job.val_loader());
    let mut epochs = EpochRunner::new(job, info, &train)?;
    let mut evaluator = Evaluator::new(job.net(), Scoring::of(recipe));
    let (mut records, mut best): (Vec<EpochRecord>, Option<Best>) = (Vec::new(), None);
    let mut stop = StopReason::AllEpochs;
    for epoch in 0..recipe.epochs {
        let begin_epoch = Instant::now();
        let (ended, train) = epochs.run(epoch, observer)?;
        let secs = begin_epoch.elapsed().as_secs_f64();
        if let Ended::Early(reason) = ended {
            stop = reason;
            break;
        }
        let record = EpochRecord {
            epoch: epoch + 1,
            train,
            val: val.as_ref().map(|val| evaluator.metrics(epochs.result(), val)).unwrap_or_default(),
            time_secs: begin.elapsed().as_secs_f64(),
            lr: epochs.lr(),
            images_per_sec: train.samples as f64 / secs.max(f64::MIN_POSITIVE),
        };
        if close(&record, epochs.result(), &mut best, observer)? == Flow::Stop {
            stop = StopReason::Asked;
        } else if epochs.steps() >= info.total_steps && epoch + 1 < recipe.epochs {
            stop = StopReason::MaxSteps;
        }
        records.push(record);
        if stop != StopReason::AllEpochs {
            break;
        }
    }
    let steps = epochs.steps();
    let params = epochs.into_result();
    observer.on(&Event::Finished { reason: stop, steps, params: &params })?;
    Ok(Trained { params, best, epochs: records, steps, stop })
}

/// Ends an epoch: is it the best, and does anyone want to stop?
fn close(
    record: &EpochRecord,
    params: &[f32],
    best: &mut Option<Best>,
    observer: &mut dyn Observer,
) -> Result<Flow, TrainError> {
    if !record.val.loss.is_finite() {
        return Err(TrainError::BadEpoch { loss: record.val.loss, epoch: record.epoch });
    }
    let mut flow = Flow::Continue;
    if record.val.samples > 0 && best.as_ref().is_none_or(|best| better(&record.val, &best.val)) {
        *best = Some(Best { epoch: record.epoch, val: record.val, params: Buffer::from(params) });
        flow = observer.on(&Event::BestSoFar { record, params })?;
    }
    Ok(flow.and(observer.on(&Event::EpochDone { record, params })?))
}

fn better(a: &Metrics, b: &Metrics) -> bool {
    a.loss < b.loss || (a.loss == b.loss && a.top1 > b.top1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_has_the_lowest_loss_then_the_highest_top1() {
        let of = |top1, loss| Metrics { top1, loss, ..Metrics::default() };
        assert!(better(&of(0.4, 1.0), &of(0.5, 9.0)));
        assert!(better(&of(0.5, 1.0), &of(0.4, 1.0)));
        assert!(!better(&of(0.5, 2.0), &of(0.5, 2.0)), "among equals the first stays");
    }
}
