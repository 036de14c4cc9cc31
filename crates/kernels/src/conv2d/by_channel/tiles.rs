//! The loops around the products of Winograd's form: pixels to points, and back.
//!
//! A row of pixels is cut into tiles of four, and four tiles at a time make a chunk of 16 columns. Rows have whole chunks, so that
//! those of several rows follow each other without a gap.
//!
//! ```text
//!  SplitTiles    x, planes  ─► Bᵀ d   [point][channel][tile]     16 tiles in the lanes, read by broadcast afterwards
//!  SplitCells   dy, planes  ─► A dy   [point][tile][channel]     16 channels in the lanes
//!  JoinCells    [point][tile][channel] ─► Aᵀ m + b ─► planes     16 channels in the lanes, turned at the end
//! ```
//!
//! Borders are masks of the loads and stores: no image is copied to be padded. Tested against `reference.rs` by `tiled.rs`.

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use super::sum_taps::BLOCK;
use crate::conv2d::wide::transpose::transpose;
use crate::conv2d::winograd::transform::{self, TILE};
use crate::simd::{Kernel, LANES, Simd};

/// Numbers between two points for so many, a few cache lines more: a power of two would put the same place of all points, and of the
/// planes that are read or written, into one set of L1.
pub(super) fn apart(numbers: usize) -> usize {
    numbers + 5 * LANES
}

/// Tiles of a chunk.
pub(super) const CHUNK: usize = LANES / TILE;

/// Planes whose rows and columns are counted from a corner that may lie outside.
#[derive(Clone, Copy)]
pub(super) struct Image<'a> {
    pub(super) pixels: &'a [f32],
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    /// Numbers from one plane to the next, and from one row to the next.
    pub(super) plane: usize,
    pub(super) pitch: usize,
    /// Rows above, columns left of the first pixel that count as zeros.
    pub(super) above: usize,
    pub(super) left: usize,
}

impl Image<'_> {
    fn check(&self) {
        let last = (self.channels - 1) * self.plane + (self.height - 1) * self.pitch + self.width;
        assert!(self.pixels.len() >= last, "planes of the image");
    }

    /// The lanes of a vector from this column on that are pixels.
    #[inline(always)]
    fn lanes(&self, column: usize) -> u16 {
        let below = |n: usize| ((1_u32 << n.min(LANES)) - 1) as u16;
        below((self.left + self.width).saturating_sub(column)) & !below(self.left.saturating_sub(column))
    }

    /// Row `row` of channel `c`; none outside.
    #[inline(always)]
    fn row(&self, c: usize, row: usize) -> Option<*const f32> {
        let inside = row.checked_sub(self.above).filter(|&row| row < self.height)?;
        Some(self.pixels.as_ptr().wrapping_add(c * self.plane + inside * self.pitch).wrapping_sub(self.left))
    }
}

/// `Bᵀ d` of some rows.
pub(super) struct SplitTiles<'a, const N: usize> {
    pub(super) from: Image<'a>,
    pub(super) first: usize,
    pub(super) rows: usize,
    /// Tiles of a row, whole chunks.
    pub(super) tiles: usize,
    /// Numbers of one channel at one point: whole vectors.
    pub(super) plane: usize,
    pub(super) to: &'a mut [f32],
}

