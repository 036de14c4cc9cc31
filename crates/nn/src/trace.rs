//! One layer at a time, outside a training step: for initialisation from data, explanations, diagnosis.

use kernels::Element;
use rayon::prelude::*;

use crate::layer::{Ctx, Locality, Mode, SavedMut, View, ViewMut, Weights};
use crate::sequential::Sequential;

impl<T: Element> Sequential<T> {
    /// What the layer at `index`, which reads one other, computes from `input`, allocated anew.
    ///
    /// # Shapes
    /// `params` `[num_slots]`, of the whole network; `input` `[batch, …input_shape of the layer]`.
    ///
    /// # Panics
    /// If `index` is out of range or a length does not match.
    #[must_use]
    pub fn forward_node(&self, index: usize, params: &[T], input: &[T], mode: Mode) -> Vec<T> {
        let batch = input.len() / self.nodes()[index].layer.input_shape().len();
        self.forward_join(index, params, &[input], batch, mode)
    }

    /// What every layer computes, in the order of [`Sequential::nodes`], all kept.
    ///
    /// `visit` is called before each layer with its position and inputs, and may change the parameters from there on;
    /// pass `|_, _, _| {}` to only look.
    ///
    /// # Shapes
    /// `params` `[num_slots]`, `input` `[batch, …input_shape]`.
    ///
    /// # Panics
    /// If a length does not match.
    pub fn forward_all(
        &self,
        params: &mut [T],
        input: &[T],
        mode: impl Fn(usize) -> Mode,
        mut visit: impl FnMut(usize, &mut [T], &[&[T]]),
    ) -> Vec<Vec<T>> {
        assert!(input.len().is_multiple_of(self.input_shape().len()), "whole samples");
        let batch = input.len() / self.input_shape().len();
        let mut values: Vec<Vec<T>> = Vec::with_capacity(self.nodes().len());
        for (index, sources) in self.sources().iter().enumerate() {
            let of = |source: &Option<usize>| source.map_or(input, |i: usize| values[i].as_slice());
            let inputs: Vec<&[T]> = sources.iter().map(of).collect();
            visit(index, params, &inputs);
            let value = self.forward_join(index, params, &inputs, batch, mode(index));
            values.push(value);
        }
        values
    }

    fn forward_join(&self, index: usize, params: &[T], inputs: &[&[T]], batch: usize, mode: Mode) -> Vec<T> {
        let node = &self.nodes()[index];
        let layer = &node.layer;
        assert_eq!(params.len(), self.num_slots(), "length of the parameters");
        let mut output = vec![T::ZERO; layer.output_shape().len() * batch];
        if let Some(join) = layer.join() {
            join.forward(batch, &mut output, inputs.iter().copied());
            return output;
        }
        let input = inputs[0];
        let (in_len, out_len) = (layer.input_shape().len(), layer.output_shape().len());
        assert_eq!(input.len(), in_len * batch, "whole samples");
        let params = &params[node.params.clone()];
        let mut packed = kernels::Buffer::zeros(layer.packed_len());
        layer.pack(mode, params, &mut packed);
        let size = layer.saved_size();
        let run = |first_sample: usize, x: &[T], y: &mut [T]| {
            let batch = x.len() / in_len;
            let mut numbers = vec![T::ZERO; size.numbers * batch + size.numbers_per_batch];
            let mut bytes = vec![0; size.bytes * batch];
            layer.forward(
                &Ctx { mode, seed: 0, step: 0, layer: index, first_sample },
                Weights { params, packed: &packed },
                View { batch, data: x },
                ViewMut { batch, data: y },
                SavedMut { numbers: &mut numbers, bytes: &mut bytes },
            );
        };
        match layer.locality() {
            Locality::Batch => run(0, input, &mut output),
            Locality::Sample | Locality::Any => input
                .par_chunks(in_len)
                .zip(output.par_chunks_mut(out_len))
                .enumerate()
                .for_each(|(i, (x, y))| run(i, x, y)),
        }
        output
    }
}
