//! What a run is of: going on with another recipe, model or data would be another run.

use crate::{Job, TrainError, recipe::first_difference};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::Path;
use twox_hash::XxHash3_64;

/// Recipe, model and data of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The recipe, as `config.toml` has it.
    pub recipe: String,
    /// The model, in JSON.
    pub model: String,
    /// Hash of all splits' pictures as they were decoded, their names and labels, the classes and the preprocessing.
    pub data: String,
}

/// Bytes that are hashed at a time.
const BLOCK: usize = 1 << 20;

impl Identity {
    /// Of a run; reads all pictures once.
    #[must_use]
    pub fn of(job: &Job) -> Self {
        let splits = job.splits();
        let mut hashes = vec![XxHash3_64::oneshot(format!("{:?}", job.preprocess()).as_bytes())];
        hashes.push(of_lines(splits.class_names.iter()));
        for set in [Some(&splits.train), splits.val.as_ref(), splits.test.as_ref()] {
            let Some(set) = set else {
                hashes.push(0);
                continue;
            };
            hashes.extend(set.planes.par_chunks(BLOCK).map(XxHash3_64::oneshot).collect::<Vec<_>>());
            hashes.extend(set.labels.iter().map(|&label| u64::from(label)));
            hashes.push(of_lines(set.names.iter()));
        }
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        Self {
            recipe: job.recipe().to_toml(),
            // A model is strings, numbers and lists, which JSON can always say.
            model: serde_json::to_string(job.spec()).unwrap_or_default(),
            data: format!("{:016x}", XxHash3_64::oneshot(&bytes)),
        }
    }

    /// Makes sure that a checkpoint, from the file at `path`, is of this run.
    ///
    /// # Errors
    /// [`TrainError::OtherRun`], saying what is another.
    pub(crate) fn check(&self, kept: &Self, path: &Path) -> Result<(), TrainError> {
        let what = if let Some(what) = first_difference("recipe", &kept.recipe, &self.recipe) {
            what
        } else if self.model != kept.model {
            "the model is another now".to_owned()
        } else if self.data != kept.data {
            "the pictures, labels or splits are others now".to_owned()
        } else {
            return Ok(());
        };
        Err(TrainError::OtherRun { path: path.to_owned(), what })
    }
}

fn of_lines<'a>(lines: impl Iterator<Item = &'a String>) -> u64 {
    XxHash3_64::oneshot(lines.flat_map(|line| [line.as_str(), "\n"]).collect::<String>().as_bytes())
}
