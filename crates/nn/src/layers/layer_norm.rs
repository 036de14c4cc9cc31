//! Layer normalisation.

use kernels::Element;
use serde::{Deserialize, Serialize};

use crate::error::BuildError;
use crate::init::Init;
use crate::layer::{Ctx, Layer, Locality, Past, SavedMut, SavedSize, View, ViewMut, Weights};
use crate::param::{ParamSpec, Role};
use crate::shape::Shape;

/// Settings of a [`LayerNorm`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LayerNormConfig {
    /// Added to the variance before its root; default 1e-5.
    pub eps: f64,
}

impl Default for LayerNormConfig {
    fn default() -> Self {
        LayerNormConfig { eps: 1e-5 }
    }
}

impl LayerNormConfig {
    /// The layer for inputs of this shape.
    ///
    /// # Errors
    /// If `eps` is not positive.
    pub fn build(&self, name: &str, input: Shape) -> Result<LayerNorm, BuildError> {
        if !(self.eps > 0.0 && self.eps.is_finite()) {
            let what = format!("eps = {} must be positive", self.eps);
            return Err(BuildError::Setting { layer: name.into(), kind: "layer_norm", what });
        }
        let tensor = |name, init| ParamSpec { name, shape: input.dims(), init, role: Role::Bias };
        let params = vec![tensor("weight", Init::Ones), tensor("bias", Init::Zeros)];
        Ok(LayerNorm { config: *self, input, params })
    }
}

/// Each sample shifted and scaled to mean 0 and variance 1 over all its numbers, then each number by two learned ones.
///
/// `output = (input − mean) / √(variance + eps) · weight + bias`, as `torch.nn.LayerNorm` over the sample's whole shape.
///
/// # Shapes
/// `input`, `output` `[batch, …]`; `weight`, `bias` of one sample's shape.
///
/// # Source
/// Ba et al. 2016, arXiv 1607.06450.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    config: LayerNormConfig,
    input: Shape,
    params: Vec<ParamSpec>,
}

impl<T: Element> Layer<T> for LayerNorm {
    fn kind(&self) -> &'static str {
        "layer_norm"
    }

    fn input_shape(&self) -> Shape {
        self.input
    }

    fn output_shape(&self) -> Shape {
        self.input
    }

    fn params(&self) -> &[ParamSpec] {
        &self.params
    }

    fn macs(&self) -> u64 {
        self.input.len() as u64
    }

    fn locality(&self) -> Locality {
        Locality::Sample
    }

    /// The sample's mean, and `1 / √(variance + eps)`.
    fn saved_size(&self) -> SavedSize {
        SavedSize { numbers: 2, ..SavedSize::default() }
    }

    fn forward(
        &self,
        _ctx: &Ctx,
        weights: Weights<'_, T>,
        input: View<'_, T>,
        mut output: ViewMut<'_, T>,
        saved: SavedMut<'_, T>,
    ) {
        let (scale, shift) = weights.params.split_at(self.input.len());
        for ((x, y), saved) in input.samples().zip(output.samples()).zip(saved.numbers.chunks_exact_mut(2)) {
            let count = x.len() as f64;
            let mean = x.iter().map(|v| v.to_f64()).sum::<f64>() / count;
            let variance = x.iter().map(|v| (v.to_f64() - mean).powi(2)).sum::<f64>() / count;
            let (mean, inverse) = (T::from_f64(mean), T::from_f64(1.0 / (variance + self.config.eps).sqrt()));
            saved.copy_from_slice(&[mean, inverse]);
            for (((y, &x), &scale), &shift) in y.iter_mut().zip(x).zip(scale).zip(shift) {
                *y = (x - mean) * inverse * scale + shift;
            }
        }
    }

    /// With `x̂ = (x − mean) · inverse` and `g = ∂L/∂y · weight`: `∂L/∂x = inverse · (g − mean(g) − x̂ · mean(g · x̂))`.
    fn backward(
        &self,
        _ctx: &Ctx,
        weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        mut grad_input: Option<ViewMut<'_, T>>,
        grad_params: &mut [T],
    ) {
        let len = self.input.len();
        let scale = &weights.params[..len];
        let (dscale, dshift) = grad_params.split_at_mut(len);
        let samples = past.input.samples().zip(grad_output.samples()).zip(past.saved.numbers.chunks_exact(2));
        for (n, ((x, dy), saved)) in samples.enumerate() {
            let (mean, inverse) = (saved[0], saved[1]);
            let (mut sum, mut along) = (0.0, 0.0);
            for i in 0..len {
                let normal = (x[i] - mean) * inverse;
                dscale[i] += dy[i] * normal;
                dshift[i] += dy[i];
                let g = (dy[i] * scale[i]).to_f64();
                sum += g;
                along += g * normal.to_f64();
            }
            let Some(grad_input) = &mut grad_input else { continue };
            let (sum, along) = (T::from_f64(sum / len as f64), T::from_f64(along / len as f64));
            for (i, dx) in grad_input.data[n * len..][..len].iter_mut().enumerate() {
                let normal = (x[i] - mean) * inverse;
                *dx = inverse * (dy[i] * scale[i] - sum - normal * along);
            }
        }
    }
}
