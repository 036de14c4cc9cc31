//! Weights files read and written.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::format::{FormatError, LENGTH_BYTES, check_header_len};
use super::{ModelFile, ModelFileError};
use crate::disk::write_atomic;

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
