//! The forms of a convolution that want the whole batch at once, behind one face.

use super::{Conv2dGeom, Depthwise, Wide};

/// A convolution over whole batches of `f32`, with its gradients.
#[derive(Clone, Debug)]
pub enum Batched {
    /// Many channels over few cells.
    Wide(Wide),
    /// Every channel alone.
    Depthwise(Depthwise),
}

impl Batched {
    /// The form that is likely to be faster than a [`super::Plan`] run sample by sample, if there is one.
    #[must_use]
    pub fn new(geom: Conv2dGeom) -> Option<Self> {
        Wide::new(geom).map(Batched::Wide).or_else(|| Depthwise::new(geom).map(Batched::Depthwise))
    }

    /// Numbers that [`Batched::pack`] writes.
    #[must_use]
    pub fn packed_len(&self) -> usize {
        match self {
            Batched::Wide(wide) => wide.packed_len(),
            Batched::Depthwise(depthwise) => depthwise.geom().weight_len(),
        }
    }

    /// Rearranges the weights, once for all samples.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn pack(&self, gradients: bool, w: &[f32], packed: &mut [f32]) {
        match self {
            Batched::Wide(wide) => wide.pack(gradients, w, packed),
            Batched::Depthwise(_) => packed.copy_from_slice(w),
        }
    }

    /// `y = w ⋆ x + b` over a batch, overwriting `y`.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn forward(&self, x: &[f32], packed: &[f32], b: Option<&[f32]>, y: &mut [f32]) {
        match self {
            Batched::Wide(wide) => wide.forward(x, packed, b, y),
            Batched::Depthwise(depthwise) => depthwise.forward(x, packed, b, y),
        }
    }

    /// `∂L/∂x` over a batch, overwriting `dx`.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn backward_input(&self, dy: &[f32], packed: &[f32], dx: &mut [f32]) {
        match self {
            Batched::Wide(wide) => wide.backward_input(dy, packed, dx),
            Batched::Depthwise(depthwise) => depthwise.backward_input(dy, packed, dx),
        }
    }

    /// Adds the batch's `∂L/∂w` and `∂L/∂b` to `dw` and `db`.
    ///
    /// # Panics
    /// If a slice's length does not match.
    pub fn accumulate_params(&self, x: &[f32], dy: &[f32], dw: &mut [f32], db: Option<&mut [f32]>) {
        match self {
            Batched::Wide(wide) => wide.accumulate_params(x, dy, dw, db),
            Batched::Depthwise(depthwise) => depthwise.accumulate_params(x, dy, dw, db),
        }
    }
}
