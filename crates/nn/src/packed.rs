//! Weights as the kernels want them, made anew only when they have changed.

use kernels::{Buffer, Element, reduce};

use crate::layer::Mode;
use crate::sequential::Node;

/// The packed weights of a network, and in evaluation the parameters that they were made of.
///
/// The parameters belong to the caller, who may change any of them between two passes and tells nobody. Comparing all that goes into
/// packed weights takes a tenth of the time of packing them, and can't be forgotten. In training every step changes them, so there
/// nothing is kept or compared.
#[derive(Debug)]
pub(crate) struct Packed<T: Element> {
    pub(crate) weights: Buffer<T>,
    /// Of each node; empty before its first pass, and where nothing is packed.
    of: Vec<Buffer<T>>,
}

impl<T: Element> Packed<T> {
    pub(crate) fn new(len: usize, nodes: usize) -> Self {
        Packed { weights: Buffer::zeros(len), of: (0..nodes).map(|_| Buffer::zeros(0)).collect() }
    }

    /// Packs what has not been packed of the same `params`, bit for bit.
    pub(crate) fn update(&mut self, nodes: &[Node<T>], mode: Mode, params: &[T]) {
        for (node, of) in nodes.iter().zip(&mut self.of) {
            let params = &params[node.params.clone()];
            if node.packed.is_empty() || (mode == Mode::Eval && reduce::same_bits(of, params)) {
                continue;
            }
            node.layer.pack(mode, params, &mut self.weights[node.packed.clone()]);
            if mode == Mode::Eval {
                of.reserve_zeroed(params.len());
                of.copy_from_slice(params);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Sequential, StepId, zoo};

    fn logits(net: &Sequential, params: &[f32], ws: &mut crate::Workspace) -> Vec<u32> {
        let input: Vec<f32> = (0..2 * 400).map(|i| ((i * 37) % 101) as f32 / 101.0).collect();
        net.forward(params, &input, StepId::default(), ws);
        ws.logits().iter().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn no_pass_uses_weights_of_the_pass_before() {
        let spec = zoo::lenet5_modified(crate::Shape::image(1, 20, 20), 3);
        let net = crate::fuse(spec.build::<f32>().unwrap());
        let mut params = net.init_params(&Default::default(), 1);
        let mut kept = net.workspace(2, Mode::Eval);
        let mut last = logits(&net, &params, &mut kept);
        assert_eq!(logits(&net, &params, &mut kept), last, "nothing has changed");
        for entry in net.params() {
            for at in [entry.range.start, entry.range.end - 1] {
                params[at] += 0.5;
                let fresh = logits(&net, &params, &mut net.workspace(2, Mode::Eval));
                assert_eq!(logits(&net, &params, &mut kept), fresh, "{} {at}", entry.name);
            }
            let now = logits(&net, &params, &mut kept);
            assert!(now != last, "{} counts", entry.name);
            last = now;
        }
        let others = net.init_params(&Default::default(), 2);
        let fresh = logits(&net, &others, &mut net.workspace(2, Mode::Eval));
        assert_eq!(logits(&net, &others, &mut kept), fresh, "another slice");
    }

    #[test]
    fn weights_are_packed_again_only_when_they_have_changed() {
        let net = crate::fuse(zoo::lenet5(crate::Shape::image(1, 16, 16), 3).build::<f32>().unwrap());
        let (net, clocks) = crate::timed(net);
        let params = net.init_params(&Default::default(), 1);
        for (mode, again) in [(Mode::Eval, false), (Mode::Train, true)] {
            let mut packed = net.workspace(1, mode).packed;
            let mut takes_time = || {
                clocks.iter().for_each(|clock| clock.reset());
                packed.update(net.nodes(), mode, &params);
                clocks.iter().any(|clock| clock.forward().as_nanos() > 0)
            };
            assert!(takes_time(), "{mode:?}");
            assert_eq!(takes_time(), again, "{mode:?}");
        }
    }
}
