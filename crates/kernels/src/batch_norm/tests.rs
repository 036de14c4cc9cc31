//! The vector form against the plain one, and what normalising means.

use super::*;
use crate::isa::tests::same_on_each_isa;
use crate::noise::{assert_close, noise};

/// `mean, variance, y, dx, dscale, dshift`, one after the other.
fn all<T: Element>(g: &BatchNormGeom, f: Option<Activation>, [x, dy, scale, shift]: [&[T]; 4]) -> Vec<T> {
    let (mut mean, mut variance) = (vec![T::ZERO; g.channels], vec![T::ZERO; g.channels]);
    moments(g, x, &mut mean, &mut variance);
    let norm = Norm { mean: &mean, variance: &variance, scale, shift, eps: 1e-5, f };
    let (mut y, mut dx) = (vec![T::ZERO; x.len()], vec![T::ZERO; x.len()]);
    normalize(g, x, &norm, &mut y);
    let (mut dscale, mut dshift) = (vec![T::ONE; g.channels], vec![T::ONE; g.channels]);
    backward(g, Past { x, y: &y, dy }, &norm, Some(&mut dx), &mut dscale, &mut dshift);
    [mean, variance, y, dx, dscale, dshift].concat()
}

#[test]
fn the_vector_form_agrees_with_the_plain_one() {
    let functions = [
        None,
        Some(Activation::Relu),
        Some(Activation::LeakyRelu(0.1)),
        Some(Activation::Gelu),
        Some(Activation::Sigmoid),
        Some(Activation::Silu),
        Some(Activation::Tanh),
    ];
    for (batch, channels, plane) in
        [(1, 1, 1), (2, 3, 15), (3, 2, 17), (2, 2, 5000), (5, 4, 64), (300, 2, 16), (70, 3, 100)]
    {
        let g = BatchNormGeom { batch, channels, plane };
        let len = batch * channels * plane;
        let inputs = [noise(1, len), noise(2, len), noise(3, channels), noise(4, channels)];
        let wide = inputs.each_ref().map(|v| v.iter().map(|&v| f64::from(v)).collect::<Vec<_>>());
        for f in &functions {
            let found = same_on_each_isa(|| all(&g, *f, inputs.each_ref().map(|v| &v[..])));
            let expected = all(&g, *f, wide.each_ref().map(|v| &v[..]));
            assert_close(&format!("{g:?} {f:?}"), &found, &expected, 1e-5);
        }
    }
}

fn plain_norm<'a>(mean: &'a [f64], variance: &'a [f64]) -> Norm<'a, f64> {
    Norm { mean, variance, scale: &[1.0; 2], shift: &[0.0; 2], eps: 0.0, f: None }
}

#[test]
fn normalized_channels_have_mean_zero_and_variance_one() {
    let g = BatchNormGeom { batch: 3, channels: 2, plane: 37 };
    let x: Vec<f64> = (0..3 * 2 * 37).map(|i| ((i * i) % 53) as f64 + 100.0).collect();
    let (mut mean, mut variance) = ([0.0; 2], [0.0; 2]);
    moments(&g, &x, &mut mean, &mut variance);
    let mut y = vec![0.0; x.len()];
    normalize(&g, &x, &plain_norm(&mean, &variance), &mut y);
    let (mut mean, mut variance) = ([9.0; 2], [9.0; 2]);
    moments(&g, &y, &mut mean, &mut variance);
    assert!(mean.iter().all(|m: &f64| m.abs() < 1e-12), "{mean:?}");
    assert!(variance.iter().all(|v: &f64| (v - 1.0).abs() < 1e-12), "{variance:?}");
}

#[test]
fn a_large_offset_does_not_spoil_the_variance() {
    let g = BatchNormGeom { batch: 2, channels: 1, plane: 1000 };
    let x: Vec<f32> = (0..2000).map(|i| 4096.0 + (i % 2) as f32).collect();
    let (mut mean, mut variance) = ([0.0; 1], [0.0; 1]);
    moments(&g, &x, &mut mean, &mut variance);
    assert_eq!((mean, variance), ([4096.5], [0.25]));
}
