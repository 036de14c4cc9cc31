//! The fused step against the plain chain: the same bits of values, and of the input's gradient where it is spread out.

use proptest::prelude::*;

use super::conv_pool::{ConvPool, Grads, Past};
use super::{Conv2dGeom, Filters, Passes, Plan};
use crate::isa::tests::same_on_each_isa;
use crate::noise::noise;
use crate::{Activation, Pool2dGeom, activation, pool2d};

fn pack(plan: &Plan, w: &[f32]) -> Vec<f32> {
    let mut packed = vec![f32::NAN; plan.packed_len::<f32>()];
    plan.pack(Passes::Both, w, &mut packed);
    packed
}

/// `y`, `dx`, `dw`, `db` one after the other, through convolution, pooling and activation one by one.
fn plain(g: Conv2dGeom, pool: &Pool2dGeom, f: Option<Activation>, [x, w, b, dy]: [&[f32]; 4]) -> Vec<f32> {
    // In the forms that a fused step has.
    let plan = Plan::new(g);
    let packed = pack(&plan, w);
    let filters = Filters { w, packed: &packed };
    let (mut conv, mut max) = (vec![0.0; g.output_len()], vec![0.0; pool.output_len()]);
    let mut winners = vec![0; max.len()];
    plan.forward(x, filters, Some(b), &mut conv);
    pool2d::max_forward(pool, &conv, &mut max, &mut winners);
    let (mut y, mut dmax) = (max.clone(), dy.to_vec());
    if let Some(f) = f {
        activation::forward(f, &max, &mut y);
        activation::backward(f, &max, &y, dy, &mut dmax);
    }
    let mut dconv = vec![0.0; conv.len()];
    pool2d::max_backward(pool, &dmax, &winners, &mut dconv);
    let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.5; w.len()], vec![0.0; b.len()]);
    plan.accumulate_params(x, &dconv, &mut dw, None);
    for (db, plane) in db.iter_mut().zip(dmax.chunks_exact(pool.out_h * pool.out_w)) {
        *db = plane.iter().sum();
    }
    plan.backward_input(&dconv, filters, &mut dx);
    [y, dx, dw, db].concat()
}

/// Parameters' gradients of a first layer, whose input's is not asked for: sums in an order of their own.
fn check_first(g: Conv2dGeom, f: Option<Activation>) {
    let fused = ConvPool::new(g, 0, f).unwrap();
    let (x, w) = (noise(1, g.input_len()), noise(2, g.weight_len()));
    let (b, dy) = (noise(3, g.out_channels), noise(4, fused.pool().output_len()));
    let packed = pack(fused.plan(), &w);
    let filters = Filters { w: &w, packed: &packed };
    let found = same_on_each_isa(|| {
        let mut y = vec![f32::NAN; dy.len()];
        let (mut slope, mut winners) = (vec![0.0; fused.saved_numbers()], vec![0; fused.saved_bytes()]);
        fused.forward(&x, filters, Some(&b), &mut y, &mut slope, &mut winners);
        let (mut dw, mut db) = (vec![0.5; w.len()], vec![0.0; b.len()]);
        let past = Past { x: &x, filters, y: &y, slope: &slope, winners: &winners };
        fused.backward(&past, &dy, None, Grads { dw: &mut dw, db: Some(&mut db) });
        [dw, db].concat()
    });
    let expected = plain(g, fused.pool(), f, [&x, &w, &b, &dy]);
    let expected: Vec<f64> = expected[dy.len() + x.len()..].iter().map(|&v| f64::from(v)).collect();
    crate::noise::assert_close(&format!("{g:?}"), &found, &expected, 1e-5);
}

#[test]
fn a_first_layer_sums_over_the_winners_alone() {
    for (inp, out, size, k, padding) in [
        (1, 6, (40, 128), 5, 0),
        (1, 16, (17, 31), 3, 1),
        (1, 1, (5, 5), 5, 2),
        (1, 9, (8, 70), 5, 1),
        (3, 2, (20, 36), 1, 0),
    ] {
        let g = Conv2dGeom::square(inp, out, size, k, 1, padding).unwrap();
        for f in [None, Some(Activation::Sigmoid), Some(Activation::Silu)] {
            check_first(g, f);
        }
    }
}

