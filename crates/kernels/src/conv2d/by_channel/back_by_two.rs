//! The input's gradient of a 3×3 window at stride 2 and padding 1: what most nets that halve an image without a pool ask for.
//!
//! ```text
//!  dx[2i,   2j]     = dy[i, j]·w₁₁                                 dx, 16 columns of a row, 16 channels:
//!  dx[2i,   2j + 1] = dy[i, j+1]·w₁₀ + dy[i, j]·w₁₂                 ┌──────┬──────┐
//!  dx[2i+1, 2j]     = dy[i+1, j]·w₀₁ + dy[i, j]·w₂₁                 │ even │ odd  │  acc, 8 columns each
//!  dx[2i+1, 2j + 1] = the four corners likewise                     └──────┴──────┘
//! ```
//!
//! [`super::sum_taps::SumTaps`] does each of the four apart and reads every pixel of `dy` for each tap; here one that is broadcast serves
//! even and odd columns, and the block is turned into planes in registers. The weights are those of [`super::direct::Direct`], the
//! order of each sum too: the same bits. Tested against `reference.rs` with the form that uses it.

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use super::sum_taps::BLOCK;
use super::turn::Padded;
use crate::conv2d::Conv2dGeom;
use crate::conv2d::wide::transpose::transpose;
use crate::simd::{Kernel, LANES, Simd};

/// Whether it is such a convolution, of an image that has all four phases.
pub(super) fn fits(g: &Conv2dGeom) -> bool {
    let sizes = (g.kernel_h, g.kernel_w, g.stride, g.padding, g.dilation);
    sizes == (3, 3, 2, 1, 1) && g.in_h > 1 && g.in_w > 1
}

/// One sample.
pub(super) struct BackByTwo<'a> {
    /// How `dy` lies; with a border at the left, so that more columns than there are may be read.
    pub(super) form: &'a Padded,
    pub(super) dy: &'a [f32],
    /// Of even and odd columns of even rows, then of odd rows: each in blocks of 32 channels, of 16 at the end, `[tap, channel]`.
    pub(super) weights: &'a [f32],
    pub(super) channels: usize,
    /// Rows and columns of `dx`.
    pub(super) size: (usize, usize),
    pub(super) dx: &'a mut [f32],
}

impl Kernel for BackByTwo<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (form, channels, (height, width)) = (self.form, self.channels, self.size);
        let depth = channels.next_multiple_of(LANES);
        let (rows, columns) = (height.div_ceil(2), width.next_multiple_of(LANES) / 2);
        // The furthest pixel: below the last row of the last channel, one column behind the last that is computed.
        let below = height / 2;
        assert!(
            !form.is_plain()
                && form.at(form.channels - 1, below.max(rows - 1) as isize, columns as isize) < self.dy.len()
        );
        assert!(
            self.weights.len() >= 9 * form.channels * depth && self.dx.len() >= channels * height * width
        );
        for c in (0..depth).step_by(LANES) {
            for row in 0..height {
                // Even rows have one row of the window, odd ones two.
                let odd = row % 2;
                for first in (0..width).step_by(LANES) {
                    let mut block = [s.splat(0.0); LANES];
                    if odd == 0 {
                        self.block::<S, 1>(s, (c, depth), (row / 2, first / 2), &mut block);
                    } else {
                        self.block::<S, 2>(s, (c, depth), (row / 2, first / 2), &mut block);
                    }
                    let block = transpose(s, block);
                    let (there, left) = ((channels - c).min(LANES), width - first);
                    // SAFETY: `there` channels from `c` on, and `left` columns of the row, are in `dx`.
                    unsafe {
                        let to = self.dx.as_mut_ptr().add((c * height + row) * width + first);
                        if there == LANES && left >= LANES {
                            for k in 0..LANES {
                                s.store(to.add(k * height * width), block[k]);
                            }
                        } else {
                            for k in 0..there {
                                s.store_first(to.add(k * height * width), left, block[k]);
                            }
                        }
                    }
                }
            }
        }
    }
}

impl BackByTwo<'_> {
    /// Where the weights of a group begin for channels `c..c + 16`, and how far apart its taps are; before it come the taps of `skipped` window
    /// cells, and it has `cells`.
    #[inline(always)]
    fn weights(&self, (c, depth): (usize, usize), skipped: usize, cells: usize) -> (*const f32, usize) {
        let (read, block) = (self.form.channels, c / BLOCK * BLOCK);
        let at = skipped * read * depth + block * cells * read + c % BLOCK;
        (self.weights[at..].as_ptr(), BLOCK.min(depth - block))
    }

    /// 16 columns of a row of `dx`, channels in the lanes, from column `j` of row `i` of `dy` on; `R` rows of the window reach it.
    #[inline(always)]
    fn block<S: Simd, const R: usize>(
        &self,
        s: S,
        channels: (usize, usize),
        (i, j): (usize, usize),
        block: &mut [S::F; LANES],
    ) {
        if S::TILES_OF_24 {
            return self.tile::<S, R, 8>(s, channels, (i, j), block);
        }
        let mut some = [s.splat(0.0); LANES];
        for k in 0..LANES / 4 {
            self.tile::<S, R, 2>(s, channels, (i, j + 2 * k), &mut some);
            block[4 * k..4 * k + 4].copy_from_slice(&some[..4]);
        }
    }

    /// The first `2·M` columns of such a block.
    #[inline(always)]
    fn tile<S: Simd, const R: usize, const M: usize>(
        &self,
        s: S,
        channels: (usize, usize),
        (i, j): (usize, usize),
        block: &mut [S::F; LANES],
    ) {
        let (mut even, mut odd) = ([s.splat(0.0); M], [s.splat(0.0); M]);
        // Groups lie in order: one window cell, two, two, four.
        let before = if R == 1 { 0 } else { 3 };
        let (w_even, apart) = self.weights(channels, before, R);
        let (w_odd, _) = self.weights(channels, before + R, 2 * R);
        // SAFETY: `run` checked that rows `i` and, where `R` is 2, `i + 1` of all of `dy`'s channels are there with `M` columns from `j` on
        // and one more, and that there are nine vectors of weights a channel.
        unsafe {
            for o in 0..self.form.channels {
                for r in 0..R {
                    // The window's upper row reaches the lower one of `dy`.
                    let from = self.dy.as_ptr().add(self.form.at(o, (i + R - 1 - r) as isize, j as isize));
                    let tap = o * R + r;
                    let middle = s.load(w_even.add(tap * apart));
                    let left = s.load(w_odd.add(2 * tap * apart));
                    let right = s.load(w_odd.add((2 * tap + 1) * apart));
                    let mut x = s.splat(*from);
                    for m in 0..M {
                        let next = s.splat(*from.add(m + 1));
                        even[m] = s.mul_add(x, middle, even[m]);
                        odd[m] = s.mul_add(next, left, odd[m]);
                        odd[m] = s.mul_add(x, right, odd[m]);
                        x = next;
                    }
                }
            }
        }
        for m in 0..M {
            (block[2 * m], block[2 * m + 1]) = (even[m], odd[m]);
        }
    }
}
