//! A fully connected layer whose weights are held in bf16, for inference.

use kernels::gemm::bf16;
use kernels::{Buffer, reduce};

use crate::layer::{Ctx, Layer, Locality, Past, SavedMut, View, ViewMut, Weights};
use crate::param::ParamSpec;
use crate::shape::Shape;

/// `output[n, o] = bias[o] + Σ_i weight[o, i] · input[n, i]`, the weight rounded to bf16: what [`crate::in_bf16`] makes of a large
/// [`crate::layers::Linear`].
///
/// It holds its weight itself, and does not look at the one among the parameters.
#[derive(Clone, Debug)]
pub(crate) struct LinearBf16 {
    input: Shape,
    out_features: usize,
    params: Vec<ParamSpec>,
    weight: Buffer<f32>,
}

impl LinearBf16 {
    /// From a layer that is a [`Layer::product`] of this size, and its parameters.
    pub(crate) fn of(layer: &dyn Layer<f32>, (out, inp): (usize, usize), params: &[f32]) -> Self {
        let mut weight = Buffer::zeros(bf16::packed_len((out, inp)));
        bf16::pack((out, inp), &params[..out * inp], &mut weight);
        let (input, params) = (layer.input_shape(), layer.params().to_vec());
        LinearBf16 { input, out_features: out, params, weight }
    }
}

impl Layer<f32> for LinearBf16 {
    fn kind(&self) -> &'static str {
        "linear in bf16"
    }

    fn settings(&self) -> String {
        format!("{}→{}", self.input.len(), self.out_features)
    }

    fn input_shape(&self) -> Shape {
        self.input
    }

    fn output_shape(&self) -> Shape {
        Shape::Flat(self.out_features)
    }

    fn params(&self) -> &[ParamSpec] {
        &self.params
    }

    fn macs(&self) -> u64 {
        (self.input.len() * self.out_features) as u64
    }

    fn locality(&self) -> Locality {
        Locality::Batch
    }

    fn forward(
        &self,
        _ctx: &Ctx,
        weights: Weights<'_, f32>,
        input: View<'_, f32>,
        output: ViewMut<'_, f32>,
        _saved: SavedMut<'_, f32>,
    ) {
        let (out, inp) = (self.out_features, self.input.len());
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
