//! 8-bit pixels: weighted sums in fixed point, the two halves of a resize, and levels as numbers.
//!
//! Sums of integers are exact, so every instruction set gives the same bits.

mod across;
mod down;
mod levels;

pub use across::{Across, weigh_across_reference};
pub use down::{weigh_down, weigh_down_reference};
pub use levels::{Levels, prefetch};

pub use crate::simd::FRACTION_BITS;
use crate::simd::HALF;

/// Where the samples of a resized axis come from: a run of neighbours each, and their weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spans {
    /// First source sample, and how many, of each output sample.
    pub runs: Vec<(usize, usize)>,
    /// Weights of all runs, one after the other, with [`FRACTION_BITS`] bits after the point; from −1 to 1.
    pub weights: Vec<i32>,
}

impl Spans {
    /// First source sample and weights of each output sample.
    fn iter(&self) -> impl Iterator<Item = (usize, &[i32])> {
        let mut rest = &self.weights[..];
        self.runs.iter().map(move |&(first, count)| {
            let (weights, after) = rest.split_at(count);
            rest = after;
            (first, weights)
        })
    }

    /// Whether every run lies below `len` and has its weights.
    fn fit(&self, len: usize) -> bool {
        let weights: usize = self.runs.iter().map(|&(_, count)| count).sum();
        weights == self.weights.len() && self.runs.iter().all(|&(first, count)| first + count <= len)
    }
}

#[inline(always)]
fn round(sum: i32) -> u8 {
    (sum >> FRACTION_BITS).clamp(0, 255) as u8
}

/// `round(Σ values · weights)`, term by term.
fn weighed(values: impl Iterator<Item = u8>, weights: &[i32]) -> u8 {
    round(values.zip(weights).fold(HALF, |sum, (v, &w)| sum.wrapping_add(i32::from(v).wrapping_mul(w))))
}