fn check(g: Conv2dGeom, padding: usize, f: Option<Activation>) {
    let Some(fused) = ConvPool::new(g, padding, f) else { return };
    let pool = *fused.pool();
    let (x, w) = (noise(1, g.input_len()), noise(2, g.weight_len()));
    let (b, dy) = (noise(3, g.out_channels), noise(4, pool.output_len()));
    let packed = pack(fused.plan(), &w);
    let filters = Filters { w: &w, packed: &packed };
    let found = same_on_each_isa(|| {
        let mut y = vec![f32::NAN; pool.output_len()];
        let (mut slope, mut winners) = (vec![0.0; fused.saved_numbers()], vec![0; fused.saved_bytes()]);
        fused.forward(&x, filters, Some(&b), &mut y, &mut slope, &mut winners);
        let mut alone = vec![f32::NAN; y.len()];
        fused.forward(&x, filters, Some(&b), &mut alone, &mut [], &mut []);
        assert!(y == alone, "{g:?}: y where nothing is kept");
        let (mut dx, mut dw, mut db) = (vec![f32::NAN; x.len()], vec![0.5; w.len()], vec![0.0; b.len()]);
        let past = Past { x: &x, filters, y: &y, slope: &slope, winners: &winners };
        fused.backward(&past, &dy, Some(&mut dx), Grads { dw: &mut dw, db: Some(&mut db) });
        [y, dx, dw, db].concat()
    });
    let expected = plain(g, &pool, f, [&x, &w, &b, &dy]);
    let exact = dy.len() + if fused.columns.is_some() { 0 } else { x.len() };
    for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
        // The parameters' gradients are summed in another order, the input's where it comes from the winners.
        let tolerance = if i < exact { 0.0 } else { 1e-5 * (1.0 + dy.len() as f32).sqrt() };
        assert!((found - expected).abs() <= tolerance, "{g:?} [{i}]: found {found}, expected {expected}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]
    #[test]
    fn gives_the_bits_of_the_plain_chain(
        channels in (1usize..4, 1usize..18),
        size in (2usize..24, 2usize..70),
        window in 1usize..6,
        padding in (0usize..3, 0usize..2),
        f in 0usize..8,
    ) {
        let f = [
            None,
            Some(Activation::Relu),
            Some(Activation::Sigmoid),
            Some(Activation::Silu),
            Some(Activation::Gelu),
            Some(Activation::LeakyRelu(0.1)),
            Some(Activation::LeakyRelu(-0.3)),
            Some(Activation::Tanh),
        ][f];
        if let Some(g) = Conv2dGeom::square(channels.0, channels.1, size, window, 1, padding.0) {
            check(g, padding.1, f);
        }
    }
}

/// Rows whose tiles would leave no column for a padded pool: found by the random shapes above.
#[test]
fn gives_the_bits_of_the_plain_chain_where_a_pool_needs_a_spare_column() {
    check(Conv2dGeom::square(3, 15, (15, 54), 5, 1, 1).unwrap(), 1, None);
    check(Conv2dGeom::square(4, 8, (12, 16), 3, 1, 1).unwrap(), 1, Some(Activation::Relu));
}

#[test]
fn gives_the_bits_of_the_plain_chain_at_the_sizes_of_the_models() {
    check(Conv2dGeom::square(1, 6, (40, 128), 5, 1, 0).unwrap(), 0, Some(Activation::Sigmoid));
    check(Conv2dGeom::square(6, 16, (62, 62), 5, 1, 0).unwrap(), 0, Some(Activation::Sigmoid));
    check(Conv2dGeom::square(6, 16, (62, 62), 5, 1, 1).unwrap(), 1, Some(Activation::Silu));
}

/// A row of 17 windows takes two vectors, whose zeros must not fall on the next row.
#[test]
fn gives_the_bits_of_the_plain_chain_where_a_vector_of_windows_is_nearly_empty() {
    for (width, padding) in [(32, 1), (34, 0), (33, 1), (64, 1)] {
        check(Conv2dGeom::square(2, 4, (7, width), 1, 1, 0).unwrap(), padding, None);
        check(Conv2dGeom::square(2, 4, (9, width + 2), 3, 1, 0).unwrap(), padding, Some(Activation::Tanh));
    }
}

/// Windows of 3 and 5 columns that take 1 to 4 vectors, rows that end within one, padding, and rows and columns no window covers.
#[test]
fn sums_both_gradients_over_the_winners_alone() {
    for (inp, out, size, k, padding, pool_padding) in [
        (6, 16, (14, 14), 5, 0, 0),
        (6, 16, (9, 33), 5, 1, 1),
        (3, 7, (12, 21), 5, 2, 0),
        (4, 8, (11, 18), 3, 1, 0),
        (10, 32, (7, 16), 3, 1, 1),
        (16, 32, (8, 17), 3, 0, 1),
        (21, 40, (6, 9), 3, 1, 0),
    ] {
        let g = Conv2dGeom::square(inp, out, size, k, 1, padding).unwrap();
        assert!(ConvPool::new(g, pool_padding, None).unwrap().columns.is_some(), "{g:?}");
        for f in [None, Some(Activation::Relu), Some(Activation::Silu)] {
            check(g, pool_padding, f);
        }
    }
}

/// Windows that are not square, and padding wider than the window.
#[test]
fn sums_over_the_winners_alone_where_windows_are_not_square() {
    for (inp, size, window, padding) in
        [(6, (12, 20), (3, 5), 0), (5, (9, 11), (2, 3), 1), (8, (4, 13), (4, 3), 1), (4, (5, 6), (3, 3), 4)]
    {
        let g = Conv2dGeom::new(inp, 24, size, window, 1, padding, 1, 1).unwrap();
        assert!(ConvPool::new(g, 0, None).unwrap().columns.is_some(), "{g:?}");
        check(g, 0, None);
        check(g, 1, Some(Activation::Sigmoid));
    }
}

/// Next to padding, numbers that lose against everything: −∞ and NaN. The padding must not win all the same.
#[test]
fn padding_never_wins() {
    let g = Conv2dGeom::square(6, 16, (9, 33), 5, 1, 1).unwrap();
    let fused = ConvPool::new(g, 1, None).unwrap();
    assert!(fused.columns.is_some());
    let w = noise(2, g.weight_len());
    let packed = pack(fused.plan(), &w);
    let filters = Filters { w: &w, packed: &packed };
    for (x, found) in [(f32::NAN, f32::is_nan as fn(f32) -> bool), (0.0, |y| y == f32::NEG_INFINITY)] {
        let b = vec![f32::NEG_INFINITY; g.out_channels];
        let x = vec![x; g.input_len()];
        let mut y = vec![0.0; fused.pool().output_len()];
        let mut winners = vec![0; fused.saved_bytes()];
        fused.forward(&x, filters, Some(&b), &mut y, &mut [], &mut winners);
        assert!(y.iter().all(|&y| found(y)), "every window has a cell that is no padding: {y:?}");
        // First row and first column of windows: their upper and left cells are padding.
        let row = fused.row_bytes();
        for plane in winners.chunks_exact(row * fused.pool().out_h) {
            assert_eq!(&plane[..2], &[0xff, 0xff], "below");
            assert!(plane.chunks_exact(row).all(|row| row[2] & 1 == 1), "right");
        }
        let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
        let past = Past { x: &x, filters, y: &y, slope: &[], winners: &winners };
        fused.backward(&past, &vec![1.0; y.len()], Some(&mut dx), Grads { dw: &mut dw, db: None });
    }
}

/// The f64 form is written apart; it must keep its winners in the same bits.
#[test]
fn the_reference_agrees_with_the_vector_form() {
    let g = Conv2dGeom::square(2, 3, (12, 41), 3, 1, 1).unwrap();
    let fused = ConvPool::new(g, 1, Some(Activation::Silu)).unwrap();
    let (x, w) = (noise(1, g.input_len()), noise(2, g.weight_len()));
    let wide = |v: &[f32]| v.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
    let (mut y, mut slope) = (vec![0.0_f32; fused.pool().output_len()], vec![0.0; fused.saved_numbers()]);
    let mut winners = vec![0; fused.saved_bytes()];
    let packed = pack(fused.plan(), &w);
    fused.forward(&x, Filters { w: &w, packed: &packed }, None, &mut y, &mut slope, &mut winners);
    let (mut y64, mut slope64) = (vec![0.0_f64; y.len()], vec![0.0; slope.len()]);
    let mut winners64 = vec![0; winners.len()];
    let w64 = wide(&w);
    fused.forward(&wide(&x), Filters { w: &w64, packed: &[] }, None, &mut y64, &mut slope64, &mut winners64);
    assert_eq!(winners, winners64);
    crate::noise::assert_close("y", &y, &y64, 1e-6);
    crate::noise::assert_close("slope", &slope, &slope64, 1e-6);
}
