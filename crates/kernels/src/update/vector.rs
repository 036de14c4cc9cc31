//! The updates, 16 numbers at a time, in the order of operations of the plain loops beside them.

use super::{AdamStep, SgdStep};
use crate::simd::{Kernel, LANES, Simd};

/// The numbers of an [`SgdStep`] as a loop wants them.
#[derive(Clone, Copy)]
pub(super) struct SgdRule {
    lr: f32,
    momentum: f32,
    fresh: f32,
    decay: f32,
    decoupled: f32,
    nesterov: bool,
}

impl SgdRule {
    pub(super) fn new(step: &SgdStep) -> Self {
        SgdRule {
            lr: step.lr as f32,
            momentum: step.momentum as f32,
            fresh: (1.0 - step.dampening) as f32,
            decay: step.weight_decay as f32,
            decoupled: step.decoupled_decay as f32,
            nesterov: step.nesterov,
        }
    }

    /// Moves up to 16 numbers of `w` and their velocity.
    ///
    /// # Safety
    /// `min(lanes, 16)` numbers can be read and written at both.
    #[inline(always)]
    pub(super) unsafe fn apply<S: Simd>(&self, s: S, g: S::F, w: *mut f32, v: *mut f32, lanes: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let old = s.load_first(w, lanes);
            let g = s.mul_add(s.splat(self.decay), old, g);
            let new =
                s.mul_add(s.splat(self.momentum), s.load_first(v, lanes), s.mul(s.splat(self.fresh), g));
            let d = if self.nesterov { s.mul_add(s.splat(self.momentum), new, g) } else { new };
            s.store_first(v, lanes, new);
            let step = s.mul_add(s.splat(self.lr), d, s.mul(s.splat(self.decoupled), old));
            s.store_first(w, lanes, s.sub(old, step));
        }
    }
}

/// The numbers of an [`AdamStep`] as a loop wants them.
#[derive(Clone, Copy)]
pub(super) struct AdamRule {
    beta1: f32,
    beta2: f32,
    fresh1: f32,
    fresh2: f32,
    rate: f32,
    inverse_root2: f32,
    l2: f32,
    keep: f32,
    eps: f32,
}

impl AdamRule {
    pub(super) fn new(step: &AdamStep) -> Self {
        AdamRule {
            beta1: step.beta1 as f32,
            beta2: step.beta2 as f32,
            fresh1: (1.0 - step.beta1) as f32,
            fresh2: (1.0 - step.beta2) as f32,
            rate: (step.lr / step.correction1) as f32,
            inverse_root2: (1.0 / step.correction2.sqrt()) as f32,
            l2: step.l2 as f32,
            keep: (1.0 - step.lr * step.decay) as f32,
            eps: step.eps as f32,
        }
    }

    /// Moves up to 16 numbers of `w` and their two moments.
    ///
    /// # Safety
    /// `min(lanes, 16)` numbers can be read and written at all three.
    #[inline(always)]
    pub(super) unsafe fn apply<S: Simd>(
        &self,
        s: S,
        g: S::F,
        w: *mut f32,
        [m, v]: [*mut f32; 2],
        lanes: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let old = s.load_first(w, lanes);
            let g = s.mul_add(s.splat(self.l2), old, g);
            let (fresh1, fresh2) = (s.mul(s.splat(self.fresh1), g), s.mul(s.splat(self.fresh2), g));
            let mean = s.mul_add(s.splat(self.beta1), s.load_first(m, lanes), fresh1);
            let square = s.mul_add(s.splat(self.beta2), s.load_first(v, lanes), s.mul(fresh2, g));
            let root = s.mul_add(s.sqrt(square), s.splat(self.inverse_root2), s.splat(self.eps));
            s.store_first(m, lanes, mean);
            s.store_first(v, lanes, square);
            let step = s.div(s.mul(s.splat(self.rate), mean), root);
            s.store_first(w, lanes, s.sub(s.mul(old, s.splat(self.keep)), step));
        }
    }
}

/// One block of an SGD step.
pub(super) struct Sgd<'a> {
    pub(super) rule: SgdRule,
    pub(super) w: &'a mut [f32],
    pub(super) g: &'a [f32],
    pub(super) v: &'a mut [f32],
}

impl Kernel for Sgd<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Sgd { rule, w, g, v } = self;
        let len = w.len().min(g.len()).min(v.len());
        for i in (0..len).step_by(LANES) {
            // SAFETY: lanes from `i` up to `len` are read and written.
            unsafe {
                let g = s.load_first(g.as_ptr().add(i), len - i);
                rule.apply(s, g, w.as_mut_ptr().add(i), v.as_mut_ptr().add(i), len - i);
            }
        }
    }
}

/// One block of an Adam step.
pub(super) struct Adam<'a> {
    pub(super) rule: AdamRule,
    pub(super) w: &'a mut [f32],
    pub(super) g: &'a [f32],
    pub(super) m: &'a mut [f32],
    pub(super) v: &'a mut [f32],
}

impl Kernel for Adam<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Adam { rule, w, g, m, v } = self;
        let len = w.len().min(g.len()).min(m.len()).min(v.len());
        for i in (0..len).step_by(LANES) {
            // SAFETY: lanes from `i` up to `len` are read and written.
            unsafe {
                let g = s.load_first(g.as_ptr().add(i), len - i);
                let state = [m.as_mut_ptr().add(i), v.as_mut_ptr().add(i)];
                rule.apply(s, g, w.as_mut_ptr().add(i), state, len - i);
            }
        }
    }
}
