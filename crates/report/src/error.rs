//! What can go wrong while a report is written.

use std::io;
use std::path::PathBuf;

/// Why a report could not be written or a summary not be read, by who must act.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The disk said no: full, read-only, no such folder (exit code 74).
    #[error("cannot write {}: {source}; check that the folder exists, may be written and is not full", path.display())]
    Write {
        /// The file that was being written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A run's file is not there (exit code 66).
    #[error("no {}: is this the folder of a run?", path.display())]
    Missing {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// A run's file is there but can't be read (exit code 74).
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file that was being read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A run's file was read and does not say what it should (exit code 65).
    #[error("{}, line {}: {source}; delete the file or train again", path.display(), source.line())]
    BadSummary {
        /// The file with the fault.
        path: PathBuf,
        /// Where and what.
        source: serde_json::Error,
    },
    /// A picture or page could not be made in memory (exit code 1).
    #[error("cannot draw {what}: {why}")]
    Draw {
        /// The figure or page.
        what: String,
        /// The reason given.
        why: String,
    },
}
