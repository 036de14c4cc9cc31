//! Reading parts of one large file from several threads, never all of it.

use crate::{cache::stamp_of_file, error::DataError};
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

/// An open file of known size.
#[derive(Debug)]
pub(super) struct Positioned {
    path: PathBuf,
    size: u64,
    stamp: u64,
    #[cfg(unix)]
    file: File,
    #[cfg(not(unix))]
    file: std::sync::Mutex<File>,
}

impl Positioned {
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let io = |error| DataError::io(path, error);
        let file = File::open(path).map_err(io)?;
        let meta = file.metadata().map_err(io)?;
        if !meta.is_file() {
            return Err(DataError::BadArchive { path: path.into(), what: "not a file".into() });
        }
        #[cfg(not(unix))]
        let file = std::sync::Mutex::new(file);
        Ok(Self { path: path.into(), size: meta.len(), stamp: stamp_of_file(path), file })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// When it was opened.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Changes when the file does.
    pub(super) fn stamp(&self) -> u64 {
        self.stamp
    }

    /// `length` bytes from `offset` on.
    ///
    /// # Errors
    /// [`DataError::BadArchive`] if the file has not so many, before memory is taken.
    pub(super) fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, DataError> {
        if offset.checked_add(length as u64).is_none_or(|end| end > self.size) {
            let what =
                format!("truncated: {length} bytes at {offset} are wanted, the file has {}", self.size);
            return Err(DataError::BadArchive { path: self.path.clone(), what });
        }
        let mut bytes = vec![0; length];
        self.read_exact_at(&mut bytes, offset).map_err(|error| DataError::io(&self.path, error))?;
        Ok(bytes)
    }

    #[cfg(unix)]
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, bytes, offset)
    }

    #[cfg(not(unix))]
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        use io::{Read, Seek};
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(io::SeekFrom::Start(offset))?;
        file.read_exact(bytes)
    }
}
