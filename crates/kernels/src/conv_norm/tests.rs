//! The fused step against the layers one after the other, in f64.

use proptest::prelude::*;

use super::*;
use crate::conv2d::Passes;
use crate::isa::tests::same_on_each_isa;
use crate::noise::{assert_close, noise};

/// `y`, `y` with the moments held fixed, `dx`, `dw`, `dscale`, `dshift`, one after the other.
fn all<T: Element>(net: &ConvNorm, batch: usize, values: &[Vec<T>; 6]) -> Vec<T> {
    let [x, w, b, scale, shift, dy] = values;
    let mut packed = vec![T::ZERO; net.plan().packed_len::<T>()];
    net.plan().pack(Passes::Both, w, &mut packed);
    let params = Params { filters: Filters { w, packed: &packed }, b: Some(b), scale, shift };
    let c = scale.len();
    let mut y = vec![T::ZERO; batch * net.output_len()];
    let mut numbers = vec![T::ZERO; batch * net.kept_numbers() + 2 * c + 1];
    let mut bytes = vec![0; batch * net.kept_bytes()];
    net.forward(x, &params, &mut y, &mut numbers, &mut bytes);
    let mut fixed = vec![T::ZERO; y.len()];
    let moments = &numbers[batch * net.kept_numbers()..];
    net.forward_fixed(x, &params, &moments[..c], &moments[c..2 * c], &mut fixed);
    let [mut dx, mut dw] = [x, w].map(|v| vec![T::ONE; v.len()]);
    let (mut dscale, mut dshift) = (vec![T::ONE; c], vec![T::ONE; c]);
    let grads = Grads { dw: &mut dw, dscale: &mut dscale, dshift: &mut dshift };
    let past = Past { x, y: &y, numbers: &numbers, bytes: &bytes };
    net.backward(&past, &params, dy, Some(&mut dx), grads);
    [y, fixed, dx, dw, dscale, dshift].concat()
}

fn check(g: Conv2dGeom, f: Option<Activation>, pooled: bool, batch: usize) {
    check_around(0.0, g, f, pooled, batch);
}

/// With an input whose mean is `middle`.
fn check_around(middle: f32, g: Conv2dGeom, f: Option<Activation>, pooled: bool, batch: usize) {
    let Some(net) = ConvNorm::new(g, 1e-5, f, pooled) else { panic!("{g:?} {f:?} {pooled}") };
    let c = g.out_channels;
    let values = [
        noise(1, batch * g.input_len()).iter().map(|x| x + middle).collect(),
        noise(2, g.weight_len()),
        noise(3, c),
        noise(4, c),
        noise(5, c),
        noise(6, batch * net.output_len()),
    ];
    let wide = values.each_ref().map(|v| v.iter().map(|&v| f64::from(v)).collect::<Vec<_>>());
    let found = same_on_each_isa(|| all(&net, batch, &values));
    let expected = all(&net, batch, &wide);
    assert_close(&format!("{g:?} {f:?} pooled {pooled}"), &found, &expected, 3e-5);
}

const MONOTONE: [Option<Activation>; 3] = [None, Some(Activation::Relu), Some(Activation::LeakyRelu(0.1))];

#[test]
fn agrees_with_the_layers_one_after_the_other() {
    for (inp, out, size, k, stride, padding) in [
        (1, 3, (16, 16), 3, 1, 1),
        (2, 16, (40, 37), 3, 1, 1),
        (3, 2, (70, 68), 5, 1, 0),
        (2, 5, (37, 40), 3, 2, 1),
        (1, 16, (37, 40), 3, 2, 1),
    ] {
        let g = Conv2dGeom::square(inp, out, size, k, stride, padding).unwrap();
        for f in MONOTONE {
            check(g, f, true, 3);
            check(g, f, false, 2);
        }
    }
}

#[test]
fn a_batch_of_many_groups_agrees_too() {
    check(Conv2dGeom::square(1, 2, (16, 16), 3, 1, 1).unwrap(), Some(Activation::Relu), true, 67);
}

/// The gradients of a short sum are differences of sums over the input as it is.
#[test]
fn an_input_far_from_zero_mean_agrees_too() {
    let g = Conv2dGeom::square(1, 4, (40, 36), 3, 2, 1).unwrap();
    check_around(3.0, g, Some(Activation::Relu), false, 5);
    check_around(3.0, Conv2dGeom::square(1, 4, (40, 36), 3, 1, 1).unwrap(), None, true, 5);
}

#[test]
fn planes_of_several_blocks_agree_too() {
    check(Conv2dGeom::square(1, 2, (66, 131), 1, 1, 0).unwrap(), Some(Activation::Relu), true, 2);
}

#[test]
fn small_planes_and_bent_functions_stay_apart() {
    let g = |size: usize| Conv2dGeom::square(1, 2, (size, size), 3, 1, 1).unwrap();
    assert!(ConvNorm::new(g(15), 1e-5, None, true).is_none());
    for f in [Activation::Silu, Activation::Gelu, Activation::LeakyRelu(-0.1)] {
        assert!(
            [true, false].iter().all(|&pooled| ConvNorm::new(g(16), 1e-5, Some(f), pooled).is_none()),
            "{f:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn random_shapes_agree(
        inp in 1..4_usize, out in 1..9_usize, h in 18..36_usize, w in 18..70_usize, k in 1..4_usize,
        padding in 0..2_usize, f in 0..3_usize, pooled: bool, batch in 1..4_usize,
    ) {
        prop_assume!(padding < k);
        check(Conv2dGeom::square(inp, out, (h, w), k, 1, padding).unwrap(), MONOTONE[f], pooled, batch);
    }
}
