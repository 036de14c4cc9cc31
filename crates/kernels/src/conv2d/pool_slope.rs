//! The gradient before the activation of a pooled convolution, window by window: `dz = dy · f'`.

use crate::activation::Kept;
use crate::pool2d::Pool2dGeom;
use crate::simd::{Kernel, LANES, Simd};

/// One sample's `dz`, each row in whole vectors that end in zeros; its sums go to `db`.
pub(super) struct Slope<'a> {
    pub(super) kept: Kept<'a>,
    pub(super) pool: &'a Pool2dGeom,
    /// `[channel][row][vectors · 16]`.
    pub(super) dz: &'a mut [f32],
    pub(super) db: Option<&'a mut [f32]>,
}

/// Numbers of `dz`.
pub(super) fn slope_len(pool: &Pool2dGeom) -> usize {
    pool.channels * pool.out_h * pool.out_w.next_multiple_of(LANES)
}

impl Kernel for Slope<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        let Pool2dGeom { channels, out_h, out_w, .. } = *self.pool;
        let vectors = out_w.div_ceil(LANES);
        self.kept.check(self.pool.output_len());
        assert!(self.dz.len() == slope_len(self.pool));
        for o in 0..channels {
            let mut sum = s.splat(0.0);
            for row in o * out_h..(o + 1) * out_h {
                for v in 0..vectors {
                    let (at, lanes) = (row * out_w + v * LANES, out_w - v * LANES);
                    // SAFETY: the assertions cover every window of what is kept, and `dz` has whole vectors; lanes behind
                    // the row have `dy = 0`.
                    unsafe {
                        let dz = self.kept.pull(s, at, lanes);
                        sum = s.add(sum, dz);
                        s.store(self.dz.as_mut_ptr().add((row * vectors + v) * LANES), dz);
                    }
                }
            }
            if let Some(db) = self.db.as_deref_mut() {
                db[o] += s.sum(sum);
            }
        }
    }
}
