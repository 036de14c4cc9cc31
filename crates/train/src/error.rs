//! What can go wrong in a run, sorted by who must act.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use data::{DataError, DataSpecError};
use nn::{MismatchError, ModelFileError};

/// Why a run could not be done. Each message is one line: what, where, what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A recipe that can't be read, or whose settings are out of range or don't fit together.
    #[error("{origin}: {what}")]
    Recipe {
        /// The recipe's file and line, or its name.
        origin: String,
        /// What is wrong, and what would do.
        what: String,
    },
    /// A model that can't be read from its file, or can't be built for this input or these classes.
    #[error("{model}: {what}")]
    Model {
        /// Its name, or its file and line.
        model: String,
        /// What is wrong, and what would do.
        what: String,
    },
    /// A word that names nothing here, such as an unknown model or recipe.
    #[error("unknown {what} '{found}'{}; known are {}", hint(nearest), known.join(", "))]
    Unknown {
        /// What the word should have named.
        what: &'static str,
        /// The word.
        found: String,
        /// The most similar known word, if any is similar.
        nearest: Option<String>,
        /// All known words.
        known: Vec<String>,
    },
    /// A weights file that cannot be read or written.
    #[error(transparent)]
    Weights(#[from] ModelFileError),
    /// Weights of another model.
    #[error("{}: {source}", path.display())]
    OtherModel {
        /// The weights file.
        path: PathBuf,
        /// What does not fit.
        source: MismatchError,
    },
    /// What is stored with the weights can't be read.
    #[error("{}: {source}", path.display())]
    StoredEntry {
        /// The weights file.
        path: PathBuf,
        /// Which entry, and why.
        source: DataSpecError,
    },
    /// The data cannot be had.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The loss or a gradient of a batch is no number any more. The step was not made: the checkpoint on disk is of the state
    /// before, and the weights are those of the last good epoch.
    #[error(
        "{what}, at step {step} (epoch {epoch}, lr {lr}), files {files}; \
         the step was not made; lower --lr, or look at these files"
    )]
    NotFinite {
        /// What is not finite: a loss and the first layer that explains it, or a gradient.
        what: String,
        /// Counted from 1.
        step: u64,
        /// Counted from 1.
        epoch: usize,
        /// Learning rate of the step.
        lr: f64,
        /// The batch's pictures.
        files: FileList,
    },
    /// After an epoch the loss on the validation split is no number. Weights on disk are those of the epoch before.
    #[error("the validation loss became {loss} after epoch {epoch}; lower --lr")]
    BadEpoch {
        /// NaN or infinite.
        loss: f64,
        /// Counted from 1.
        epoch: usize,
    },
    /// A signal came; the state is saved.
    #[error("stopped by signal {signal} at {at}; the state is saved, --resume goes on from it")]
    Interrupted {
        /// Its number: 2 is SIGINT (Ctrl-C), 15 SIGTERM.
        signal: u8,
        /// Where the run is.
        at: String,
    },
    /// A checkpoint of another run than the one that shall go on.
    #[error("{}: {what}; a run goes on with what it began with, so undo the change or start a new run", path.display())]
    OtherRun {
        /// The checkpoint.
        path: PathBuf,
        /// What is another.
        what: String,
    },
    /// A run folder that another process is at work in.
    #[error("{}: another process is training in this folder; wait for it, or choose another --out", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The run folder holds something already.
    #[error("{}: exists and is not empty; name another folder or allow it with --exist-ok", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// The disk said no: full, read-only, no permission.
    #[error("cannot write {}: {source}; what was there before is unharmed", path.display())]
    Write {
        /// The file that was being written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of a run folder that is not what it should be.
    #[error("{}: {what}; restore it, or do the run again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file of ours cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Who must act on an error; decides the exit code in one place (`lenet`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The run failed while running (exit code 1).
    Runtime,
    /// The command line is off (exit code 2).
    Usage,
    /// Photos, lists or weights are bad (exit code 65).
    BadData,
    /// An input is not there (exit code 66).
    NoInput,
    /// The machine failed: disk full, permission, hardware (exit code 74).
    Io,
    /// A recipe or a model file is bad (exit code 78).
    Config,
    /// A signal ended the run, its state saved (exit code 128 and the signal's number).
    Signal(u8),
}

impl ErrorKind {
    /// The exit code, as in BSD's `sysexits.h`.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Runtime => 1,
            Self::Usage => 2,
            Self::BadData => 65,
            Self::NoInput => 66,
            Self::Io => 74,
            Self::Config => 78,
            Self::Signal(number) => 128 | number,
        }
    }
}

