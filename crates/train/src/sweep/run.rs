//! All trials of a sweep, one after the other.

use super::{Outcome, Sweep, SweepSummary, Trial};
use crate::{
    ErrorKind, Job, Observer, Session, Sitting, TrainError,
    splits::{Pictures, Progress},
    store::RunDir,
};
use std::time::Instant;

/// Runs every trial into a folder of its own in `dir`, `trial-001/` and so on, and keeps `sweep.toml`, `summary.json` and
/// `trials.csv` beside them up to date.
///
/// All trials are checked before the first one begins. A trial whose loss or gradients become no numbers is noted as failed, and
/// the sweep goes on. The session's `max_time` is for all trials together: when it is over, the trials that are left stay waiting.
/// By [`Sitting::GoOn`] trials that came to their end stay byte for byte, and the one under way goes on to the same bits.
///
/// `told` hears of every trial that begins or goes on, and how many there are; `observer` of its events; `progress` of the decoding.
///
/// # Errors
/// Those of [`Sweep::trials`]; [`TrainError::Interrupted`] once the state of the trial under way is saved; [`TrainError::Recipe`] if a
/// finished trial had another recipe; [`TrainError::Data`] without a validation split; what is wrong with the disk.
pub fn run_sweep(
    sweep: &Sweep,
    pictures: &mut Pictures,
    dir: &RunDir,
    progress: Progress<'_>,
    sitting: Sitting<'_>,
    told: &dyn Fn(&Trial, usize),
    observer: &mut dyn Observer,
) -> Result<SweepSummary, TrainError> {
    let begin = Instant::now();
    let trials = sweep.trials()?;
    let jobs = trials.iter().map(|trial| job(trial, pictures, progress)).collect::<Result<Vec<_>, _>>()?;
    let _lock = dir.lock()?;
    let mut summary = SweepSummary::new(sweep, &trials);
    if let Sitting::GoOn(_) = sitting {
        summary.recall(dir);
    }
    dir.write(&dir.path().join("sweep.toml"), sweep.to_toml().as_bytes())?;
    summary.write(dir)?;
    for (index, (trial, job)) in trials.iter().zip(&jobs).enumerate() {
        if summary.trials[index].reason().is_some() {
            continue;
        }
        let dir_of = dir.sub(&trial.folder())?;
        let outcome = match sitting.kept(job, &dir_of)? {
            Some(kept) => Outcome::done(&kept),
            None => {
                let session = sitting.session();
                let left = session.max_time.map(|most| most.saturating_sub(begin.elapsed()));
                if left.is_some_and(|left| left.is_zero()) {
                    break;
                }
                told(trial, trials.len());
                let session = Session { max_time: left, ..session.clone() };
                attempt(sitting.with(&session), job, &dir_of, observer)?
            }
        };
        summary.trials[index].outcome = outcome;
        summary.write(dir)?;
    }
    Ok(summary)
}

/// The trial's job, on pictures that are decoded once for all trials that want the same size and colour.
fn job(trial: &Trial, pictures: &mut Pictures, progress: Progress<'_>) -> Result<Job, TrainError> {
    let splits = pictures.splits(&trial.recipe.input.preprocess(), progress)?;
    if splits.val.is_none() {
        // The library's own words for a split that is not there.
        pictures.data().split(data::source::VAL)?;
    }
    let bad = |what: String| TrainError::Recipe { origin: trial.origin(), what };
    let job = Job::new(trial.recipe.clone(), &splits).map_err(|error| match error {
        TrainError::Recipe { .. } | TrainError::Model { .. } => bad(error.to_string()),
        other => other,
    })?;
    let info = job.info();
    if info.total_steps < info.steps_per_epoch {
        return Err(bad(format!(
            "max_steps = {} end before the first epoch of {} steps does, so nothing would be validated; raise it",
            info.total_steps, info.steps_per_epoch
        )));
    }
    Ok(job)
}

/// Runs a trial; what makes it fail alone is an outcome, what would stop the others too is an error.
fn attempt(
    sitting: Sitting<'_>,
    job: &Job,
    dir: &RunDir,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    let begin = Instant::now();
    match sitting.run(job, dir, observer) {
        Ok(summary) if summary.stop.is_final() => Ok(Outcome::done(&summary)),
        Ok(_) => Ok(Outcome::Waiting),
        Err(error) if error.kind() == ErrorKind::Runtime => {
            Ok(Outcome::Failed { reason: error.to_string(), time_secs: begin.elapsed().as_secs_f64() })
        }
        Err(error) => Err(error),
    }
}
