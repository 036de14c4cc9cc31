//! A fully connected layer whose weights are held in bf16, for inference.

use kernels::gemm::bf16;
use kernels::{Buffer, reduce};

use crate::layer::{Ctx, Layer, Locality, Past, SavedMut, View, ViewMut, Weights};
use crate::param::ParamSpec;
use crate::shape::Shape;

/// What [`Layer::kind`] says of a layer that [`crate::in_bf16`] has rounded.
pub const LINEAR_BF16: &str = "linear in bf16";

/// `output[n, o] = bias[o] + Σ_i weight[o, i] · input[n, i]`, the weight rounded to bf16: what [`crate::in_bf16`] makes of a large
/// [`crate::layers::Linear`].
///
/// It holds its weight itself, and does not look at the one among the parameters.
#[derive(Debug)]
pub(crate) struct LinearBf16 {
    /// What it stands for, asked for all but the product.
    linear: Box<dyn Layer<f32>>,
    weight: Buffer<f32>,
}

impl LinearBf16 {
    /// In the place of a layer that is a [`Layer::product`] of this size; from its parameters.
    pub(crate) fn of(linear: Box<dyn Layer<f32>>, (out, inp): (usize, usize), params: &[f32]) -> Self {
        let mut weight = Buffer::zeros(bf16::packed_len((out, inp)));
        bf16::pack((out, inp), &params[..out * inp], &mut weight);
        LinearBf16 { linear, weight }
    }
}

impl Layer<f32> for LinearBf16 {
    fn kind(&self) -> &'static str {
        LINEAR_BF16
    }

    fn settings(&self) -> String {
        self.linear.settings()
    }

    fn input_shape(&self) -> Shape {
        self.linear.input_shape()
    }

    fn output_shape(&self) -> Shape {
        self.linear.output_shape()
    }

    fn params(&self) -> &[ParamSpec] {
        self.linear.params()
    }

    fn macs(&self) -> u64 {
        self.linear.macs()
    }

    fn locality(&self) -> Locality {
        self.linear.locality()
    }

    fn forward(
        &self,
        _ctx: &Ctx,
        weights: Weights<'_, f32>,
        input: View<'_, f32>,
        output: ViewMut<'_, f32>,
        _saved: SavedMut<'_, f32>,
    ) {
        let (out, inp) = (self.output_shape().len(), self.input_shape().len());
        bf16::matmul_nt((input.batch, out, inp), input.data, &self.weight, output.data);
        let b = &weights.params[out * inp..];
        if !b.is_empty() {
            output.data.chunks_exact_mut(out).for_each(|y| reduce::add_assign(y, b));
        }
    }

    fn backward(
        &self,
        _ctx: &Ctx,
        _weights: Weights<'_, f32>,
        _past: Past<'_, f32>,
        _grad_output: View<'_, f32>,
        _grad_input: Option<ViewMut<'_, f32>>,
        _grad_params: &mut [f32],
    ) {
        panic!("a network in bf16 is for inference alone");
    }
}
