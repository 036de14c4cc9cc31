//! Between planes and channels last, 16 channels × 16 cells at a time, and planes with a border of zeros.

#![allow(clippy::needless_range_loop, reason = "tiles are indexed as in the formula")]

use super::sum_taps::BLOCK;
use crate::conv2d::wide::transpose::transpose;
use crate::isa;
use crate::simd::{Kernel, LANES, Simd};

/// Planes `[channels, rows, columns]` with zeros around them; rows start on a vector.
///
/// ```text
///  zeros | row ....... zeros to a whole vector |
///  zeros | row .......                         |   the next row's zeros are this row's right border
/// ```
#[derive(Clone, Debug)]
pub(super) struct Padded {
    pub(super) channels: usize,
    pub(super) size: (usize, usize),
    /// Rows of zeros above and below.
    above: usize,
    below: usize,
    /// Zeros before each row, whole vectors; none where there is no border at all, and the planes are used as they lie.
    pub(super) left: usize,
}

impl Padded {
    /// For windows that hang over by so many rows and columns (before, behind).
    pub(super) fn new(
        channels: usize,
        size: (usize, usize),
        rows: (usize, usize),
        columns: (usize, usize),
    ) -> Self {
        let plain = rows == (0, 0) && columns == (0, 0);
        let left = if plain { 0 } else { columns.0.max(columns.1).max(1).next_multiple_of(LANES) };
        Padded { channels, size, above: rows.0, below: rows.1, left }
    }

    pub(super) fn is_plain(&self) -> bool {
        self.left == 0
    }

    pub(super) fn pitch(&self) -> usize {
        if self.is_plain() { self.size.1 } else { self.left + self.size.1.next_multiple_of(LANES) }
    }

    pub(super) fn plane(&self) -> usize {
        (self.above + self.size.0 + self.below) * self.pitch()
    }

    /// Where pixel `(row, column)` of channel `c`, which may be one of the border's, lies.
    pub(super) fn at(&self, c: usize, row: isize, column: isize) -> usize {
        c * self.plane()
            + self.above.saturating_add_signed(row) * self.pitch()
            + self.left.saturating_add_signed(column)
    }

    /// Numbers to be held; none for planes that are used as they lie.
    pub(super) fn len(&self) -> usize {
        if self.is_plain() { 0 } else { self.channels * self.plane() + self.left }
    }

    /// The planes, in their place.
    pub(super) fn fill<'a>(&self, from: &'a [f32], to: &'a mut [f32]) -> &'a [f32] {
        if self.is_plain() {
            return from;
        }
        isa::run(Pad { form: self, from, to: &mut *to });
        to
    }
}

struct Pad<'a> {
    form: &'a Padded,
    from: &'a [f32],
    to: &'a mut [f32],
}

impl Kernel for Pad<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Padded { channels, size: (height, width), above, below, left } = *self.form;
        let pitch = self.form.pitch();
        assert!(self.to.len() >= self.form.len() && self.from.len() >= channels * height * width);
        assert!(pitch.is_multiple_of(LANES) && left.is_multiple_of(LANES));
        let zero = s.splat(0.0);
        let mut to = self.to.as_mut_ptr();
        let mut from = self.from.as_ptr();
        // SAFETY: whole vectors make up rows, and `len` counts the zeros behind the last; no more of `from` is read than it has.
        unsafe {
            for _ in 0..channels {
                for i in 0..above + height + below {
                    let inside = i >= above && i < above + height;
                    for j in (0..if inside { left } else { pitch }).step_by(LANES) {
                        s.store(to.add(j), zero);
                    }
                    if inside {
                        let whole = width / LANES * LANES;
                        for j in (0..whole).step_by(LANES) {
                            s.prefetch_ahead(from.add(j));
                            s.store(to.add(left + j), s.load(from.add(j)));
                        }
                        if whole < width {
                            s.store(to.add(left + whole), s.load_first(from.add(whole), width - whole));
                        }
                        from = from.add(width);
                    }
                    to = to.add(pitch);
                }
            }
            for j in (0..left).step_by(LANES) {
                s.store(to.add(j), zero);
            }
        }
    }
}

/// Cells, channels last, into some cells of each plane.
pub(super) struct ToPlanes<'a> {
    /// `[cells, channels in whole vectors]`.
    pub(super) from: &'a [f32],
    pub(super) channels: usize,
    /// `[channels, plane]`, of which `cells` from the first on are written.
    pub(super) to: &'a mut [f32],
    pub(super) plane: usize,
    pub(super) first: usize,
    pub(super) cells: usize,
}

