//! What training makes small.

mod cross_entropy;
pub mod published;

pub use cross_entropy::{CrossEntropyLoss, Reduction};
