//! A run folder's `checkpoint`, and the one before it.

use super::RunDir;
use crate::{
    TrainError,
    checkpoint::{Checkpoint, CheckpointError, Snapshot},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A checkpoint that was read back.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its content.
    pub checkpoint: Checkpoint,
    /// Which file it is from.
    pub path: PathBuf,
    /// Why it is not the newest, if it isn't.
    pub note: Option<String>,
}

/// Saves a run. At every moment `checkpoint` or `checkpoint.previous` is whole.
pub(crate) fn save_checkpoint(dir: &RunDir, snapshot: &Snapshot<'_>) -> Result<(), TrainError> {
    let path = dir.checkpoint();
    let bytes = snapshot.to_bytes().map_err(|error| TrainError::write(&path)(error.into()))?;
    nn::disk::replace(dir.disk(), &path, &bytes, Some(&dir.previous_checkpoint()))
        .map_err(TrainError::write(&path))
}

impl RunDir {
    /// The newest checkpoint that is whole; none if no one was ever saved.
    ///
    /// # Errors
    /// [`TrainError::Damaged`] if there are checkpoints and none is whole, [`TrainError::Read`] if one can't be read.
    pub fn kept(&self) -> Result<Option<Kept>, TrainError> {
        let (path, previous) = (self.checkpoint(), self.previous_checkpoint());
        let first = match read(&path)? {
            Some(Ok(checkpoint)) => return Ok(Some(Kept { checkpoint, path, note: None })),
            Some(Err(error)) => Some(error),
            None => None,
        };
        match (read(&previous)?, first) {
            (Some(Ok(checkpoint)), first) => {
                let what = first.map_or_else(|| "missing".to_owned(), |error| error.to_string());
                let note = format!("{} is {what}; going on from {}", path.display(), previous.display());
                Ok(Some(Kept { checkpoint, path: previous, note: Some(note) }))
            }
            (None, None) => Ok(None),
            (_, Some(error)) => Err(TrainError::Damaged { path, what: error.to_string() }),
            (Some(Err(error)), None) => Err(TrainError::Damaged { path: previous, what: error.to_string() }),
        }
    }
}

type Read = Option<Result<Checkpoint, CheckpointError>>;

/// None if there is no such file.
fn read(path: &Path) -> Result<Read, TrainError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(Checkpoint::from_bytes(&bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TrainError::read(path)(error)),
    }
}
