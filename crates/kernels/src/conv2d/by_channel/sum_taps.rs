//! The inner loop of forward pass and input gradient: output channels in the lanes, pixels broadcast.
//!
//! `out[cell, o] = Σ_t x[base(cell) + offset_t] · w[t, o]`
//!
//! ```text
//!                  32 output channels
//!                  ┌─────────┬─────────┐
//!  8 to 14 cells   │ acc     │         │   acc[cell] += x[base(cell) + offset_t] (in all lanes) · w[t, o..o+32]
//!  of a row        └─────────┴─────────┘
//! ```
//!
//! Each sum is one chain over the taps in order, in one lane, that starts with the bias. Tested against `reference.rs` by the forms that use it.

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use std::ops::Range;

use crate::simd::{Kernel, LANES, Simd};

/// Vectors of output channels that are summed at once.
pub(super) const BLOCK: usize = 2 * LANES;

/// Taps that pass over all rows before the next: their weights, 18 KiB, stay in L1.
const CHUNK: usize = 144;

/// Some rows of cells; all their output channels.
pub(super) struct SumTaps<'a> {
    pub(super) x: &'a [f32],
    pub(super) offsets: &'a [usize],
    /// Blocks of 32 channels, of 16 at the end: `[tap, channel]`.
    pub(super) weights: &'a [f32],
    pub(super) bias: Option<&'a [f32]>,
    /// Output channels in whole vectors.
    pub(super) depth: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Where the first cell reads, from one row to the next, from one cell to the next (1 or 2).
    pub(super) start: usize,
    pub(super) x_row: usize,
    pub(super) x_step: usize,
    /// `[cell, depth]`; the same in cells.
    pub(super) out: &'a mut [f32],
    pub(super) out_start: usize,
    pub(super) out_row: usize,
    pub(super) out_step: usize,
}

/// The size, out of `sizes`, of which the fewest cycles cover a row of `cells`; the last tile is smaller, or overlaps the one before.
fn best(cells: usize, vectors: usize, sizes: &[usize]) -> usize {
    // Half cycles a tap: two sums a cycle, but each waits four for the one before.
    let cost = |size: &&usize| cells.div_ceil(**size) * ((**size * vectors).max(8) + 1);
    sizes.iter().filter(|&&size| size <= cells).min_by_key(cost).copied().unwrap_or(1)
}

impl Kernel for SumTaps<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        if self.rows * self.columns == 0 {
            return;
        }
        let last = self.offsets.iter().copied().max().unwrap_or(0);
        let (row, column) = (self.rows - 1, self.columns - 1);
        let read = self.start + row * self.x_row + column * self.x_step + last;
        let written = self.out_start + row * self.out_row + column * self.out_step + 1;
        assert!(read < self.x.len() && written * self.depth <= self.out.len());
        assert!(self.weights.len() >= self.depth * self.offsets.len() && self.depth.is_multiple_of(LANES));
        match self.x_step {
            1 => self.blocks::<S, 1>(s),
            2 => self.blocks::<S, 2>(s),
            step => unreachable!("cells {step} apart"),
        }
    }
}

