//! Every call that a run makes to the disk is made to fail in turn: the run says so, what it leaves can be read, and from
//! there it goes on to the same bits.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and say what it did")]

use data::{OnBad, Synthetic};
use nn::{ModelFile, disk::Disk};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    sync::Arc,
};
use testkit::{Fault, FaultPlan, Lasting};
use train::{
    ErrorKind, Job, Preset, Recipe, Session, Splits,
    store::{RunDir, SummaryFile},
};

#[derive(Debug)]
struct FaultyDisk(FaultPlan);

impl Disk for FaultyDisk {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.0.call().and_then(|()| fs::create_dir_all(path))
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        self.0.call().and_then(|()| File::create(path))
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.0.write(bytes.len())?;
        file.write_all(&bytes[..taken]).map(|()| taken)
    }

    fn sync(&self, _: &File) -> io::Result<()> {
        self.0.call()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.call().and_then(|()| fs::rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        self.0.call()
    }
}

/// A perceptron: two epochs of two steps, with a checkpoint after each step.
fn job() -> Job {
    let small = "epochs = 2\nbatch_size = 25\ninput.height = 16\ninput.width = 16\nema.decay = 0.9";
    let recipe = Recipe::builtin("perceptron", Preset::Tuned).unwrap().overlay(small, "small").unwrap();
    let some = Synthetic { train: 50, val: 50, test: 50, ..Synthetic::default() };
    let dataset = data::open("synthetic".as_ref(), &some).unwrap();
    let splits =
        Splits::prepare(&dataset, &recipe.input.preprocess(), OnBad::Fail, None, &|_, _, _| ()).unwrap();
    Job::new(recipe, &splits).unwrap()
}

fn session() -> Session {
    Session { save_every_steps: Some(1), ..Session::default() }
}

/// Whatever is there is whole.
fn check_readable(dir: &RunDir, what: &str) {
    for path in [dir.best(), dir.last()] {
        if path.exists() {
            ModelFile::read(&path).unwrap_or_else(|error| panic!("{what}: {error}"));
        }
    }
    if let Ok(text) = fs::read_to_string(dir.config()) {
        Recipe::from_toml(&text, "config.toml").unwrap_or_else(|error| panic!("{what}: {error}"));
    }
    if let Ok(text) = fs::read_to_string(dir.results()) {
        assert!(
            text.ends_with('\n') && text.lines().all(|row| row.matches(',').count() == 9),
            "{what}: {text}"
        );
    }
    if dir.summary().exists() {
        SummaryFile::read(&dir.summary()).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
    let kept = dir.kept().unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(kept.is_some() || !dir.checkpoint().exists(), "{what}");
}

#[test]
fn whichever_call_fails_the_run_can_go_on_to_the_same_bits() {
    let (job, folder) = (job(), tempfile::tempdir().unwrap());
    let healthy = Arc::new(FaultyDisk(FaultPlan::healthy()));
    let whole = RunDir::open(folder.path().join("whole")).with_disk(healthy.clone());
    fs::create_dir(whole.path()).unwrap();
    job.begin_in(&whole, &session(), &mut ()).unwrap();
    let read = |dir: &RunDir| [dir.best(), dir.last(), dir.predictions()].map(|path| fs::read(path).unwrap());
    let (expected, calls) = (read(&whole), healthy.0.calls());
    assert!(calls > 50, "{calls} calls");

    let mut tried = 0;
    for at in 0..calls {
        for (fault, lasting) in [
            (Fault::NoSpace, Lasting::Forever),
            (Fault::NoSpace, Lasting::Once),
            (Fault::Broken, Lasting::Once),
            (Fault::Short, Lasting::Once),
        ] {
            let what = format!("call {at} of {calls}, {fault:?} {lasting:?}");
            let path = folder.path().join("faulty");
            fs::create_dir(&path).unwrap();
            let faulty =
                RunDir::open(&path).with_disk(Arc::new(FaultyDisk(FaultPlan::at(at, fault, lasting))));
            let error = job.begin_in(&faulty, &session(), &mut ()).err().unwrap_or_else(|| panic!("{what}"));
            assert_eq!(error.kind(), ErrorKind::Io, "{what}: {error}");
            let told = error.to_string();
            assert!(told.starts_with("cannot write ") && !told.contains('\n'), "{what}: {told}");
            let sound = RunDir::open(&path).with_disk(Arc::new(FaultyDisk(FaultPlan::healthy())));
            check_readable(&sound, &what);
            job.resume_in(&sound, &session(), &mut ()).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(read(&sound) == expected, "{what}");
            fs::remove_dir_all(&path).unwrap();
            tried += 1;
        }
    }
    assert_eq!(tried, 4 * calls);
    println!("{tried} runs: each of {calls} calls failed in 4 ways");
}
