//! The activations, 16 numbers at a time. Tested against [`super::reference`].

use super::Activation;
use crate::exp::{sigmoid, tanh};
use crate::simd::{Kernel, LANES, Simd};

/// `f(x)` for 16 numbers.
#[inline(always)]
pub(crate) fn activate<S: Simd>(s: S, f: Activation, x: S::F) -> S::F {
    match f {
        // The zero comes first so that a NaN passes.
        Activation::Relu => s.max(s.splat(0.0), x),
        Activation::Sigmoid => sigmoid(s, x),
        Activation::Silu => s.mul(x, sigmoid(s, x)),
        Activation::Tanh => tanh(s, x),
    }
}

/// `f'(x)` for 16 numbers, from `x` and `y = f(x)`.
#[inline(always)]
pub(crate) fn derivative<S: Simd>(s: S, f: Activation, x: S::F, y: S::F) -> S::F {
    let one = s.splat(1.0);
    match f {
        Activation::Relu => s.select(s.gt(x, s.splat(0.0)), one, s.splat(0.0)),
        Activation::Sigmoid => s.mul(y, s.sub(one, y)),
        Activation::Silu => {
            let g = sigmoid(s, x);
            s.mul(g, s.mul_add(x, s.sub(one, g), one))
        }
        Activation::Tanh => s.neg_mul_add(y, y, one),
    }
}

/// `y = f(x)` over slices of one length.
pub(super) struct Forward<'a> {
    pub(super) f: Activation,
    pub(super) x: &'a [f32],
    pub(super) y: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let len = self.x.len().min(self.y.len());
        let (x, y) = (self.x.as_ptr(), self.y.as_mut_ptr());
        let mut i = 0;
        while i < len {
            // SAFETY: lanes from `i` up to `len` are read and written.
            unsafe {
                let v = s.load_first(x.add(i), len - i);
                s.store_first(y.add(i), len - i, activate(s, self.f, v));
            }
            i += LANES;
        }
    }
}

/// `dx = dy · f'(x)` over slices of one length.
pub(super) struct Backward<'a> {
    pub(super) f: Activation,
    pub(super) x: &'a [f32],
    pub(super) y: &'a [f32],
    pub(super) dy: &'a [f32],
    pub(super) dx: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let len = self.dx.len().min(self.x.len()).min(self.y.len()).min(self.dy.len());
        let mut i = 0;
        while i < len {
            // SAFETY: lanes from `i` up to `len` are read and written.
            unsafe {
                let load = |from: &[f32]| s.load_first(from.as_ptr().add(i), len - i);
                let slope = derivative(s, self.f, load(self.x), load(self.y));
                s.store_first(self.dx.as_mut_ptr().add(i), len - i, s.mul(load(self.dy), slope));
            }
            i += LANES;
        }
    }
}