impl SumTaps<'_> {
    #[inline(always)]
    fn blocks<S: Simd, const STEP: usize>(&mut self, s: S) {
        let wide = S::TILES_OF_24;
        for o in (0..self.depth).step_by(BLOCK) {
            let two = self.depth - o >= BLOCK;
            let (vectors, sizes): (usize, &[usize]) = match (wide, two) {
                (true, true) => (2, &[14, 12, 11, 10, 9, 8, 7, 6, 4, 1]),
                (true, false) => (1, &[28, 24, 20, 16, 14, 12, 10, 8, 4, 1]),
                _ => (2, &[2, 1]),
            };
            let size = best(self.columns, vectors, sizes);
            let rest = (self.columns - 1) % size + 1;
            let last = if sizes.contains(&rest) { rest } else { size };
            // Where the last tile overlaps, each sum is done at once.
            let all = self.offsets.len().max(1);
            let chunk = if last == rest { CHUNK } else { all };
            for first in (0..all).step_by(chunk) {
                let taps = first..(first + chunk).min(self.offsets.len());
                self.cells::<S, STEP>(s, (o, two), taps, (size, last));
            }
        }
    }

    /// All cells of one block of channels, in tiles of `size` and a last one; some of the taps.
    #[inline(always)]
    fn cells<S: Simd, const STEP: usize>(
        &mut self,
        s: S,
        (o, two): (usize, bool),
        taps: Range<usize>,
        (size, last): (usize, usize),
    ) {
        for row in 0..self.rows {
            let mut at = 0;
            while at < self.columns {
                let size = if at + size < self.columns { size } else { last };
                let column = at.min(self.columns - size);
                let (to, taps) = ((o, row, column), taps.clone());
                match (two, size) {
                    (true, 14) => self.tile::<S, STEP, 2, 14>(s, to, taps),
                    (true, 12) => self.tile::<S, STEP, 2, 12>(s, to, taps),
                    (true, 11) => self.tile::<S, STEP, 2, 11>(s, to, taps),
                    (true, 10) => self.tile::<S, STEP, 2, 10>(s, to, taps),
                    (true, 9) => self.tile::<S, STEP, 2, 9>(s, to, taps),
                    (true, 8) => self.tile::<S, STEP, 2, 8>(s, to, taps),
                    (true, 7) => self.tile::<S, STEP, 2, 7>(s, to, taps),
                    (true, 6) => self.tile::<S, STEP, 2, 6>(s, to, taps),
                    (true, 4) => self.tile::<S, STEP, 2, 4>(s, to, taps),
                    (true, 2) => self.tile::<S, STEP, 2, 2>(s, to, taps),
                    (true, _) => self.tile::<S, STEP, 2, 1>(s, to, taps),
                    (false, 28) => self.tile::<S, STEP, 1, 28>(s, to, taps),
                    (false, 24) => self.tile::<S, STEP, 1, 24>(s, to, taps),
                    (false, 20) => self.tile::<S, STEP, 1, 20>(s, to, taps),
                    (false, 16) => self.tile::<S, STEP, 1, 16>(s, to, taps),
                    (false, 14) => self.tile::<S, STEP, 1, 14>(s, to, taps),
                    (false, 12) => self.tile::<S, STEP, 1, 12>(s, to, taps),
                    (false, 10) => self.tile::<S, STEP, 1, 10>(s, to, taps),
                    (false, 8) => self.tile::<S, STEP, 1, 8>(s, to, taps),
                    (false, 4) => self.tile::<S, STEP, 1, 4>(s, to, taps),
                    (false, 2) => self.tile::<S, STEP, 1, 2>(s, to, taps),
                    (false, _) => self.tile::<S, STEP, 1, 1>(s, to, taps),
                }
                at += size;
            }
        }
    }

    /// `V` vectors of channels from `o`, `M` cells of a row from `column`.
    #[inline(always)]
    fn tile<S: Simd, const STEP: usize, const V: usize, const M: usize>(
        &mut self,
        s: S,
        (o, row, column): (usize, usize, usize),
        taps: Range<usize>,
    ) {
        let mut acc = [[s.splat(0.0); V]; M];
        // SAFETY: `run` checked that the last cell with the furthest tap is in `x` and has its place in `out`, that the weights
        // hold a block of every tap, and the bias every channel; `o + V·16 <= depth`, and the `M` cells are in the row.
        unsafe {
            let cell = self.out_start + row * self.out_row + column * self.out_step;
            let to = self.out.as_mut_ptr().add(cell * self.depth + o);
            let next = self.out_step * self.depth;
            if taps.start > 0 {
                for m in 0..M {
                    for v in 0..V {
                        acc[m][v] = s.load(to.add(m * next + v * LANES));
                    }
                }
            } else if let Some(bias) = self.bias {
                let mut each = [s.splat(0.0); V];
                for v in 0..V {
                    let o = o + v * LANES;
                    each[v] = s.load_first(bias.as_ptr().wrapping_add(o), bias.len().saturating_sub(o));
                }
                acc = [each; M];
            }
            let x = self.x.as_ptr().add(self.start + row * self.x_row + column * STEP);
            let mut w = self.weights.as_ptr().add(o * self.offsets.len() + taps.start * V * LANES);
            for &offset in self.offsets.get_unchecked(taps) {
                let x = x.add(offset);
                let mut vw = [s.splat(0.0); V];
                for v in 0..V {
                    vw[v] = s.load(w.add(v * LANES));
                }
                for m in 0..M {
                    let x = s.splat(*x.add(m * STEP));
                    for v in 0..V {
                        acc[m][v] = s.mul_add(x, vw[v], acc[m][v]);
                    }
                }
                w = w.add(V * LANES);
            }
            for m in 0..M {
                for v in 0..V {
                    s.store(to.add(m * next + v * LANES), acc[m][v]);
                }
            }
        }
    }
}
