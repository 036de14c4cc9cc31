//! The files that a run keeps up to date while it runs.

use super::{RunDir, results_csv};
use crate::{Event, Flow, Job, Observer, TrainError, history::EpochRecord};
use std::path::Path;

/// An observer that keeps `config.toml`, `figures/batch.png`, `results.csv`, `weights/best.safetensors` and `weights/last.safetensors` of a
/// run folder.
///
/// Each file is replaced whole, never torn: after a crash, a full disk or a loss that is no number, the folder holds the
/// state after the last good epoch.
#[derive(Debug)]
pub struct RunFiles<'a> {
    job: &'a Job,
    dir: &'a RunDir,
    epochs: Vec<EpochRecord>,
    /// Whether a step was made since `last.safetensors` was written.
    unsaved: bool,
}

impl<'a> RunFiles<'a> {
    /// An observer of `job`'s run that writes into `dir`.
    #[must_use]
    pub fn new(job: &'a Job, dir: &'a RunDir) -> Self {
        Self { job, dir, epochs: Vec::new(), unsaved: true }
    }

    fn save_results(&self) -> Result<(), TrainError> {
        self.dir.write(&self.dir.results(), results_csv(&self.epochs).as_bytes())
    }

    fn save_batch(&self) -> Result<(), TrainError> {
        let Some(png) = self.job.first_batch_png() else { return Ok(()) };
        self.dir.make_figures_folder()?;
        self.dir.write(&self.dir.batch_picture(), &png)
    }

    fn save_last(&mut self, params: &[f32]) -> Result<(), TrainError> {
        self.dir.write(&self.dir.last(), &self.job.weights_file(params).to_bytes())?;
        self.unsaved = false;
        Ok(())
    }
}

impl Observer for RunFiles<'_> {
    fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError> {
        match *event {
            Event::Started(_) => {
                self.dir.make_weights_folder()?;
                self.dir.write(&self.dir.config(), self.job.recipe().to_toml().as_bytes())?;
                self.save_batch()?;
            }
            Event::Resumed { position, .. } => {
                self.epochs.clone_from(&position.records);
                self.save_results()?;
            }
            Event::StepDone(_) => self.unsaved = true,
            Event::BestSoFar { params, .. } => {
                self.dir.write(&self.dir.best(), &self.job.weights_file(params).to_bytes())?;
            }
            Event::EpochDone { record, params } => {
                self.epochs.push(record.clone());
                self.save_results()?;
                self.save_last(params)?;
            }
            Event::Finished { params, .. } if self.unsaved => self.save_last(params)?,
            _ => {}
        }
        Ok(Flow::Continue)
    }
}

/// Replaces the file at `path` whole or not at all.
///
/// # Errors
/// [`TrainError::Write`] naming `path`; a file that was there before is then untouched.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    nn::disk::write_atomic(path, bytes).map_err(TrainError::write(path))
}
