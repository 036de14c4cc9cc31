//! Both forms against the textbook, on every instruction set, at random and border shapes, whether or not they would be chosen.

use proptest::prelude::*;

use super::direct::{Direct, DirectWeights};
use super::tiled::Tiled;
use super::{ByChannel, Planes, Weights};
use crate::conv2d::Conv2dGeom;
use crate::conv2d::wide::tests::agree_with_the_reference;
use crate::noise::noise;

/// The three passes of some forms over a batch of two.
fn check(g: Conv2dGeom, forward: &Planes, backward: &Planes, weights: &Weights) {
    let pack = |form: &Planes, w: &[f32], gradient: bool| {
        let mut packed = vec![f32::NAN; form.packed_len()];
        form.pack(&g, gradient, w, &mut packed);
        packed
    };
    let each =
        |from: &[f32], from_len: usize, to: &mut [f32], to_len: usize, run: &dyn Fn(&[f32], &mut [f32])| {
            from.chunks(from_len).zip(to.chunks_mut(to_len)).for_each(|(from, to)| run(from, to));
        };
    agree_with_the_reference(
        g,
        2,
        |x, w, b, y| {
            let packed = pack(forward, w, false);
            each(x, g.input_len(), y, g.output_len(), &|x, y| forward.run(x, &packed, Some(b), y));
        },
        |dy, w, dx| {
            let packed = pack(backward, w, true);
            each(dy, g.output_len(), dx, g.input_len(), &|dy, dx| backward.run(dy, &packed, None, dx));
        },
        |x, dy, dw, db| {
            for (x, dy) in x.chunks(g.input_len()).zip(dy.chunks(g.output_len())) {
                weights.add(x, dy, dw, Some(&mut *db));
            }
        },
    );
}

fn check_direct(g: Conv2dGeom) {
    let (forward, backward) =
        (Planes::Direct(Direct::forward(&g)), Planes::Direct(Direct::input_gradient(&g)));
    check(g, &forward, &backward, &Weights::Direct(DirectWeights::new(&g)));
}

fn check_tiled(g: Conv2dGeom) -> bool {
    let (Some(forward), Some(backward)) = (Tiled::forward(&g), Tiled::input_gradient(&g)) else {
        return false;
    };
    check(g, &Planes::Tiled(forward.clone()), &Planes::Tiled(backward), &Weights::Tiled(forward));
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn the_direct_form_agrees_at_random_shapes(
        channels in (1_usize..20, 1_usize..70),
        size in (1_usize..14, 1_usize..40),
        kernel in (1_usize..5, 1_usize..5),
        stride in 1_usize..3,
        padding in 0_usize..4,
        dilation in 1_usize..3,
    ) {
        if let Some(g) = Conv2dGeom::new(channels.0, channels.1, size, kernel, stride, padding, dilation, 1) {
            check_direct(g);
        }
    }

    #[test]
    fn the_tiled_form_agrees_at_random_shapes(
        channels in (1_usize..20, 1_usize..70),
        size in (1_usize..14, 1_usize..40),
        kernel in (1_usize..5, 1_usize..3),
        padding in 0_usize..3,
    ) {
        let kernel = (kernel.0, 2 * kernel.1 + 1);
        if let Some(g) = Conv2dGeom::new(channels.0, channels.1, size, kernel, 1, padding, 1, 1) {
            check_tiled(g);
        }
    }
}

/// So many rows that they take several bands, the last one short.
#[test]
fn an_image_in_several_bands_agrees() {
    assert!(check_tiled(Conv2dGeom::square(33, 48, (61, 63), 3, 1, 1).unwrap()));
    check_direct(Conv2dGeom::square(3, 33, (67, 70), 3, 2, 1).unwrap());
}

/// Odd and even sizes around a vector, channels that fill none, and rows below which `dy` has none.
#[test]
fn windows_of_three_at_stride_two_agree() {
    for (inp, out, size) in [
        (16, 32, (64, 64)),
        (17, 9, (2, 2)),
        (33, 8, (3, 17)),
        (20, 40, (9, 15)),
        (48, 16, (5, 16)),
        (1, 1, (4, 33)),
        (12, 3, (7, 63)),
    ] {
        let g = Conv2dGeom::square(inp, out, size, 3, 2, 1).unwrap();
        check_direct(g);
        let quick = Direct::input_gradient(&g);
        assert!(quick.by_two);
        let mut plain = quick.clone();
        plain.by_two = false;
        let mut packed = vec![f32::NAN; quick.packed_len()];
        Planes::Direct(quick.clone()).pack(&g, true, &noise(1, g.weight_len()), &mut packed);
        let dy = noise(2, g.output_len());
        let [quick, plain] = [quick, plain].map(|form| {
            let mut dx = vec![f32::NAN; g.input_len()];
            form.run(&dy, &packed, None, &mut dx);
            dx
        });
        assert_eq!(quick, plain, "{g:?}");
    }
    let g = |stride, padding| Conv2dGeom::square(16, 16, (9, 9), 3, stride, padding).unwrap();
    assert!([g(1, 1), g(2, 0)].iter().all(|g| !Direct::input_gradient(g).by_two));
}

#[test]
fn the_form_follows_from_the_sizes_alone() {
    let form = |inp, out, size, kernel, stride| {
        let g = Conv2dGeom::square(inp, out, (size, size), kernel, stride, kernel / 2).unwrap();
        let ByChannel { forward, backward, weights } = crate::conv2d::Plan::new(g).by_channel;
        let name = |tiled| if tiled { "tiled" } else { "direct" };
        [
            forward.map(|form| name(matches!(form, Planes::Tiled(_)))),
            backward.map(|form| name(matches!(form, Planes::Tiled(_)))),
            weights.map(|form| name(matches!(form, Weights::Tiled(_)))),
        ]
    };
    assert_eq!(form(16, 32, 64, 3, 1), [Some("tiled"), Some("tiled"), Some("tiled")]);
    assert_eq!(form(16, 32, 64, 3, 2), [Some("direct"), Some("direct"), Some("direct")]);
    // Sums of nine terms; three channels of sixteen lanes.
    assert_eq!(form(1, 16, 128, 3, 1), [None, None, Some("direct")]);
    assert_eq!(form(16, 3, 32, 3, 1), [None, None, None]);
}
