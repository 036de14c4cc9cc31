//! One layer at a time, outside a training step: for initialisation from data, explanations, diagnosis.

use kernels::Element;
use rayon::prelude::*;

use crate::layer::{Ctx, Locality, Mode, SavedMut, View, ViewMut, Weights};
use crate::sequential::Sequential;

impl<T: Element> Sequential<T> {
    /// What the layer at `index` computes from `input`, allocated anew.
    ///
    /// # Shapes
    /// `params` `[num_slots]`, of the whole network; `input` `[batch, …input_shape of the layer]`.
    ///
    /// # Panics
    /// If `index` is out of range or a length does not match.
    #[must_use]
    pub fn forward_node(&self, index: usize, params: &[T], input: &[T], mode: Mode) -> Vec<T> {
        let node = &self.nodes()[index];
        let layer = &node.layer;
        let (in_len, out_len) = (layer.input_shape().len(), layer.output_shape().len());
        assert_eq!(params.len(), self.num_slots(), "length of the parameters");
        assert!(input.len().is_multiple_of(in_len), "whole samples");
        let batch = input.len() / in_len;
        let params = &params[node.params.clone()];
        let mut packed = kernels::Buffer::zeros(layer.packed_len());
        layer.pack(mode, params, &mut packed);
        let size = layer.saved_size();
        let mut output = vec![T::ZERO; out_len * batch];
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
