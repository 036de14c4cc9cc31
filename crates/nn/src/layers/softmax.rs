//! Softmax as a layer.

use kernels::{Element, softmax};

use crate::error::BuildError;
use crate::layer::{Ctx, Layer, Locality, Past, SavedMut, View, ViewMut, Weights};
use crate::shape::Shape;

/// `output_j = e^(input_j) / Σ_k e^(input_k)` over the features of a sample.
///
/// Not for the end of a classifier: the loss takes logits and has its own.
#[derive(Clone, Debug)]
pub struct Softmax {
    features: usize,
}

impl Softmax {
    /// The layer for inputs of this shape.
    ///
    /// # Errors
    /// If the input is no vector.
    pub fn build(name: &str, input: Shape) -> Result<Self, BuildError> {
        match input {
            Shape::Flat(features) => Ok(Softmax { features }),
            Shape::Image { .. } => Err(BuildError::Shape {
                layer: name.into(),
                kind: "softmax",
                needed: "a vector of features (put a flatten before it)".into(),
                found: input,
            }),
        }
    }
}

impl<T: Element> Layer<T> for Softmax {
    fn kind(&self) -> &'static str {
        "softmax"
    }

    fn input_shape(&self) -> Shape {
        Shape::Flat(self.features)
    }

    fn output_shape(&self) -> Shape {
        Shape::Flat(self.features)
    }

    fn locality(&self) -> Locality {
        Locality::Any
    }

    fn forward(
        &self,
        _ctx: &Ctx,
        _weights: Weights<'_, T>,
        input: View<'_, T>,
        mut output: ViewMut<'_, T>,
        _saved: SavedMut<'_, T>,
    ) {
        for (x, y) in input.samples().zip(output.samples()) {
            softmax::softmax(x, y);
        }
    }

    /// `∂L/∂x_j = y_j · (∂L/∂y_j − Σ_k ∂L/∂y_k · y_k)`.
    fn backward(
        &self,
        _ctx: &Ctx,
        _weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        _grad_params: &mut [T],
    ) {
        let Some(mut grad_input) = grad_input else { return };
        for ((y, dy), dx) in past.output.samples().zip(grad_output.samples()).zip(grad_input.samples()) {
            let mean: T = y.iter().zip(dy).map(|(&y, &dy)| y * dy).sum();
            for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
                *dx = y * (dy - mean);
            }
        }
    }
}
