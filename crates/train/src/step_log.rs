//! The loss of every step, as a CSV file.

use crate::{Event, Flow, Observer, StepRecord, TrainError};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Seek, SeekFrom, Write},
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
    /// Whether there may be rows of a former sitting, of steps that are made again.
    rewind: bool,
}

impl StepLog {
    /// Makes the file, or empties it.
    ///
    /// # Errors
    /// [`TrainError::Write`] if it can't be written.
    pub fn create(path: &Path) -> Result<Self, TrainError> {
        let file = File::create(path).map_err(TrainError::write(path))?;
        let mut log = Self { path: path.into(), out: BufWriter::new(file), rewind: false };
        writeln!(log.out, "{HEADER}").map_err(TrainError::write(path))?;
        Ok(log)
    }

    /// Goes on with the file, or makes it: rows from the first step on that is made now are dropped, those before stay.
    ///
    /// # Errors
    /// [`TrainError::Write`] if it can't be written.
    pub fn resume(path: &Path) -> Result<Self, TrainError> {
        let file = File::options().create(true).write(true).truncate(false).open(path);
        let out = BufWriter::new(file.map_err(TrainError::write(path))?);
        Ok(Self { path: path.into(), out, rewind: true })
    }

    fn rewind_to(&mut self, step: u64) -> io::Result<()> {
        let text = fs::read(&self.path)?;
        let kept = kept_bytes(&text, step);
        let file = self.out.get_mut();
        file.set_len(kept as u64)?;
        file.seek(SeekFrom::End(0))?;
        self.rewind = false;
        if kept == 0 { writeln!(self.out, "{HEADER}") } else { Ok(()) }
    }

    fn row(&mut self, step: &StepRecord) -> io::Result<()> {
        if self.rewind {
            self.rewind_to(step.step)?;
        }
        writeln!(self.out, "{},{}", step.step, step.loss)
    }
}

/// First line of the file.
const HEADER: &str = "step,loss";

/// Length of the header and of the whole rows of steps before `step`; 0 if the text does not begin as a log.
fn kept_bytes(text: &[u8], step: u64) -> usize {
    let mut lines = text.split_inclusive(|&byte| byte == b'\n');
    let header = format!("{HEADER}\n");
    if lines.next() != Some(header.as_bytes()) {
        return 0;
    }
    let before = |line: &&[u8]| {
        let number = line.strip_suffix(b"\n").and_then(|row| row.split(|&b| b == b',').next());
        let number = number.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok());
        number.is_some_and(|number| number < step)
    };
    header.len() + lines.take_while(before).map(<[u8]>::len).sum::<usize>()
}

impl Observer for StepLog {
    fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError> {
        match event {
            Event::StepDone(step) => self.row(step),
            Event::EpochDone { .. } | Event::Saving(_) | Event::Finished { .. } => self.out.flush(),
            _ => Ok(()),
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
    fn rows_of_steps_that_are_made_again_are_dropped() {
        let log = b"step,loss\n1,3.5\n2,3.25\n3,3.0\n";
        assert_eq!(kept_bytes(log, 3), b"step,loss\n1,3.5\n2,3.25\n".len());
        assert_eq!(kept_bytes(log, 9), log.len());
        assert_eq!(kept_bytes(&log[..log.len() - 1], 9), b"step,loss\n1,3.5\n2,3.25\n".len(), "a torn row");
        assert_eq!(kept_bytes(b"", 1), 0);
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        let error = StepLog::create(Path::new("no/such/steps.csv")).unwrap_err();
        assert!(error.to_string().contains("no/such/steps.csv: "), "{error}");
    }
}
