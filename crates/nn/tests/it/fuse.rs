//! A fused network computes what the plain one does, and shares its parameters.

use kernels::{Buffer, Element};
use nn::loss::CrossEntropyLoss;
use nn::{Mode, ModelSpec, Sequential, Shape, StepId, fuse, zoo};

use crate::branches::branches;

/// Logits and gradients of one step.
fn step<T: Element>(net: &Sequential<T>, params: &[T], input: &[T], targets: &[u32]) -> (Vec<T>, Vec<T>) {
    let mut ws = net.workspace(targets.len(), Mode::Train);
    let mut grads = Buffer::zeros(net.num_slots());
    let at = StepId { seed: 1, step: 3 };
    net.forward(params, input, at, &mut ws);
    let (logits, grad) = ws.logits_and_grad();
    CrossEntropyLoss::default().forward_backward(logits, targets, grad);
    let logits = logits.to_vec();
    net.backward(params, input, at, &mut ws, &mut grads);
    (logits, grads.to_vec())
}

fn noise(len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 7919 + 13) % 1009) as f32 / 504.5 - 1.0).collect()
}

fn check(spec: &ModelSpec, batch: usize) {
    let (plain, fused) = (spec.build::<f32>().unwrap(), fuse(spec.build::<f32>().unwrap()));
    assert!(fused.nodes().len() < plain.nodes().len(), "nothing was fused in {}", spec.name);
    assert_eq!(plain.params(), fused.params());
    let params = plain.init_params(&nn::init::InitScheme::default(), 7);
    assert_eq!(*params, *fused.init_params(&nn::init::InitScheme::default(), 7), "{}: the start", spec.name);
    let input = noise(batch * spec.input.len());
    let targets: Vec<u32> = (0..batch as u32).map(|i| i % 5).collect();
    let (logits, grads) = step(&plain, &params, &input, &targets);
    let (fused_logits, fused_grads) = step(&fused, &params, &input, &targets);
    assert_eq!(logits, fused_logits, "{}: the forward pass is the same to the bit", spec.name);
    for entry in plain.params() {
        let (a, b) = (&grads[entry.range.clone()], &fused_grads[entry.range.clone()]);
        let scale = a.iter().fold(1e-12_f32, |m, x| m.max(x.abs()));
        for (i, (a, b)) in a.iter().zip(b).enumerate() {
            assert!((a - b).abs() <= 2e-6 * scale, "{} {}[{i}]: {a} and {b}", spec.name, entry.name);
        }
    }
}

#[test]
fn the_models_compute_the_same_when_fused() {
    for size in [128, 40] {
        let image = Shape::image(1, size, size);
        check(&zoo::lenet5(image, 5), 3);
        check(&zoo::lenet5_modified(image, 5), 3);
    }
}

#[test]
fn a_fused_network_computes_the_same_in_f64() {
    let spec = zoo::lenet5_modified(Shape::image(1, 24, 20), 5);
    let (plain, fused) = (spec.build::<f64>().unwrap(), fuse(spec.build::<f64>().unwrap()));
    let params = plain.init_params(&nn::init::InitScheme::default(), 7);
    let input: Vec<f64> = noise(2 * spec.input.len()).into_iter().map(f64::from).collect();
    let (a, b) = (step(&plain, &params, &input, &[1, 4]), step(&fused, &params, &input, &[1, 4]));
    assert_eq!(a, b);
}

#[test]
fn branches_compute_the_same_when_fused() {
    check(&branches(Shape::image(3, 20, 17), 5), 5);
}

/// Fusion removes layers; what is drawn for those that stay must not change.
#[test]
fn dropout_drops_the_same_numbers_when_fused() {
    let spec: ModelSpec = serde_json::from_str(
        r#"{"name": "d", "input": [1, 12, 12], "layers": [
            {"name": "conv1", "kind": "conv2d", "out_channels": 3, "kernel_size": 3},
            {"name": "pool1", "kind": "max_pool2d", "kernel_size": 2},
            {"name": "act1", "kind": "relu"},
            {"name": "drop1", "kind": "dropout", "p": 0.5},
            {"name": "flat", "kind": "flatten"},
            {"name": "fc1", "kind": "linear", "out_features": 5}]}"#,
    )
    .unwrap();
    check(&spec, 4);
}

#[test]
fn a_norm_with_its_activation_computes_the_same() {
    for f in ["relu", "silu", "gelu", "sigmoid", "tanh", "leaky_relu"] {
        let spec: ModelSpec = serde_json::from_str(&format!(
            r#"{{"name": "n", "input": [2, 9, 7], "layers": [
                {{"name": "conv1", "kind": "conv2d", "out_channels": 5, "kernel_size": 3, "stride": 2}},
                {{"name": "norm1", "kind": "batch_norm2d"}},
                {{"name": "act1", "kind": "{f}"}},
                {{"name": "conv2", "kind": "conv2d", "out_channels": 16, "kernel_size": 1}},
                {{"name": "norm2", "kind": "batch_norm2d"}},
                {{"name": "act2", "kind": "{f}"}},
                {{"name": "flat", "kind": "flatten"}},
                {{"name": "fc1", "kind": "linear", "out_features": 5}}]}}"#
        ))
        .unwrap();
        check(&spec, 6);
    }
}

