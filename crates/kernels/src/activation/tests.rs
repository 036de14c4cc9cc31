//! The vector forms against the formulas, on every instruction set.

use super::*;
use crate::isa::tests::same_on_each_isa;

const ALL: [Activation; 6] = [
    Activation::Relu,
    Activation::LeakyRelu(0.1),
    Activation::Gelu,
    Activation::Sigmoid,
    Activation::Silu,
    Activation::Tanh,
];

/// Numbers of all sizes, borders included.
fn inputs() -> Vec<f32> {
    let grid = (-4000..4000).map(|i| i as f32 * 0.0257);
    grid.chain([0.0, -0.0, 1e-30, -1e-30, 87.0, -87.0, 88.5, -88.5, 1e30, -1e30]).collect()
}

#[test]
fn forward_agrees_with_the_formula() {
    let x = inputs();
    for f in ALL {
        let y = same_on_each_isa(|| {
            let mut y = vec![f32::NAN; x.len()];
            forward(f, &x, &mut y);
            y
        });
        for (&x, &y) in x.iter().zip(&y) {
            let expected = activate_reference(f, f64::from(x));
            let error = (f64::from(y) - expected).abs();
            // Where e^x is no normal number the sigmoid stays at its smallest value.
            let floor = match f {
                // Its distribution is off by a bounded amount, not by a share of itself.
                Activation::Gelu => 2e-7 * f64::from(x.abs()).min(10.0),
                _ if x < -87.0 => f64::from(x.abs()) * 1e-37,
                _ => 0.0,
            };
            assert!(
                error <= 4.0 * f64::from(f32::EPSILON) * expected.abs() + floor,
                "{f:?}({x}) = {y}, expected {expected}"
            );
        }
    }
}

#[test]
fn backward_agrees_with_the_formula() {
    let x = inputs();
    let dy: Vec<f32> = x.iter().map(|x| x.sin()).collect();
    for f in ALL {
        let mut y = vec![0.0; x.len()];
        forward(f, &x, &mut y);
        let dx = same_on_each_isa(|| {
            let mut dx = vec![f32::NAN; x.len()];
            backward(f, &x, &y, &dy, &mut dx);
            dx
        });
        for (((&x, &y), &dy), &dx) in x.iter().zip(&y).zip(&dy).zip(&dx) {
            let expected = f64::from(dy) * derivative_reference(f, f64::from(x), f64::from(y));
            assert!((f64::from(dx) - expected).abs() <= 1e-6, "{f:?}'({x}) = {dx}, expected {expected}");
        }
    }
}

#[test]
fn a_nan_is_passed_on() {
    for f in ALL {
        let mut y = [0.0];
        forward(f, &[f32::NAN], &mut y);
        assert!(y[0].is_nan(), "{f:?}");
    }
}

/// `scipy.stats.norm.cdf`: 0.8413447460685429 at 1, 1.3498980316300945e-3 at −3, 2.866515718791933e-7 at −5.
#[test]
fn gelu_is_exact_in_f64() {
    for (x, share) in
        [(1.0, 0.841_344_746_068_542_9), (-3.0, 1.349_898_031_630_094_5e-3), (-5.0, 2.866_515_718_791_933e-7)]
    {
        let found = activate_reference(Activation::Gelu, x) / x;
        assert!((found / share - 1.0_f64).abs() < 1e-12, "{x}: {found}");
    }
}
