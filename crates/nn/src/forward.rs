//! The forward pass of a [`Sequential`]: segment by segment.

use kernels::Element;
use rayon::prelude::*;

use crate::join::Join;
use crate::layer::{Ctx, Mode, SavedMut, View, ViewMut, Weights};
use crate::products::Products;
use crate::segment::{Feed, Segment, SegmentKind, samples_per_group};
use crate::sequential::{Sequential, StepId};
use crate::workspace::{SegmentMemory, Workspace};

impl<T: Element> Sequential<T> {
    /// Computes the logits of `batch` samples; read them with [`Workspace::logits`].
    ///
    /// # Shapes
    /// `params` `[num_slots]`, `input` `[batch, …input_shape]`.
    ///
    /// # Panics
    /// If a length does not match or the batch is larger than the workspace.
    pub fn forward(&self, params: &[T], input: &[T], at: StepId, ws: &mut Workspace<T>) {
        let len = self.input_shape().len();
        assert_eq!(params.len(), self.num_slots(), "length of the parameters");
        assert!(input.len().is_multiple_of(len), "whole samples");
        let batch = input.len() / len;
        assert!(batch <= ws.capacity, "a batch of {batch} in a workspace for {}", ws.capacity);
        ws.batch = batch;
        ws.packed.update(self.nodes(), ws.mode, params);
        for (i, segment) in self.segments().iter().enumerate() {
            let (before, rest) = ws.segments.split_at_mut(i);
            let memory = &mut rest[0];
            let from = |feed: &Feed| feed.from.map_or(input, |s| &before[s].output[..feed.len * batch]);
            let pass = Pass {
                net: self,
                segment,
                params,
                packed: &ws.packed.weights,
                at,
                mode: ws.mode,
                products: Products::Made,
            };
            match segment.kind {
                SegmentKind::Batch => pass.forward_batch(from(&segment.inputs[0]), batch, memory),
                SegmentKind::Sample => {
                    pass.forward_samples(from(&segment.inputs[0]), batch, memory, &ws.workers);
                }
                SegmentKind::Join => {
                    let output = &mut memory.output[..segment.output_len * batch];
                    pass.join().forward(batch, output, segment.inputs.iter().map(from));
                }
            }
        }
    }
}

/// What all layers of a segment share during one pass.
pub(crate) struct Pass<'a, T: Element> {
    pub(crate) net: &'a Sequential<T>,
    pub(crate) segment: &'a Segment,
    pub(crate) params: &'a [T],
    pub(crate) packed: &'a [T],
    pub(crate) at: StepId,
    pub(crate) mode: Mode,
    pub(crate) products: Products,
}

impl<T: Element> Pass<'_, T> {
    pub(crate) fn ctx(&self, layer: usize, first_sample: usize) -> Ctx {
        let layer = self.net.nodes()[layer].index;
        Ctx { mode: self.mode, seed: self.at.seed, step: self.at.step, layer, first_sample }
    }

    pub(crate) fn weights(&self, layer: usize) -> Weights<'_, T> {
        let node = &self.net.nodes()[layer];
        Weights { params: &self.params[node.params.clone()], packed: &self.packed[node.packed.clone()] }
    }

    /// The join that is this segment.
    pub(crate) fn join(&self) -> &Join {
        self.net.nodes()[self.segment.layers.start].layer.join().unwrap_or(&Join::ADD)
    }

    fn forward_batch(&self, input: &[T], batch: usize, memory: &mut SegmentMemory<T>) {
        let output = &mut memory.output[..self.segment.output_len * batch];
        self.forward_chain(input, batch, 0, &mut memory.numbers, &mut memory.bytes, output);
    }

    fn forward_samples(
        &self,
        input: &[T],
        batch: usize,
        memory: &mut SegmentMemory<T>,
        workers: &crate::workspace::Workers<T>,
    ) {
        let s = self.segment;
        let group = samples_per_group(batch);
        let outputs = memory.output[..s.output_len * batch].par_chunks_mut(s.output_len * group);
        // Each group a task of its own: a thread that is held up must not keep several.
        let inputs = input.par_chunks(s.input_len * group).with_max_len(1);
        match self.mode {
            Mode::Train => {
                let numbers = memory.numbers.par_chunks_mut(s.arena.numbers * group);
                let bytes = memory.bytes.par_chunks_mut(s.arena.bytes * group);
                inputs.zip(outputs).zip(numbers.zip(bytes)).enumerate().for_each(
                    |(g, ((x, y), (numbers, bytes)))| self.forward_group(g * group, x, y, numbers, bytes),
                );
            }
            Mode::Eval => inputs.zip(outputs).enumerate().for_each(|(g, (x, y))| {
                let mut scratch = workers.mine();
                let scratch = &mut *scratch;
                for (i, (x, y)) in
                    x.chunks_exact(s.input_len).zip(y.chunks_exact_mut(s.output_len)).enumerate()
                {
                    self.forward_chain(x, 1, g * group + i, &mut scratch.numbers, &mut scratch.bytes, y);
                }
            }),
        }
    }

    fn forward_group(&self, first: usize, x: &[T], y: &mut [T], numbers: &mut [T], bytes: &mut [u8]) {
        let s = self.segment;
        for (i, (x, y)) in x.chunks_exact(s.input_len).zip(y.chunks_exact_mut(s.output_len)).enumerate() {
            let numbers = &mut numbers[i * s.arena.numbers..(i + 1) * s.arena.numbers];
            let bytes = &mut bytes[i * s.arena.bytes..(i + 1) * s.arena.bytes];
            self.forward_chain(x, 1, first + i, numbers, bytes, y);
        }
    }

    /// The segment's layers one after the other, each output left in the arena for the next.
    fn forward_chain(
        &self,
        input: &[T],
        batch: usize,
        first_sample: usize,
        mut numbers: &mut [T],
        mut bytes: &mut [u8],
        output: &mut [T],
    ) {
        let mut input: &[T] = input;
        let mut last = Some(output);
        for (slot, layer) in self.segment.slots.iter().zip(self.segment.layers.clone()) {
            let (saved, rest) = numbers.split_at_mut(slot.saved_numbers(batch).len());
            let (own, rest) = rest.split_at_mut(slot.output(batch).len());
            let (saved_bytes, rest_bytes) = bytes.split_at_mut(slot.saved_bytes(batch).len());
            (numbers, bytes) = (rest, rest_bytes);
            let own = if layer + 1 == self.segment.layers.end { last.take().unwrap_or(own) } else { own };
            self.net.nodes()[layer].layer.forward(
                &self.ctx(layer, first_sample),
                self.weights(layer),
                View { batch, data: input },
                ViewMut { batch, data: &mut *own },
                SavedMut { numbers: saved, bytes: saved_bytes },
            );
            input = own;
        }
    }
}
