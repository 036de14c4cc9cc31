//! Layers, losses, optimizers and schedules one by one against PyTorch (`tests/golden/make_golden.py`).

use kernels::Buffer;
use nn::layers::{BatchNorm2dConfig, Conv2dConfig, LinearConfig, Pool2dConfig};
use nn::loss::{CrossEntropyLoss, Reduction};
use nn::optim::{Adam, AdamW, Decayed, OptimizerConfig, Sgd, clip_norm};
use nn::schedule::{Curve, OneCycle, Schedule};
use nn::{Ctx, LayerSpec, Mode, ModelFile, ModelSpec, NamedLayer, Saved, Shape, StepId};
use testkit::{Golden, Tolerance, assert_close, assert_close_to_largest};

use crate::check_layer::{backward, forward, train_ctx};
use crate::golden_models::rounded;

fn golden() -> Golden {
    Golden::read("tests/golden/parts.safetensors")
}

/// In the order of the script's `LAYERS`, from which the seeds follow.
fn layers() -> Vec<(&'static str, LayerSpec, Shape)> {
    let conv = |name, config, shape| (name, LayerSpec::Conv2d(config), shape);
    let pool3 = Pool2dConfig { stride: Some(2), ..Pool2dConfig::new(3).with_padding(1) };
    let apart = Pool2dConfig { stride: Some(3), ..Pool2dConfig::new(2) };
    vec![
        conv(
            "conv_stride",
            Conv2dConfig { stride: 2, ..Conv2dConfig::new(4, 3).with_padding(1) },
            Shape::image(3, 9, 8),
        ),
        conv(
            "conv_dilation",
            Conv2dConfig { dilation: 2, ..Conv2dConfig::new(2, 3).with_padding(2) },
            Shape::image(2, 7, 8),
        ),
        conv(
            "conv_groups",
            Conv2dConfig { groups: 2, bias: false, ..Conv2dConfig::new(6, 3) },
            Shape::image(4, 6, 5),
        ),
        ("max_pool", LayerSpec::MaxPool2d(pool3.clone()), Shape::image(2, 9, 8)),
        ("max_pool_apart", LayerSpec::MaxPool2d(apart), Shape::image(2, 8, 9)),
        ("avg_pool", LayerSpec::AvgPool2d(Pool2dConfig::new(2)), Shape::image(2, 8, 9)),
        ("avg_pool_padded", LayerSpec::AvgPool2d(pool3), Shape::image(2, 8, 9)),
        ("linear", LayerSpec::Linear(LinearConfig::new(5)), Shape::image(3, 2, 2)),
        ("linear_no_bias", LayerSpec::Linear(LinearConfig { bias: false, out_features: 3 }), Shape::Flat(7)),
        ("batch_norm", LayerSpec::BatchNorm2d(BatchNorm2dConfig::default()), Shape::image(3, 4, 5)),
        ("relu", LayerSpec::Relu, Shape::Flat(40)),
        ("sigmoid", LayerSpec::Sigmoid, Shape::Flat(40)),
        ("silu", LayerSpec::Silu, Shape::Flat(40)),
        ("tanh", LayerSpec::Tanh, Shape::Flat(40)),
    ]
}

/// Trained tensors by the script's formula; running statistics as they start.
fn params_of(layer: &dyn nn::Layer<f64>, k: u64) -> Vec<f64> {
    let tensor = |(i, spec): (usize, &nn::ParamSpec)| match spec.name {
        "running_mean" => vec![0.0; spec.len()],
        "running_var" => vec![1.0; spec.len()],
        _ => rounded(10 * k + i as u64, spec.len(), 1.0, 0.0),
    };
    layer.params().iter().enumerate().flat_map(tensor).collect()
}

#[test]
fn layers_forward_and_backward() {
    let golden = golden();
    for (k, (name, spec, shape)) in layers().into_iter().enumerate() {
        let layer = spec.build::<f64>(name, shape).unwrap();
        let params = params_of(&*layer, k as u64);
        let input: Vec<f64> = rounded(10 * k as u64 + 5, 3 * shape.len(), 4.0, 0.0);
        let grad_output: Vec<f64> = rounded(10 * k as u64 + 6, 3 * layer.output_shape().len(), 1.0, 0.0);
        let trace = forward(&*layer, &train_ctx(), &params, &input);
        let mut grad_params = vec![0.0; params.len()];
        let grad_input = backward(&*layer, &params, &input, &trace, &grad_output, &mut grad_params);
        let close = |what: &str, found: &[f64]| {
            let what = format!("{name}.{what}");
            assert_close_to_largest(&what, found, &golden.numbers(&what), 1e-12);
        };
        close("output", &trace.output);
        close("grad_input", &grad_input);
        let trained: usize = layer.params().iter().filter(|p| p.is_trained()).map(nn::ParamSpec::len).sum();
        if trained > 0 {
            close("grad_params", &grad_params[..trained]);
        }
    }
}

#[test]
fn batch_norm_moves_its_statistics_and_uses_them() {
    let golden = golden();
    let (k, (name, spec, shape)) =
        layers().into_iter().enumerate().find(|(_, (name, ..))| *name == "batch_norm").unwrap();
    let layer = spec.build::<f64>(name, shape).unwrap();
    let mut params = params_of(&*layer, k as u64);
    let input: Vec<f64> = rounded(10 * k as u64 + 5, 3 * shape.len(), 4.0, 0.0);
    let trace = forward(&*layer, &train_ctx(), &params, &input);
    layer.update_stats(Saved { numbers: &trace.numbers, bytes: &[] }, &mut params);
    assert_close("running", &params[6..], &golden.numbers("batch_norm.running"), Tolerance::rel(1e-12));
    let eval = forward(&*layer, &Ctx { mode: Mode::Eval, ..train_ctx() }, &params, &input);
    assert_close_to_largest("eval", &eval.output, &golden.numbers("batch_norm.eval"), 1e-12);
}

