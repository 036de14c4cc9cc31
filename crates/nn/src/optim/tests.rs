//! The updates against their formulas, on a network with every role.

use super::*;
use crate::layers::{BatchNorm2dConfig, Conv2dConfig, LinearConfig};
use crate::param::Role;
use crate::{LayerSpec, ModelSpec, NamedLayer, Shape};

fn net() -> Sequential<f64> {
    let layers = vec![
        NamedLayer::new("conv", LayerSpec::Conv2d(Conv2dConfig::new(2, 3))),
        NamedLayer::new("norm", LayerSpec::BatchNorm2d(BatchNorm2dConfig::default())),
        NamedLayer::new("fc", LayerSpec::Linear(LinearConfig::new(3))),
    ];
    ModelSpec { name: "test".into(), input: Shape::image(1, 5, 5), layers }.build().unwrap()
}

fn value_of(net: &Sequential<f64>, params: &[f64], name: &str) -> f64 {
    params[net.params().iter().find(|e| e.name == name).unwrap().range.start]
}

#[test]
fn decay_touches_weights_only_and_statistics_never_move() {
    let net = net();
    let zeros = vec![0.0; net.num_slots()];
    let sgd = Sgd { weight_decay: 0.5, ..Sgd::default() };
    let adamw = AdamW { weight_decay: 0.5, ..AdamW::default() };
    for config in [OptimizerConfig::Sgd(sgd), OptimizerConfig::AdamW(adamw)] {
        let mut params = vec![1.0; net.num_slots()];
        config.build(&net).step(&mut params, &zeros, 0.1);
        for entry in net.params() {
            let expected = if entry.spec.role == Role::Weight { 0.95 } else { 1.0 };
            let found = value_of(&net, &params, &entry.name);
            assert!((found - expected).abs() < 1e-12, "{config:?} {}: {found}", entry.name);
        }
    }
}

#[test]
fn statistics_do_not_move_under_a_gradient() {
    let net = net();
    let mut params = vec![1.0; net.num_slots()];
    let ones = vec![1.0; net.num_slots()];
    OptimizerConfig::Sgd(Sgd::default()).build(&net).step(&mut params, &ones, 0.1);
    assert_eq!(value_of(&net, &params, "norm.running_var"), 1.0);
    assert_eq!(value_of(&net, &params, "norm.weight"), 0.9);
    assert_eq!(value_of(&net, &params, "fc.bias"), 0.9);
}

#[test]
fn the_published_decay_is_not_scaled_by_the_learning_rate_and_hits_biases() {
    let net = net();
    let published = Sgd { decoupled_decay: 0.001, decayed: Decayed::All, ..Sgd::ema(0.95) };
    let mut params = vec![1.0; net.num_slots()];
    let ones = vec![1.0; net.num_slots()];
    OptimizerConfig::Sgd(published).build(&net).step(&mut params, &ones, 0.1);
    for name in ["conv.weight", "fc.bias"] {
        // v = 0.05 · 1; w = 1 − (0.1 · 0.05 + 0.001)
        assert!((value_of(&net, &params, name) - 0.994).abs() < 1e-12);
    }
}

#[test]
fn without_decay_all_trained_neighbours_are_one_span() {
    let spans = |decayed| spans::spans(&net(), decayed).len();
    assert_eq!(spans(None), 2, "before and after the running statistics");
    assert_eq!(spans(Some(Decayed::Weights)), 4, "conv.weight, biases and norm, fc.weight, fc.bias");
}

#[test]
fn a_kept_state_continues_with_the_same_bits() {
    let net = net();
    let grads: Vec<f64> = (0..net.num_slots()).map(|i| (i as f64).sin()).collect();
    for config in [OptimizerConfig::Sgd(Sgd::with_momentum(0.9)), OptimizerConfig::Adam(Adam::default())] {
        let mut params = vec![1.0; net.num_slots()];
        let mut first = config.build(&net);
        (0..3).for_each(|_| first.step(&mut params, &grads, 0.1));
        let mut second = config.build(&net);
        second.set_state(&first.state()).unwrap();
        assert_eq!(second.state(), first.state());
        let mut copy = params.clone();
        first.step(&mut params, &grads, 0.1);
        second.step(&mut copy, &grads, 0.1);
        assert_eq!(params, copy);
    }
}

#[test]
fn the_state_of_another_optimizer_is_refused() {
    let net = net();
    let sgd = OptimizerConfig::Sgd(Sgd::default()).build(&net);
    let mut adam = OptimizerConfig::Adam(Adam::default()).build(&net);
    let error = adam.set_state(&sgd.state()).unwrap_err().to_string();
    assert!(error.contains("momentum[") && error.contains("variance["), "{error}");
}

#[test]
fn clipping_by_norm_leaves_short_gradients_alone() {
    let mut grads = [0.3_f64, -0.4];
    assert_eq!(clip_norm(&mut grads, 1.0), 0.5);
    assert_eq!(grads, [0.3, -0.4]);
    clip_value(&mut grads, 0.35);
    assert_eq!(grads, [0.3, -0.35]);
}
