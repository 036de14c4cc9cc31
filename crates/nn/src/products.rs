//! Gradients of large linear weights that are left as products, for the optimizer to make tile by tile.
//!
//! A gradient of megabytes that is stored, and read again by the optimizer, goes past every cache twice. Its two factors are small
//! and stay where they are until the next forward pass: the layer's input, and the gradient of its output.

use std::ops::Range;

use kernels::Element;
use kernels::update::Product;

use crate::segment::{Segment, SegmentKind};
use crate::sequential::{Node, Sequential};
use crate::workspace::Workspace;

/// What becomes of the gradients that are products of two matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Products {
    /// They are stored among the others.
    Made,
    /// Those of 2¹⁸ numbers and more are left out: [`Sequential::products`] has their factors.
    Pending,
}

/// Smaller gradients stay in a core's L2 until the optimizer comes.
const LEAST: usize = 1 << 18;

/// A layer whose gradient may be left as a product.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    segment: usize,
    /// The layer's position in its segment.
    pub(crate) slot: usize,
    pub(crate) layer: usize,
    out: usize,
    len: usize,
    /// Where the weight lies among the flat parameters.
    pub(crate) range: Range<usize>,
}

/// The layers with a large weight whose two factors outlive the backward pass: the first and the last of each segment over batches.
/// (Between them gradients alternate between two buffers.)
pub(crate) fn places<T: Element>(nodes: &[Node<T>], segments: &[Segment]) -> Vec<Place> {
    let batches = segments.iter().enumerate().filter(|(_, s)| s.kind == SegmentKind::Batch);
    let ends = batches.flat_map(|(segment, s)| {
        let (first, last) = (s.layers.start, s.layers.end - 1);
        let ends = (first..=last).filter(move |&k| k == first || k == last);
        ends.map(move |layer| (segment, layer - first, layer))
    });
    ends.filter_map(|(segment, slot, layer)| {
        let (out, len) = nodes[layer].layer.product()?;
        let start = nodes[layer].params.start;
        let place = Place { segment, slot, layer, out, len, range: start..start + out * len };
        (out * len >= LEAST).then_some(place)
    })
    .collect()
}

