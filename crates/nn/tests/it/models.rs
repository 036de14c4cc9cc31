//! Gradients of the three models against slopes, in f64.

use kernels::Buffer;
use nn::init::{Init, InitScheme};
use nn::loss::CrossEntropyLoss;
use nn::{Mode, ModelSpec, Shape, StepId, zoo};
use testkit::{GradCheck, formula};

/// Checks `per_tensor` evenly spaced entries of every parameter tensor.
fn check(model: &ModelSpec, batch: usize, per_tensor: usize) {
    let net = model.build::<f64>().unwrap();
    // Steeper than the default, so that the first layer of a sigmoid net has a gradient to speak of.
    let scheme = InitScheme { weight: Some(Init::XavierUniform { gain: 2.0 }), bias: None };
    let params = net.init_params(&scheme, 1);
    let input: Vec<f64> = formula(1, batch * net.input_shape().len(), 0.5).iter().map(|x| x + 0.5).collect();
    let targets: Vec<u32> = (0..batch as u32).map(|i| 7 * i % 50).collect();
    let mut ws = net.workspace(batch, Mode::Train);
    let mut grads = Buffer::zeros(net.num_slots());
    net.forward(&params, &input, StepId::default(), &mut ws);
    let (logits, grad) = ws.logits_and_grad();
    CrossEntropyLoss::default().forward_backward(logits, &targets, grad);
    net.backward(&params, &input, StepId::default(), &mut ws, &mut grads);
    let mut ws = net.workspace(batch, Mode::Eval);
    let mut loss = |at: &[f64]| {
        net.forward(at, &input, StepId::default(), &mut ws);
        CrossEntropyLoss::default().forward(ws.logits(), &targets)
    };
    for entry in net.params() {
        let stride = entry.range.len().div_ceil(per_tensor);
        let what = format!("{} {} {}", model.name, net.input_shape(), entry.name);
        let o =
            GradCheck::default().run(&what, &mut loss, &params, &grads, entry.range.clone().step_by(stride));
        println!("{what} {o:?}");
    }
}

#[test]
fn every_gradient_of_the_perceptron_is_a_slope() {
    check(&zoo::perceptron(50), 4, usize::MAX);
}

#[test]
fn gradients_of_small_lenets_are_slopes() {
    let image = Shape::image(1, 28, 28);
    check(&zoo::lenet5(image, 50), 2, 16);
    check(&zoo::lenet5_modified(image, 50), 2, 16);
}

#[test]
fn gradients_of_the_lenets_are_slopes_at_full_size() {
    let image = Shape::image(1, 128, 128);
    check(&zoo::lenet5(image, 50), 1, 1);
    check(&zoo::lenet5_modified(image, 50), 1, 1);
}
