//! The gradient before the activation of a pooled convolution, window by window: `dz = dy · f'`.

use crate::activation::{self, Activation};
use crate::pool2d::Pool2dGeom;
use crate::simd::{Kernel, LANES, Simd};

/// One sample's `dz`, each row in whole vectors that end in zeros; its sums go to `db`.
pub(super) struct Slope<'a> {
    pub(super) f: Option<Activation>,
    pub(super) pool: &'a Pool2dGeom,
    pub(super) y: &'a [f32],
    /// Empty where the slope follows from `y`.
    pub(super) pooled: &'a [f32],
    pub(super) dy: &'a [f32],
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
        let (vectors, cells) = (out_w.div_ceil(LANES), self.pool.output_len());
        assert!(self.dy.len() == cells && self.y.len() == cells && self.dz.len() == slope_len(self.pool));
        assert!(self.pooled.is_empty() || self.pooled.len() == cells);
        let before = if self.pooled.is_empty() { self.y } else { self.pooled };
        for o in 0..channels {
            let mut sum = s.splat(0.0);
            for row in o * out_h..(o + 1) * out_h {
                for v in 0..vectors {
                    let (at, lanes) = (row * out_w + v * LANES, out_w - v * LANES);
                    // SAFETY: the assertions cover every window of the three, and `dz` has whole vectors; lanes behind
                    // the row have `dy = 0`.
                    unsafe {
                        let mut dz = s.load_first(self.dy.as_ptr().add(at), lanes);
                        if let Some(f) = self.f {
                            let x = s.load_first(before.as_ptr().add(at), lanes);
                            let y = s.load_first(self.y.as_ptr().add(at), lanes);
                            dz = s.mul(dz, activation::derivative(s, f, x, y));
                        }
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
