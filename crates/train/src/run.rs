//! One run with all its files.

use crate::{
    Evaluator, Event, Flow, Job, Observer, Scoring, Session, TrainError, Trained,
    checkpoint::Identity,
    doctor::Watch,
    history::{Metrics, RunSummary},
    keeper::Keeper,
    recipe::Tested,
    state::RunState,
    store::{Counts, RunDir, RunFiles, SummaryFile, predictions_csv},
    trainer,
};
use nn::Buffer;

impl Job {
    /// Trains, scores the test split, and leaves the run's files in `dir`; `observer` is told of everything.
    ///
    /// Runs on the current rayon pool: `pool.install(|| job.run_in(…))` decides on the number of threads, which changes
    /// nothing but the time.
    ///
    /// # Errors
    /// As [`Job::train`], and [`TrainError::Write`] for a file that can't be written.
    pub fn run_in(&self, dir: &RunDir, observer: &mut dyn Observer) -> Result<SummaryFile, TrainError> {
        self.begin_in(dir, &Session::default(), observer)
    }

    /// [`Job::run_in`], saving and resting as `session` says.
    ///
    /// # Errors
    /// As [`Job::run_in`]; [`TrainError::Interrupted`] once the state is saved, [`TrainError::Busy`] if another process is at
    /// work in `dir`.
    pub fn begin_in(
        &self,
        dir: &RunDir,
        session: &Session,
        observer: &mut dyn Observer,
    ) -> Result<SummaryFile, TrainError> {
        let _lock = dir.lock()?;
        self.begin_alone(dir, session, observer)
    }

    /// [`Job::begin_in`] in a folder that is locked.
    fn begin_alone(
        &self,
        dir: &RunDir,
        session: &Session,
        observer: &mut dyn Observer,
    ) -> Result<SummaryFile, TrainError> {
        dir.forget()?;
        let identity = Identity::of(self);
        self.go_on(dir, &identity, RunState::new(self)?, session, None, observer)
    }

    /// Goes on with the run in `dir` from its newest whole checkpoint, or from the beginning if there is none, to the
    /// same bits as if it had never stopped. The number of threads may be another.
    ///
    /// # Errors
    /// As [`Job::begin_in`]; [`TrainError::OtherRun`] if the checkpoint is of another recipe, model or data,
    /// [`TrainError::Damaged`] if none is whole.
    pub fn resume_in(
        &self,
        dir: &RunDir,
        session: &Session,
        observer: &mut dyn Observer,
    ) -> Result<SummaryFile, TrainError> {
        let _lock = dir.lock()?;
        dir.sweep();
        let Some(kept) = dir.kept()? else { return self.begin_alone(dir, session, observer) };
        let identity = Identity::of(self);
        identity.check(&kept.checkpoint.identity, &kept.path)?;
        let state = RunState::restored(self, &kept.checkpoint, &kept.path)?;
        drop(kept.checkpoint);
        self.go_on(dir, &identity, state, session, Some(kept.note.as_deref()), observer)
    }

    /// `resumed`: with what is to be said of it.
    fn go_on(
        &self,
        dir: &RunDir,
        identity: &Identity,
        state: RunState<'_>,
        session: &Session,
        resumed: Option<Option<&str>>,
        observer: &mut dyn Observer,
    ) -> Result<SummaryFile, TrainError> {
        let mut watch = Watch::new(self, dir, observer);
        let result = self.go_on_watched(dir, identity, state, session, resumed, &mut watch);
        if let Err(error) = &result {
            watch.failed(error)?;
        }
        result
    }

    fn go_on_watched(
        &self,
        dir: &RunDir,
        identity: &Identity,
        state: RunState<'_>,
        session: &Session,
        resumed: Option<Option<&str>>,
        observer: &mut dyn Observer,
    ) -> Result<SummaryFile, TrainError> {
        let mut files = RunFiles::new(self, dir);
        let mut keeper = Keeper::new(session, Some((dir, identity)), state.position.secs);
        let info = self.info();
        let mut both = Both(&mut files, &mut *observer);
        both.on(&Event::Started(&info))?;
        if let Some(note) = resumed {
            both.on(&Event::Resumed { position: &state.position, note })?;
        }
        let trained = trainer::run(self, &info, state, &mut keeper, &mut both)?;
        let test = self.test(&trained, dir)?;
        if let Some(metrics) = &test {
            observer.on(&Event::Tested(metrics))?;
        }
        let summary = self.summary(trained, test, keeper.secs());
        dir.write(&dir.summary(), &summary.to_json(&dir.summary())?)?;
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
        dir.write(&dir.predictions(), text.as_bytes())?;
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

    fn summary(&self, trained: Trained, test: Option<Metrics>, wall_secs: f64) -> SummaryFile {
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
                wall_secs,
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
