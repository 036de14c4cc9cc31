//! The folder of a run.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::SummaryFile;
use crate::error::TrainError;
use nn::disk::{Disk, SystemDisk};

/// Where a run's folder shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first of `project/name`, `project/name2`, `project/name3` … that is not there yet.
    Next {
        /// Usually `runs`.
        project: PathBuf,
        /// Usually the verb, such as `train`.
        name: String,
    },
    /// This folder, which must be new or empty.
    New(PathBuf),
    /// This folder, whatever it holds; files of a former run are replaced one by one.
    Existing(PathBuf),
}

/// A run's folder and the names of what lies in it.
#[derive(Clone, Debug)]
pub struct RunDir {
    path: PathBuf,
    disk: Arc<dyn Disk>,
}

/// So many runs of one name are enough.
const MAX_RUNS: usize = 100_000;

impl RunDir {
    /// Makes the folder.
    ///
    /// # Errors
    /// [`TrainError::Taken`] if it must be new and holds something, [`TrainError::Write`] if it can't be made.
    pub fn create(place: &Place) -> Result<Self, TrainError> {
        let path = match place {
            Place::Next { project, name } => next(project, name)?,
            Place::Existing(path) => {
                make(path)?;
                path.clone()
            }
            Place::New(path) => {
                make(path)?;
                let mut entries = fs::read_dir(path).map_err(TrainError::write(path))?;
                if entries.next().is_some() {
                    return Err(TrainError::Taken { path: path.clone() });
                }
                path.clone()
            }
        };
        Ok(Self::open(path))
    }

