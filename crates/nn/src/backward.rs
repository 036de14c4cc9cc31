//! The backward pass of a [`Sequential`]: segments and layers in reverse.

use kernels::{Element, reduce};
use rayon::prelude::*;

use crate::forward::Pass;
use crate::layer::{Mode, Past, Saved, View, ViewMut};
use crate::products::Products;
use crate::segment::{Feed, SegmentKind, samples_per_group};
use crate::sequential::{Sequential, StepId};
use crate::workspace::{SegmentMemory, Workers, Workspace};

impl<T: Element> Sequential<T> {
    /// Writes `∂L/∂params` to `grads` (what lies between tensors stays as it is), for the batch of the last forward pass with the same `params` and
    /// `input`, given `∂L/∂logits` in [`Workspace::logits_and_grad`]. Gives whether all of them are finite.
    ///
    /// # Panics
    /// If a length does not match or the workspace is not for training.
    pub fn backward(
        &self,
        params: &[T],
        input: &[T],
        at: StepId,
        ws: &mut Workspace<T>,
        grads: &mut [T],
    ) -> bool {
        self.backward_to(Products::Made, params, input, at, ws, grads)
    }

    /// The same, where gradients may be left out as `products` says. Gives whether all others are finite.
    ///
    /// # Panics
    /// As [`Sequential::backward`].
    pub fn backward_to(
        &self,
        products: Products,
        params: &[T],
        input: &[T],
        at: StepId,
        ws: &mut Workspace<T>,
        grads: &mut [T],
    ) -> bool {
        assert_eq!(ws.mode, Mode::Train, "gradients need a training workspace");
        assert_eq!(grads.len(), self.num_slots(), "length of the gradients");
        assert_eq!(input.len(), ws.batch * self.input_shape().len(), "the batch of the forward pass");
        let batch = ws.batch;
        let mut finite = true;
        for (i, segment) in self.segments().iter().enumerate().rev() {
            let (before, rest) = ws.segments.split_at_mut(i);
            let memory = &mut rest[0];
            let pass =
                Pass { net: self, segment, params, packed: &ws.packed.weights, at, mode: ws.mode, products };
            if segment.kind == SegmentKind::Join {
                pass.backward_join(input, batch, memory, before);
                continue;
            }
            let feed = segment.inputs[0];
            let (input, grad_input) = match feed.from.map(|from| &mut before[from]) {
                None => (input, None),
                Some(m) => {
                    let len = feed.len * batch;
                    (&m.output[..len], Some(GradInput { data: &mut m.grad_output[..len], adds: feed.adds }))
                }
            };
            let grads = &mut grads[segment.params.clone()];
            finite &= match segment.kind {
                SegmentKind::Batch => pass.backward_batch(input, batch, grad_input, memory, grads),
                _ => pass.backward_samples(input, batch, grad_input, memory, &ws.workers, grads),
            };
        }
        finite
    }
}

/// The place for a segment's `∂L/∂input`.
struct GradInput<'a, T> {
    data: &'a mut [T],
    /// Whether another reader of the same output has written its share there before.
    adds: bool,
}

/// Numbers that one thread adds at a time.
const ADDED: usize = 1 << 14;

/// One forward pass to be undone: what went in, what was kept, what came out.
struct Chain<'a, T> {
    batch: usize,
    first_sample: usize,
    input: &'a [T],
    numbers: &'a [T],
    bytes: &'a [u8],
    output: &'a [T],
    grad_output: &'a [T],
}

