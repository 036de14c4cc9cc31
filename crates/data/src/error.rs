//! What can go wrong between a folder and a batch, sorted by who must act.

use std::{io, path::PathBuf};

/// Why data could not be had. Each message is one line: what, where, what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The data folder (or file) is not there.
    #[error("{}: no such file or folder", path.display())]
    NotFound {
        /// What was asked for.
        path: PathBuf,
    },
    /// The folder is there but holds none of the known forms of data.
    #[error(
        "{}: {what}; expected list files (train.txt val.txt test.txt), folders train/ val/ test/ of class folders, \
         class folders of pictures, CSV, IDX, CIFAR, tar or parquet files", path.display()
    )]
    Unrecognised {
        /// The data folder.
        path: PathBuf,
        /// What was found instead.
        what: &'static str,
    },
    /// A line of a list file or of `classes.txt` can't be read.
    #[error("{}:{line}: {what}", path.display())]
    BadList {
        /// The list file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it, and what was expected.
        what: String,
    },
    /// A picture that is listed is not there.
    #[error("{}: no such picture (listed in {origin})", path.display())]
    MissingPicture {
        /// The picture.
        path: PathBuf,
        /// Who named it: list file and line.
        origin: String,
    },
    /// A picture is there but can't be decoded.
    #[error("{path}: {reason}; repair or remove it, or skip bad files")]
    BadFile {
        /// The picture, as its source names it.
        path: String,
        /// Why it can't be used.
        reason: String,
    },
    /// A file that holds many pictures can't be read.
    #[error("{}: {what}", path.display())]
    BadArchive {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what was expected.
        what: String,
    },
    /// A class folder without a single picture.
    #[error("{}: class folder without a picture; fill it or remove it", path.display())]
    EmptyClass {
        /// The folder.
        path: PathBuf,
    },
    /// A split without a single usable picture.
    #[error("split '{split}' has no usable picture{}", first.as_ref().map(|f| format!(" (all {} are bad, the first: {f})", skipped)).unwrap_or_default())]
    NothingLeft {
        /// Name of the split or source.
        split: String,
        /// How many pictures were bad.
        skipped: usize,
        /// The first bad one and why.
        first: Option<String>,
    },
    /// A split that this data does not have. It is never replaced by another.
    #[error("no split '{split}' in {data}; there {} {}", if available.len() == 1 { "is" } else { "are" }, available.join(", "))]
    NoSplit {
        /// What was asked for.
        split: String,
        /// The data folder.
        data: String,
        /// What there is.
        available: Vec<String>,
    },
    /// A class that the training split (or the weights) does not know.
    #[error("{origin}: unknown class '{class}'; the {known} known ones come from {known_from}")]
    UnknownClass {
        /// The class.
        class: String,
        /// Where it was found: list file and line, or folder.
        origin: String,
        /// How many classes are known.
        known: usize,
        /// What defines them.
        known_from: String,
    },
    /// A folder that should be written to is not empty.
    #[error("{}: not empty; name a new or empty folder", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Who must act on an error; decides the exit code in one place (`lenet`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The user's command line is off (exit code 2).
    Usage,
    /// The user's data is bad (exit code 65).
    BadData,
    /// The input is not there (exit code 66).
    NoInput,
    /// The machine failed: disk full, permission, hardware (exit code 74).
    Io,
}

impl DataError {
    /// Who must act.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } | Self::MissingPicture { .. } => ErrorKind::NoInput,
            Self::NoSplit { .. } | Self::NotEmpty { .. } => ErrorKind::Usage,
            Self::Io { .. } => ErrorKind::Io,
            Self::Unrecognised { .. }
            | Self::BadList { .. }
            | Self::BadFile { .. }
            | Self::BadArchive { .. }
            | Self::EmptyClass { .. }
            | Self::NothingLeft { .. }
            | Self::UnknownClass { .. } => ErrorKind::BadData,
        }
    }

    /// An I/O error at a path; a missing file becomes [`DataError::NotFound`].
    pub(crate) fn io(path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        if source.kind() == io::ErrorKind::NotFound {
            Self::NotFound { path }
        } else {
            Self::Io { path, source }
        }
    }
}
