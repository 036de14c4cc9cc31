//! The loop over epochs.

use crate::{
    BestEpoch, Event, Flow, Job, Observer, Position, RunInfo, StopReason, TrainError,
    epoch::{Ended, EpochRunner},
    evaluate::{Evaluator, Scoring},
    history::{EpochRecord, Metrics},
    keeper::{Keeper, Rest},
    metrics::Tally,
    state::RunState,
};
use nn::{Buffer, optim::all_finite};

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

/// Goes on from `state` to the run's end, or until it shall rest.
pub(crate) fn run(
    job: &Job,
    info: &RunInfo,
    mut state: RunState<'_>,
    keeper: &mut Keeper<'_>,
    observer: &mut dyn Observer,
) -> Result<Trained, TrainError> {
    let (train, val) = (job.train_loader(), job.val_loader());
    let mut epochs = EpochRunner::new(job, info, &train);
    observer.on(&Event::Weights { step: state.position.step, params: state.stepper.params() })?;
    let mut evaluator = Evaluator::new(job.net(), Scoring::of(job.recipe()));
    let stop = loop {
        if let Some(reason) = end_of(&state.position, info, job.recipe().patience) {
            break reason;
        }
        match keeper.rest() {
            None => {}
            Some(Rest::MaxTime) => break StopReason::MaxTime,
            Some(Rest::Signal(signal)) => {
                keeper.save(&mut state, observer)?;
                return Err(TrainError::Interrupted { signal, at: state.position.words() });
            }
        }
        let ended = epochs.run(&mut state, keeper, observer);
        if matches!(ended, Err(TrainError::NotFinite { .. })) && all_finite(state.stepper.params()) {
            keeper.save(&mut state, observer)?;
        }
        match ended? {
            Ended::Resting => {}
            Ended::Early(reason) => break reason,
            Ended::Whole => {
                let val = val.as_ref().map(|val| evaluator.metrics(state.stepper.result(), val));
                let flow = close(&mut state, val.unwrap_or_default(), keeper.secs(), observer)?;
                keeper.save(&mut state, observer)?;
                if flow == Flow::Stop {
                    break StopReason::Asked;
                }
            }
        }
    };
    keeper.save(&mut state, observer)?;
    let best = state.take_best();
    let RunState { stepper, position, .. } = state;
    let params = stepper.into_result();
    observer.on(&Event::Finished { reason: stop, steps: position.step, params: &params })?;
    Ok(Trained { params, best, epochs: position.records, steps: position.step, stop })
}

/// Whether the run has come to its end.
fn end_of(position: &Position, info: &RunInfo, patience: Option<usize>) -> Option<StopReason> {
    if position.epoch >= info.epochs {
        Some(StopReason::AllEpochs)
    } else if position.step >= info.total_steps {
        Some(StopReason::MaxSteps)
    } else {
        let since_best = position.best.map(|best| position.epoch - best.epoch);
        let over = position.batch == 0 && patience.zip(since_best).is_some_and(|(most, since)| since >= most);
        over.then_some(StopReason::Patience)
    }
}

/// Ends an epoch: is it the best, and does anyone want to stop?
fn close(
    state: &mut RunState<'_>,
    val: Metrics,
    time_secs: f64,
    observer: &mut dyn Observer,
) -> Result<Flow, TrainError> {
    let RunState { stepper, position, best } = state;
    let (params, train) = (stepper.result(), position.tally.metrics());
    let images_per_sec = train.samples as f64 / position.epoch_secs.max(f64::MIN_POSITIVE);
    let epoch = position.epoch + 1;
    let record = EpochRecord { epoch, time_secs, train, val, lr: position.lr, images_per_sec };
    if !val.loss.is_finite() {
        return Err(TrainError::BadEpoch { loss: val.loss, epoch });
    }
    let mut flow = Flow::Continue;
    if val.samples > 0 && position.best.as_ref().is_none_or(|best| better(&val, &best.val)) {
        position.best = Some(BestEpoch { epoch, val });
        match best {
            Some(kept) => kept.copy_from_slice(params),
            None => *best = Some(Buffer::from(params)),
        }
        flow = observer.on(&Event::BestSoFar { record: &record, params })?;
    }
    flow = flow.and(observer.on(&Event::EpochDone { record: &record, params })?);
    position.records.push(record);
    (position.epoch, position.batch) = (epoch, 0);
    (position.tally, position.epoch_secs) = (Tally::default(), 0.0);
    Ok(flow)
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
