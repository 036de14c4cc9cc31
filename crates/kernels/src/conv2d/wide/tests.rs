//! The wide form against the textbook, on every instruction set, at random and border shapes.

use proptest::prelude::*;

use super::Wide;
use crate::conv2d::{Conv2dGeom, accumulate_params_reference, backward_input_reference, forward_reference};
use crate::isa::tests::same_on_each_isa;
use crate::noise::{assert_close, noise};

fn doubles(v: &[f32]) -> Vec<f64> {
    v.iter().map(|&v| f64::from(v)).collect()
}

fn check(g: Conv2dGeom, batch: usize) {
    let wide = Wide::of(g);
    let pack = |w: &[f32]| {
        let mut packed = vec![f32::NAN; wide.packed_len()];
        wide.pack(true, w, &mut packed);
        packed
    };
    agree_with_the_reference(
        g,
        batch,
        |x, w, b, y| wide.forward(x, &pack(w), Some(b), y),
        |dy, w, dx| wide.backward_input(dy, &pack(w), dx),
        |x, dy, dw, db| wide.accumulate_params(x, dy, dw, Some(db)),
    );
}

/// The three passes of a form over a batch: the same bits on every instruction set, and the reference's numbers.
pub(in crate::conv2d) fn agree_with_the_reference(
    g: Conv2dGeom,
    batch: usize,
    forward: impl Fn(&[f32], &[f32], &[f32], &mut [f32]),
    backward_input: impl Fn(&[f32], &[f32], &mut [f32]),
    accumulate_params: impl Fn(&[f32], &[f32], &mut [f32], &mut [f32]),
) {
    let (x, w) = (noise(1, batch * g.input_len()), noise(2, g.weight_len()));
    let (b, dy) = (noise(3, g.out_channels), noise(4, batch * g.output_len()));
    let y = same_on_each_isa(|| {
        let mut y = vec![f32::NAN; dy.len()];
        forward(&x, &w, &b, &mut y);
        y
    });
    let dx = same_on_each_isa(|| {
        let mut dx = vec![f32::NAN; x.len()];
        backward_input(&dy, &w, &mut dx);
        dx
    });
    let grads = same_on_each_isa(|| {
        let mut grads = vec![0.5; w.len() + b.len()];
        let (dw, db) = grads.split_at_mut(w.len());
        accumulate_params(&x, &dy, dw, db);
        grads
    });
    let (x, w, b, dy) = (doubles(&x), doubles(&w), doubles(&b), doubles(&dy));
    let mut expected = [vec![0.0; y.len()], vec![0.0; dx.len()], vec![0.5; w.len()], vec![0.5; b.len()]];
    let [ey, edx, edw, edb] = &mut expected;
    for n in 0..batch {
        let (i, o) =
            (n * g.input_len()..(n + 1) * g.input_len(), n * g.output_len()..(n + 1) * g.output_len());
        forward_reference(&g, &x[i.clone()], &w, Some(&b), &mut ey[o.clone()]);
        backward_input_reference(&g, &dy[o.clone()], &w, &mut edx[i.clone()]);
        accumulate_params_reference(&g, &x[i], &dy[o], edw, Some(edb));
    }
    assert_close("y", &y, ey, 1e-5);
    assert_close("dx", &dx, edx, 1e-5);
    assert_close("dw", &grads[..w.len()], edw, 1e-5);
    assert_close("db", &grads[w.len()..], edb, 1e-5);
}

#[test]
fn the_shapes_of_residual_nets_agree_with_the_reference() {
    for (inp, out, size, k, stride) in [
        (20, 40, 8, 3, 2),
        (40, 40, 4, 3, 1),
        (80, 128, 8, 3, 2),
        (12, 20, 16, 1, 2),
        (64, 33, 5, 1, 1),
        (33, 50, 9, 1, 1),
    ] {
        check(Conv2dGeom::square(inp, out, (size, size), k, stride, k / 2).unwrap(), 3);
    }
}

#[test]
fn a_batch_in_several_runs_agrees_with_the_reference() {
    // 70 × 70 cells × 16 numbers a sample: seven samples do not fit one run.
    check(Conv2dGeom::square(13, 17, (68, 68), 3, 2, 1).unwrap(), 11);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn random_shapes_agree_with_the_reference(
        channels in (1_usize..40, 1_usize..70),
        size in (1_usize..14, 1_usize..20),
        kernel in (1_usize..5, 1_usize..5),
        stride in 1_usize..4,
        padding in 0_usize..4,
        dilation in 1_usize..3,
        batch in 1_usize..4,
    ) {
        if let Some(g) = Conv2dGeom::new(channels.0, channels.1, size, kernel, stride, padding, dilation, 1) {
            check(g, batch);
        }
    }
}