impl<T: Element> Sequential<T> {
    /// The weights whose gradients may be left [`Products::Pending`], as ranges of the parameters.
    pub fn product_ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.pending().iter().map(|place| place.range.clone())
    }

    /// The gradients that [`Sequential::backward_to`] left [`Products::Pending`], each with the range of its weight among the parameters,
    /// in their order; `input` as it was given there.
    pub fn products<'a>(
        &'a self,
        input: &'a [T],
        ws: &'a Workspace<T>,
    ) -> impl Iterator<Item = (Range<usize>, Product<'a, T>)> + Clone {
        self.pending().iter().map(move |place| {
            let (batch, segment) = (ws.batch, &self.segments()[place.segment]);
            let memory = &ws.segments[place.segment];
            let x = match (place.slot, segment.inputs[0].from) {
                (0, None) => input,
                (0, Some(from)) => &ws.segments[from].output[..place.len * batch],
                (slot, _) => &memory.numbers[segment.slots[slot - 1].output(batch)],
            };
            let after = segment.layers.end - 1 - place.layer;
            let dy = if after == 0 { &memory.grad_output } else { &memory.between[after % 2] };
            let (out, len) = (place.out, place.len);
            (place.range.clone(), Product { dy: &dy[..out * batch], x, out, len, centered: false })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{BatchNorm2dConfig, Conv2dConfig, LinearConfig};
    use crate::optim::{Adam, AdamW, OptimizerConfig, Product, Sgd};
    use crate::{LayerSpec, Mode, ModelSpec, NamedLayer, Shape, StepId};

    /// A large weight as the first layer of its segment, with and without something before it, and as the last.
    fn nets() -> [Sequential; 3] {
        let linear = |name: &str, out| NamedLayer::new(name, LayerSpec::Linear(LinearConfig::new(out)));
        let conv = || NamedLayer::new("conv", LayerSpec::Conv2d(Conv2dConfig::new(1, 1)));
        let norm = || NamedLayer::new("norm", LayerSpec::BatchNorm2d(BatchNorm2dConfig::default()));
        let relu = |name: &str| NamedLayer::new(name, LayerSpec::Relu);
        let build = |layers| {
            ModelSpec { name: "test".into(), input: Shape::image(1, 64, 64), layers }.build().unwrap()
        };
        [
            build(vec![linear("fc1", 64), relu("act1"), linear("fc2", 10), relu("act2"), linear("fc3", 3)]),
            build(vec![conv(), relu("act1"), linear("fc1", 64), relu("act2"), linear("fc2", 3)]),
            build(vec![norm(), relu("act1"), linear("fc1", 70)]),
        ]
    }

    #[test]
    fn what_is_left_out_is_the_gradient_and_moves_the_weights_to_the_same_bits() {
        for net in nets() {
            let start = net.init_params(&crate::init::InitScheme::default(), 1);
            let input: Vec<f32> = (0..3 * 4096).map(|i| ((i * 97) % 251) as f32 / 125.0 - 1.0).collect();
            let at = StepId::default();
            let mut ws = net.workspace(3, Mode::Train);
            net.forward(&start, &input, at, &mut ws);
            ws.logits_and_grad().1.iter_mut().enumerate().for_each(|(i, g)| *g = (i as f32).sin());
            let [mut made, mut pending] = [0.5, 0.25].map(|old| vec![old; net.num_slots()]);
            assert!(net.backward_to(Products::Made, &start, &input, at, &mut ws, &mut made));
            assert!(net.backward_to(Products::Pending, &start, &input, at, &mut ws, &mut pending));
            assert_eq!(net.products(&input, &ws).count(), 1);
            for config in [
                OptimizerConfig::Sgd(Sgd { weight_decay: 0.1, ..Sgd::with_momentum(0.9) }),
                OptimizerConfig::Adam(Adam::default()),
                OptimizerConfig::AdamW(AdamW { weight_decay: 0.1, ..AdamW::default() }),
            ] {
                let ([mut a, mut b], mut one, mut other) =
                    ([(); 2].map(|()| start.to_vec()), config.build(&net), config.build(&net));
                one.step(&mut a, &made, 0.1);
                other.step_along(&mut b, &pending, net.products(&input, &ws), 0.1);
                for entry in net.params() {
                    assert_eq!(a[entry.range.clone()], b[entry.range.clone()], "{config:?} {}", entry.name);
                }
                assert_ne!(a, *start);
            }
            for (range, product) in net.products(&input, &ws) {
                assert!(pending[range.clone()].iter().all(|&g| g == 0.25), "its place is not written");
                assert!(product.store(&mut pending[range]));
            }
            for entry in net.params() {
                assert_eq!(made[entry.range.clone()], pending[entry.range.clone()], "{}", entry.name);
            }
        }
    }

    #[test]
    fn a_centered_product_moves_as_a_centralized_gradient_does() {
        let [_, net, _] = nets();
        let start = net.init_params(&crate::init::InitScheme::default(), 1);
        let input: Vec<f32> = (0..3 * 4096).map(|i| ((i * 97) % 251) as f32 / 125.0).collect();
        let mut ws = net.workspace(3, Mode::Train);
        net.forward(&start, &input, StepId::default(), &mut ws);
        ws.logits_and_grad().1.iter_mut().enumerate().for_each(|(i, g)| *g = (i as f32).sin());
        let mut moved = [Products::Made, Products::Pending].map(|products| {
            let (mut params, mut grads) = (start.to_vec(), vec![0.0; net.num_slots()]);
            net.backward_to(products, &start, &input, StepId::default(), &mut ws, &mut grads);
            assert!(crate::optim::centralize(&net, &mut grads, products));
            let left = net.products(&input, &ws).filter(|_| products == Products::Pending);
            let left = left.map(|(range, product)| (range, Product { centered: true, ..product }));
            OptimizerConfig::Sgd(Sgd::default()).build(&net).step_along(&mut params, &grads, left, 1.0);
            params
        });
        let [made, pending] = &mut moved;
        let scale = made.iter().zip(&*start).fold(0.0_f32, |m, (a, b)| m.max((a - b).abs()));
        for (a, b) in made.iter().zip(&*pending) {
            assert!((a - b).abs() <= 2e-6 * scale, "{a} and {b}, of {scale}");
        }
    }
}
