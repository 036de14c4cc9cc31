//! The updates, 16 numbers at a time, in the order of operations of the plain loops beside them.

use super::{AdamStep, SgdStep};
use crate::simd::{Kernel, LANES, Simd};

/// One block of an SGD step.
pub(super) struct Sgd<'a> {
    pub(super) step: SgdStep,
    pub(super) w: &'a mut [f32],
    pub(super) g: &'a [f32],
    pub(super) v: &'a mut [f32],
}

impl Kernel for Sgd<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Sgd { step, w, g, v } = self;
        let len = w.len().min(g.len()).min(v.len());
        let splat = |x: f64| s.splat(x as f32);
        let (lr, momentum, fresh) = (splat(step.lr), splat(step.momentum), splat(1.0 - step.dampening));
        let (decay, decoupled) = (splat(step.weight_decay), splat(step.decoupled_decay));
        let mut i = 0;
        while i < len {
            // SAFETY: lanes from `i` up to `len` are read and written.
            unsafe {
                let (pw, pv) = (w.as_mut_ptr().add(i), v.as_mut_ptr().add(i));
                let old = s.load_first(pw, len - i);
                let g = s.mul_add(decay, old, s.load_first(g.as_ptr().add(i), len - i));
                let v = s.mul_add(momentum, s.load_first(pv, len - i), s.mul(fresh, g));
                let d = if step.nesterov { s.mul_add(momentum, v, g) } else { v };
                s.store_first(pv, len - i, v);
                s.store_first(pw, len - i, s.sub(old, s.mul_add(lr, d, s.mul(decoupled, old))));
            }
            i += LANES;
        }
    }
}

/// One block of an Adam step.
pub(super) struct Adam<'a> {
    pub(super) step: AdamStep,
    pub(super) w: &'a mut [f32],
    pub(super) g: &'a [f32],
    pub(super) m: &'a mut [f32],
    pub(super) v: &'a mut [f32],
}

impl Kernel for Adam<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Adam { step, w, g, m, v } = self;
        let len = w.len().min(g.len()).min(m.len()).min(v.len());
        let splat = |x: f64| s.splat(x as f32);
        let (beta1, beta2) = (splat(step.beta1), splat(step.beta2));
        let (fresh1, fresh2) = (splat(1.0 - step.beta1), splat(1.0 - step.beta2));
        let (rate, inverse_root2) = (splat(step.lr / step.correction1), splat(1.0 / step.correction2.sqrt()));
        let (l2, keep, eps) = (splat(step.l2), splat(1.0 - step.lr * step.decay), splat(step.eps));
        let mut i = 0;
        while i < len {
            // SAFETY: lanes from `i` up to `len` are read and written.
            unsafe {
                let (pw, pm, pv) = (w.as_mut_ptr().add(i), m.as_mut_ptr().add(i), v.as_mut_ptr().add(i));
                let old = s.load_first(pw, len - i);
                let g = s.mul_add(l2, old, s.load_first(g.as_ptr().add(i), len - i));
                let m = s.mul_add(beta1, s.load_first(pm, len - i), s.mul(fresh1, g));
                let v = s.mul_add(beta2, s.load_first(pv, len - i), s.mul(s.mul(fresh2, g), g));
                let root = s.mul_add(s.sqrt(v), inverse_root2, eps);
                s.store_first(pm, len - i, m);
                s.store_first(pv, len - i, v);
                let step = s.div(s.mul(rate, m), root);
                s.store_first(pw, len - i, s.sub(s.mul(old, keep), step));
            }
            i += LANES;
        }
    }
}
