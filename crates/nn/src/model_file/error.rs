//! What can be wrong with a weights file, by who must act.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::format::FormatError;

/// A weights file that could not be read or written.
#[derive(Debug, Error)]
pub enum ModelFileError {
    /// There is no such file.
    #[error("{}: no such weights file", path.display())]
    NotFound {
        /// What was asked for.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{}: cannot {doing} the weights: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// `read` or `write`.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The content is no weights file.
    #[error("{}: {source}", path.display())]
    Format {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: FormatError,
    },
}

/// Weights of another model: what is missing, left over, or of another shape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Error)]
pub struct MismatchError {
    /// Tensors of the network that the file lacks.
    pub missing: Vec<String>,
    /// Tensors of the file that the network lacks.
    pub unexpected: Vec<String>,
    /// Name, shape in the file, shape in the network.
    pub reshaped: Vec<(String, Vec<usize>, Vec<usize>)>,
}

impl MismatchError {
    pub(super) fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.reshaped.is_empty()
    }
}

impl fmt::Display for MismatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.missing.is_empty() {
            parts.push(format!("missing {}", first_few(&self.missing)));
        }
        if !self.unexpected.is_empty() {
            parts.push(format!("unexpected {}", first_few(&self.unexpected)));
        }
        let reshaped: Vec<String> = self
            .reshaped
            .iter()
            .map(|(name, found, needed)| format!("{name} is {found:?}, not {needed:?}"))
            .collect();
        if !reshaped.is_empty() {
            parts.push(first_few(&reshaped));
        }
        write!(f, "these are the weights of another model: {}", parts.join("; "))
    }
}

/// At most four, so that the message stays one line.
fn first_few(items: &[String]) -> String {
    let shown = items[..items.len().min(4)].join(", ");
    match items.len().saturating_sub(4) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
