//! Gradients of the three models against slopes, in f64.

use kernels::Buffer;
use nn::init::{Init, InitScheme};
use nn::loss::CrossEntropyLoss;
use nn::{Mode, ModelSpec, ParamEntry, Shape, StepId, zoo};
use testkit::{GradCheck, formula};

use crate::branches::branches;

/// Checks `per_tensor` evenly spaced entries of every parameter tensor that `wanted` picks.
fn check(model: &ModelSpec, batch: usize, per_tensor: usize, wanted: impl Fn(&ParamEntry) -> bool) {
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
    // In training mode, as the gradients: batch normalisation then uses the batch.
    let mut ws = net.workspace(batch, Mode::Train);
    let mut loss = |at: &[f64]| {
        net.forward(at, &input, StepId::default(), &mut ws);
        CrossEntropyLoss::default().forward(ws.logits(), &targets)
    };
    for entry in net.params().iter().filter(|e| wanted(e)) {
        let stride = entry.range.len().div_ceil(per_tensor);
        let what = format!("{} {} {}", model.name, net.input_shape(), entry.name);
        // The first two convolutions move thousands of windows of the next pool, some of them close to a tie.
        let is_pooled = ["conv1", "conv2"].iter().any(|conv| entry.name.starts_with(conv));
        let steps: &[f64] = if is_pooled { &[1e-5, 1e-6] } else { &[1e-3, 1e-4] };
        let coordinates = entry.range.clone().step_by(stride);
        GradCheck { steps, ..GradCheck::default() }.run(&what, &mut loss, &params, &grads, coordinates);
    }
}

#[test]
fn every_gradient_of_the_perceptron_is_a_slope() {
    check(&zoo::perceptron(50), 4, usize::MAX, |_| true);
}

#[test]
fn gradients_of_small_lenets_are_slopes() {
    let image = Shape::image(1, 28, 28);
    check(&zoo::lenet5(image, 50), 2, 16, |_| true);
    check(&zoo::lenet5_modified(image, 50), 2, 16, |_| true);
}

/// The layers behind `fc1` are the same for every size.
#[test]
fn gradients_of_the_lenets_are_slopes_at_full_size() {
    let image = Shape::image(1, 128, 128);
    let depends_on_size = |e: &ParamEntry| e.name.starts_with("conv") || e.name == "fc1.weight";
    check(&zoo::lenet5(image, 50), 1, 1, depends_on_size);
    check(&zoo::lenet5_modified(image, 50), 1, 1, depends_on_size);
}

#[test]
fn gradients_through_branches_are_slopes() {
    check(&branches(Shape::image(2, 9, 8), 50), 3, 8, |e| e.spec.is_trained());
}
