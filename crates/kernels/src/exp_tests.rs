//! The functions against `f64`: over a grid in every test run, over all `f32` when asked for.

use rayon::prelude::*;

use super::*;
use crate::isa::{self, tests::same_on_each_isa};
use crate::simd::{Kernel, LANES};

#[derive(Clone, Copy, Debug)]
enum Function {
    Exp,
    Sigmoid,
    Tanh,
}

const ALL: [(Function, f64); 3] =
    [(Function::Exp, EXP_MAX_ULP), (Function::Sigmoid, SIGMOID_MAX_ULP), (Function::Tanh, TANH_MAX_ULP)];

/// Under it the first terms of the series are exact in `f64`, and a fifth of the time.
const TINY: f32 = 1e-9;

impl Function {
    fn exact(self, x: f32) -> f64 {
        let tiny = x.abs() < TINY;
        let x = f64::from(x);
        match (self, tiny) {
            (Function::Exp, true) => 1.0 + x,
            (Function::Exp, false) => x.clamp(EXP_LOW.into(), EXP_HIGH.into()).exp(),
            (Function::Sigmoid, true) => 0.5 + 0.25 * x,
            (Function::Sigmoid, false) => 1.0 / (1.0 + (-x).min(EXP_HIGH.into()).exp()),
            (Function::Tanh, true) => x,
            (Function::Tanh, false) => x.tanh(),
        }
    }

    /// Of whole vectors.
    fn compute(self, x: &[f32]) -> Vec<f32> {
        assert!(x.len().is_multiple_of(LANES));
        let mut y = vec![f32::NAN; x.len()];
        isa::run(Apply { f: self, x, y: &mut y });
        y
    }
}

struct Apply<'a> {
    f: Function,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Kernel for Apply<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for (x, y) in self.x.chunks_exact(LANES).zip(self.y.chunks_exact_mut(LANES)) {
            // SAFETY: both chunks hold 16 numbers.
            unsafe {
                let v = s.load(x.as_ptr());
                let v = match self.f {
                    Function::Exp => exp(s, v),
                    Function::Sigmoid => sigmoid(s, v),
                    Function::Tanh => tanh(s, v),
                };
                s.store(y.as_mut_ptr(), v);
            }
        }
    }
}

/// How far `y` is from the exact value, in units of the last place of an `f32` of that size.
fn ulp(y: f32, exact: f64) -> f64 {
    let size = f64::from_bits(exact.to_bits() & 0x7ff0_0000_0000_0000).max(f64::from(f32::MIN_POSITIVE));
    (f64::from(y) - exact).abs() / (size * f64::from(f32::EPSILON))
}

/// The worst of some numbers by their bits: error and where.
fn worst(f: Function, bits: impl Iterator<Item = u32>) -> (f64, f32) {
    let mut x: Vec<f32> = bits.map(f32::from_bits).filter(|x| !x.is_nan()).collect();
    x.resize(x.len().next_multiple_of(LANES), 0.0);
    let errors = x.iter().zip(f.compute(&x)).map(|(&x, y)| (ulp(y, f.exact(x)), x));
    errors.fold((0.0, 0.0), |a, b| if b.0 > a.0 || b.0.is_nan() { b } else { a })
}

#[test]
fn a_stride_over_all_numbers_keeps_the_bounds_and_has_the_same_bits_on_each_set() {
    let bits = || (0..=u32::MAX).step_by(65_521);
    for (f, bound) in ALL {
        let (error, at) = worst(f, bits());
        assert!(error <= bound, "{f:?}({at}): {error} ULP");
        let mut x: Vec<f32> = bits().map(f32::from_bits).filter(|x| !x.is_nan()).collect();
        x.truncate(x.len() / LANES * LANES);
        same_on_each_isa(|| f.compute(&x));
    }
}

/// All 2³² numbers; a minute in release on two cores.
#[test]
#[ignore = "for scripts/test-system.sh: minutes without optimization"]
fn exhaustive() {
    const BLOCK: u32 = 1 << 16;
    let found = ALL.map(|(f, bound)| {
        let blocks = (0..=u32::MAX / BLOCK).into_par_iter();
        let all = blocks.map(|block| worst(f, (0..BLOCK).map(|i| block * BLOCK + i)));
        let (error, at) = all.reduce(|| (0.0, 0.0), |a, b| if b.0 > a.0 || b.0.is_nan() { b } else { a });
        println!("{f:?}: at most {error:.4} ULP, at {at:?}; stated {bound}");
        error <= bound && bound < error + 0.05
    });
    assert_eq!(found, [true; 3], "a stated bound is wrong, or too wide");
}
