//! From planes to channels last and back, 16 channels × 16 cells at a time.

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use super::Sheet;
use crate::simd::{Kernel, LANES, Simd};

/// A 16×16 block transposed: four rounds of interleaving row `i` with row `i + 8`.
#[inline(always)]
pub(in crate::conv2d) fn transpose<S: Simd>(s: S, mut rows: [S::F; LANES]) -> [S::F; LANES] {
    let mut other = rows;
    for _ in 0..2 {
        for i in 0..LANES / 2 {
            (other[2 * i], other[2 * i + 1]) = s.interleave(rows[i], rows[i + LANES / 2]);
        }
        for i in 0..LANES / 2 {
            (rows[2 * i], rows[2 * i + 1]) = s.interleave(other[i], other[i + LANES / 2]);
        }
    }
    rows
}

/// One sample's planes into the inner cells of a sheet; channels past the last become zeros.
pub(super) struct ToChannelsLast<'a> {
    pub(super) sheet: Sheet,
    /// `[channels, rows, columns]`.
    pub(super) planes: &'a [f32],
    pub(super) to: &'a mut [f32],
}

impl Kernel for ToChannelsLast<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Sheet { channels, size: (rows, columns), border } = self.sheet;
        let (plane, depth) = (rows * columns, self.sheet.depth());
        assert!(self.planes.len() >= channels * plane && self.to.len() >= self.sheet.len());
        for row in 0..rows {
            for first in (0..channels).step_by(LANES) {
                let there = (channels - first).min(LANES);
                let mut column = 0;
                while column < columns {
                    let cells = (columns - column).min(LANES);
                    let mut block = [s.splat(0.0); LANES];
                    // SAFETY: `there` channels from `first` on, and `cells` columns of the row, are in the planes; the
                    // cells lie inside the sheet, `first + 16 <= depth`.
                    unsafe {
                        let from = self.planes.as_ptr().add(first * plane + row * columns + column);
                        for c in 0..LANES {
                            if c < there {
                                block[c] = s.load_first(from.add(c * plane), cells);
                            }
                        }
                        let block = transpose(s, block);
                        let to =
                            self.to.as_mut_ptr().add(self.sheet.at(row + border, column + border) + first);
                        for c in 0..LANES {
                            if c < cells {
                                s.store(to.add(c * depth), block[c]);
                            }
                        }
                    }
                    column += LANES;
                }
            }
        }
    }
}

/// Cells, channels last, into planes, a bias added.
pub(super) struct FromChannelsLast<'a> {
    /// `[cells, channels in whole vectors]`.
    pub(super) from: &'a [f32],
    pub(super) channels: usize,
    pub(super) cells: usize,
    pub(super) bias: Option<&'a [f32]>,
    /// `[channels, cells]`.
    pub(super) to: &'a mut [f32],
}

impl Kernel for FromChannelsLast<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { from, channels, cells, bias, to } = self;
        let depth = channels.next_multiple_of(LANES);
        assert!(from.len() >= cells * depth && to.len() >= channels * cells);
        assert!(bias.is_none_or(|b| b.len() >= channels));
        for first in (0..channels).step_by(LANES) {
            let there = (channels - first).min(LANES);
            for cell in (0..cells).step_by(LANES) {
                let count = (cells - cell).min(LANES);
                let mut block = [s.splat(0.0); LANES];
                // SAFETY: `count` cells from `cell` on are in `from`, `there` channels from `first` on in `to`.
                unsafe {
                    let vb = match bias {
                        Some(b) => s.load_first(b.as_ptr().add(first), there),
                        None => s.splat(0.0),
                    };
                    for i in 0..LANES {
                        if i < count {
                            block[i] = s.add(s.load(from.as_ptr().add((cell + i) * depth + first)), vb);
                        }
                    }
                    let block = transpose(s, block);
                    for c in 0..LANES {
                        if c < there {
                            s.store_first(to.as_mut_ptr().add((first + c) * cells + cell), count, block[c]);
                        }
                    }
                }
            }
        }
    }
}
