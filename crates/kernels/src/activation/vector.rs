//! The activations, 16 numbers at a time. Tested against [`super::reference`].

use super::Activation;
use crate::exp::{exp, sigmoid, tanh};
use crate::simd::{Kernel, LANES, Simd};

/// `f(x)` for 16 numbers.
#[inline(always)]
pub(crate) fn activate<S: Simd>(s: S, f: Activation, x: S::F) -> S::F {
    match f {
        // The zero comes first so that a NaN passes.
        Activation::Relu => s.max(s.splat(0.0), x),
        Activation::LeakyRelu(slope) => s.select(s.gt(x, s.splat(0.0)), x, s.mul(x, s.splat(slope))),
        Activation::Gelu => s.mul(x, normal(s, x).0),
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
        Activation::LeakyRelu(slope) => s.select(s.gt(x, s.splat(0.0)), one, s.splat(slope)),
        Activation::Gelu => gelu_slope(s, x, normal(s, x)),
        Activation::Sigmoid => s.mul(y, s.sub(one, y)),
        Activation::Silu => silu_slope(s, x, sigmoid(s, x)),
        Activation::Tanh => s.neg_mul_add(y, y, one),
    }
}

/// [`activate`] and [`derivative`] of 16 numbers to the bit, with what they share computed once.
#[inline(always)]
pub(crate) fn activate_with_slope<S: Simd>(s: S, f: Activation, x: S::F) -> (S::F, S::F) {
    match f {
        Activation::Gelu => {
            let normal = normal(s, x);
            (s.mul(x, normal.0), gelu_slope(s, x, normal))
        }
        Activation::Silu => {
            let g = sigmoid(s, x);
            (s.mul(x, g), silu_slope(s, x, g))
        }
        _ => {
            let y = activate(s, f, x);
            (y, derivative(s, f, x, y))
        }
    }
}

#[inline(always)]
fn gelu_slope<S: Simd>(s: S, x: S::F, (share, bell): (S::F, S::F)) -> S::F {
    s.mul_add(s.mul(x, bell), s.splat(DENSITY_AT_0), share)
}

#[inline(always)]
fn silu_slope<S: Simd>(s: S, x: S::F, g: S::F) -> S::F {
    let one = s.splat(1.0);
    s.mul(g, s.mul_add(x, s.sub(one, g), one))
}

/// `1 / √2π`.
const DENSITY_AT_0: f32 = 0.398_942_3;

/// The share of the normal distribution below `x`, off by at most 2e-7, and `e^(−x²/2)`.
///
/// A polynomial in `1 / (1 + p·|x|/√2)` times `e^(−x²/2)`: Abramowitz & Stegun 7.1.26.
#[inline(always)]
fn normal<S: Simd>(s: S, x: S::F) -> (S::F, S::F) {
    let (zero, one) = (s.splat(0.0), s.splat(1.0));
    let size = s.max(s.sub(zero, x), x);
    let t = s.div(one, s.mul_add(size, s.splat(0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2), one));
    let mut p = s.splat(1.061_405_4);
    for c in [-1.453_152, 1.421_413_7, -0.284_496_72, 0.254_829_6] {
        p = s.mul_add(p, t, s.splat(c));
    }
    let bell = exp(s, s.mul(s.mul(x, x), s.splat(-0.5)));
    let tail = s.mul(s.mul(p, t), s.mul(bell, s.splat(0.5)));
    (s.select(s.gt(x, zero), s.sub(one, tail), tail), bell)
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