impl<T: Element> Pass<'_, T> {
    /// Hands the gradient of a join to each of its inputs.
    fn backward_join(
        &self,
        input: &[T],
        batch: usize,
        memory: &mut SegmentMemory<T>,
        before: &mut [SegmentMemory<T>],
    ) {
        let (join, inputs) = (self.join(), &self.segment.inputs);
        let grad = &mut memory.grad_output[..self.segment.output_len * batch];
        let all = &*before;
        let from = |feed: &Feed| feed.from.map_or(input, |s| &all[s].output[..feed.len * batch]);
        join.before_activation(grad, inputs.iter().map(from));
        let mut skipped = 0;
        for feed in inputs {
            if let Some(from) = feed.from {
                let grad_input = &mut before[from].grad_output[..feed.len * batch];
                join.backward(batch, grad, skipped, feed.adds, grad_input);
            }
            skipped += feed.len;
        }
    }

    fn backward_batch(
        &self,
        input: &[T],
        batch: usize,
        grad_input: Option<GradInput<'_, T>>,
        memory: &mut SegmentMemory<T>,
        grads: &mut [T],
    ) -> bool {
        for node in &self.net.nodes()[self.segment.layers.clone()] {
            if !node.layer.overwrites_grads() {
                let first = self.segment.params.start;
                grads[node.params.start - first..node.params.end - first].fill(T::ZERO);
            }
        }
        let len = self.segment.output_len * batch;
        let SegmentMemory { between: [a, b], grad_input: own, .. } = memory;
        let chain = Chain {
            batch,
            first_sample: 0,
            input,
            numbers: &memory.numbers,
            bytes: &memory.bytes,
            output: &memory.output[..len],
            grad_output: &memory.grad_output[..len],
        };
        match grad_input {
            Some(GradInput { data, adds: true }) => {
                let own = &mut own[..data.len()];
                let finite = self.backward_chain(&chain, Some(own), [a, b], grads);
                let parts = data.par_chunks_mut(ADDED).zip(own.par_chunks(ADDED));
                parts.for_each(|(data, own)| reduce::add_assign(data, own));
                finite
            }
            rest => self.backward_chain(&chain, rest.map(|g| g.data), [a, b], grads),
        }
    }

    fn backward_samples(
        &self,
        input: &[T],
        batch: usize,
        grad_input: Option<GradInput<'_, T>>,
        memory: &mut SegmentMemory<T>,
        workers: &Workers<T>,
        grads: &mut [T],
    ) -> bool {
        let s = self.segment;
        let group = samples_per_group(batch);
        let groups = batch.div_ceil(group);
        let len = s.params.len();
        let SegmentMemory { output, grad_output, numbers, bytes, group_grads, .. } = memory;
        let stride = len.max(1);
        let group_grads = &mut group_grads[..groups * stride];
        group_grads.fill(T::ZERO);
        let adds = grad_input.as_ref().is_some_and(|g| g.adds);
        let run = |g: usize, mut grad_input: Option<&mut [T]>, grads: &mut [T]| {
            let mut scratch = workers.mine();
            let (a, rest) = scratch.numbers.split_at_mut(s.widest);
            let (b, rest) = rest.split_at_mut(s.widest);
            let share = &mut rest[..s.input_len];
            let first = g * group;
            for i in first..(first + group).min(batch) {
                let chain = Chain {
                    batch: 1,
                    first_sample: i,
                    input: &input[i * s.input_len..][..s.input_len],
                    numbers: &numbers[i * s.arena.numbers..][..s.arena.numbers],
                    bytes: &bytes[i * s.arena.bytes..][..s.arena.bytes],
                    output: &output[i * s.output_len..][..s.output_len],
                    grad_output: &grad_output[i * s.output_len..][..s.output_len],
                };
                let own =
                    grad_input.as_deref_mut().map(|d| &mut d[(i - first) * s.input_len..][..s.input_len]);
                match own {
                    Some(own) if adds => {
                        self.backward_chain(&chain, Some(&mut *share), [&mut *a, &mut *b], grads);
                        reduce::add_assign(own, share);
                    }
                    own => {
                        self.backward_chain(&chain, own, [&mut *a, &mut *b], grads);
                    }
                }
            }
        };
        let own_grads = group_grads.par_chunks_mut(stride).with_max_len(1);
        match grad_input {
            None => own_grads.enumerate().for_each(|(g, own)| run(g, None, &mut own[..len])),
            Some(GradInput { data, .. }) => own_grads
                .zip(data.par_chunks_mut(s.input_len * group))
                .enumerate()
                .for_each(|(g, (own, dx))| run(g, Some(dx), &mut own[..len])),
        }
        grads.fill(T::ZERO);
        reduce::add_rows(grads, group_grads, stride);
        reduce::all_finite(grads)
    }

    fn is_pending(&self, layer: usize) -> bool {
        self.products == Products::Pending && self.net.pending().iter().any(|place| place.layer == layer)
    }

    /// The segment's layers in reverse; gradients between layers alternate between two buffers. Of a [`SegmentKind::Batch`] gives
    /// whether the parameters' gradients are finite; those of samples still have to be added up.
    fn backward_chain(
        &self,
        chain: &Chain<'_, T>,
        mut grad_input: Option<&mut [T]>,
        between: [&mut [T]; 2],
        grads: &mut [T],
    ) -> bool {
        let Chain { batch, .. } = *chain;
        let s = self.segment;
        let [mut a, mut b] = between;
        let (mut at_end, mut finite) = (true, true);
        for (k, layer) in s.layers.clone().enumerate().rev() {
            let node = &self.net.nodes()[layer];
            let slot = &s.slots[k];
            let input = if k == 0 { chain.input } else { &chain.numbers[s.slots[k - 1].output(batch)] };
            let output = if at_end { chain.output } else { &chain.numbers[slot.output(batch)] };
            let grad_output = if at_end { chain.grad_output } else { &a[..output.len()] };
            let grad_own = if k == 0 { grad_input.take() } else { Some(&mut b[..input.len()]) };
            let own = node.params.start - s.params.start..node.params.end - s.params.start;
            let (ctx, weights, grads) =
                (self.ctx(layer, chain.first_sample), self.weights(layer), &mut grads[own]);
            let past = Past {
                input: View { batch, data: input },
                output: View { batch, data: output },
                saved: Saved {
                    numbers: &chain.numbers[slot.saved_numbers(batch)],
                    bytes: &chain.bytes[slot.saved_bytes(batch)],
                },
            };
            let grad_output = View { batch, data: grad_output };
            let grad_input = grad_own.map(|data| ViewMut { batch, data });
            if self.is_pending(layer) {
                finite &= node.layer.backward_besides(&ctx, weights, past, grad_output, grad_input, grads);
            } else if s.kind == SegmentKind::Batch {
                finite &= node.layer.backward_checked(&ctx, weights, past, grad_output, grad_input, grads);
            } else {
                node.layer.backward(&ctx, weights, past, grad_output, grad_input, grads);
            }
            std::mem::swap(&mut a, &mut b);
            at_end = false;
        }
        finite
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zoo;

    /// Gradients of `batch` samples in a workspace for `capacity`, every logit pulled alike.
    fn gradients(batch: usize, capacity: usize) -> Vec<f32> {
        let net = zoo::lenet5(crate::Shape::image(1, 16, 16), 3).build::<f32>().unwrap();
        let params = net.init_params(&crate::init::InitScheme::default(), 1);
        let input: Vec<f32> = (0..batch * 256).map(|i| ((i * 97) % 251) as f32 / 251.0).collect();
        let mut ws = net.workspace(capacity, Mode::Train);
        net.forward(&params, &input, StepId::default(), &mut ws);
        ws.logits_and_grad().1.fill(1.0);
        let mut grads = vec![0.0; net.num_slots()];
        net.backward(&params, &input, StepId::default(), &mut ws, &mut grads);
        grads
    }

    #[test]
    fn gradients_do_not_depend_on_what_was_there() {
        let spec = zoo::lenet5_modified(crate::Shape::image(1, 20, 20), 3);
        let net = crate::fuse(spec.build::<f32>().unwrap());
        let params = net.init_params(&crate::init::InitScheme::default(), 1);
        let input: Vec<f32> = (0..3 * 400).map(|i| ((i * 97) % 251) as f32 / 251.0).collect();
        let mut ws = net.workspace(3, Mode::Train);
        net.forward(&params, &input, StepId::default(), &mut ws);
        ws.logits_and_grad().1.fill(1.0);
        let [mut clean, mut dirty] = [0.0, f32::NAN].map(|old| vec![old; net.num_slots()]);
        net.backward(&params, &input, StepId::default(), &mut ws, &mut clean);
        net.backward(&params, &input, StepId::default(), &mut ws, &mut dirty);
        for entry in net.params() {
            assert_eq!(clean[entry.range.clone()], dirty[entry.range.clone()], "{}", entry.name);
        }
    }

    #[test]
    fn a_gradient_that_is_not_finite_is_told_of_wherever_it_comes_from() {
        let spec = zoo::lenet5_modified(crate::Shape::image(1, 20, 20), 3);
        let net = crate::fuse(spec.build::<f32>().unwrap());
        let params = net.init_params(&crate::init::InitScheme::default(), 1);
        let input: Vec<f32> = (0..3 * 400).map(|i| ((i * 97) % 251) as f32 / 251.0).collect();
        let mut ws = net.workspace(3, Mode::Train);
        let mut grads = vec![0.0; net.num_slots()];
        net.forward(&params, &input, StepId::default(), &mut ws);
        for (pull, weight) in [
            (1.0, None),
            (f32::NAN, None),
            (f32::INFINITY, None),
            (1.0, Some("conv2.weight")),
            (1.0, Some("fc2.weight")),
        ] {
            // A weight that is not a number spoils the gradients of the layers before it, of all kinds.
            let mut params = params.clone();
            for entry in net.params().iter().filter(|entry| Some(&*entry.name) == weight) {
                params[entry.range.clone()].fill(f32::NAN);
            }
            ws.packed.update(net.nodes(), Mode::Train, &params);
            ws.logits_and_grad().1.fill(pull);
            let told = net.backward(&params, &input, StepId::default(), &mut ws, &mut grads);
            assert_eq!(told, reduce::all_finite(&grads), "{pull} {weight:?}");
            assert_eq!(told, pull == 1.0 && weight.is_none(), "{pull} {weight:?}");
        }
    }

    #[test]
    fn a_last_smaller_batch_fits_and_has_the_gradients_it_would_have_alone() {
        for (batch, capacity) in [(64, 100), (1, 100), (32, 33), (64, 65)] {
            assert_eq!(gradients(batch, capacity), gradients(batch, batch), "{batch} of {capacity}");
        }
    }
}
