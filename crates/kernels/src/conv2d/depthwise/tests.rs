//! The depthwise form against the textbook, on every instruction set, at random and border shapes.

use proptest::prelude::*;

use super::Depthwise;
use crate::conv2d::Conv2dGeom;
use crate::conv2d::wide::tests::agree_with_the_reference;

fn check(g: Conv2dGeom, batch: usize) {
    let depthwise = Depthwise::new(g).unwrap();
    agree_with_the_reference(
        g,
        batch,
        |x, w, b, y| depthwise.forward(x, w, Some(b), y),
        |dy, w, dx| depthwise.backward_input(dy, w, dx),
        |x, dy, dw, db| depthwise.accumulate_params(x, dy, dw, Some(db)),
    );
}

fn geom(
    channels: usize,
    size: (usize, usize),
    kernel: (usize, usize),
    stride: usize,
    padding: usize,
) -> Option<Conv2dGeom> {
    Conv2dGeom::new(channels, channels, size, kernel, stride, padding, 1, channels)
}

#[test]
fn the_shapes_of_a_depthwise_net_agree_with_the_reference() {
    for (channels, size, stride) in [(12, 32, 2), (32, 16, 1), (64, 8, 2), (128, 4, 1)] {
        check(geom(channels, (size, size), (3, 3), stride, 1).unwrap(), 3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn random_shapes_agree_with_the_reference(
        channels in 2_usize..6,
        size in (1_usize..20, 1_usize..40),
        kernel in (1_usize..6, 1_usize..6),
        stride in 1_usize..4,
        padding in 0_usize..4,
        batch in 1_usize..4,
    ) {
        if let Some(g) = geom(channels, size, kernel, stride, padding) {
            check(g, batch);
        }
    }
}
