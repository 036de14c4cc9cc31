//! A network with its large weights in bf16: half the bytes where one image waits for nothing else.

use crate::layers::LinearBf16;
use crate::sequential::{Node, Sequential};

/// Weights from which on a layer waits for memory: 1 MiB, half of a core's L2.
const LEAST: usize = 1 << 18;

/// The same network for inference, fully connected layers of over a quarter of a million weights with those rounded to bf16 (8 bits of
/// mantissa), as they are in `params` now. Products and sums stay f32.
///
/// One image at a time, of which such a layer takes most of the time, is up to 1.6 times as quick; a weight moves by 1/512 of itself at
/// the most. The other parameters are still read from the slice that a pass is given.
///
/// # Panics
/// If `params` has another length than the network's slots; in a backward pass.
///
/// # Source
/// bf16: Intel, 'BFLOAT16 – Hardware Numerics Definition', 2018; here only stored.
///
/// # Examples
/// ```
/// use nn::{Mode, Shape, StepId};
///
/// let net = nn::fuse(nn::zoo::lenet5(Shape::image(1, 128, 128), 50).build::<f32>()?);
/// let params = net.init_params(&Default::default(), 1);
/// let logits = |net: &nn::Sequential| {
///     let mut memory = net.workspace(1, Mode::Eval);
///     net.forward(&params, &vec![0.5; 128 * 128], StepId::default(), &mut memory);
///     memory.logits().to_vec()
/// };
/// let exact = logits(&net);
/// let near = logits(&nn::in_bf16(net, &params));
/// assert!(exact != near && exact.iter().zip(&near).all(|(a, b)| (a - b).abs() < 1e-2));
/// # Ok::<(), nn::BuildError>(())
/// ```
#[must_use]
pub fn in_bf16(net: Sequential, params: &[f32]) -> Sequential {
    assert_eq!(params.len(), net.num_slots(), "length of the parameters");
    let rounded = |node: Node| match node.layer.product() {
        Some((out, inp)) if out * inp >= LEAST => {
            let layer = LinearBf16::of(node.layer, (out, inp), &params[node.params.clone()]);
            Node { layer: Box::new(layer), spec: None, ..node }
        }
        _ => node,
    };
    Sequential::connect(net.into_nodes().into_iter().map(rounded).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mode, Shape, StepId, zoo};

    #[test]
    fn keeps_every_parameter_in_its_place_and_gives_one_image_what_it_gives_many() {
        let spec = zoo::lenet5_modified(Shape::image(1, 128, 128), 50);
        let net = crate::fuse(spec.build::<f32>().unwrap());
        let params = net.init_params(&crate::init::InitScheme::default(), 1);
        let places = |net: &Sequential| {
            net.params().iter().map(|p| (p.name.clone(), p.range.clone())).collect::<Vec<_>>()
        };
        let (before, plain) = (places(&net), net);
        let net = in_bf16(crate::fuse(spec.build::<f32>().unwrap()), &params);
        assert_eq!(places(&net), before);
        let kinds = |net: &Sequential| net.nodes().iter().map(|n| n.layer.kind()).collect::<Vec<_>>();
        assert_eq!(
            kinds(&net).iter().filter(|kind| **kind == "linear in bf16").count(),
            1,
            "{:?}",
            kinds(&net)
        );

        let input: Vec<f32> = (0..9 * 128 * 128).map(|i| ((i * 7919) % 251) as f32 / 251.0).collect();
        let logits = |net: &Sequential, input: &[f32]| {
            let mut ws = net.workspace(9, Mode::Eval);
            net.forward(&params, input, StepId::default(), &mut ws);
            ws.logits().to_vec()
        };
        let (exact, all) = (logits(&plain, &input), logits(&net, &input));
        let largest = exact.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
        let apart = exact.iter().zip(&all).fold(0.0_f32, |m, (a, b)| m.max((a - b).abs()));
        assert!(apart > 0.0 && apart < 0.01 * largest, "{apart} of {largest}");
        for (one, row) in input.chunks_exact(128 * 128).zip(all.chunks_exact(50)) {
            assert_eq!(logits(&net, one), row);
        }
    }
}
