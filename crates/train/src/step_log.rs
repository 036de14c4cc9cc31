//! The loss of every step, as a CSV file.

use crate::{Event, Flow, Observer, TrainError};
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

/// An observer that writes `step,loss`: steps counted from 1, each with the mean loss of its batch before the update,
/// in digits enough to give the number back exactly.
///
/// It is written to as the run goes, not replaced at the end, so that it can be followed.
#[derive(Debug)]
pub struct StepLog {
    path: PathBuf,
    out: BufWriter<File>,
}

impl StepLog {
    /// Makes the file, or empties it.
    ///
    /// # Errors
    /// [`TrainError::Write`] if it can't be written.
    pub fn create(path: &Path) -> Result<Self, TrainError> {
        let file = File::create(path).map_err(TrainError::write(path))?;
        let mut log = Self { path: path.into(), out: BufWriter::new(file) };
        writeln!(log.out, "step,loss").map_err(TrainError::write(path))?;
        Ok(log)
    }
}

impl Observer for StepLog {
    fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError> {
        match event {
            Event::StepDone(step) => writeln!(self.out, "{},{}", step.step, step.loss),
            Event::EpochDone { .. } | Event::Finished { .. } => self.out.flush(),
            Event::Started(_) | Event::BestSoFar { .. } | Event::Tested(_) => Ok(()),
        }
        .map_err(TrainError::write(&self.path))?;
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StepRecord, StopReason, history::Metrics};
    use std::time::Duration;

    #[test]
    fn every_step_is_a_row_of_full_precision() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("steps.csv");
        let mut log = StepLog::create(&path).unwrap();
        for (step, loss) in [(1, f64::from(3.912_023_f32)), (2, 0.1 + 0.2)] {
            let record = StepRecord {
                step,
                epoch: 1,
                samples: 32,
                loss,
                lr: 0.1,
                so_far: Metrics::default(),
                loading: Duration::ZERO,
            };
            log.on(&Event::StepDone(&record)).unwrap();
        }
        log.on(&Event::Finished { reason: StopReason::MaxSteps, steps: 2, params: &[] }).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let losses: Vec<f64> =
            text.lines().skip(1).map(|l| l.split_once(',').unwrap().1.parse().unwrap()).collect();
        assert!(text.starts_with("step,loss\n1,3.91"), "{text}");
        assert_eq!(losses, [f64::from(3.912_023_f32), 0.1 + 0.2]);
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        let error = StepLog::create(Path::new("no/such/steps.csv")).unwrap_err();
        assert!(error.to_string().contains("no/such/steps.csv: "), "{error}");
    }
}
