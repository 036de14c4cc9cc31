//! A run that was stopped anywhere goes on to the same bytes as one that never was.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use data::{OnBad, Synthetic};
use std::{fs, path::Path, sync::atomic::Ordering, time::Duration};
use train::{
    ErrorKind, Event, Flow, Interrupt, Job, Observer, Preset, Recipe, Session, Splits, StepLog, StopReason,
    TrainError, store::RunDir,
};

/// Three epochs of four steps on small pictures, with all that is random and all that has a memory.
fn recipe(model: &str, changes: &str) -> Recipe {
    let small = "epochs = 3\nbatch_size = 16\nseed = 5\ninput.height = 20\ninput.width = 20\nema.decay = 0.9";
    let recipe = Recipe::builtin(model, Preset::Tuned).unwrap().overlay(small, "small").unwrap();
    recipe.overlay(changes, "test").unwrap()
}

fn splits(recipe: &Recipe, train: u32) -> Splits {
    let some = Synthetic { train, val: 50, test: 50, ..Synthetic::default() };
    let dataset = data::open("synthetic".as_ref(), &some).unwrap();
    Splits::prepare(&dataset, &recipe.input.preprocess(), OnBad::Fail, None, &|_, _, _| ()).unwrap()
}

fn job(model: &str, changes: &str) -> Job {
    let recipe = recipe(model, changes);
    let splits = splits(&recipe, 60);
    Job::new(recipe, &splits).unwrap()
}

/// Sends a run a signal after a step, and counts what is done.
struct Signal {
    after: u64,
    interrupt: Interrupt,
    steps: Vec<u64>,
    notes: Vec<String>,
}

impl Observer for Signal {
    fn on(&mut self, event: &Event<'_>) -> Result<Flow, TrainError> {
        match event {
            Event::StepDone(step) => {
                self.steps.push(step.step);
                if step.step == self.after {
                    self.interrupt.flag().store(15, Ordering::Relaxed);
                }
            }
            Event::Resumed { note, .. } => self.notes.extend(note.map(str::to_owned)),
            _ => {}
        }
        Ok(Flow::Continue)
    }
}

fn signal(after: u64) -> (Signal, Session) {
    let interrupt = Interrupt::default();
    let session = Session { interrupt: interrupt.clone(), ..Session::default() };
    (Signal { after, interrupt, steps: Vec::new(), notes: Vec::new() }, session)
}

fn folder(path: &Path) -> RunDir {
    fs::create_dir_all(path).unwrap();
    RunDir::open(path)
}

/// What must be the same: weights, predictions, results but for times.
fn outcome(dir: &RunDir) -> (Vec<Vec<u8>>, Vec<String>) {
    let files = [dir.best(), dir.last(), dir.predictions(), dir.config()].map(|path| fs::read(path).unwrap());
    let text = fs::read_to_string(dir.results()).unwrap();
    let timeless = |row: &str| {
        let cells: Vec<&str> = row.split(',').collect();
        format!("{},{}", cells[0], cells[2..9].join(","))
    };
    (files.into(), text.lines().map(timeless).collect())
}

