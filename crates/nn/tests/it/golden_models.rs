//! Forward pass, loss and every gradient of the three models against PyTorch (`tests/golden/make_golden.py`).

use kernels::{Buffer, Element};
use nn::loss::CrossEntropyLoss;
use nn::{Mode, ModelSpec, Sequential, Shape, StepId, fuse, zoo};
use testkit::{Golden, assert_close_to_largest, formula};

/// The models and the gain of their start weights, as in the script.
pub(crate) fn models() -> [(ModelSpec, f64); 3] {
    let image = Shape::image(1, 128, 128);
    [(zoo::perceptron(50), 1.4), (zoo::lenet5(image, 50), 2.5), (zoo::lenet5_modified(image, 50), 1.3)]
}

pub(crate) fn golden(model: &ModelSpec) -> Golden {
    Golden::read(format!("tests/golden/{}.safetensors", model.name))
}

/// Numbers of the formula, rounded to f32 as in the script.
pub(crate) fn rounded<T: Element>(seed: u64, len: usize, scale: f64, offset: f64) -> Vec<T> {
    formula(seed, len, scale).iter().map(|x| T::from_f64(f64::from((x + offset) as f32))).collect()
}

pub(crate) fn start<T: Element>(net: &Sequential<T>, gain: f64) -> Buffer<T> {
    let mut params = Buffer::zeros(net.num_slots());
    for (k, entry) in net.params().iter().enumerate() {
        let scale = match entry.spec.shape.len() {
            1 => 0.1,
            _ => gain * (3.0 / entry.spec.fan_in() as f64).sqrt(),
        };
        params[entry.range.clone()].copy_from_slice(&rounded(100 + k as u64, entry.range.len(), scale, 0.0));
    }
    params
}

pub(crate) fn targets(len: usize) -> Vec<u32> {
    (0..len as u32).map(|i| (7 * i + 3) % 50).collect()
}

/// Layer by layer and fused.
fn check<T: Element + Into<f64>>(share: f64) {
    for (model, gain) in models() {
        let golden = golden(&model);
        let plain = model.build::<T>().unwrap();
        let fused = fuse(model.build::<T>().unwrap());
        check_net(&model.name, &golden, &plain, gain, share);
        check_net(&format!("fused {}", model.name), &golden, &fused, gain, share);
    }
}

/// Two samples forward and backward; everything within `share` of the largest number of its tensor.
fn check_net<T: Element + Into<f64>>(
    name: &str,
    golden: &Golden,
    net: &Sequential<T>,
    gain: f64,
    share: f64,
) {
    let params = start(net, gain);
    let seed = golden.numbers("input_seed")[0] as u64;
    let input: Vec<T> = rounded(seed, 2 * net.input_shape().len(), 0.5, 0.5);
    let mut ws = net.workspace(2, Mode::Train);
    let mut grads = Buffer::zeros(net.num_slots());
    net.forward(&params, &input, StepId::default(), &mut ws);
    let (logits, grad) = ws.logits_and_grad();
    let close = |what: &str, found: Vec<f64>| {
        assert_close_to_largest(&format!("{name} {what}"), &found, &golden.numbers(what), share);
    };
    close("logits", logits.iter().map(|&z| z.into()).collect());
    close("loss", vec![CrossEntropyLoss::default().forward_backward(logits, &targets(2), grad)]);
    net.backward(&params, &input, StepId::default(), &mut ws, &mut grads);
    for entry in net.params() {
        let own: Vec<f64> = grads[entry.range.clone()].iter().map(|&g| g.into()).collect();
        close(&format!("norm.{}", entry.name), vec![own.iter().map(|g| g * g).sum::<f64>().sqrt()]);
        let stride = if own.len() > 20_000 { own.len().div_ceil(1000) } else { 1 };
        close(&format!("grad.{}", entry.name), own.into_iter().step_by(stride).collect());
    }
}

#[test]
fn f32_agrees_with_pytorch_to_1e_5() {
    check::<f32>(1e-5);
}

#[test]
fn f64_agrees_with_pytorch_to_1e_12() {
    check::<f64>(1e-12);
}
