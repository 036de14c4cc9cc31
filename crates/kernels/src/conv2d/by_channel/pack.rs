//! Weights in the order in which [`super::sum_taps::SumTaps`] reads them, once for all samples of a step.
//!
//! ```text
//!  w [out, in, window] ─ TurnWeights ─► [16 channels written, channel read, window cell, lane] ─► blocks of 32 lanes a tap
//! ```

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use super::sum_taps::BLOCK;
use crate::conv2d::Conv2dGeom;
use crate::conv2d::wide::transpose::transpose;
use crate::conv2d::winograd::transform;
use crate::isa;
use crate::scratch::with_scratch;
use crate::simd::{Kernel, LANES, Simd};

/// The weights with 16 written channels side by side.
#[derive(Clone, Copy)]
pub(super) struct Turned<'a> {
    numbers: &'a [f32],
    /// Channels read and written, window cells.
    read: usize,
    written: usize,
    window: usize,
}

impl Turned<'_> {
    /// Hands `w [out, in, window]` to `work`, turned for the forward pass, or for the input's gradient, which writes input channels.
    pub(super) fn of<R>(g: &Conv2dGeom, gradient: bool, w: &[f32], work: impl FnOnce(Turned<'_>) -> R) -> R {
        let window = g.kernel_h * g.kernel_w;
        let (inp, out) = (g.in_channels, g.out_channels);
        let (read, written) = if gradient { (out, inp) } else { (inp, out) };
        with_scratch(written.next_multiple_of(LANES) * read * window, |to| {
            // Where the window cells of all channels read follow each other, they are one long row.
            let (rows, outer, columns) = if gradient {
                ((inp, window), (out, inp * window), window)
            } else {
                ((out, inp * window), (1, 0), inp * window)
            };
            isa::run(TurnWeights { w, rows, outer, columns, to: &mut *to });
            work(Turned { numbers: to, read, written, window })
        })
    }

    /// Vectors of written channels.
    pub(super) fn vectors(&self) -> usize {
        self.written.div_ceil(LANES)
    }

    fn at(&self, vector: usize, read: usize, cell: usize) -> &[f32] {
        let at = ((vector * self.read + read) * self.window + cell) * LANES;
        &self.numbers[at..at + LANES]
    }

    /// Where vector `vector` of tap `t` out of `taps` lies in the packed weights.
    fn place(&self, vector: usize, t: usize, taps: usize) -> usize {
        let (depth, o) = (self.vectors() * LANES, vector * LANES);
        let block = o / BLOCK * BLOCK;
        block * taps + t * BLOCK.min(depth - block) + o % BLOCK
    }

    /// Taps `(channel read, window cell)` as they are.
    pub(super) fn copy(&self, taps: usize, tap: impl Fn(usize) -> (usize, usize), packed: &mut [f32]) {
        for vector in 0..self.vectors() {
            for t in 0..taps {
                let (read, cell) = tap(t);
                let to = self.place(vector, t, taps);
                packed[to..to + LANES].copy_from_slice(self.at(vector, read, cell));
            }
        }
    }

    /// `G` of each row of the window, which has so many columns; `cell(row, column)`.
    pub(super) fn points(
        &self,
        points: usize,
        (rows, columns): (usize, usize),
        cell: impl Fn(usize, usize) -> usize,
        packed: &mut [f32],
    ) {
        let taps = self.read * rows;
        let matrix = transform::filter(points);
        let point = self.vectors() * LANES * taps;
        for vector in 0..self.vectors() {
            for t in 0..taps {
                let (read, row) = (t / rows, t % rows);
                let to = self.place(vector, t, taps);
                let mut lanes = [[0.0_f32; LANES]; 8];
                for q in 0..columns {
                    let from = self.at(vector, read, cell(row, q));
                    for p in 0..points {
                        for (lane, from) in lanes[p].iter_mut().zip(from) {
                            *lane += matrix[p][q] * from;
                        }
                    }
                }
                for p in 0..points {
                    packed[p * point + to..][..LANES].copy_from_slice(&lanes[p]);
                }
            }
        }
    }
}

/// `to[vector, outer, column, lane] = w[(16·vector + lane)·stride + outer·stride + column]`; zeros past the last row.
struct TurnWeights<'a> {
    w: &'a [f32],
    /// How many, and how far apart: rows, which become lanes, and what stays around the columns.
    rows: (usize, usize),
    outer: (usize, usize),
    columns: usize,
    to: &'a mut [f32],
}

impl Kernel for TurnWeights<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { w, rows, outer, columns, to } = self;
        let last = (rows.0 - 1) * rows.1 + (outer.0 - 1) * outer.1 + columns;
        assert!(w.len() >= last && to.len() >= rows.0.next_multiple_of(LANES) * outer.0 * columns);
        for first in (0..rows.0).step_by(LANES) {
            let there = (rows.0 - first).min(LANES);
            for k in 0..outer.0 {
                for column in (0..columns).step_by(LANES) {
                    let count = (columns - column).min(LANES);
                    let mut block = [s.splat(0.0); LANES];
                    // SAFETY: `there` rows are left, with `count` columns each; the assertion covers all of `to`.
                    unsafe {
                        let from = w.as_ptr().add(first * rows.1 + k * outer.1 + column);
                        for i in 0..LANES {
                            if i < there {
                                block[i] = s.load_first(from.add(i * rows.1), count);
                            }
                        }
                        let block = transpose(s, block);
                        let to =
                            to.as_mut_ptr().add((first * outer.0 + k * LANES) * columns + column * LANES);
                        for i in 0..LANES {
                            if i < count {
                                s.store(to.add(i * LANES), block[i]);
                            }
                        }
                    }
                }
            }
        }
    }
}
