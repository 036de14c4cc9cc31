//! A run at rest: everything that is needed to go on to the same bits.

mod format;
mod identity;

pub use format::CheckpointError;
pub use identity::Identity;

use crate::Position;
use nn::Buffer;

/// The content of a run folder's `checkpoint`.
///
/// Weights, averages and the optimizer's memory are kept as the f32 they are.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Which run it is of.
    pub identity: Identity,
    /// Where the run is.
    pub position: Position,
    /// Updates that the optimizer made.
    pub updates: u64,
    /// Names and numbers: `weights`, `average` and `best` if there are such, and the optimizer's own.
    pub buffers: Vec<(String, Buffer<f32>)>,
}

/// The same, borrowed from a run that goes on.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) position: &'a Position,
    pub(crate) updates: u64,
    pub(crate) buffers: Vec<(&'a str, &'a [f32])>,
}

impl Checkpoint {
    /// The numbers called `name`.
    #[must_use]
    pub fn buffer(&self, name: &str) -> Option<&Buffer<f32>> {
        self.buffers.iter().find(|(own, _)| own == name).map(|(_, buffer)| buffer)
    }
}