impl TrainError {
    /// Who must act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFinite { .. } | Self::BadEpoch { .. } => ErrorKind::Runtime,
            Self::Unknown { .. } | Self::Taken { .. } | Self::Busy { .. } => ErrorKind::Usage,
            Self::Recipe { .. } | Self::Model { .. } => ErrorKind::Config,
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => ErrorKind::NoInput,
            Self::Write { .. } | Self::Read { .. } => ErrorKind::Io,
            Self::Interrupted { signal, .. } => ErrorKind::Signal(*signal),
            Self::OtherModel { .. }
            | Self::StoredEntry { .. }
            | Self::Damaged { .. }
            | Self::OtherRun { .. } => ErrorKind::BadData,
            Self::Weights(ModelFileError::NotFound { .. }) => ErrorKind::NoInput,
            Self::Weights(ModelFileError::Io { .. }) => ErrorKind::Io,
            Self::Weights(ModelFileError::Format { .. }) => ErrorKind::BadData,
            Self::Data(error) => of_data(error),
        }
    }

    /// A word that is not among `known`, with the most similar one.
    #[must_use]
    pub fn unknown(what: &'static str, found: &str, known: &[&str]) -> Self {
        Self::Unknown {
            what,
            found: found.to_owned(),
            nearest: nearest(found, known).map(str::to_owned),
            known: known.iter().map(|&k| k.to_owned()).collect(),
        }
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Read { path: path.to_owned(), source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write { path: path.to_owned(), source }
    }
}

fn of_data(error: &DataError) -> ErrorKind {
    match error.kind() {
        data::ErrorKind::Usage => ErrorKind::Usage,
        data::ErrorKind::BadData => ErrorKind::BadData,
        data::ErrorKind::NoInput => ErrorKind::NoInput,
        data::ErrorKind::Io => ErrorKind::Io,
    }
}

/// What serde says of a file as one line, with the nearest of the known words where one is unknown.
pub(crate) fn with_nearest(message: &str) -> String {
    let message = message.trim_end().replace('\n', " ");
    let kinds = [("key", "unknown field `"), ("word", "unknown variant `")];
    let found = kinds.into_iter().find_map(|(what, words)| Some((what, message.find(words)?)));
    let Some((what, at)) = found else { return message };
    let words: Vec<&str> = message[at..].split('`').skip(1).step_by(2).collect();
    match words.as_slice() {
        [word, known @ ..] if !known.is_empty() => {
            format!("{}{}", &message[..at], TrainError::unknown(what, word, known))
        }
        _ => message,
    }
}

/// The known word most similar to `found`, if a slip of the fingers could explain it.
pub(crate) fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let similar = |k: &&str| strsim::jaro_winkler(&found.to_lowercase(), k);
    let best = known.iter().copied().max_by(|a, b| similar(a).total_cmp(&similar(b)))?;
    (similar(&best) > 0.8).then_some(best)
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|word| format!(" (did you mean '{word}'?)")).unwrap_or_default()
}

/// Names of pictures for a message: the first few, and how many more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileList(pub Vec<String>);

impl fmt::Display for FileList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 4;
        let shown = &self.0[..self.0.len().min(SHOWN)];
        f.write_str(&shown.join(", "))?;
        match self.0.len() - shown.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_files_is_cut() {
        let files = FileList((0..32).map(|i| format!("{i}.png")).collect());
        assert_eq!(files.to_string(), "0.png, 1.png, 2.png, 3.png and 28 more");
        assert_eq!(FileList(vec!["a".into()]).to_string(), "a");
    }

    #[test]
    fn a_full_disk_is_told_in_one_line() {
        let error = TrainError::write(Path::new("runs/train/results.csv"))(io::ErrorKind::StorageFull.into());
        assert_eq!((error.kind(), error.kind().exit_code()), (ErrorKind::Io, 74));
        let text = error.to_string();
        assert!(text.starts_with("cannot write runs/train/results.csv: no storage space; "), "{text}");
    }

    #[test]
    fn a_slip_of_the_fingers_is_told_the_nearest_word() {
        let error = TrainError::unknown("model", "lenet-5", &["perceptron", "lenet5", "lenet5-modified"]);
        assert_eq!(
            error.to_string(),
            "unknown model 'lenet-5' (did you mean 'lenet5'?); known are perceptron, lenet5, lenet5-modified"
        );
        assert_eq!(error.kind(), ErrorKind::Usage);
        let far = TrainError::unknown("model", "resnet", &["perceptron", "lenet5"]).to_string();
        assert!(!far.contains("did you mean"), "{far}");
    }

    #[test]
    fn what_serde_does_not_know_is_told_with_the_nearest() {
        let told = with_nearest("layer 'a': unknown variant `reluu`, expected one of `relu`, `tanh`\n");
        assert_eq!(told, "layer 'a': unknown word 'reluu' (did you mean 'relu'?); known are relu, tanh");
        assert_eq!(
            with_nearest("unknown field `x`, there are no fields"),
            "unknown field `x`, there are no fields"
        );
        assert_eq!(with_nearest("two\nlines\n"), "two lines");
    }

    #[test]
    fn a_missing_file_is_told_from_an_unreadable_one() {
        let read = |kind: io::ErrorKind| TrainError::Read { path: "x".into(), source: kind.into() }.kind();
        assert_eq!(read(io::ErrorKind::NotFound), ErrorKind::NoInput);
        assert_eq!(read(io::ErrorKind::PermissionDenied), ErrorKind::Io);
    }
}
