//! A run that can't write says so, and harms nothing that was there.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use data::{OnBad, Synthetic};
use std::{fs, path::Path};
use train::{
    ErrorKind, Event, Flow, Job, Observer, Preset, Recipe, Splits, StepLog, TrainError,
    store::{Place, RunDir},
};

fn job() -> Job {
    let small = "epochs = 2\ninput.height = 16\ninput.width = 16";
    let recipe = Recipe::builtin("perceptron", Preset::Tuned).unwrap().overlay(small, "small").unwrap();
    let some = Synthetic { train: 50, val: 50, test: 50, ..Synthetic::default() };
    let dataset = data::open("synthetic".as_ref(), &some).unwrap();
    let splits =
        Splits::prepare(&dataset, &recipe.input.preprocess(), OnBad::Fail, None, &|_, _, _| ()).unwrap();
    Job::new(recipe, &splits).unwrap()
}

#[test]
fn a_step_log_on_a_full_disk_ends_the_run_with_one_line() {
    let mut log = StepLog::create(Path::new("/dev/full")).unwrap();
    let error = job().train(&mut log).unwrap_err();
    assert_eq!((error.kind(), error.kind().exit_code()), (ErrorKind::Io, 74));
    let message = error.to_string();
    assert!(message.starts_with("cannot write /dev/full: ") && !message.contains('\n'), "{message}");
}

/// Takes the run's `weights` folder away after the first epoch, so that the second can't be stored.
struct Saboteur<'a>(&'a RunDir);

impl Observer for Saboteur<'_> {
    fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError> {
        if let Event::EpochDone { record, .. } = event
            && record.epoch == 1
        {
            fs::rename(self.0.path().join("weights"), self.0.path().join("kept")).unwrap();
            fs::write(self.0.path().join("weights"), "in the way").unwrap();
        }
        Ok(Flow::Continue)
    }
}

#[test]
fn weights_that_can_not_be_written_end_the_run_and_leave_the_old_ones() {
    let folder = tempfile::tempdir().unwrap();
    let dir = RunDir::create(&Place::New(folder.path().join("run"))).unwrap();
    let error = job().run_in(&dir, &mut Saboteur(&dir)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains(".safetensors: "), "{error}");
    assert!(nn::ModelFile::read(dir.path().join("kept/last.safetensors")).is_ok());
    assert!(!dir.summary().exists(), "a run that failed has no summary");
}
