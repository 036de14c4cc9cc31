//! Files that are either the old or the new, never half of one.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::format::{FormatError, LENGTH_BYTES, check_header_len};
use super::{ModelFile, ModelFileError};

impl ModelFile {
    /// Reads the weights file at `path`.
    ///
    /// # Errors
    /// If there is none, it cannot be read, or as [`ModelFile::from_bytes`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ModelFileError> {
        let path = path.as_ref();
        let owned = || path.to_path_buf();
        let bytes = read_checked(path).map_err(|problem| match problem {
            Problem::Io(e) if e.kind() == io::ErrorKind::NotFound => {
                ModelFileError::NotFound { path: owned() }
            }
            Problem::Io(source) => ModelFileError::Io { path: owned(), doing: "read", source },
            Problem::Format(source) => ModelFileError::Format { path: owned(), source },
        })?;
        Self::from_bytes(&bytes).map_err(|source| ModelFileError::Format { path: owned(), source })
    }

    /// Writes the weights file at `path`, see [`write_atomic`].
    ///
    /// # Errors
    /// If the system refuses: no such folder, no permission, no space.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), ModelFileError> {
        let path = path.as_ref();
        write_atomic(path, &self.to_bytes()).map_err(|source| ModelFileError::Io {
            path: path.to_path_buf(),
            doing: "write",
            source,
        })
    }
}

enum Problem {
    Io(io::Error),
    Format(FormatError),
}

/// The file's bytes; a file whose first bytes claim an absurd header is not read to the end.
fn read_checked(path: &Path) -> Result<Vec<u8>, Problem> {
    let mut file = File::open(path).map_err(Problem::Io)?;
    let mut bytes = Vec::new();
    (&mut file).take(LENGTH_BYTES as u64).read_to_end(&mut bytes).map_err(Problem::Io)?;
    if let Some(length) = bytes.first_chunk::<LENGTH_BYTES>() {
        check_header_len(u64::from_le_bytes(*length)).map_err(Problem::Format)?;
    }
    file.read_to_end(&mut bytes).map_err(Problem::Io)?;
    Ok(bytes)
}

/// Replaces the file at `path` by `bytes`: written beside it, synced to disk, renamed over it, the folder synced.
/// A crash or a full disk leaves the old file whole.
///
/// # Errors
/// If the system refuses; then the new file is removed again.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = beside(path)?;
    let result = write_synced(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
        return result;
    }
    sync_folder(path)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name in the same folder that no other writer uses.
fn beside(path: &Path) -> io::Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
    };
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}-{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    Ok(path.with_file_name(hidden))
}

/// Makes the rename last. Only Unix can open a folder for that.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
