//! `dw += Gᵀ m`: from the products at each point to the taps of a row of the window.

use super::transform;
use crate::simd::{Kernel, LANES, Simd};

/// `products [point][filter row]` to `dw [filter row][tap]`, filter rows counted over channels and rows of the window.
pub(super) struct AddTaps<'a> {
    pub(super) points: usize,
    pub(super) taps: usize,
    pub(super) products: &'a [f32],
    pub(super) dw: &'a mut [f32],
}

impl Kernel for AddTaps<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let rows = self.dw.len() / self.taps;
        assert!(self.products.len() == self.points * rows && self.dw.len() == rows * self.taps);
        let matrix = transform::filter(self.points);
        for first in (0..rows).step_by(LANES) {
            let many = (rows - first).min(LANES);
            let mut lanes = [0.0_f32; LANES];
            for t in 0..self.taps {
                let mut sum = s.splat(0.0);
                for (p, row) in matrix.iter().take(self.points).enumerate() {
                    // SAFETY: `many` rows are left at every point, and 16 numbers fit into `lanes`.
                    let m = unsafe { s.load_first(self.products.as_ptr().add(p * rows + first), many) };
                    sum = s.mul_add(s.splat(row[t]), m, sum);
                }
                // SAFETY: as above.
                unsafe { s.store(lanes.as_mut_ptr(), sum) };
                for (i, &lane) in lanes[..many].iter().enumerate() {
                    self.dw[(first + i) * self.taps + t] += lane;
                }
            }
        }
    }
}
