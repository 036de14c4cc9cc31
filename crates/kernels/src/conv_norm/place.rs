//! Where the gradient of the convolution's output is written, and the formula for one vector of it.

use crate::conv2d::{Conv2dGeom, Sheet};
use crate::simd::Simd;

/// Rows of planes in a slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    start: usize,
    plane: usize,
    pitch: usize,
}

impl Place {
    /// Among the borders of a sheet.
    pub(super) fn of_sheet(sheet: &Sheet) -> Self {
        Place { start: sheet.start, plane: sheet.plane, pitch: sheet.pitch }
    }

    /// One after the other, as a convolution's output lies.
    pub(super) fn plain(g: &Conv2dGeom) -> Self {
        Place { start: 0, plane: g.out_h * g.out_w, pitch: g.out_w }
    }

    /// Where a row begins.
    #[inline(always)]
    pub(super) fn at(&self, channel: usize, row: usize) -> usize {
        self.start + channel * self.plane + row * self.pitch
    }

    /// Behind the last number.
    pub(super) fn end(&self, channels: usize, rows: usize, columns: usize) -> usize {
        self.at(channels - 1, rows - 1) + columns
    }
}

/// One channel's `mean`, `factor`, mean of `dz`, and `slope`.
pub(super) struct Line<S: Simd>(pub(super) [S::F; 4]);

impl<S: Simd> Line<S> {
    /// `du = factor · (dz − mean_dz − (u − mean) · slope)` of up to 16 numbers.
    ///
    /// # Safety
    /// `min(lanes, 16)` numbers can be read at `u` and written at `du`.
    #[inline(always)]
    pub(super) unsafe fn put(&self, s: S, u: *const f32, dz: S::F, du: *mut f32, lanes: usize) {
        let [mean, factor, mean_dz, slope] = self.0;
        // SAFETY: the caller's promise.
        unsafe {
            let u = s.load_first(u, lanes);
            let new = s.mul(factor, s.neg_mul_add(s.sub(u, mean), slope, s.sub(dz, mean_dz)));
            s.store_first(du, lanes, new);
        }
    }
}
