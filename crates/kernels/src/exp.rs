//! eˣ, the logistic sigmoid and tanh for 16 lanes at once.
//!
//! `eˣ = 2ⁿ · eʳ` with `n = round(x / ln 2)` and `|r| ≤ ln 2 / 2`; `ln 2` is subtracted in two parts so that `r` is
//! exact to the last bit. The polynomials are Cephes' (`expf.c`, `tanhf.c`; Moshier, public domain).

use crate::simd::Simd;

/// The furthest that eˣ is from the exact value for x in [−87, 88], in units of the last place of the exact value's `f32`.
///
/// Found over all `f32` by the test `exhaustive`, rounded up; the same on every instruction set.
pub const EXP_MAX_ULP: f64 = 1.26;
/// Likewise the sigmoid for x from −88 on; below, it stays at its value there, 6·10⁻³⁹.
pub const SIGMOID_MAX_ULP: f64 = 3.2;
/// Likewise tanh, for every x.
pub const TANH_MAX_ULP: f64 = 3.0;

/// Below it eˣ is no normal number; [`exp`] stays at e^(this).
const EXP_LOW: f32 = -87.0;
/// Above it 2ⁿ would overflow; [`exp`] stays at e^(this).
const EXP_HIGH: f32 = 88.0;

/// eˣ for x in [−87, 88]; beyond, the value at the border. NaN stays NaN.
#[inline(always)]
pub(crate) fn exp<S: Simd>(s: S, x: S::F) -> S::F {
    // The constant comes first so that a NaN in `x` passes.
    let x = s.max(s.splat(EXP_LOW), s.min(s.splat(EXP_HIGH), x));
    let n = s.round(s.mul(x, s.splat(std::f32::consts::LOG2_E)));
    let r = s.neg_mul_add(n, s.splat(0.693_359_4), x);
    let r = s.neg_mul_add(n, s.splat(-2.121_944_4e-4), r);
    let mut p = s.splat(1.987_569_1e-4);
    for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        p = s.mul_add(p, r, s.splat(c));
    }
    let p = s.mul_add(p, s.mul(r, r), s.add(r, s.splat(1.0)));
    s.mul(p, s.exp2(n))
}

/// `1 / (1 + e⁻ˣ)`.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(s: S, x: S::F) -> S::F {
    let one = s.splat(1.0);
    s.div(one, s.add(one, exp(s, s.sub(s.splat(0.0), x))))
}

/// Hyperbolic tangent: a polynomial near zero, `1 − 2 / (e²ˣ + 1)` elsewhere.
#[inline(always)]
pub(crate) fn tanh<S: Simd>(s: S, x: S::F) -> S::F {
    let z = s.mul(x, x);
    let mut p = s.splat(-5.704_988_7e-3);
    for c in [2.063_909e-2, -5.373_971_6e-2, 0.133_314_42, -0.333_332_83] {
        p = s.mul_add(p, z, s.splat(c));
    }
    let near = s.mul_add(s.mul(p, z), x, x);
    let (one, two) = (s.splat(1.0), s.splat(2.0));
    let far = s.sub(one, s.div(two, s.add(exp(s, s.mul(two, x)), one)));
    s.select(s.gt(z, s.splat(0.625 * 0.625)), far, near)
}

#[cfg(test)]
#[path = "exp_tests.rs"]
mod tests;
