//! The vector forms against the formulas, on every instruction set.

use super::*;
use crate::isa::tests::same_on_each_isa;

const ALL: [Activation; 4] = [Activation::Relu, Activation::Sigmoid, Activation::Silu, Activation::Tanh];

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
            let floor = if x < -87.0 { f64::from(x.abs()) * 1e-37 } else { 0.0 };
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
