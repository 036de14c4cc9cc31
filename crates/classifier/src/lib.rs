//! Weights, preprocessing and class names to predictions.
//!
//! A [`Classifier`] is a weights file brought to life: everything that it needs stands in the file, so a picture is
//! prepared exactly as in training. What the file of another program does not say is told by [`Assumed`]. Scoring a
//! whole split is left to `train::evaluate`, which takes the parts.
#![forbid(unsafe_code)]

mod classifier;
mod error;
mod load;
mod prediction;

pub use classifier::Classifier;
pub use error::{ClassifierError, ErrorKind};
pub use load::Assumed;
pub use prediction::{Guess, Prediction};
