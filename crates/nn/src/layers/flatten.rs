//! An image read as a vector.

use kernels::Element;

use crate::layer::{Ctx, Layer, Locality, Past, SavedMut, View, ViewMut, Weights};
use crate::shape::Shape;

/// The same numbers as one vector, in the order channel, row, column.
///
/// # Shapes
/// `input` `[batch, channels, h, w]`, `output` `[batch, channels · h · w]`.
#[derive(Clone, Debug)]
pub struct Flatten {
    input: Shape,
}

impl Flatten {
    /// The layer for inputs of this shape.
    #[must_use]
    pub fn new(input: Shape) -> Self {
        Flatten { input }
    }
}

impl<T: Element> Layer<T> for Flatten {
    fn kind(&self) -> &'static str {
        "flatten"
    }

    fn input_shape(&self) -> Shape {
        self.input
    }

    fn output_shape(&self) -> Shape {
        Shape::Flat(self.input.len())
    }

    fn locality(&self) -> Locality {
        Locality::Any
    }

    fn forward(
        &self,
        _ctx: &Ctx,
        _weights: Weights<'_, T>,
        input: View<'_, T>,
        output: ViewMut<'_, T>,
        _saved: SavedMut<'_, T>,
    ) {
        output.data.copy_from_slice(input.data);
    }

    fn backward(
        &self,
        _ctx: &Ctx,
        _weights: Weights<'_, T>,
        _past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        _grad_params: &mut [T],
    ) {
        if let Some(grad_input) = grad_input {
            grad_input.data.copy_from_slice(grad_output.data);
        }
    }
}
