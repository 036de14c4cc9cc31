//! The vector forms against the plain loops, on every instruction set.

use super::*;
use crate::isa::tests::same_on_each_isa;
use crate::noise::{assert_close, noise};

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
            let step = SgdStep {
                lr: 0.1,
                momentum: 0.9,
                dampening,
                nesterov,
                weight_decay: 0.01,
                decoupled_decay: 0.001,
            };
            let (mut w, mut v) = (w.clone(), v.clone());
            sgd(&step, &mut w, &g, &mut v);
            [w, v].concat()
        });
        let step = SgdStep {
            lr: 0.1,
            momentum: 0.9,
            dampening,
            nesterov,
            weight_decay: 0.01,
            decoupled_decay: 0.001,
        };
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
            let step = AdamStep {
                lr: 0.01,
                beta1: 0.9,
                beta2: 0.999,
                eps: 1e-8,
                l2: 0.1,
                decay: 0.05,
                correction1: 0.19,
                correction2: 0.002,
            };
            let (mut w, mut m, mut v) = (w.clone(), m.clone(), v.clone());
            adam(&step, &mut w, &g, &mut m, &mut v);
            [w, m, v].concat()
        });
        let step = AdamStep {
            lr: 0.01,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            l2: 0.1,
            decay: 0.05,
            correction1: 0.19,
            correction2: 0.002,
        };
        let (mut w, mut m, mut v) = (wide(&w), wide(&m), wide(&v));
        adam(&step, &mut w, &wide(&g), &mut m, &mut v);
        assert_close("w, m, v", &found, &[w, m, v].concat(), 1e-6);
    }
}