impl<const N: usize> Kernel for SplitTiles<'_, N> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { from, first, rows, tiles, plane, to } = self;
        from.check();
        let (point, total, chunks) = (from.channels * plane, rows * tiles, tiles / CHUNK);
        assert!(tiles.is_multiple_of(CHUNK) && total.next_multiple_of(LANES) <= plane);
        assert!(to.len() >= N * point && plane.is_multiple_of(LANES));
        for c in 0..from.channels {
            let (mut row, mut chunk) = (0, 0);
            for at in (0..total).step_by(LANES) {
                let mut near = [s.splat(0.0); TILE];
                let mut far = near;
                for k in 0..TILE {
                    let column = chunk * LANES;
                    if row < rows
                        && let Some(pixels) = from.row(c, first + row)
                    {
                        // SAFETY: only lanes of pixels are read.
                        unsafe {
                            near[k] = s.load_where(pixels.wrapping_add(column), from.lanes(column));
                            far[k] =
                                s.load_where(pixels.wrapping_add(column + TILE), from.lanes(column + TILE));
                        }
                    }
                    chunk += 1;
                    if chunk == chunks {
                        (row, chunk) = (row + 1, 0);
                    }
                }
                let (near, far) = (deal(s, near), deal(s, far));
                let mut d = [s.splat(0.0); N];
                for i in 0..N {
                    d[i] = if i < TILE { near[i] } else { far[i - TILE] };
                }
                let v = transform::input(s, d);
                // SAFETY: the assertions cover every whole vector of every plane.
                unsafe {
                    let to = to.as_mut_ptr().add(c * plane + at);
                    for p in 0..N {
                        s.store(to.add(p * point), v[p]);
                    }
                }
            }
        }
    }
}

/// Columns modulo four of 64 numbers.
#[inline(always)]
fn deal<S: Simd>(s: S, x: [S::F; TILE]) -> [S::F; TILE] {
    let (even0, odd0) = s.deinterleave(x[0], x[1]);
    let (even1, odd1) = s.deinterleave(x[2], x[3]);
    let (p0, p2) = s.deinterleave(even0, even1);
    let (p1, p3) = s.deinterleave(odd0, odd1);
    [p0, p1, p2, p3]
}

/// `A dy` of some rows, channels last; sums each channel.
pub(super) struct SplitCells<'a, const N: usize> {
    pub(super) from: Image<'a>,
    pub(super) first: usize,
    pub(super) rows: usize,
    pub(super) tiles: usize,
    /// `[point][row, tile][channel]`, channels in whole vectors; `point` numbers from one point to the next.
    pub(super) to: &'a mut [f32],
    pub(super) point: usize,
    /// Added to.
    pub(super) db: Option<&'a mut [f32]>,
}

impl<const N: usize> Kernel for SplitCells<'_, N> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let Self { from, first, rows, tiles, point, .. } = self;
        from.check();
        let depth = from.channels.next_multiple_of(LANES);
        let (all, plane) = (rows * tiles * depth, from.plane);
        assert!(tiles.is_multiple_of(CHUNK) && self.to.len() >= (N - 1) * point + all && all <= point);
        for o in (0..from.channels).step_by(LANES) {
            let there = (from.channels - o).min(LANES);
            let mut sum = s.splat(0.0);
            for row in 0..rows {
                let pixels = from.row(o, first + row);
                for chunk in 0..tiles / CHUNK {
                    let mut block = [s.splat(0.0); LANES];
                    // SAFETY: only lanes of pixels are read, of channels that are there; the assertion covers each point of each tile.
                    unsafe {
                        if let Some(pixels) = pixels {
                            let column = chunk * LANES;
                            let (pixels, lanes) = (pixels.wrapping_add(column), from.lanes(column));
                            for c in 0..LANES {
                                if c < there {
                                    block[c] = s.load_where(pixels.wrapping_add(c * plane), lanes);
                                }
                            }
                        }
                        let block = transpose(s, block);
                        let cell = row * tiles + chunk * CHUNK;
                        let to = self.to.as_mut_ptr().add(cell * depth + o);
                        for t in 0..CHUNK {
                            let y = [block[4 * t], block[4 * t + 1], block[4 * t + 2], block[4 * t + 3]];
                            sum = s.add(sum, s.add(s.add(y[0], y[1]), s.add(y[2], y[3])));
                            let m: [S::F; N] = transform::gradient(s, y);
                            for p in 0..N {
                                s.store(to.add(p * point + t * depth), m[p]);
                            }
                        }
                    }
                }
            }
            if let Some(db) = &mut self.db {
                // SAFETY: `there` channels are left.
                unsafe {
                    let db = db[o..].as_mut_ptr();
                    s.store_first(db, there, s.add(s.load_first(db, there), sum));
                }
            }
        }
    }
}

