//! Start values fitted to data, which deep sigmoid networks need.

use kernels::Element;
use rng::{Purpose, Stream};

use super::{Fans, Init};
use crate::layer::Mode;
use crate::param::Role;
use crate::sequential::Sequential;

/// Draws normal weights and scales them layer by layer, so that what enters each activation, over one batch, has
/// mean 0 in every channel and standard deviation `target_std` over all; what the last layer computes gets
/// `last_std`.
///
/// 'What enters the activation' is measured behind any pooling between the layer and its activation, because a max
/// pool moves the mean and narrows the spread. Pooling commutes with a positive scale and a shift, so one pass fits
/// the layer exactly. For sigmoids 1.5 is a good target: unit variance leaves them almost linear, PyTorch's default
/// almost constant (the reason why a LeNet5 with sigmoids stays at chance).
///
/// A tensor's draws are those of [`Sequential::init_params`] with [`Init::LecunNormal`]; parameters that are not a
/// weight or its bias get their layer's own start.
///
/// Give it the network before fusion: a fused layer does not show what enters its activation. The parameters lie
/// in the same places.
///
/// # Shapes
/// `params` `[num_slots]`, overwritten; `input` `[batch, …input_shape]`, a few hundred samples are plenty.
///
/// # Panics
/// If a length does not match.
///
/// # Source
/// Mishkin & Matas 2015, 'All you need is a good init', arXiv 1511.06422, with the pooled value as what is measured.
///
/// # Examples
/// ```
/// let net = nn::zoo::perceptron(50).build::<f32>()?;
/// let photos: Vec<f32> = (0..20 * 64).map(|i| ((i * 37) % 101) as f32 / 101.0).collect();
/// let mut params = kernels::Buffer::zeros(net.num_slots());
/// nn::init::init_from_data(&net, &mut params, &photos, 1.0, 0.1, 7);
/// let hidden = net.forward_node(0, &params, &photos, nn::Mode::Eval);
/// let variance = hidden.iter().map(|v| v * v).sum::<f32>() / hidden.len() as f32;
/// assert!((variance - 1.0).abs() < 1e-3);
/// # Ok::<(), nn::BuildError>(())
/// ```
pub fn init_from_data<T: Element>(
    net: &Sequential<T>,
    params: &mut [T],
    input: &[T],
    target_std: f64,
    last_std: f64,
    seed: u64,
) {
    assert_eq!(params.len(), net.num_slots(), "length of the parameters");
    let last = net.nodes().iter().rposition(|n| n.layer.params().iter().any(|p| p.role == Role::Weight));
    let mut number = 0;
    // Only batch normalisation differs here: as in training it shall use the batch's own statistics.
    let mode = |i: usize| {
        let has_stats = net.nodes()[i].layer.params().iter().any(|p| p.role == Role::Statistic);
        if has_stats { Mode::Train } else { Mode::Eval }
    };
    net.forward_all(params, input, mode, |i, params, inputs| {
        let layer = &net.nodes()[i].layer;
        draw(net, i, number, params, seed);
        number += layer.params().len() as u64;
        if layer.params().iter().any(|p| p.role == Role::Weight) {
            let target = if Some(i) == last { last_std } else { target_std };
            fit(net, i, params, inputs[0], target);
        }
    });
}

fn draw<T: Element>(net: &Sequential<T>, i: usize, mut number: u64, params: &mut [T], seed: u64) {
    let node = &net.nodes()[i];
    let mut start = node.params.start;
    for spec in node.layer.params() {
        let tensor = &mut params[start..start + spec.len()];
        let fans = Fans { fan_in: spec.fan_in(), fan_out: spec.fan_out() };
        let init = match (spec.role, spec.init) {
            (_, own @ (Init::Zeros | Init::Ones)) => own,
            (Role::Weight, _) => Init::LecunNormal,
            (Role::Bias | Role::Statistic, _) => Init::Zeros,
        };
        init.fill(tensor, fans, &mut Stream::new(seed, Purpose::Init, 0, number));
        start += spec.len();
        number += 1;
    }
}

