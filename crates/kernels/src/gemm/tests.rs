//! The fast forms against the triple loops, on every instruction set, around the tiles' borders.

use super::*;
use crate::isa::tests::{on_each_isa, same_on_each_isa};
use crate::noise::{assert_close, noise};

const SIZES: [(usize, usize, usize); 14] = [
    (0, 3, 4),
    (3, 0, 4),
    (1, 1, 1),
    (1, 1, 0),
    (7, 5, 15),
    (8, 3, 16),
    (9, 4, 17),
    (32, 50, 64),
    (33, 49, 65),
    (5, 47, 255),
    (2, 97, 256),
    (40, 48, 257),
    (3, 13, 700),
    (64, 130, 300),
];

/// Sums that are cut into chunks.
const LONG: [(usize, usize, usize); 6] =
    [(10, 7, 1000), (33, 50, 3100), (1, 25, 4096), (1, 12, 5001), (9, 14, 4111), (40, 3, 8209)];

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&v| f64::from(v)).collect()
}

#[test]
fn nt_agrees_with_the_triple_loop() {
    for mnk @ (m, n, k) in SIZES.into_iter().chain(LONG) {
        let (a, b) = (noise(1, m * k), noise(2, n * k));
        let c = same_on_each_isa(|| {
            let mut c = vec![f32::NAN; m * n];
            matmul_nt(mnk, &a, &b, &mut c);
            c
        });
        let mut expected = vec![0.0; m * n];
        matmul_nt_reference(mnk, &wide(&a), &wide(&b), &mut expected);
        assert_close("c", &c, &expected, 1e-6);
    }
}

#[test]
fn nn_agrees_with_the_triple_loop() {
    for mnk @ (m, n, k) in SIZES {
        let (a, b) = (noise(3, m * k), noise(4, n * k));
        let c = same_on_each_isa(|| {
            let mut c = vec![f32::NAN; m * n];
            matmul_nn(mnk, &a, &b, &mut c);
            c
        });
        let mut expected = vec![0.0; m * n];
        matmul_nn_reference(mnk, &wide(&a), &wide(&b), &mut expected);
        assert_close("c", &c, &expected, 2e-6);
    }
}

#[test]
fn tn_agrees_with_the_triple_loop() {
    for mnk @ (m, n, k) in SIZES {
        let (a, b) = (noise(5, m * k), noise(6, n * k));
        let c = same_on_each_isa(|| {
            let mut c = vec![f32::NAN; m * n];
            matmul_tn(mnk, &a, &b, &mut c);
            c
        });
        let mut expected = vec![0.0; m * n];
        matmul_tn_reference(mnk, &wide(&a), &wide(&b), &mut expected);
        assert_close("c", &c, &expected, 2e-6);
    }
}

#[test]
fn a_product_tells_whether_it_is_finite() {
    for mnk @ (m, n, k) in [(1, 1, 1), (9, 50, 3), (17, 97, 33)] {
        let (mut a, b) = (noise(7, k * m), noise(8, k * n));
        for at in [0, k * m / 2, k * m - 1] {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
                let good = std::mem::replace(&mut a[at], bad);
                for (isa, finite) in on_each_isa(|| {
                    let mut c = vec![0.0; m * n];
                    let told = matmul_tn_checked(mnk, &a, &b, &mut c);
                    assert_eq!(told, c.iter().all(|c| c.is_finite()), "{bad} at {at} of {mnk:?}");
                    told
                }) {
                    assert!(bad.is_finite() || !finite, "{isa}: {bad} at {at} of {mnk:?}");
                }
                a[at] = good;
            }
        }
    }
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let (m, n, k) = (32, 120, 8000);
    let (a, b) = (noise(7, m * k), noise(8, n * k));
    let with_threads = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut c = vec![0.0; m * n];
        pool.install(|| matmul_nt((m, n, k), &a, &b, &mut c));
        c
    };
    assert_eq!(with_threads(1), with_threads(3));
}
