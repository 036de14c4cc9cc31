//! Activations as layers: ReLU, sigmoid, SiLU, tanh.

use kernels::{Activation, Element, activation};

use crate::layer::{Ctx, Layer, Locality, Past, SavedMut, View, ViewMut, Weights};
use crate::shape::Shape;

/// `output = f(input)`, number by number.
#[derive(Clone, Debug)]
pub struct Activate {
    function: Activation,
    shape: Shape,
}

impl Activate {
    /// The layer for inputs of this shape.
    #[must_use]
    pub fn new(function: Activation, shape: Shape) -> Self {
        Activate { function, shape }
    }

    /// Which function.
    #[must_use]
    pub fn function(&self) -> Activation {
        self.function
    }
}

impl<T: Element> Layer<T> for Activate {
    fn kind(&self) -> &'static str {
        match self.function {
            Activation::Relu => "relu",
            Activation::Sigmoid => "sigmoid",
            Activation::Silu => "silu",
            Activation::Tanh => "tanh",
        }
    }

    fn input_shape(&self) -> Shape {
        self.shape
    }

    fn output_shape(&self) -> Shape {
        self.shape
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
        activation::forward(self.function, input.data, output.data);
    }

    fn backward(
        &self,
        _ctx: &Ctx,
        _weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        _grad_params: &mut [T],
    ) {
        if let Some(grad_input) = grad_input {
            let (x, y) = (past.input.data, past.output.data);
            activation::backward(self.function, x, y, grad_output.data, grad_input.data);
        }
    }
}
