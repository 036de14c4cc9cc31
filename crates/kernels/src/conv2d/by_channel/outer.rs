//! The inner loop of the weight gradient: output channels in the lanes, a pixel broadcast to each tap's sum.
//!
//! `sums[t, o] += Σ_cell x[base(cell) + offset_t] · d[cell, o]`
//!
//! ```text
//!             32 output channels
//!             ┌─────────┬─────────┐
//!  12 taps    │ acc     │         │   acc[t] += x[base(cell) + offset_t] (in all lanes) · d[cell, o..o+32]
//!             └─────────┴─────────┘   over the cells of a few rows, then the next taps
//! ```
//!
//! Each sum is one chain over the cells of such a band in order, in one lane. Tested against `reference.rs` by the forms that use it.

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use super::sum_taps::BLOCK;
use crate::simd::{Kernel, LANES, Simd};

/// Numbers of `d` that stay in L1 while all taps pass over them: half of 48 KiB.
pub(super) const BAND_NUMBERS: usize = 6 * 1024;

/// All taps of all channels over some rows of cells.
pub(super) struct Outer<'a> {
    pub(super) x: &'a [f32],
    pub(super) offsets: &'a [usize],
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// From one row of cells to the next, from one cell to the next (1 or 2).
    pub(super) x_row: usize,
    pub(super) x_step: usize,
    /// `[row, column, depth]`.
    pub(super) d: &'a [f32],
    /// Output channels in whole vectors.
    pub(super) depth: usize,
    /// Added to: for blocks of 32 channels, of 16 at the end, `[tap, channel]`.
    pub(super) sums: &'a mut [f32],
}

/// Taps of a tile when `left` are left: equal tiles rather than a short last one.
fn tile_size(left: usize, sizes: &[usize]) -> usize {
    let even = left.div_ceil(left.div_ceil(sizes[0]));
    sizes.iter().copied().find(|&size| size <= even).unwrap_or(1)
}

impl Kernel for Outer<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let last = self.offsets.iter().copied().max().unwrap_or(0);
        let cells = self.rows * self.columns;
        if cells == 0 {
            return;
        }
        let read = (self.rows - 1) * self.x_row + (self.columns - 1) * self.x_step + last;
        assert!(read < self.x.len() && self.d.len() >= cells * self.depth);
        assert!(self.sums.len() >= self.offsets.len() * self.depth && self.depth.is_multiple_of(LANES));
        match self.x_step {
            1 => self.bands::<S, 1>(s),
            2 => self.bands::<S, 2>(s),
            step => unreachable!("cells {step} apart"),
        }
    }
}

