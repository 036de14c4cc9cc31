//! One run with all its files.

use crate::{
    Evaluator, Event, Flow, Job, Observer, Scoring, TrainError, Trained,
    history::{Metrics, RunSummary},
    recipe::Tested,
    store::{Counts, RunDir, RunFiles, SummaryFile, predictions_csv, write_file},
};
use nn::Buffer;
use std::time::Instant;

impl Job {
    /// Trains, scores the test split, and leaves the run's files in `dir`; `observer` is told of everything.
    ///
    /// Runs on the current rayon pool: `pool.install(|| job.run_in(…))` decides on the number of threads, which changes
    /// nothing but the time.
    ///
    /// # Errors
    /// As [`Job::train`], and [`TrainError::Write`] for a file that can't be written.
    pub fn run_in(&self, dir: &RunDir, observer: &mut dyn Observer) -> Result<SummaryFile, TrainError> {
        let begin = Instant::now();
        let mut files = RunFiles::new(self, dir);
        let trained = self.train(&mut Both(&mut files, observer))?;
        let test = self.test(&trained, dir)?;
        if let Some(metrics) = &test {
            observer.on(&Event::Tested(metrics))?;
        }
        let summary = self.summary(trained, test, begin);
        summary.write(&dir.summary())?;
        Ok(summary)
    }

    /// Scores the test split with the weights that the recipe says, and writes `predictions.csv`.
    fn test(&self, trained: &Trained, dir: &RunDir) -> Result<Option<Metrics>, TrainError> {
        let (Some(loader), Some(params)) = (self.test_loader(), self.tested_params(trained)?) else {
            return Ok(None);
        };
        let mut evaluator = Evaluator::new(self.net(), Scoring::of(self.recipe()));
        let (metrics, rows) = evaluator.predictions(&params, &loader);
        let text = predictions_csv(&rows, &loader.set().names, &self.splits().class_names);
        write_file(&dir.predictions(), text.as_bytes())?;
        Ok(Some(metrics))
    }

    /// Without a validation split no epoch is the best, and the last weights are scored in its place.
    fn tested(&self) -> Tested {
        match self.recipe().tested {
            Tested::Best if self.splits().val.is_none() => Tested::Last,
            tested => tested,
        }
    }

    fn tested_params(&self, trained: &Trained) -> Result<Option<Buffer<f32>>, TrainError> {
        Ok(match self.tested() {
            Tested::Best => trained.best.as_ref().map(|best| best.params.clone()),
            Tested::Last => Some(trained.params.clone()),
            Tested::Untrained => Some(self.initial_params()?),
        })
    }

    fn summary(&self, trained: Trained, test: Option<Metrics>, begin: Instant) -> SummaryFile {
        let splits = self.splits();
        let info = self.info();
        SummaryFile {
            run: RunSummary {
                model: info.model,
                recipe: info.recipe,
                seed: info.seed,
                num_classes: splits.num_classes(),
                best_epoch: trained.best.map(|best| best.epoch),
                epochs: trained.epochs,
                test,
                wall_secs: begin.elapsed().as_secs_f64(),
            },
            tested: self.tested(),
            stop: trained.stop,
            steps: trained.steps,
            num_params: info.num_params,
            data: splits.data.clone(),
            samples: Counts {
                train: splits.train.len(),
                val: splits.val.as_ref().map_or(0, |set| set.len()),
                test: splits.test.as_ref().map_or(0, |set| set.len()),
            },
            skipped: splits.skipped().map(|(_, file)| format!("{}: {}", file.path, file.reason)).collect(),
            threads: rayon::current_num_threads(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// Two observers, the first first.
struct Both<'a>(&'a mut dyn Observer, &'a mut dyn Observer);

impl Observer for Both<'_> {
    fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError> {
        let flow = self.0.on(event)?;
        Ok(flow.and(self.1.on(event)?))
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
