//! How an image is laid out for the inner loops: padded, and for a stride split into phases.
//!
//! With stride s, output column j reads input columns `j·s + q`. Cutting the padded image into s × s phases (row
//! modulo s, column modulo s) turns that into neighbouring numbers of one phase, so that the same inner loops
//! serve every stride:
//!
//! ```text
//!  row:    0 1 2 3 4 5 6 7        phase 0: 0 2 4 6     tap q reads phase q mod s
//!                                 phase 1: 1 3 5 7     from column q / s on
//! ```

use crate::isa;
use crate::simd::{Kernel, LANES, Simd};

/// Where the numbers of a padded image lie.
#[derive(Clone, Debug)]
pub(super) struct PhaseLayout {
    channels: usize,
    height: usize,
    width: usize,
    padding: usize,
    stride: usize,
    /// Rows and columns of a phase.
    rows: usize,
    pub(super) pitch: usize,
}

impl PhaseLayout {
    pub(super) fn new(
        channels: usize,
        (height, width): (usize, usize),
        padding: usize,
        stride: usize,
    ) -> Self {
        let rows = (height + 2 * padding).div_ceil(stride);
        let pitch = (width + 2 * padding).div_ceil(stride);
        PhaseLayout { channels, height, width, padding, stride, rows, pitch }
    }

    /// Numbers of the laid out image, with room for a vector that reaches past its end.
    pub(super) fn len(&self) -> usize {
        self.channels * self.stride * self.stride * self.rows * self.pitch + 2 * LANES
    }

    /// Where padded row `p` and column `q` of channel `c` lie.
    pub(super) fn offset(&self, c: usize, p: usize, q: usize) -> usize {
        let s = self.stride;
        let phase = (c * s + p % s) * s + q % s;
        (phase * self.rows + p / s) * self.pitch + q / s
    }

    /// Copies `x [channels, height, width]` into place, zeros around it.
    pub(super) fn lay_out(&self, x: &[f32], to: &mut [f32]) {
        if self.stride == 1 && (self.rows, self.pitch) == (self.height, self.width) {
            to[x.len()..].fill(0.0);
            return to[..x.len()].copy_from_slice(x);
        }
        to.fill(0.0);
        for (r, row) in x.chunks_exact(self.width).enumerate() {
            let (c, i) = (r / self.height, r % self.height);
            if self.stride == 1 {
                let at = self.offset(c, i + self.padding, self.padding);
                to[at..at + self.width].copy_from_slice(row);
            } else if self.stride == 2 {
                let at = self.pair(c, i);
                isa::run(SplitPairs { row, to, at });
            } else {
                for phase in 0..self.stride.min(self.width) {
                    let at = self.offset(c, i + self.padding, phase + self.padding);
                    for (to, &x) in to[at..].iter_mut().zip(row[phase..].iter().step_by(self.stride)) {
                        *to = x;
                    }
                }
            }
        }
    }

    /// For a stride of 2: where the even and the odd columns of row `i` lie.
    fn pair(&self, c: usize, i: usize) -> [usize; 2] {
        [0, 1].map(|phase| self.offset(c, i + self.padding, phase + self.padding))
    }
}

/// Numbers 0, 2, 4 … of a row to `to[at[0]..]`, the others to `to[at[1]..]`.
struct SplitPairs<'a> {
    row: &'a [f32],
    to: &'a mut [f32],
    at: [usize; 2],
}

impl Kernel for SplitPairs<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let lens = [self.row.len().div_ceil(2), self.row.len() / 2];
        assert!(self.at[0] + lens[0] <= self.to.len() && self.at[1] + lens[1] <= self.to.len());
        for j in (0..lens[0]).step_by(LANES) {
            let left = self.row.len() - 2 * j;
            // SAFETY: no more numbers are read than the row has left, nor written than there is room for.
            unsafe {
                let from = self.row.as_ptr().add(2 * j);
                s.prefetch_ahead(from);
                s.prefetch_ahead(from.wrapping_add(LANES));
                let low = s.load_first(from, left.min(LANES));
                let high = s.load_first(from.wrapping_add(LANES), left.saturating_sub(LANES).min(LANES));
                let (even, odd) = s.deinterleave(low, high);
                let to = self.to.as_mut_ptr();
                s.store_first(to.add(self.at[0] + j), (lens[0] - j).min(LANES), even);
                s.store_first(to.wrapping_add(self.at[1] + j), lens[1].saturating_sub(j).min(LANES), odd);
            }
        }
    }
}

/// Planes with a border of zeros: how a gradient is laid out so that windows may hang over every edge, and so
/// that each row starts on a vector and ends in zeros.
///
/// ```text
///  top rows of zeros
///  16 zeros | row ........ zeros to a whole vector |
///  16 zeros | row ........                         |   the next row's 16 zeros are this row's right border
///  bottom rows of zeros
/// ```
#[derive(Clone, Debug)]
pub(super) struct Bordered {
    channels: usize,
    height: usize,
    width: usize,
    top: usize,
    /// Numbers from one row, one plane to the next.
    pub(super) pitch: usize,
    pub(super) plane: usize,
    left: usize,
}

impl Bordered {
    /// Room for windows that hang over by `over` rows and columns, before and behind, and for at least `rows`
    /// and `columns` to be computed from the first.
    pub(super) fn new(
        channels: usize,
        (height, width): (usize, usize),
        over: usize,
        (rows, columns): (usize, usize),
    ) -> Self {
        let left = over.max(1).next_multiple_of(LANES);
        let pitch = left + width.max(columns).next_multiple_of(LANES);
        let plane = (over + height.max(rows) + over) * pitch;
        Bordered { channels, height, width, top: over, pitch, plane, left }
    }

    /// Numbers in all, with room for a vector that reaches past the end.
    pub(super) fn len(&self) -> usize {
        self.channels * self.plane + self.left + 2 * LANES
    }

    /// Where row 0, column 0 of channel 0 lies.
    pub(super) fn start(&self) -> usize {
        self.top * self.pitch + self.left
    }

    /// Where the cell `up` rows above and `back` columns before the first lies, in channel `c`.
    pub(super) fn before(&self, c: usize, up: usize, back: usize) -> usize {
        c * self.plane + self.start() - up * self.pitch - back
    }

    /// Copies `x [channels, height, width]` into place.
    pub(super) fn lay_out(&self, x: &[f32], to: &mut [f32]) {
        self.clear_border(to);
        for (r, row) in x.chunks_exact(self.width).enumerate() {
            let (c, i) = (r / self.height, r % self.height);
            let at = c * self.plane + self.start() + i * self.pitch;
            to[at..at + self.width].copy_from_slice(row);
        }
    }

    /// Writes zeros wherever no row of the image lies.
    fn clear_border(&self, to: &mut [f32]) {
        self.clear_around(to, self.height, self.width);
    }

    /// Writes zeros everywhere but in the image's first `height` rows and `width` columns.
    pub(super) fn clear_around(&self, to: &mut [f32], height: usize, width: usize) {
        let mut from = 0;
        for c in 0..self.channels {
            for i in 0..height {
                let at = c * self.plane + self.start() + i * self.pitch;
                to[from..at].fill(0.0);
                from = at + width;
            }
        }
        to[from..].fill(0.0);
    }
}
