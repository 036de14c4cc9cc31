//! An image column by column: what a window needs of one column stands together, in whole vectors.
//!
//! For output row `r`, column `u` of the input holds `x[c, r + p − pad, u]` for all channels `c` and window rows `p`:
//!
//! ```text
//!  column u    c₀p₀ c₀p₁ … c₀p₄ c₁p₀ …      channels · window rows numbers, zeros to whole vectors
//!  window      columns j, j+1 … j+4         neighbours: whatever column it starts at, its vectors are aligned
//! ```
//!
//! So windows that start anywhere, as those of a max pool's winners do, are read and written without a vector that lies
//! across two cache lines. Rows and columns change places 16 × 16 at a time in registers.

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use super::Conv2dGeom;
use super::wide::transpose::transpose;
use crate::pool2d::Pool2dGeom;
use crate::simd::{Kernel, LANES, Simd};

/// Numbers of a page of memory.
const PAGE: usize = 1024;

/// Where a row's columns lie.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    channels: usize,
    size: (usize, usize),
    window_rows: usize,
    padding: usize,
    /// Columns before and behind the image: the convolution's padding and the pool's, so that any cell of a window may be read.
    margin: usize,
    /// Vectors of a column.
    pub(super) depth: usize,
    /// Channel and window row of each number of a column.
    lanes: Vec<(usize, usize)>,
}

impl Columns {
    pub(super) fn new(g: &Conv2dGeom, pool: &Pool2dGeom) -> Self {
        Columns {
            channels: g.in_channels,
            size: (g.in_h, g.in_w),
            window_rows: g.kernel_h,
            padding: g.padding,
            margin: g.padding + pool.padding,
            depth: (g.in_channels * g.kernel_h).div_ceil(LANES),
            lanes: (0..g.in_channels * g.kernel_h).map(|l| (l / g.kernel_h, l % g.kernel_h)).collect(),
        }
    }

    /// Numbers of the columns of one output row, padding at both ends, in whole blocks of 16 columns.
    pub(super) fn row_len(&self) -> usize {
        let columns = (self.size.1 + self.margin).max(self.size.1.next_multiple_of(LANES));
        (self.margin + columns) * self.depth * LANES
    }

    /// Numbers from the columns of one row to those of the next: a quarter of a page more than whole pages. The processor takes
    /// a load for one of what was just stored when the last 12 bits of their addresses agree, and waits.
    pub(super) fn apart(&self) -> usize {
        self.row_len().next_multiple_of(PAGE) + PAGE / 4
    }

    /// Where column 0 of the image begins.
    fn start(&self) -> usize {
        self.margin * self.depth * LANES
    }

    /// The row of pixels that number `lane` of the columns of output row `row` comes from: where it begins in
    /// `[channels, height, width]`, if it is not padding.
    #[inline(always)]
    fn source(&self, row: usize, lane: usize) -> Option<usize> {
        let &(c, p) = self.lanes.get(lane)?;
        let y = (row + p).wrapping_sub(self.padding);
        (y < self.size.0).then(|| (c * self.size.0 + y) * self.size.1)
    }

    /// Whether a number of a column is of the window's last row.
    #[inline(always)]
    fn is_last(&self, lane: usize) -> bool {
        self.lanes.get(lane).is_some_and(|&(_, p)| p + 1 == self.window_rows)
    }
}

/// Writes the columns of output row `row`, but for the padding's.
pub(super) struct FillColumns<'a> {
    pub(super) form: &'a Columns,
    pub(super) row: usize,
    pub(super) x: &'a [f32],
    /// As many zeros as a row has pixels.
    pub(super) zeros: &'a [f32],
    pub(super) to: &'a mut [f32],
}

impl Kernel for FillColumns<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { form, row, x, zeros, to } = self;
        let (width, depth) = (form.size.1, form.depth);
        assert!(x.len() == form.channels * form.size.0 * width && zeros.len() >= width);
        assert!(to.len() >= form.row_len());
        for v in 0..depth {
            let mut rows = [zeros.as_ptr(); LANES];
            for (i, from) in rows.iter_mut().enumerate() {
                if let Some(at) = form.source(row, v * LANES + i) {
                    *from = x[at..].as_ptr();
                }
            }
            for u in (0..width).step_by(LANES) {
                let mut block = [s.splat(0.0); LANES];
                // SAFETY: each of `rows` has `width` numbers; `row_len` counts whole blocks of columns.
                unsafe {
                    if u + LANES <= width {
                        for i in 0..LANES {
                            block[i] = s.load(rows[i].add(u));
                        }
                    } else {
                        for i in 0..LANES {
                            block[i] = s.load_first(rows[i].add(u), width - u);
                        }
                    }
                    let block = transpose(s, block);
                    let to = to.as_mut_ptr().add(form.start() + (u * depth + v) * LANES);
                    for i in 0..LANES {
                        s.store(to.add(i * depth * LANES), block[i]);
                    }
                }
            }
        }
    }
}

/// The reverse: adds the columns of output row `row` to the pixels that they stand for, and leaves zeros behind.
///
/// Rows come in order from 0 on, without a gap: the first to reach a row of pixels overwrites what is there.
pub(super) struct AddColumns<'a> {
    pub(super) form: &'a Columns,
    pub(super) row: usize,
    pub(super) from: &'a mut [f32],
    /// Room for a row of pixels that nobody wants.
    pub(super) spare: &'a mut [f32],
    pub(super) dx: &'a mut [f32],
}

impl Kernel for AddColumns<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { form, row, from, spare, dx } = self;
        let (width, depth) = (form.size.1, form.depth);
        assert!(dx.len() == form.channels * form.size.0 * width && spare.len() >= width);
        assert!(from.len() >= form.row_len());
        let (zero, pixels) = (s.splat(0.0), dx.as_mut_ptr());
        for v in 0..depth {
            let mut rows = [spare.as_mut_ptr(); LANES];
            for (i, to) in rows.iter_mut().enumerate() {
                if let Some(at) = form.source(row, v * LANES + i) {
                    // SAFETY: `source` is the start of a row of `width` numbers of `dx`, whose length was checked.
                    unsafe {
                        *to = pixels.add(at);
                        if row == 0 || form.is_last(v * LANES + i) {
                            to.write_bytes(0, width);
                        }
                    }
                }
            }
            for u in (0..width).step_by(LANES) {
                let mut block = [zero; LANES];
                // SAFETY: `row_len` counts whole blocks of columns; each of `rows` has `width` numbers.
                unsafe {
                    let from = from.as_mut_ptr().add(form.start() + (u * depth + v) * LANES);
                    for i in 0..LANES {
                        block[i] = s.load(from.add(i * depth * LANES));
                        s.store(from.add(i * depth * LANES), zero);
                    }
                    let block = transpose(s, block);
                    if u + LANES <= width {
                        for i in 0..LANES {
                            let to = rows[i].add(u);
                            s.store(to, s.add(s.load(to), block[i]));
                        }
                    } else {
                        for i in 0..LANES {
                            let (to, count) = (rows[i].add(u), width - u);
                            s.store_first(to, count, s.add(s.load_first(to, count), block[i]));
                        }
                    }
                }
            }
        }
    }
}
