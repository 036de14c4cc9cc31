//! One harness for every layer.

use kernels::{Buffer, Element};
use nn::layers::LinearConfig;
use nn::loss::CrossEntropyLoss;
use nn::{
    Ctx, Layer, LayerSpec, Locality, Mode, ModelFile, ModelSpec, NamedLayer, Past, Saved, SavedMut, Shape,
    StepId, View, ViewMut, Weights,
};
use testkit::{GradCheck, formula};

const BATCH: usize = 3;
const CTX: Ctx = Ctx { mode: Mode::Train, seed: 5, step: 2, layer: 0, first_sample: 0 };

/// Checks the layer's gradients against slopes, that it keeps to the rules of [`Layer`], that bits do not depend on
/// the number of threads, and that its parameters come back from a file.
pub(crate) fn check_layer(spec: &LayerSpec, input: Shape) {
    let layer = spec.build::<f64>("under_test", input).unwrap();
    assert_eq!(layer.input_shape(), input);
    gradients_are_slopes(&*layer);
    backward_treats_what_was_there_as_it_says(&*layer);
    if layer.locality() != Locality::Batch {
        samples_do_not_see_each_other(&*layer);
    }
    let model = ModelSpec {
        name: "check".into(),
        input,
        layers: vec![
            NamedLayer::new("under_test", spec.clone()),
            NamedLayer::new("fc", LayerSpec::Linear(LinearConfig::new(4))),
        ],
    };
    threads_do_not_matter(&model);
    parameters_come_back_from_a_file(&model);
}

/// What one forward pass leaves behind.
pub(crate) struct Trace<T> {
    pub(crate) output: Vec<T>,
    pub(crate) numbers: Vec<T>,
    bytes: Vec<u8>,
    packed: Vec<T>,
}

pub(crate) fn forward<T: Element>(layer: &dyn Layer<T>, ctx: &Ctx, params: &[T], input: &[T]) -> Trace<T> {
    let batch = input.len() / layer.input_shape().len();
    let size = layer.saved_size();
    let mut trace = Trace {
        output: vec![T::from_f64(f64::NAN); layer.output_shape().len() * batch],
        numbers: vec![T::ZERO; size.numbers * batch + size.numbers_per_batch],
        bytes: vec![0; size.bytes * batch],
        packed: vec![T::ZERO; layer.packed_len()],
    };
    layer.pack(ctx.mode, params, &mut trace.packed);
    layer.forward(
        ctx,
        Weights { params, packed: &trace.packed },
        View { batch, data: input },
        ViewMut { batch, data: &mut trace.output },
        SavedMut { numbers: &mut trace.numbers, bytes: &mut trace.bytes },
    );
    trace
}

/// Gives `∂L/∂input` and adds `∂L/∂params` to `grad_params`.
pub(crate) fn backward<T: Element>(
    layer: &dyn Layer<T>,
    params: &[T],
    input: &[T],
    trace: &Trace<T>,
    grad_output: &[T],
    grad_params: &mut [T],
) -> Vec<T> {
    let batch = input.len() / layer.input_shape().len();
    let mut grad_input = vec![T::from_f64(f64::NAN); input.len()];
    layer.backward(
        &CTX,
        Weights { params, packed: &trace.packed },
        Past {
            input: View { batch, data: input },
            output: View { batch, data: &trace.output },
            saved: Saved { numbers: &trace.numbers, bytes: &trace.bytes },
        },
        View { batch, data: grad_output },
        Some(ViewMut { batch, data: &mut grad_input }),
        grad_params,
    );
    grad_input
}

pub(crate) fn train_ctx() -> Ctx {
    CTX
}

fn num_params(layer: &dyn Layer<f64>) -> usize {
    layer.params().iter().map(nn::ParamSpec::len).sum()
}

/// Input, parameters, `∂L/∂output`.
fn numbers(layer: &dyn Layer<f64>) -> [Vec<f64>; 3] {
    let input = formula(1, BATCH * layer.input_shape().len(), 2.0);
    let params = formula(2, num_params(layer), 1.0);
    let grad_output = formula(3, BATCH * layer.output_shape().len(), 1.0);
    [input, params, grad_output]
}