impl Kernel for ToPlanes<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { from, channels, to, plane, first, cells } = self;
        let depth = channels.next_multiple_of(LANES);
        assert!(from.len() >= cells * depth && to.len() >= channels * plane && first + cells <= plane);
        for o in (0..channels).step_by(LANES) {
            let there = (channels - o).min(LANES);
            for cell in (0..cells).step_by(LANES) {
                let count = (cells - cell).min(LANES);
                let mut block = [s.splat(0.0); LANES];
                // SAFETY: `count` cells from `cell` on are in `from`, `there` channels from `o` on in `to`.
                unsafe {
                    let from = from.as_ptr().add(cell * depth + o);
                    if count == LANES {
                        for i in 0..LANES {
                            block[i] = s.load(from.add(i * depth));
                        }
                    } else {
                        for i in 0..LANES {
                            if i < count {
                                block[i] = s.load(from.add(i * depth));
                            }
                        }
                    }
                    let block = transpose(s, block);
                    let to = to.as_mut_ptr().add(o * plane + first + cell);
                    if (there, count) == (LANES, LANES) {
                        for c in 0..LANES {
                            s.store(to.add(c * plane), block[c]);
                        }
                    } else {
                        for c in 0..LANES {
                            if c < there {
                                s.store_first(to.add(c * plane), count, block[c]);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Planes into cells, channels last, zeros past the last channel; sums each channel.
pub(super) struct ToCells<'a> {
    /// `[channels, plane]`, of which `cells` from the first on are read.
    pub(super) from: &'a [f32],
    pub(super) channels: usize,
    pub(super) plane: usize,
    pub(super) first: usize,
    pub(super) cells: usize,
    /// `[cells, channels in whole vectors]`.
    pub(super) to: &'a mut [f32],
    /// Added to.
    pub(super) db: Option<&'a mut [f32]>,
}

impl Kernel for ToCells<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let Self { from, channels, plane, first, cells, .. } = self;
        let depth = channels.next_multiple_of(LANES);
        assert!(from.len() >= channels * plane && first + cells <= plane && self.to.len() >= cells * depth);
        for o in (0..channels).step_by(LANES) {
            let there = (channels - o).min(LANES);
            let mut sum = s.splat(0.0);
            for cell in (0..cells).step_by(LANES) {
                let count = (cells - cell).min(LANES);
                let mut block = [s.splat(0.0); LANES];
                // SAFETY: `there` channels from `o` and `count` cells from `cell` on are in the planes and have their place.
                unsafe {
                    let from = from.as_ptr().add(o * plane + first + cell);
                    let full = (there, count) == (LANES, LANES);
                    for c in 0..LANES {
                        if full {
                            block[c] = s.load(from.add(c * plane));
                        } else if c < there {
                            block[c] = s.load_first(from.add(c * plane), count);
                        }
                    }
                    let block = transpose(s, block);
                    let to = self.to.as_mut_ptr().add(cell * depth + o);
                    for i in 0..LANES {
                        if full || i < count {
                            s.store(to.add(i * depth), block[i]);
                        }
                        sum = s.add(sum, block[i]);
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

/// `dw[o, t] += sums[t, o]`, from the blocks that [`super::outer::Outer`] leaves.
pub(super) struct AddSums<'a> {
    pub(super) sums: &'a [f32],
    pub(super) channels: usize,
    /// `[channels, taps]`.
    pub(super) dw: &'a mut [f32],
}

impl Kernel for AddSums<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { sums, channels, dw } = self;
        let (taps, depth) = (dw.len() / channels, channels.next_multiple_of(LANES));
        assert!(sums.len() >= taps * depth && dw.len() == taps * channels);
        for o in (0..channels).step_by(LANES) {
            let there = (channels - o).min(LANES);
            let (block, within) = (o / BLOCK * BLOCK, o % BLOCK);
            let width = BLOCK.min(depth - block);
            for t in (0..taps).step_by(LANES) {
                let count = (taps - t).min(LANES);
                // SAFETY: `count` taps are left in the sums, and in the rows of `there` channels.
                unsafe {
                    let from = sums.as_ptr().add(block * taps + t * width + within);
                    let mut rows = [s.splat(0.0); LANES];
                    for i in 0..LANES {
                        if i < count {
                            rows[i] = s.load(from.add(i * width));
                        }
                    }
                    let rows = transpose(s, rows);
                    for c in 0..LANES {
                        if c < there {
                            let to = dw.as_mut_ptr().add((o + c) * taps + t);
                            s.store_first(to, count, s.add(s.load_first(to, count), rows[c]));
                        }
                    }
                }
            }
        }
    }
}