/// Convolutions with a norm and what follows it: pooled or not, cheap to compute anew or kept, odd sizes, small planes.
#[test]
fn a_convolution_with_its_norm_and_pooling_computes_the_same() {
    for (f, size) in [("relu", "[1, 40, 44]"), ("leaky_relu", "[3, 37, 41]"), ("silu", "[2, 36, 36]")] {
        let spec: ModelSpec = serde_json::from_str(&format!(
            r#"{{"name": "n", "input": {size}, "layers": [
                {{"name": "conv1", "kind": "conv2d", "out_channels": 5, "kernel_size": 3, "padding": 1, "bias": false}},
                {{"name": "norm1", "kind": "batch_norm2d"}},
                {{"name": "act1", "kind": "{f}"}},
                {{"name": "pool1", "kind": "max_pool2d", "kernel_size": 2}},
                {{"name": "conv2", "kind": "conv2d", "out_channels": 6, "kernel_size": 3, "padding": 1, "bias": false}},
                {{"name": "norm2", "kind": "batch_norm2d"}},
                {{"name": "act2", "kind": "{f}"}},
                {{"name": "conv3", "kind": "conv2d", "out_channels": 7, "kernel_size": 3, "padding": 1, "bias": false}},
                {{"name": "norm3", "kind": "batch_norm2d"}},
                {{"name": "act3", "kind": "{f}"}},
                {{"name": "pool3", "kind": "max_pool2d", "kernel_size": 2}},
                {{"name": "flat", "kind": "flatten"}},
                {{"name": "fc1", "kind": "linear", "out_features": 5}}]}}"#
        ))
        .unwrap();
        let kinds: Vec<_> =
            fuse(spec.build::<f32>().unwrap()).nodes().iter().map(|n| n.layer.kind()).collect();
        let expected = if f == "silu" { "conv2d" } else { &format!("conv2d+batch_norm2d+{f}+max_pool2d") };
        assert_eq!(kinds[0], expected);
        check(&spec, 6);
    }
}

#[test]
fn a_bias_before_a_norm_has_a_gradient_of_zero() {
    let spec: ModelSpec = serde_json::from_str(
        r#"{"name": "n", "input": [1, 20, 20], "layers": [
            {"name": "conv1", "kind": "conv2d", "out_channels": 3, "kernel_size": 3},
            {"name": "norm1", "kind": "batch_norm2d"},
            {"name": "flat", "kind": "flatten"},
            {"name": "fc1", "kind": "linear", "out_features": 5}]}"#,
    )
    .unwrap();
    let (plain, fused) = (spec.build::<f32>().unwrap(), fuse(spec.build::<f32>().unwrap()));
    let params = plain.init_params(&nn::init::InitScheme::default(), 7);
    let [plain_grads, grads] =
        [&plain, &fused].map(|net| step(net, &params, &noise(4 * 400), &[0, 1, 2, 3]).1);
    let entry = plain.params().iter().find(|e| e.name == "conv1.bias").unwrap();
    assert_eq!(grads[entry.range.clone()], [0.0; 3]);
    assert!(plain_grads[entry.range.clone()].iter().all(|g| g.abs() < 1e-6));
}

#[test]
fn the_larger_models_compute_the_same_when_fused() {
    for size in [128, 50] {
        check(&zoo::residual(Shape::image(1, size, size), 5), 4);
        check(&zoo::depthwise(Shape::image(1, size, size), 5), 4);
    }
}

/// Strides, groups, no bias, every activation; in f64 to the bit, where the plain chain's gradients are checked.
#[test]
fn a_convolution_with_its_activation_computes_the_same() {
    for f in ["relu", "silu", "gelu", "sigmoid", "tanh", "leaky_relu"] {
        let spec: ModelSpec = serde_json::from_str(&format!(
            r#"{{"name": "a", "input": [2, 23, 21], "layers": [
                {{"name": "conv1", "kind": "conv2d", "out_channels": 6, "kernel_size": 3, "padding": 1}},
                {{"name": "act1", "kind": "{f}"}},
                {{"name": "conv2", "kind": "conv2d", "out_channels": 16, "kernel_size": 3, "groups": 2, "bias": false}},
                {{"name": "act2", "kind": "{f}"}},
                {{"name": "conv3", "kind": "conv2d", "out_channels": 32, "kernel_size": 3, "stride": 2}},
                {{"name": "act3", "kind": "{f}"}},
                {{"name": "flat", "kind": "flatten"}},
                {{"name": "fc1", "kind": "linear", "out_features": 5}}]}}"#
        ))
        .unwrap();
        let fused = fuse(spec.build::<f32>().unwrap());
        assert_eq!(fused.nodes()[0].layer.kind(), format!("conv2d+{f}"));
        check(&spec, 3);
        let (plain, fused) = (spec.build::<f64>().unwrap(), fuse(spec.build::<f64>().unwrap()));
        let params = plain.init_params(&nn::init::InitScheme::default(), 7);
        let input: Vec<f64> = noise(2 * spec.input.len()).into_iter().map(f64::from).collect();
        let [a, b] = [&plain, &fused].map(|net| step(net, &params, &input, &[1, 4]));
        assert_eq!(a, b, "{f}");
    }
}