/// `Aᵀ m + b` of some rows.
pub(super) struct JoinCells<'a, const N: usize> {
    /// `[point][row, tile][channel]`, channels in whole vectors; `point` numbers from one point to the next.
    pub(super) m: &'a [f32],
    pub(super) point: usize,
    pub(super) first: usize,
    pub(super) rows: usize,
    pub(super) tiles: usize,
    pub(super) channels: usize,
    pub(super) bias: Option<&'a [f32]>,
    /// `[channels, height, width]`.
    pub(super) y: &'a mut [f32],
    pub(super) size: (usize, usize),
}

impl<const N: usize> Kernel for JoinCells<'_, N> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { m, point, first, rows, tiles, channels, bias, y, size: (height, width) } = self;
        let depth = channels.next_multiple_of(LANES);
        let (all, plane) = (rows * tiles * depth, height * width);
        assert!(m.len() >= (N - 1) * point + all && all <= point);
        assert!(y.len() >= channels * plane && first + rows <= height);
        assert!(bias.is_none_or(|b| b.len() >= channels) && tiles.is_multiple_of(CHUNK));
        for o in (0..channels).step_by(LANES) {
            let there = (channels - o).min(LANES);
            let bias = match bias {
                // SAFETY: `there` channels are left.
                Some(b) => unsafe { s.load_first(b[o..].as_ptr(), there) },
                None => s.splat(0.0),
            };
            for row in 0..rows {
                for column in (0..width.min(tiles * TILE)).step_by(LANES) {
                    // SAFETY: the assertions cover each point of each tile, and the columns of each row that are stored.
                    unsafe {
                        let cell = row * tiles + column / TILE;
                        let from = m.as_ptr().add(cell * depth + o);
                        let mut block = [s.splat(0.0); LANES];
                        for t in 0..CHUNK {
                            let mut each = [s.splat(0.0); N];
                            for p in 0..N {
                                each[p] = s.load(from.add(p * point + t * depth));
                            }
                            let y = transform::output(s, each);
                            for j in 0..TILE {
                                block[t * TILE + j] = s.add(y[j], bias);
                            }
                        }
                        let block = transpose(s, block);
                        let left = width - column;
                        let to = y.as_mut_ptr().add(o * plane + (first + row) * width + column);
                        if there == LANES && left >= LANES {
                            for c in 0..LANES {
                                s.store(to.add(c * plane), block[c]);
                            }
                        } else {
                            for c in 0..LANES {
                                if c < there {
                                    s.store_first(to.add(c * plane), left, block[c]);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `Gᵀ m`: from the products at each point to the taps of a row of the window, in the blocks of [`super::outer::Outer`].
pub(super) struct FoldPoints<'a> {
    pub(super) points: usize,
    /// Columns of the window.
    pub(super) columns: usize,
    /// `[point][channels in blocks, filter row]`.
    pub(super) products: &'a [f32],
    /// `[channels in blocks, filter row, column]`.
    pub(super) sums: &'a mut [f32],
    pub(super) depth: usize,
}

impl Kernel for FoldPoints<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { points, columns, products, sums, depth } = self;
        let point = products.len() / points;
        let rows = point / depth;
        assert!(sums.len() >= rows * columns * depth && point == rows * depth && points <= 8 && columns <= 5);
        let matrix = transform::filter(points);
        for o in (0..depth).step_by(BLOCK) {
            let width = BLOCK.min(depth - o);
            for at in (0..rows * width).step_by(LANES) {
                let (row, lane) = (at / width, at % width);
                for q in 0..columns {
                    let mut sum = s.splat(0.0);
                    for p in 0..points {
                        // SAFETY: the assertions cover every filter row of every block.
                        let m = unsafe { s.load(products.as_ptr().add(p * point + o * rows + at)) };
                        sum = s.mul_add(s.splat(matrix[p][q]), m, sum);
                    }
                    let to = o * rows * columns + (row * columns + q) * width + lane;
                    // SAFETY: as above.
                    unsafe { s.store(sums.as_mut_ptr().add(to), sum) };
                }
            }
        }
    }
}
