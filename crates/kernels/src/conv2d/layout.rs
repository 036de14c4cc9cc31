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

use crate::simd::LANES;

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

    /// The same with phases of at least this many rows and columns, zeros where the image ends.
    pub(super) fn with_room(self, rows: usize, pitch: usize) -> Self {
        PhaseLayout { rows: self.rows.max(rows), pitch: self.pitch.max(pitch), ..self }
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

    /// The reverse of [`PhaseLayout::lay_out`]: takes the image out of its padding.
    pub(super) fn take_out(&self, from: &[f32], x: &mut [f32]) {
        for (r, row) in x.chunks_exact_mut(self.width).enumerate() {
            let (c, i) = (r / self.height, r % self.height);
            for phase in 0..self.stride.min(self.width) {
                let at = self.offset(c, i + self.padding, phase + self.padding);
                for (x, &from) in row[phase..].iter_mut().step_by(self.stride).zip(&from[at..]) {
                    *x = from;
                }
            }
        }
    }

    /// Rows of one phase.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }
}
