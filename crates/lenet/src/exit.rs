//! Every error ends here: one line of what and where, a hint where one helps, and the exit code.

use classifier::ClassifierError;
use data::DataError;
use report::ReportError;
use std::{io, path::Path, process::ExitCode};
use train::{ErrorKind, TrainError};

/// Why a command did not do all it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// To be told on stderr.
    Told {
        /// Who must act; decides the exit code.
        kind: ErrorKind,
        /// One line: what, where.
        message: String,
        /// What to do, if the message does not say.
        hint: Option<String>,
    },
    /// Told already, as it happened.
    Known(ErrorKind),
    /// Whoever read our output has gone, as `head` does. Not a failure.
    ReaderGone,
}

/// The exit code of a command, after its error was told.
pub(crate) fn code_of(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) | Err(Failure::ReaderGone) => ExitCode::SUCCESS,
        Err(Failure::Known(kind)) => kind.exit_code().into(),
        Err(Failure::Told { kind, message, hint }) => {
            crate::out::complain(&format!("error: {message}"));
            if let Some(hint) = hint {
                crate::out::complain(&format!("hint: {hint}"));
            }
            kind.exit_code().into()
        }
    }
}

impl Failure {
    /// An error without a hint.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::Told { kind, message: message.into(), hint: None }
    }

    /// A command line that makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// The same error, with what to do.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        match self {
            Self::Told { kind, message, .. } => Self::Told { kind, message, hint: Some(hint.into()) },
            other => other,
        }
    }

    /// A file that can't be read.
    pub(crate) fn reading(path: &Path, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::NoInput,
            _ => ErrorKind::Io,
        };
        Self::new(kind, format!("cannot read {}: {error}", path.display()))
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        if let TrainError::Data(error) = error {
            return error.into();
        }
        let failure = Self::new(error.kind(), error.to_string());
        match error {
            TrainError::OtherModel { path, .. } => {
                failure.hint(format!("'lenet inspect {}' shows what the file holds", path.display()))
            }
            TrainError::Unknown { what: "model", .. } => {
                failure.hint("a model of your own is named by its file, such as mine.toml")
            }
            _ => failure,
        }
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        let kind = match error.kind() {
            data::ErrorKind::Usage => ErrorKind::Usage,
            data::ErrorKind::BadData => ErrorKind::BadData,
            data::ErrorKind::NoInput => ErrorKind::NoInput,
            data::ErrorKind::Io => ErrorKind::Io,
        };
        let failure = Self::new(kind, error.to_string());
        match error {
            DataError::NotFound { .. } => {
                failure.hint("--data takes a folder, or the word 'synthetic' for the built-in set")
            }
            DataError::BadFile { .. } | DataError::MissingPicture { .. } => {
                failure.hint("--on-bad skip leaves out what cannot be read, and names it")
            }
            _ => failure,
        }
    }
}

impl From<ClassifierError> for Failure {
    fn from(error: ClassifierError) -> Self {
        let kind = match error.kind() {
            classifier::ErrorKind::Usage => ErrorKind::Usage,
            classifier::ErrorKind::BadData => ErrorKind::BadData,
            classifier::ErrorKind::NoInput => ErrorKind::NoInput,
            classifier::ErrorKind::Io => ErrorKind::Io,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<nn::ModelFileError> for Failure {
    fn from(error: nn::ModelFileError) -> Self {
        TrainError::from(error).into()
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        let kind = match error {
            ReportError::Write { .. } | ReportError::Read { .. } => ErrorKind::Io,
            ReportError::Missing { .. } => ErrorKind::NoInput,
            ReportError::BadSummary { .. } => ErrorKind::BadData,
            ReportError::Draw { .. } => ErrorKind::Runtime,
        };
        Self::new(kind, error.to_string())
    }
}
