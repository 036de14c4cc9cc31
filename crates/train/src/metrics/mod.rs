//! Numbers that say how good a model is.

mod tally;
mod top_k;

pub use tally::Tally;
pub use top_k::{rank, top_k};