/// Scales the layer's weights and sets its bias, after a pass with bias zero up to the next activation.
fn fit<T: Element>(net: &Sequential<T>, i: usize, params: &mut [T], input: &[T], target_std: f64) {
    let node = &net.nodes()[i];
    let mut value = net.forward_node(i, params, input, Mode::Eval);
    let pools = |&n: &usize| keeps_channels(net.nodes()[n].layer.kind()) && net.sources()[n] == [Some(n - 1)];
    for next in (i + 1..net.nodes().len()).take_while(pools) {
        value = net.forward_node(next, params, &value, Mode::Eval);
    }
    let channels = node.layer.output_shape().dims()[0];
    let batch = input.len() / node.layer.input_shape().len();
    let plane = value.len() / (channels * batch).max(1);
    let (means, std) = moments(&value, channels, plane);
    let scale = if std > 0.0 && std.is_finite() { target_std / std } else { 1.0 };
    let mut start = node.params.start;
    for spec in node.layer.params() {
        let tensor = &mut params[start..start + spec.len()];
        match spec.role {
            Role::Weight => tensor.iter_mut().for_each(|w| *w *= T::from_f64(scale)),
            Role::Bias => {
                tensor.iter_mut().zip(&means).for_each(|(b, mean)| *b = T::from_f64(-mean * scale));
            }
            Role::Statistic => {}
        }
        start += spec.len();
    }
}

/// Layers between a weight and its activation that neither mix channels nor bend the values.
fn keeps_channels(kind: &str) -> bool {
    matches!(kind, "max_pool2d" | "avg_pool2d" | "dropout")
}

/// Each channel's mean, and the standard deviation of all values around their channel's mean.
fn moments<T: Element>(value: &[T], channels: usize, plane: usize) -> (Vec<f64>, f64) {
    let planes = || value.chunks_exact(plane.max(1)).enumerate().map(|(k, p)| (k % channels, p));
    let per_channel = (value.len() / channels.max(1)).max(1) as f64;
    let mut means = vec![0.0; channels];
    planes().for_each(|(c, p)| means[c] += p.iter().map(|v| v.to_f64()).sum::<f64>() / per_channel);
    let squares: f64 =
        planes().map(|(c, p)| p.iter().map(|v| (v.to_f64() - means[c]).powi(2)).sum::<f64>()).sum();
    (means, (squares / value.len().max(1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::Buffer;

    #[test]
    fn pooled_values_before_every_activation_get_the_asked_spread() {
        let net = crate::zoo::lenet5(crate::Shape::image(1, 32, 32), 10).build::<f32>().unwrap();
        let mut stream = Stream::new(5, Purpose::Synthetic, 0, 0);
        let input: Vec<f32> = (0..8 * 1024).map(|_| stream.uniform()).collect();
        let mut params = Buffer::zeros(net.num_slots());
        init_from_data(&net, &mut params, &input, 1.5, 0.1, 1);
        let mut value = input;
        let mut checked = 0;
        for (i, node) in net.nodes().iter().enumerate() {
            let is_last = i + 1 == net.nodes().len();
            if node.layer.kind() == "sigmoid" {
                let channels = node.layer.output_shape().dims()[0];
                let (means, std) = moments(&value, channels, node.layer.output_shape().len() / channels);
                assert!((std - 1.5).abs() < 1e-3, "{}: {std}", node.name);
                assert!(means.iter().all(|m| m.abs() < 1e-3), "{}: {means:?}", node.name);
                checked += 1;
            }
            value = net.forward_node(i, &params, &value, Mode::Eval);
            if is_last {
                assert!((moments(&value, 10, 1).1 - 0.1).abs() < 1e-3);
            }
        }
        assert_eq!(checked, 4);
    }

    #[test]
    fn a_constant_input_leaves_finite_weights() {
        let net = crate::zoo::perceptron(5).build::<f64>().unwrap();
        let mut params = Buffer::zeros(net.num_slots());
        init_from_data(&net, &mut params, &[0.0; 3 * 64], 1.0, 0.1, 1);
        assert!(params.iter().all(|w| w.is_finite()));
        assert!(params.iter().any(|&w| w != 0.0));
    }
}