#[test]
fn a_run_stopped_after_any_step_ends_in_the_same_bytes() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| folder(&temporary.path().join(name));
    for model in ["perceptron", "lenet5"] {
        let job = job(model, "");
        let (whole, log) = (at(&format!("{model}-whole")), temporary.path().join("whole.csv"));
        job.run_in(&whole, &mut StepLog::create(&log).unwrap()).unwrap();
        let (expected, rows) = (outcome(&whole), fs::read(&log).unwrap());
        for after in 1..12 {
            let dir = at(&format!("{model}-{after}"));
            let log = temporary.path().join("steps.csv");
            let (mut watch, session) = signal(after);
            let mut first = StepLog::create(&log).unwrap();
            let mut both: Vec<&mut dyn Observer> = vec![&mut watch, &mut first];
            let error = job.begin_in(&dir, &session, &mut both).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Signal(15));
            assert_eq!(error.kind().exit_code(), 143);
            assert!(!dir.summary().exists());
            // On another number of threads.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1 + after as usize % 3).build().unwrap();
            let (mut watch, session) = signal(0);
            let mut second = StepLog::resume(&log).unwrap();
            pool.install(|| {
                let mut both: Vec<&mut dyn Observer> = vec![&mut watch, &mut second];
                job.resume_in(&dir, &session, &mut both)
            })
            .unwrap();
            assert_eq!(watch.steps, (after + 1..=12).collect::<Vec<_>>(), "{model} after {after}");
            assert!(outcome(&dir) == expected, "{model} after {after}");
            assert!(fs::read(&log).unwrap() == rows, "{model} after {after}");
        }
    }
}

#[test]
fn a_torn_checkpoint_falls_back_to_the_one_before() {
    let temporary = tempfile::tempdir().unwrap();
    let job = job("perceptron", "");
    let whole = folder(&temporary.path().join("whole"));
    job.run_in(&whole, &mut ()).unwrap();
    let dir = folder(&temporary.path().join("torn"));
    let (mut watch, session) = signal(10);
    job.begin_in(&dir, &session, &mut watch).unwrap_err();
    let bytes = fs::read(dir.checkpoint()).unwrap();
    fs::write(dir.checkpoint(), &bytes[..bytes.len() / 2]).unwrap();
    let (mut watch, session) = signal(0);
    job.resume_in(&dir, &session, &mut watch).unwrap();
    assert_eq!(watch.steps, [9, 10, 11, 12], "from the end of the second epoch");
    assert!(watch.notes[0].contains("torn or damaged") && watch.notes[0].contains("checkpoint.previous"));
    assert!(outcome(&dir) == outcome(&whole));

    fs::write(dir.checkpoint(), "lenetck1 and nothing").unwrap();
    fs::write(dir.previous_checkpoint(), "").unwrap();
    let error = job.resume_in(&dir, &session, &mut ()).unwrap_err();
    assert!(matches!(error, TrainError::Damaged { .. }), "{error}");
}

#[test]
fn another_recipe_or_other_data_is_refused_in_one_line() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = folder(temporary.path());
    let (mut watch, session) = signal(5);
    job("perceptron", "").begin_in(&dir, &session, &mut watch).unwrap_err();
    let error = job("perceptron", "epochs = 4").resume_in(&dir, &session, &mut ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadData);
    assert!(
        error.to_string().contains("checkpoint: the recipe says epochs = 4 now, not epochs = 3"),
        "{error}"
    );
    let recipe = recipe("perceptron", "");
    let fewer = splits(&recipe, 59);
    let error = Job::new(recipe, &fewer).unwrap().resume_in(&dir, &session, &mut ()).unwrap_err();
    assert!(
        error.to_string().contains("checkpoint: the pictures, labels or splits are others now"),
        "{error}"
    );
}

#[test]
fn a_run_whose_time_is_over_rests_and_goes_on() {
    let temporary = tempfile::tempdir().unwrap();
    let job = job("perceptron", "");
    let whole = folder(&temporary.path().join("whole"));
    job.run_in(&whole, &mut ()).unwrap();
    let dir = folder(&temporary.path().join("short"));
    let session = Session { max_time: Some(Duration::from_nanos(1)), ..Session::default() };
    let first = job.begin_in(&dir, &session, &mut ()).unwrap();
    assert_eq!((first.stop, dir.finished().unwrap()), (StopReason::MaxTime, None));
    let last = job.resume_in(&dir, &Session::default(), &mut ()).unwrap();
    assert_eq!((last.stop, last.steps), (StopReason::AllEpochs, 12));
    assert!(dir.finished().unwrap().is_some());
    assert!(outcome(&dir) == outcome(&whole));
}