/// For `L = Σ grad_output · output`, over every input and every parameter.
fn gradients_are_slopes(layer: &dyn Layer<f64>) {
    let [input, params, grad_output] = numbers(layer);
    let loss = |at: &[f64]| {
        let (x, w) = at.split_at(input.len());
        let output = forward(layer, &CTX, w, x).output;
        output.iter().zip(&grad_output).map(|(y, g)| y * g).sum()
    };
    let trace = forward(layer, &CTX, &params, &input);
    let mut grad_params = vec![0.0; params.len()];
    let mut gradient = backward(layer, &params, &input, &trace, &grad_output, &mut grad_params);
    gradient.extend(grad_params);
    let at = [input.clone(), params.clone()].concat();
    GradCheck::default().run(layer.kind(), loss, &at, &gradient, 0..at.len());
}

fn backward_treats_what_was_there_as_it_says(layer: &dyn Layer<f64>) {
    let [input, params, grad_output] = numbers(layer);
    let trace = forward(layer, &CTX, &params, &input);
    let mut once = vec![0.0; params.len()];
    let first = backward(layer, &params, &input, &trace, &grad_output, &mut once);
    let mut twice = once.clone();
    let second = backward(layer, &params, &input, &trace, &grad_output, &mut twice);
    assert_eq!(first, second, "{}: grad_input holds what was there before", layer.kind());
    let times = if layer.overwrites_grads() { 1.0 } else { 2.0 };
    for (i, (a, b)) in once.iter().zip(&twice).enumerate() {
        assert!((times * a - b).abs() <= 1e-12 * b.abs(), "{}: gradient {i}: {a}, then {b}", layer.kind());
    }
}

fn samples_do_not_see_each_other(layer: &dyn Layer<f64>) {
    let [input, params, _] = numbers(layer);
    let together = forward(layer, &CTX, &params, &input).output;
    let alone: Vec<f64> = input
        .chunks_exact(layer.input_shape().len())
        .enumerate()
        .flat_map(|(first_sample, x)| forward(layer, &Ctx { first_sample, ..CTX }, &params, x).output)
        .collect();
    assert_eq!(together, alone, "{}: a sample's output depends on its neighbours", layer.kind());
}

/// Bits of logits and gradients of one training step, in f32.
pub(crate) fn step_bits(model: &ModelSpec, batch: usize, threads: usize) -> Vec<u32> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let net = model.build::<f32>().unwrap();
        let mut params = net.init_params(&nn::init::InitScheme::default(), 1);
        let input: Vec<f32> =
            formula(4, batch * net.input_shape().len(), 1.0).iter().map(|&x| x as f32).collect();
        let classes = net.output_shape().len() as u32;
        let targets: Vec<u32> = (0..batch as u32).map(|i| i % classes).collect();
        let mut ws = net.workspace(batch, Mode::Train);
        let mut grads = Buffer::zeros(net.num_slots());
        let at = StepId { seed: 3, step: 1 };
        net.forward(&params, &input, at, &mut ws);
        let (logits, grad) = ws.logits_and_grad();
        let mut bits: Vec<u32> = logits.iter().map(|x| x.to_bits()).collect();
        CrossEntropyLoss::default().forward_backward(logits, &targets, grad);
        net.backward(&params, &input, at, &mut ws, &mut grads);
        net.update_stats(&mut params, &ws);
        bits.extend(grads.iter().chain(params.iter()).map(|x| x.to_bits()));
        bits
    })
}

fn threads_do_not_matter(model: &ModelSpec) {
    let one = step_bits(model, 7, 1);
    assert!(one == step_bits(model, 7, 2), "{:?}: bits differ between 1 and 2 threads", model.layers[0]);
}

fn parameters_come_back_from_a_file(model: &ModelSpec) {
    let net = model.build::<f32>().unwrap();
    let params = net.init_params(&nn::init::InitScheme::default(), 1);
    let file = ModelFile::of(model, &net, &params, Default::default());
    let read = ModelFile::from_bytes(&file.to_bytes()).unwrap();
    let mut loaded = Buffer::zeros(net.num_slots());
    read.load_into(&net, &mut loaded).unwrap();
    assert_eq!(params[..], loaded[..]);
    assert_eq!(read.spec.as_ref(), Some(model));
}
