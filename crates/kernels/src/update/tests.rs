//! The vector forms against the plain loops, on every instruction set.

use super::*;
use crate::isa::tests::same_on_each_isa;
use crate::noise::{assert_close, noise};

const SGD: SgdStep = SgdStep {
    lr: 0.1,
    momentum: 0.9,
    dampening: 0.1,
    nesterov: true,
    weight_decay: 0.01,
    decoupled_decay: 0.001,
};

const ADAM: AdamStep = AdamStep {
    lr: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    l2: 0.1,
    decay: 0.05,
    correction1: 0.19,
    correction2: 0.002,
};

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&v| f64::from(v)).collect()
}

#[test]
fn sgd_agrees_with_the_plain_loop() {
    for (len, nesterov, dampening) in
        [(1, false, 0.0), (15, true, 0.0), (16, false, 0.95), (70_001, true, 0.1)]
    {
        let (w, g, v) = (noise(1, len), noise(2, len), noise(3, len));
        let found = same_on_each_isa(|| {
            let step = SgdStep { nesterov, dampening, ..SGD };
            let (mut w, mut v) = (w.clone(), v.clone());
            sgd(&step, &mut w, &g, &mut v);
            [w, v].concat()
        });
        let step = SgdStep { nesterov, dampening, ..SGD };
        let (mut w, mut v) = (wide(&w), wide(&v));
        sgd(&step, &mut w, &wide(&g), &mut v);
        assert_close("w, v", &found, &[w, v].concat(), 1e-6);
    }
}

#[test]
fn adam_agrees_with_the_plain_loop() {
    for len in [1, 16, 33, 70_001] {
        let (w, g, m) = (noise(1, len), noise(2, len), noise(3, len));
        let v: Vec<f32> = noise(4, len).iter().map(|v| v * v).collect();
        let found = same_on_each_isa(|| {
            let (mut w, mut m, mut v) = (w.clone(), m.clone(), v.clone());
            adam(&ADAM, &mut w, &g, &mut m, &mut v);
            [w, m, v].concat()
        });
        let (mut w, mut m, mut v) = (wide(&w), wide(&m), wide(&v));
        adam(&ADAM, &mut w, &wide(&g), &mut m, &mut v);
        assert_close("w, m, v", &found, &[w, m, v].concat(), 1e-6);
    }
}

fn product<'a, T>(dy: &'a [T], x: &'a [T], (out, len): (usize, usize), centered: bool) -> Product<'a, T> {
    Product { dy, x, out, len, centered }
}

const PRODUCTS: [(usize, usize, usize); 6] =
    [(1, 1, 1), (7, 50, 3), (8, 48, 2), (9, 49, 33), (17, 1000, 5), (120, 700, 32)];

#[test]
fn a_step_along_a_product_has_the_bits_of_the_product_and_then_the_step() {
    for (out, len, batch) in PRODUCTS {
        let (dy, x) = (noise(1, batch * out), noise(2, batch * len));
        let (w, m) = (noise(3, out * len), noise(4, out * len));
        let v: Vec<f32> = m.iter().map(|m| m * m).collect();
        let g = product(&dy, &x, (out, len), false);
        assert!(g.is_surely_finite());
        let both = |one_by_one: bool| {
            let (mut w1, mut v1) = (w.clone(), v.clone());
            let (mut w2, mut m2, mut v2) = (w.clone(), m.clone(), v.clone());
            if one_by_one {
                let mut made = vec![0.0; out * len];
                assert!(g.store(&mut made));
                sgd(&SGD, &mut w1, &made, &mut v1);
                adam(&ADAM, &mut w2, &made, &mut m2, &mut v2);
            } else {
                sgd_product(&SGD, &g, &mut w1, &mut v1);
                adam_product(&ADAM, &g, &mut w2, &mut m2, &mut v2);
            }
            [w1, v1, w2, m2, v2].concat()
        };
        assert_eq!(same_on_each_isa(|| both(false)), same_on_each_isa(|| both(true)), "{out} {len} {batch}");
    }
}

#[test]
fn a_centered_product_agrees_with_the_plain_loops() {
    let step = SgdStep {
        lr: 1.0,
        momentum: 0.0,
        dampening: 0.0,
        nesterov: false,
        weight_decay: 0.0,
        decoupled_decay: 0.0,
    };
    for (out, len, batch) in PRODUCTS {
        let (dy, x) = (noise(1, batch * out), noise(2, batch * len));
        let found = same_on_each_isa(|| {
            let (mut w, mut v) = (vec![0.0; out * len], vec![0.0; out * len]);
            sgd_product(&step, &product(&dy, &x, (out, len), true), &mut w, &mut v);
            w
        });
        let (mut w, mut v) = (vec![0.0; out * len], vec![0.0; out * len]);
        sgd_product(&step, &product(&wide(&dy), &wide(&x), (out, len), true), &mut w, &mut v);
        assert_close("w", &found, &w, 1e-5);
        for row in w.chunks(len) {
            assert!(row.iter().sum::<f64>().abs() < 1e-9, "a row without a mean");
        }
    }
}

#[test]
fn a_product_that_might_not_be_finite_is_not_sure_to_be() {
    for bad in [f32::NAN, f32::INFINITY, -1e20] {
        let (mut dy, mut x) = (vec![1.0; 6], vec![1.0; 10]);
        assert!(product(&dy, &x, (3, 5), false).is_surely_finite());
        dy[4] = bad;
        assert!(!product(&dy, &x, (3, 5), false).is_surely_finite());
        (dy[4], x[9]) = (1.0, bad);
        assert!(!product(&dy, &x, (3, 5), false).is_surely_finite());
    }
}

#[test]
fn the_bits_of_a_product_step_do_not_depend_on_the_number_of_threads() {
    let (out, len, batch) = (120, 3001, 7);
    let (dy, x, w) = (noise(1, batch * out), noise(2, batch * len), noise(3, out * len));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (mut w, mut v) = (w.clone(), vec![0.25; out * len]);
        pool.install(|| sgd_product(&SGD, &product(&dy, &x, (out, len), true), &mut w, &mut v));
        [w, v].concat()
    };
    let one = run(1);
    assert!(one == run(2) && one == run(3));
}
