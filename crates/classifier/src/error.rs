//! What can go wrong between a weights file and a prediction, sorted by who must act.

use std::io;
use std::path::PathBuf;

use data::{DataSpecError, DecodeError};
use nn::{BuildError, MismatchError, ModelFileError};

/// Why there is no classifier, or no prediction. Each message is one line: what, where, what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassifierError {
    /// The weights file cannot be read.
    #[error(transparent)]
    File(#[from] ModelFileError),
    /// The file does not say what model its weights belong to, as one that PyTorch wrote.
    #[error("{}: does not say which model it belongs to; name it with --model ({})", path.display(), nn::zoo::ALL.join(", "))]
    NoModel {
        /// The weights file.
        path: PathBuf,
    },
    /// A word that names no built-in model.
    #[error("unknown model '{name}'; known are {}", nn::zoo::ALL.join(", "))]
    UnknownModel {
        /// The word.
        name: String,
    },
    /// The file says that it belongs to another model than the caller.
    #[error("{}: holds the weights of {stored}, not of {asked}", path.display())]
    Contradiction {
        /// The weights file.
        path: PathBuf,
        /// What the file says.
        stored: String,
        /// What the caller says.
        asked: String,
    },
    /// The tensors are not those of the model.
    #[error("{}: {source}", path.display())]
    OtherModel {
        /// The weights file.
        path: PathBuf,
        /// What does not fit.
        source: MismatchError,
    },
    /// The stored model can't be built.
    #[error("{}: {source}", path.display())]
    Model {
        /// The weights file.
        path: PathBuf,
        /// The layer and what is wrong.
        source: BuildError,
    },
    /// The stored preprocessing or class names can't be read.
    #[error("{}: {source}", path.display())]
    Data {
        /// The weights file.
        path: PathBuf,
        /// The entry and what is wrong.
        source: DataSpecError,
    },
    /// Parts of the file (or of what was assumed) do not fit together.
    #[error("{}: {what}", path.display())]
    Misfit {
        /// The weights file.
        path: PathBuf,
        /// Which parts, and how they differ.
        what: String,
    },
    /// A picture can't be read from disk.
    #[error("{}: {source}", path.display())]
    Read {
        /// The picture.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is no picture.
    #[error("{}: {source}", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: DecodeError,
    },
}

/// Who must act on an error; decides the exit code in one place (`lenet`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line is off (exit code 2).
    Usage,
    /// Weights or pictures are bad (exit code 65).
    BadData,
    /// An input is not there (exit code 66).
    NoInput,
    /// The machine failed (exit code 74).
    Io,
}

impl ClassifierError {
    /// Who must act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoModel { .. } | Self::UnknownModel { .. } => ErrorKind::Usage,
            Self::File(ModelFileError::NotFound { .. }) => ErrorKind::NoInput,
            Self::File(ModelFileError::Io { .. }) => ErrorKind::Io,
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => ErrorKind::NoInput,
            Self::Read { .. } => ErrorKind::Io,
            Self::File(ModelFileError::Format { .. })
            | Self::Contradiction { .. }
            | Self::OtherModel { .. }
            | Self::Model { .. }
            | Self::Data { .. }
            | Self::Misfit { .. }
            | Self::Picture { .. } => ErrorKind::BadData,
        }
    }
}
