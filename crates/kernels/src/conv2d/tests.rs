//! The fast forms against the textbook, on every instruction set, at random and border shapes.

use proptest::prelude::*;

use super::{
    Conv2dGeom, Filters, Passes, Plan, accumulate_params_reference, backward_input_reference,
    forward_reference,
};
use crate::isa::tests::same_on_each_isa;
use crate::noise::{assert_close, noise};

fn check(g: Conv2dGeom) {
    let (x, w) = (noise(1, g.input_len()), noise(2, g.weight_len()));
    let (b, dy) = (noise(3, g.out_channels), noise(4, g.output_len()));
    let plan = Plan::new(g);
    let mut packed = vec![f32::NAN; plan.packed_len::<f32>()];
    plan.pack(Passes::Both, &w, &mut packed);
    let filters = Filters { w: &w, packed: &packed };

    let y = same_on_each_isa(|| {
        let mut y = vec![f32::NAN; g.output_len()];
        plan.forward(&x, filters, Some(&b), &mut y);
        y
    });
    let wide = |v: &[f32]| v.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
    let mut expected = vec![0.0; g.output_len()];
    forward_reference(&g, &wide(&x), &wide(&w), Some(&wide(&b)), &mut expected);
    assert_close("y", &y, &expected, 1e-5);

    let dx = same_on_each_isa(|| {
        let mut dx = vec![f32::NAN; g.input_len()];
        plan.backward_input(&dy, filters, &mut dx);
        dx
    });
    let mut expected = vec![0.0; g.input_len()];
    backward_input_reference(&g, &wide(&dy), &wide(&w), &mut expected);
    assert_close("dx", &dx, &expected, 1e-5);

    let grads = same_on_each_isa(|| {
        let (mut dw, mut db) = (vec![0.5; g.weight_len()], vec![0.25; g.out_channels]);
        plan.accumulate_params(&x, &dy, &mut dw, Some(&mut db));
        [dw, db].concat()
    });
    let (mut dw, mut db) = (vec![0.5; g.weight_len()], vec![0.25; g.out_channels]);
    accumulate_params_reference(&g, &wide(&x), &wide(&dy), &mut dw, Some(&mut db));
    assert_close("dw, db", &grads, &[dw, db].concat(), 1e-5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn agrees_with_the_textbook(
        channels in (1usize..4, 1usize..10, 1usize..3),
        size in (1usize..24, 1usize..40),
        window in (1usize..6, 1usize..6),
        stride in 1usize..4,
        padding in 0usize..4,
        dilation in 1usize..3,
    ) {
        let (inp, out, groups) = channels;
        if let Some(g) = Conv2dGeom::new(
            inp * groups, out * groups, size, window, stride, padding, dilation, groups,
        ) {
            check(g);
        }
    }
}

#[test]
fn agrees_at_every_channel_count_of_a_tile() {
    for out in 1..=17 {
        check(Conv2dGeom::square(2, out, (9, 35), 3, 1, 1).unwrap());
    }
}

#[test]
fn agrees_at_the_sizes_of_the_models() {
    check(Conv2dGeom::square(1, 6, (32, 128), 5, 1, 0).unwrap());
    check(Conv2dGeom::square(6, 16, (20, 62), 5, 1, 0).unwrap());
    check(Conv2dGeom::square(6, 16, (20, 62), 5, 1, 1).unwrap());
    check(Conv2dGeom::square(16, 32, (12, 31), 3, 1, 0).unwrap());
}

/// Small planes and many channels: gathered cells, phases of a stride.
#[test]
fn agrees_at_small_planes() {
    for (inp, out, size, kernel, stride, padding) in [
        (20, 9, (4, 4), 3, 1, 1),
        (17, 24, (8, 8), 3, 2, 1),
        (50, 53, (5, 7), 3, 2, 1),
        (16, 8, (16, 16), 5, 2, 2),
        (34, 12, (8, 8), 1, 2, 0),
        (40, 16, (6, 5), 1, 1, 0),
        (8, 8, (9, 9), 4, 3, 0),
        (12, 8, (16, 16), 3, 1, 1),
    ] {
        check(Conv2dGeom::square(inp, out, size, kernel, stride, padding).unwrap());
    }
}

#[test]
fn agrees_at_windows_of_one_cell() {
    for (inp, out, size, groups) in
        [(5, 9, (8, 16), 1), (8, 6, (4, 16), 2), (3, 2, (40, 32), 1), (2, 3, (3, 5), 1), (2, 2, (64, 64), 1)]
    {
        check(Conv2dGeom::new(inp, out, size, (1, 1), 1, 0, 1, groups).unwrap());
    }
}

#[test]
fn agrees_at_depthwise_shapes() {
    for (size, kernel, stride, padding) in [
        ((8, 8), 3, 1, 1),
        ((7, 33), 3, 2, 1),
        ((32, 32), 3, 2, 1),
        ((9, 17), 5, 1, 2),
        ((10, 31), 5, 2, 4),
        ((5, 5), 3, 1, 0),
        ((6, 70), 3, 1, 2),
        ((3, 3), 3, 2, 0),
        ((4, 4), 5, 2, 2),
    ] {
        check(Conv2dGeom::new(3, 3, size, (kernel, kernel), stride, padding, 1, 3).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn depthwise_agrees_with_the_textbook(
        channels in 2usize..4,
        size in (1usize..24, 1usize..40),
        window in 1usize..3,
        stride in 1usize..3,
        padding in 0usize..5,
    ) {
        let k = 2 * window + 1;
        if let Some(g) = Conv2dGeom::new(channels, channels, size, (k, k), stride, padding, 1, channels) {
            check(g);
        }
    }
}

#[test]
fn a_window_that_does_not_fit_is_refused() {
    assert_eq!(Conv2dGeom::square(1, 1, (4, 4), 5, 1, 0), None);
    assert_eq!(Conv2dGeom::square(1, 1, (4, 4), 3, 0, 0), None);
    assert_eq!(Conv2dGeom::new(3, 4, (8, 8), (3, 3), 1, 0, 1, 2), None);
}
