//! `summary.json`: the run in numbers, and what it was run on.

use crate::{StopReason, TrainError, history::RunSummary, recipe::Tested};
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

/// The content of `summary.json`: the fields of [`RunSummary`], then the circumstances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SummaryFile {
    /// The run's numbers.
    #[serde(flatten)]
    pub run: RunSummary,
    /// Which weights the test metrics are of.
    pub tested: Tested,
    /// Why the run ended.
    pub stop: StopReason,
    /// Optimizer steps made.
    pub steps: u64,
    /// Numbers that were trained.
    pub num_params: usize,
    /// The data folder, or `synthetic`.
    pub data: String,
    /// Pictures used of each split.
    pub samples: Counts,
    /// Pictures that could not be used, as `path: reason`.
    pub skipped: Vec<String>,
    /// Threads computed with; does not change the weights.
    pub threads: usize,
    /// Version of this program.
    pub version: String,
}

/// Pictures used of each split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Learned from.
    pub train: usize,
    /// Chosen on.
    pub val: usize,
    /// Scored once; 0 if there is no test split.
    pub test: usize,
}

impl SummaryFile {
    /// The file's text, for `path`.
    pub(crate) fn to_json(&self, path: &Path) -> Result<Vec<u8>, TrainError> {
        let mut text = serde_json::to_vec_pretty(self).map_err(|e| TrainError::write(path)(e.into()))?;
        text.push(b'\n');
        Ok(text)
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`TrainError::Read`] if it can't be read, [`TrainError::Damaged`] if it is no summary.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        serde_json::from_slice(&fs::read(path).map_err(TrainError::read(path))?)
            .map_err(|error| TrainError::Damaged { path: path.into(), what: error.to_string() })
    }
}