impl Outer<'_> {
    #[inline(always)]
    fn bands<S: Simd, const STEP: usize>(&mut self, s: S) {
        // One row is cut, if it is long.
        let most = (BAND_NUMBERS / self.depth).max(LANES);
        let (band, piece) = ((most / self.columns).max(1), self.columns.min(most));
        for row in (0..self.rows).step_by(band) {
            let rows = band.min(self.rows - row);
            for column in (0..self.columns).step_by(piece) {
                self.blocks::<S, STEP>(s, (row, rows), (column, piece.min(self.columns - column)));
            }
        }
    }

    #[inline(always)]
    fn blocks<S: Simd, const STEP: usize>(&mut self, s: S, rows: (usize, usize), columns: (usize, usize)) {
        let wide = S::TILES_OF_24;
        let sizes: &[usize] = if wide { &[12, 9, 6, 4, 3, 1] } else { &[2, 1] };
        for o in (0..self.depth).step_by(BLOCK) {
            let two = self.depth - o >= BLOCK;
            let mut t = 0;
            while t < self.offsets.len() {
                let size = tile_size(self.offsets.len() - t, sizes);
                match (two, size) {
                    (true, 12) => self.tile::<S, STEP, 2, 12>(s, o, t, rows, columns),
                    (true, 9) => self.tile::<S, STEP, 2, 9>(s, o, t, rows, columns),
                    (true, 6) => self.tile::<S, STEP, 2, 6>(s, o, t, rows, columns),
                    (true, 4) => self.tile::<S, STEP, 2, 4>(s, o, t, rows, columns),
                    (true, 3) => self.tile::<S, STEP, 2, 3>(s, o, t, rows, columns),
                    (true, 2) => self.tile::<S, STEP, 2, 2>(s, o, t, rows, columns),
                    (true, _) => self.tile::<S, STEP, 2, 1>(s, o, t, rows, columns),
                    (false, 12) => self.tile::<S, STEP, 1, 12>(s, o, t, rows, columns),
                    (false, 9) => self.tile::<S, STEP, 1, 9>(s, o, t, rows, columns),
                    (false, 6) => self.tile::<S, STEP, 1, 6>(s, o, t, rows, columns),
                    (false, 4) => self.tile::<S, STEP, 1, 4>(s, o, t, rows, columns),
                    (false, 3) => self.tile::<S, STEP, 1, 3>(s, o, t, rows, columns),
                    (false, 2) => self.tile::<S, STEP, 1, 2>(s, o, t, rows, columns),
                    (false, _) => self.tile::<S, STEP, 1, 1>(s, o, t, rows, columns),
                }
                t += size;
            }
        }
    }

    /// `V` vectors of channels from `o`, `R` taps from `t`, over some rows and columns (first, count).
    #[inline(always)]
    fn tile<S: Simd, const STEP: usize, const V: usize, const R: usize>(
        &mut self,
        s: S,
        o: usize,
        t: usize,
        rows: (usize, usize),
        columns: (usize, usize),
    ) {
        let mut acc = [[s.splat(0.0); V]; R];
        // SAFETY: `run` checked that the last cell with the furthest tap is in `x`, that `d` holds every cell and `sums` every
        // tap; `o + V·16 <= depth`, and the taps, rows and columns are there.
        unsafe {
            let sums = self.sums.as_mut_ptr().add(o * self.offsets.len() + t * V * LANES);
            for r in 0..R {
                for v in 0..V {
                    acc[r][v] = s.load(sums.add((r * V + v) * LANES));
                }
            }
            for row in rows.0..rows.0 + rows.1 {
                let first = row * self.x_row + columns.0 * STEP;
                let mut x = [self.x.as_ptr(); R];
                for r in 0..R {
                    x[r] = x[r].add(first + *self.offsets.get_unchecked(t + r));
                }
                let mut d = self.d.as_ptr().add((row * self.columns + columns.0) * self.depth + o);
                let mut left = columns.1;
                // Four at a time: not all pointers stay in registers.
                while left >= 4 {
                    for u in 0..4 {
                        let mut vd = [s.splat(0.0); V];
                        for v in 0..V {
                            vd[v] = s.load(d.add(v * LANES));
                        }
                        for r in 0..R {
                            let x = s.splat(*x[r].add(u * STEP));
                            for v in 0..V {
                                acc[r][v] = s.mul_add(x, vd[v], acc[r][v]);
                            }
                        }
                        d = d.wrapping_add(self.depth);
                    }
                    for r in 0..R {
                        x[r] = x[r].wrapping_add(4 * STEP);
                    }
                    left -= 4;
                }
                for u in 0..left {
                    let mut vd = [s.splat(0.0); V];
                    for v in 0..V {
                        vd[v] = s.load(d.add(v * LANES));
                    }
                    for r in 0..R {
                        let x = s.splat(*x[r].add(u * STEP));
                        for v in 0..V {
                            acc[r][v] = s.mul_add(x, vd[v], acc[r][v]);
                        }
                    }
                    d = d.wrapping_add(self.depth);
                }
            }
            for r in 0..R {
                for v in 0..V {
                    s.store(sums.add((r * V + v) * LANES), acc[r][v]);
                }
            }
        }
    }
}
