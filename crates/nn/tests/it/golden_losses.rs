//! The losses of the first 100 training steps against PyTorch (`tests/golden/make_golden.py`), fused as in training.

use kernels::Buffer;
use nn::loss::CrossEntropyLoss;
use nn::optim::{Adam, OptimizerConfig, Sgd};
use nn::{Mode, ModelSpec, StepId, fuse};
use testkit::{Tolerance, assert_close};

use crate::golden_models::{golden, models, rounded, start, targets};

const TRAIN_BATCHES: usize = 4;

fn losses(model: &ModelSpec, gain: f64, batch: usize, optimizer: OptimizerConfig, lr: f64) -> Vec<f64> {
    let net = fuse(model.build::<f32>().unwrap());
    let mut params = start(&net, gain);
    let mut optimizer = optimizer.build(&net);
    let len = net.input_shape().len();
    let input: Vec<f32> = rounded(2000, TRAIN_BATCHES * batch * len, 0.5, 0.5);
    let targets = targets(TRAIN_BATCHES * batch);
    let mut ws = net.workspace(batch, Mode::Train);
    let mut grads = Buffer::zeros(net.num_slots());
    (0..100)
        .map(|step| {
            let first = step % TRAIN_BATCHES * batch;
            let x = &input[first * len..(first + batch) * len];
            net.forward(&params, x, StepId::default(), &mut ws);
            let (logits, grad) = ws.logits_and_grad();
            let y = &targets[first..first + batch];
            let loss = CrossEntropyLoss::default().forward_backward(logits, y, grad);
            net.backward(&params, x, StepId::default(), &mut ws, &mut grads);
            optimizer.step(&mut params, &grads, lr);
            loss
        })
        .collect()
}

fn check(index: usize, batch: usize, sgd_lr: f64, adam_lr: f64) {
    let (model, gain) = &models()[index];
    let golden = golden(model);
    for (name, optimizer, lr) in [
        ("losses.sgd", OptimizerConfig::Sgd(Sgd::with_momentum(0.9)), sgd_lr),
        ("losses.adam", OptimizerConfig::Adam(Adam::default()), adam_lr),
    ] {
        let found = losses(model, *gain, batch, optimizer, lr);
        assert_close(&format!("{} {name}", model.name), &found, &golden.numbers(name), Tolerance::rel(1e-3));
    }
}

#[test]
fn perceptron() {
    check(0, 32, 0.1, 0.001);
}

#[test]
fn lenet5() {
    check(1, 2, 0.01, 0.001);
}

#[test]
fn lenet5_modified() {
    check(2, 2, 0.001, 0.0001);
}