#[test]
fn cross_entropy() {
    let golden = golden();
    let logits: Vec<f64> = rounded(500, 28, 3.0, 0.0);
    for (name, loss) in [
        ("loss.mean", CrossEntropyLoss::default()),
        ("loss.sum", CrossEntropyLoss { reduction: Reduction::Sum, ..Default::default() }),
        ("loss.smoothed", CrossEntropyLoss { label_smoothing: 0.1, ..Default::default() }),
    ] {
        let mut grad = vec![0.0; 28];
        let value = loss.forward_backward(&logits, &[3, 0, 6, 3], &mut grad);
        assert_close(name, &[value], &golden.numbers(name), Tolerance::rel(1e-12));
        assert_close_to_largest(name, &grad, &golden.numbers(&format!("{name}.grad")), 1e-12);
    }
}

#[test]
fn five_steps_of_every_optimizer() {
    let golden = golden();
    let layers = vec![NamedLayer::new("fc", LayerSpec::Linear(LinearConfig::new(3)))];
    let net = ModelSpec { name: "m".into(), input: Shape::Flat(3), layers }.build::<f64>().unwrap();
    let all = Decayed::All;
    for (name, config) in [
        ("sgd", OptimizerConfig::Sgd(Sgd { weight_decay: 0.1, decayed: all, ..Sgd::default() })),
        (
            "momentum",
            OptimizerConfig::Sgd(Sgd { weight_decay: 0.1, decayed: all, ..Sgd::with_momentum(0.9) }),
        ),
        ("nesterov", OptimizerConfig::Sgd(Sgd { nesterov: true, ..Sgd::with_momentum(0.9) })),
        (
            "adam",
            OptimizerConfig::Adam(Adam {
                betas: (0.8, 0.95),
                weight_decay: 0.1,
                decayed: all,
                ..Adam::default()
            }),
        ),
        ("adamw", OptimizerConfig::AdamW(AdamW { weight_decay: 0.1, decayed: all, ..AdamW::default() })),
    ] {
        let mut optimizer = config.build(&net);
        let mut params = vec![0.0; net.num_slots()];
        params[..12].copy_from_slice(&rounded::<f64>(600, 12, 1.0, 0.0));
        for step in 0..5 {
            let mut grads = rounded(601 + step, 12, 1.0, 0.0);
            grads.resize(net.num_slots(), 0.0);
            optimizer.step(&mut params, &grads, 0.1);
        }
        let expected = golden.numbers(&format!("optim.{name}"));
        // Not quite f64: the settings pass through f32 in some kernels' steps.
        assert_close(name, &params[..12], &expected, Tolerance { rel: 1e-6, abs: 1e-7 });
    }
}

#[test]
fn clipping_by_norm() {
    let golden = golden();
    let mut grads: Vec<f64> = rounded(620, 12, 1.0, 0.0);
    let norm = clip_norm(&mut grads, 0.5);
    assert_close("norm", &[norm], &golden.numbers("clip.norm"), Tolerance::rel(1e-12));
    assert_close("grad", &grads, &golden.numbers("clip.grad"), Tolerance::rel(1e-12));
}

#[test]
fn schedules() {
    let golden = golden();
    let set = OneCycle { pct_start: 0.2, div_factor: 10.0, final_div_factor: 100.0 };
    for (name, curve, total) in [
        ("lr.one_cycle", Curve::OneCycle(OneCycle::default()), 200),
        ("lr.one_cycle_set", Curve::OneCycle(set), 57),
        ("lr.cosine", Curve::Cosine { min_factor: 0.1 }, 120),
        ("lr.step", Curve::Step { every_epochs: 3, gamma: 0.2 }, 120),
        ("lr.per_batch", Curve::PerBatchDecay { factor: 0.999 }, 120),
    ] {
        let expected = golden.numbers(name);
        let schedule = Schedule { curve, ..Schedule::constant(0.3) };
        let found: Vec<f64> = (0..expected.len()).map(|step| schedule.lr_at(step, total, 10)).collect();
        assert_close(name, &found, &expected, Tolerance::rel(1e-9));
    }
}

#[test]
fn a_state_dict_of_pytorch_loads_and_predicts_the_same() {
    let layers = vec![
        NamedLayer::new("conv1", LayerSpec::Conv2d(Conv2dConfig::new(2, 3))),
        NamedLayer::new("norm1", LayerSpec::BatchNorm2d(BatchNorm2dConfig::default())),
        NamedLayer::new("act1", LayerSpec::Relu),
        NamedLayer::new("flatten", LayerSpec::Flatten),
        NamedLayer::new("fc1", LayerSpec::Linear(LinearConfig::new(3))),
    ];
    let net = ModelSpec { name: "m".into(), input: Shape::image(1, 6, 6), layers }.build::<f32>().unwrap();
    let file = ModelFile::read("tests/golden/torch_state_dict.safetensors").unwrap();
    assert_eq!(file.spec, None);
    let mut params = Buffer::zeros(net.num_slots());
    file.load_into(&net, &mut params).unwrap();
    let mut ws = net.workspace(2, Mode::Eval);
    net.forward(&params, &rounded::<f32>(701, 72, 1.0, 0.0), StepId::default(), &mut ws);
    let logits: Vec<f64> = ws.logits().iter().map(|&z| z.into()).collect();
    assert_close_to_largest("logits", &logits, &golden().numbers("state_dict.logits"), 1e-6);
}
