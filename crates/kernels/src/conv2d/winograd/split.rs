//! From rows of pixels to the values that are multiplied: tiles in the lanes, 16 at a time.
//!
//! Tile `t` of a row starts at column `4t`. Splitting a row into its columns modulo 4 puts column `4t + j` of 16
//! neighbouring tiles side by side; a tile's further inputs are the same, four columns on:
//!
//! ```text
//!  row      0 1 2 3 | 4 5 6 7 | 8 …        part 0     0 4 8 …
//!                                          part 1     1 5 9 …
//! ```
//!
//! Rows follow each other without a gap. The last vector of a row may reach over the next row's first tiles, which are
//! written after it.

use super::transform::{self, TILE};
use crate::simd::{Kernel, LANES, Simd};

/// Where a pass reads its pixels.
#[derive(Clone, Copy)]
pub(in crate::conv2d) struct Source<'a> {
    pub(in crate::conv2d) pixels: &'a [f32],
    pub(in crate::conv2d) channels: usize,
    /// Numbers from one plane to the next, and from one row to the next.
    pub(in crate::conv2d) plane: usize,
    pub(in crate::conv2d) pitch: usize,
    pub(in crate::conv2d) rows: usize,
    /// Numbers of a row that are read; further ones count as zero.
    pub(in crate::conv2d) columns: usize,
}

impl Source<'_> {
    fn check(&self) {
        let last = (self.channels - 1) * self.plane + (self.rows - 1) * self.pitch + self.columns;
        assert!(self.pixels.len() >= last, "rows of the source");
    }
}

/// Four times 16 neighbouring numbers from column `at` on, dealt out to four vectors; zeros behind `columns`.
///
/// # Safety
/// `columns` numbers can be read at `row`.
#[inline(always)]
unsafe fn deal<S: Simd>(s: S, row: *const f32, at: usize, columns: usize) -> [S::F; TILE] {
    let mut x = [s.splat(0.0); TILE];
    // SAFETY: no more numbers are asked for than the row has left.
    unsafe {
        if at + TILE * LANES <= columns {
            for (k, x) in x.iter_mut().enumerate() {
                *x = s.load(row.add(at + k * LANES));
            }
        } else {
            for (k, x) in x.iter_mut().enumerate() {
                let at = at + k * LANES;
                *x = s.load_first(row.wrapping_add(at), columns.saturating_sub(at).min(LANES));
            }
        }
    }
    let (even0, odd0) = s.deinterleave(x[0], x[1]);
    let (even1, odd1) = s.deinterleave(x[2], x[3]);
    let (p0, p2) = s.deinterleave(even0, even1);
    let (p1, p3) = s.deinterleave(odd0, odd1);
    [p0, p1, p2, p3]
}

/// What the two kernels below share: where the transformed planes lie, `to[point][channel][row · tiles + tile]`.
struct Planes<'a> {
    rows: usize,
    tiles: usize,
    /// Numbers of one channel at one point.
    plane: usize,
    /// Numbers of one point.
    point: usize,
    to: &'a mut [f32],
}

impl Planes<'_> {
    /// Zeros behind the rows of every plane.
    fn clear(&mut self, points: usize) {
        assert!(self.rows * self.tiles + LANES <= self.plane, "room for a vector behind the last row");
        let used = self.rows * self.tiles;
        for plane in self.to[..points * self.point].chunks_exact_mut(self.plane) {
            plane[used..].fill(0.0);
        }
        self.to[points * self.point..].fill(0.0);
    }

    /// Writes 16 tiles at every point.
    ///
    /// # Safety
    /// [`Planes::clear`] was called, and the channel, row and tile are there.
    #[inline(always)]
    unsafe fn put<S: Simd, const N: usize>(&mut self, s: S, (c, r, t): (usize, usize, usize), v: [S::F; N]) {
        // SAFETY: a vector that begins in a row ends less than 16 numbers behind it.
        unsafe {
            let to = self.to.as_mut_ptr().add(c * self.plane + r * self.tiles + t);
            for (p, &v) in v.iter().enumerate() {
                s.store(to.add(p * self.point), v);
            }
        }
    }
}

/// `Bᵀ d` of every tile.
pub(super) struct SplitInput<'a, const N: usize> {
    pub(super) from: Source<'a>,
    /// Tiles of a row.
    pub(super) tiles: usize,
    /// Numbers of one channel at one point: the tiles of all rows and a vector to spare.
    pub(super) plane: usize,
    pub(super) to: &'a mut [f32],
}

impl<const N: usize> Kernel for SplitInput<'_, N> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Source { channels, rows, columns, .. } = self.from;
        self.from.check();
        let point = channels * self.plane;
        let mut planes = Planes { rows, tiles: self.tiles, plane: self.plane, point, to: self.to };
        planes.clear(N);
        for c in 0..channels {
            for r in 0..rows {
                for t in (0..self.tiles).step_by(LANES) {
                    // SAFETY: `check` covers each row of the source.
                    unsafe {
                        let row = self.from.pixels.as_ptr().add(c * self.from.plane + r * self.from.pitch);
                        let near = deal(s, row, TILE * t, columns);
                        let far = deal(s, row, TILE * (t + 1), columns);
                        let mut d = [s.splat(0.0); N];
                        for (i, d) in d.iter_mut().enumerate() {
                            *d = if i < TILE { near[i] } else { far[i - TILE] };
                        }
                        planes.put::<S, N>(s, (c, r, t), transform::input(s, d));
                    }
                }
            }
        }
    }
}

/// `A dy` of every tile, laid out alike; all zeros where no row is: what the last row's vectors reach over has no columns.
pub(super) struct SplitGradient<'a, const N: usize> {
    pub(super) from: Source<'a>,
    pub(super) tiles: usize,
    pub(super) plane: usize,
    pub(super) to: &'a mut [f32],
}

impl<const N: usize> Kernel for SplitGradient<'_, N> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Source { channels, rows, columns, .. } = self.from;
        self.from.check();
        let point = channels * self.plane;
        let mut planes = Planes { rows, tiles: self.tiles, plane: self.plane, point, to: self.to };
        planes.clear(N);
        for c in 0..channels {
            for r in 0..rows {
                for t in (0..self.tiles).step_by(LANES) {
                    // SAFETY: `check` covers each row of the source.
                    unsafe {
                        let row = self.from.pixels.as_ptr().add(c * self.from.plane + r * self.from.pitch);
                        let y = deal(s, row, TILE * t, columns);
                        planes.put::<S, N>(s, (c, r, t), transform::gradient(s, y));
                    }
                }
            }
        }
    }
}