    /// The run folder that is there, to read from.
    #[must_use]
    pub fn open(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), disk: Arc::new(SystemDisk) }
    }

    /// The same folder, written to by way of `disk`.
    #[must_use]
    pub fn with_disk(self, disk: Arc<dyn Disk>) -> Self {
        Self { disk, ..self }
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    pub(crate) fn make_weights_folder(&self) -> Result<(), TrainError> {
        let path = self.path.join("weights");
        self.disk.make_folder(&path).map_err(TrainError::write(&path))
    }

    /// Keeps other processes from running in this folder while the lock lives; one that was killed leaves none behind.
    ///
    /// Nothing is written: the folder itself is locked. Where the system can't do that, there is no lock.
    ///
    /// # Errors
    /// [`TrainError::Busy`] if another run holds it.
    pub(crate) fn lock(&self) -> Result<Option<File>, TrainError> {
        let Ok(folder) = File::open(&self.path) else { return Ok(None) };
        match folder.try_lock() {
            Ok(()) => Ok(Some(folder)),
            Err(TryLockError::WouldBlock) => Err(TrainError::Busy { path: self.path.clone() }),
            Err(TryLockError::Error(_)) => Ok(None),
        }
    }

    pub(crate) fn make_figures_folder(&self) -> Result<(), TrainError> {
        let path = self.path.join("figures");
        self.disk.make_folder(&path).map_err(TrainError::write(&path))
    }

    /// Replaces the file at `path` whole or not at all.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
        nn::disk::replace(self.disk(), path, bytes, None).map_err(TrainError::write(path))
    }

    /// Removes what tells of a former run that could be gone on with.
    pub(crate) fn forget(&self) -> Result<(), TrainError> {
        self.sweep();
        for path in [self.summary(), self.previous_checkpoint(), self.checkpoint()] {
            match self.disk.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(TrainError::write(&path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes what writers that were killed have left.
    pub(crate) fn sweep(&self) {
        for folder in [self.path.clone(), self.path.join("weights")] {
            nn::disk::sweep(self.disk(), &folder);
        }
    }

    /// The summary of the run in this folder, if it came to its end.
    ///
    /// # Errors
    /// As [`SummaryFile::read`].
    pub fn finished(&self) -> Result<Option<SummaryFile>, TrainError> {
        if !self.summary().exists() {
            return Ok(None);
        }
        let summary = SummaryFile::read(&self.summary())?;
        Ok(summary.stop.is_final().then_some(summary))
    }

    /// A folder inside this one for one of several runs, such as `lenet5` or `lenet5-seed1`.
    ///
    /// # Errors
    /// [`TrainError::Write`] if it can't be made.
    pub fn sub(&self, name: &str) -> Result<Self, TrainError> {
        Ok(Self::create(&Place::Existing(self.path.join(name)))?.with_disk(Arc::clone(&self.disk)))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The resolved configuration, which runs the run again.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    /// One row an epoch.
    #[must_use]
    pub fn results(&self) -> PathBuf {
        self.path.join("results.csv")
    }

    /// The run's first pictures as the network sees them, where they are augmented.
    #[must_use]
    pub fn batch_picture(&self) -> PathBuf {
        self.path.join("figures").join("batch.png")
    }

    /// What the doctor measured.
    #[must_use]
    pub fn health(&self) -> PathBuf {
        self.path.join("health.jsonl")
    }

    /// What a range test found, for programs.
    #[must_use]
    pub fn lr_find(&self) -> PathBuf {
        self.path.join("lr_find.json")
    }

    /// One row a step of a range test.
    #[must_use]
    pub fn lr_find_csv(&self) -> PathBuf {
        self.path.join("lr_find.csv")
    }

    /// The curve of a range test, with the ending `ending`.
    #[must_use]
    pub fn lr_find_picture(&self, ending: &str) -> PathBuf {
        self.path.join("figures").join(format!("lr_find.{ending}"))
    }

    /// The run in numbers, for programs.
    #[must_use]
    pub fn summary(&self) -> PathBuf {
        self.path.join("summary.json")
    }

    /// One row a test picture.
    #[must_use]
    pub fn predictions(&self) -> PathBuf {
        self.path.join("predictions.csv")
    }

    /// The state of the run, from which it can go on.
    #[must_use]
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint")
    }

    /// The checkpoint before.
    #[must_use]
    pub fn previous_checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint.previous")
    }

    /// Weights of the best epoch on the validation split.
    #[must_use]
    pub fn best(&self) -> PathBuf {
        self.path.join("weights").join("best.safetensors")
    }

    /// Weights after the last step.
    #[must_use]
    pub fn last(&self) -> PathBuf {
        self.path.join("weights").join("last.safetensors")
    }
}

fn next(project: &Path, name: &str) -> Result<PathBuf, TrainError> {
    make(project)?;
    for number in 1..=MAX_RUNS {
        let path = project.join(if number == 1 { name.to_owned() } else { format!("{name}{number}") });
        // `create_dir` decides and takes in one call, so two runs that start together get two folders.
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(TrainError::write(&path)(e)),
        }
    }
    Err(TrainError::Taken { path: project.join(format!("{name}{MAX_RUNS}")) })
}

fn make(path: &Path) -> Result<(), TrainError> {
    fs::create_dir_all(path).map_err(TrainError::write(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_numbered_from_the_second() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::Next { project: folder.path().join("runs"), name: "train".into() };
        let names: Vec<_> = (0..3).map(|_| RunDir::create(&place).unwrap().path().to_owned()).collect();
        let expected = ["train", "train2", "train3"].map(|n| folder.path().join("runs").join(n));
        assert_eq!(names, expected);
        assert!(expected[2].is_dir());
    }

    #[test]
    fn a_folder_with_content_is_taken_unless_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        RunDir::create(&Place::New(path.clone())).unwrap().make_weights_folder().unwrap();
        let error = RunDir::create(&Place::New(path.clone())).unwrap_err();
        assert!(matches!(error, TrainError::Taken { .. }), "{error}");
        assert_eq!(RunDir::create(&Place::Existing(path.clone())).unwrap().path(), path);
    }

    #[test]
    fn a_folder_is_for_one_run_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::open(folder.path());
        let lock = dir.lock().unwrap();
        assert!(lock.is_some());
        let error = RunDir::open(folder.path()).lock().unwrap_err();
        assert!(matches!(error, TrainError::Busy { .. }), "{error}");
        drop(lock);
        assert!(dir.lock().unwrap().is_some());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        let error = RunDir::create(&Place::New(path.join("run"))).unwrap_err();
        assert!(error.to_string().contains("file/run"), "{error}");
    }
}
