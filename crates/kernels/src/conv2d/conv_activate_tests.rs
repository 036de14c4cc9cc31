//! The fused step against convolution and activation one by one: the same bits, on every instruction set.

use proptest::prelude::*;

use super::{Activated, ConvActivate};
use crate::conv2d::{Conv2dGeom, Filters, Passes, Plan};
use crate::isa::tests::same_on_each_isa;
use crate::noise::noise;
use crate::{Activation, activation};

const ALL: [Activation; 7] = [
    Activation::Relu,
    Activation::LeakyRelu(0.1),
    Activation::LeakyRelu(-0.3),
    Activation::Gelu,
    Activation::Sigmoid,
    Activation::Silu,
    Activation::Tanh,
];

/// `y`, `dx`, `dw`, `db` one after the other; `fused` or layer by layer.
fn step(g: Conv2dGeom, f: Activation, fused: bool) -> Vec<f32> {
    let (x, w) = (noise(1, g.input_len()), noise(2, g.weight_len()));
    let (b, dy) = (noise(3, g.out_channels), noise(4, g.output_len()));
    let plan = Plan::new(g);
    let mut packed = vec![f32::NAN; plan.packed_len::<f32>()];
    plan.pack(Passes::Both, &w, &mut packed);
    let filters = Filters { w: &w, packed: &packed };
    let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
    let (mut dw, mut db) = (vec![0.5; w.len()], vec![0.25; b.len()]);
    if fused {
        let both = ConvActivate::new(plan, f);
        let mut slope = vec![f32::NAN; both.saved_numbers()];
        both.forward(&x, filters, Some(&b), &mut y, &mut []);
        let alone = y.clone();
        both.forward(&x, filters, Some(&b), &mut y, &mut slope);
        assert_eq!(y, alone, "{g:?} {f:?}: y where nothing is kept");
        let past = Activated { x: &x, filters, y: &y, slope: &slope };
        both.backward(&past, &dy, Some(&mut dx), &mut dw, Some(&mut db));
    } else {
        let (mut z, mut dz) = (vec![f32::NAN; dy.len()], vec![f32::NAN; dy.len()]);
        plan.forward(&x, filters, Some(&b), &mut z);
        activation::forward(f, &z, &mut y);
        activation::backward(f, &z, &y, &dy, &mut dz);
        plan.accumulate_params(&x, &dz, &mut dw, Some(&mut db));
        plan.backward_input(&dz, filters, &mut dx);
    }
    [y, dx, dw, db].concat()
}

fn check(g: Conv2dGeom, f: Activation) {
    let [found, expected] = [true, false].map(|fused| same_on_each_isa(|| step(g, f, fused)));
    let ((found, db), (expected, plain_db)) =
        (found.split_at(found.len() - g.out_channels), expected.split_at(found.len() - g.out_channels));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(found == expected, "{g:?} {f:?} [{i}]: {found}, expected {expected}");
    }
    let wide: Vec<f64> = plain_db.iter().map(|&v| f64::from(v)).collect();
    crate::noise::assert_close(&format!("{g:?} {f:?}: db"), db, &wide, 1e-5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn gives_the_bits_of_the_plain_chain(
        channels in (1usize..6, 1usize..20),
        size in (2usize..20, 2usize..40),
        window in 1usize..6,
        (stride, padding) in (1usize..4, 0usize..3),
        (dilation, grouped) in (1usize..3, any::<bool>()),
        f in 0..ALL.len(),
    ) {
        let groups = if grouped && channels.1.is_multiple_of(channels.0) { channels.0 } else { 1 };
        let g = Conv2dGeom::new(channels.0, channels.1, size, (window, window), stride, padding, dilation, groups);
        if let Some(g) = g {
            check(g, ALL[f]);
        }
    }
}

#[test]
fn gives_the_bits_of_the_plain_chain_at_the_sizes_of_the_models() {
    check(Conv2dGeom::square(16, 32, (31, 31), 3, 1, 0).unwrap(), Activation::Silu);
    check(Conv2dGeom::square(16, 32, (32, 32), 3, 2, 1).unwrap(), Activation::Relu);
    check(Conv2dGeom::square(3, 12, (34, 40), 3, 1, 1).unwrap(), Activation::Sigmoid);
    check(Conv2dGeom::square(24, 24, (17, 17), 1, 1, 0).unwrap(), Activation::Gelu);
}
