//! Fully connected layer.

use kernels::{Element, gemm, reduce};
use serde::{Deserialize, Serialize};

use crate::error::BuildError;
use crate::init::Init;
use crate::layer::{Ctx, Layer, Locality, Past, SavedMut, View, ViewMut, Weights};
use crate::param::{ParamSpec, Role};
use crate::shape::Shape;

/// Settings of a [`Linear`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearConfig {
    /// Numbers a sample in the output.
    pub out_features: usize,
    /// Whether a bias is added; default yes.
    #[serde(default = "yes")]
    pub bias: bool,
}

fn yes() -> bool {
    true
}

impl LinearConfig {
    /// With bias.
    #[must_use]
    pub fn new(out_features: usize) -> Self {
        LinearConfig { out_features, bias: true }
    }

    /// The layer for inputs of this shape; an image is read in the order channel, row, column.
    ///
    /// # Errors
    /// If `out_features` is zero.
    pub fn build(&self, name: &str, input: Shape) -> Result<Linear, BuildError> {
        if self.out_features == 0 {
            let what = "out_features must be at least 1".to_owned();
            return Err(BuildError::Setting { layer: name.into(), kind: "linear", what });
        }
        let shape = vec![self.out_features, input.len()];
        let mut params =
            vec![ParamSpec { name: "weight", shape, init: Init::TorchUniform, role: Role::Weight }];
        if self.bias {
            let shape = vec![self.out_features];
            params.push(ParamSpec { name: "bias", shape, init: Init::TorchUniform, role: Role::Bias });
        }
        Ok(Linear { input, out_features: self.out_features, params })
    }
}

/// Fully connected layer: `output[n, o] = bias[o] + Σ_i weight[o, i] · input[n, i]`.
///
/// # Shapes
/// `input` `[batch, in_features]`, `weight` `[out_features, in_features]`, `output` `[batch, out_features]`.
#[derive(Clone, Debug)]
pub struct Linear {
    input: Shape,
    out_features: usize,
    params: Vec<ParamSpec>,
}

impl<T: Element> Layer<T> for Linear {
    fn kind(&self) -> &'static str {
        "linear"
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

    fn overwrites_grads(&self) -> bool {
        true
    }

    fn forward(
        &self,
        _ctx: &Ctx,
        weights: Weights<'_, T>,
        input: View<'_, T>,
        output: ViewMut<'_, T>,
        _saved: SavedMut<'_, T>,
    ) {
        let (w, b) = weights.params.split_at(self.input.len() * self.out_features);
        gemm::matmul_nt((input.batch, self.out_features, self.input.len()), input.data, w, output.data);
        if !b.is_empty() {
            output.data.chunks_exact_mut(self.out_features).for_each(|y| reduce::add_assign(y, b));
        }
    }

    fn backward(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        grad_params: &mut [T],
    ) {
        self.backward_checked(ctx, weights, past, grad_output, grad_input, grad_params);
    }

    fn backward_checked(
        &self,
        ctx: &Ctx,
        weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        grad_params: &mut [T],
    ) -> bool {
        let (batch, out, len) = (past.input.batch, self.out_features, self.input.len());
        let dw = &mut grad_params[..len * out];
        let finite = gemm::matmul_tn_checked((out, len, batch), grad_output.data, past.input.data, dw);
        finite & self.backward_besides(ctx, weights, past, grad_output, grad_input, grad_params)
    }

    fn product(&self) -> Option<(usize, usize)> {
        Some((self.out_features, self.input.len()))
    }

    fn backward_besides(
        &self,
        _ctx: &Ctx,
        weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        grad_params: &mut [T],
    ) -> bool {
        let (batch, out, len) = (past.input.batch, self.out_features, self.input.len());
        let db = &mut grad_params[len * out..];
        if !db.is_empty() {
            db.fill(T::ZERO);
            reduce::accumulate_column_sums(grad_output.data, db);
        }
        if let Some(grad_input) = grad_input {
            let w = &weights.params[..len * out];
            gemm::matmul_nn((batch, len, out), grad_output.data, w, grad_input.data);
        }
        reduce::all_finite(db)
    }
}
