//! Activations as layers: ReLU, leaky ReLU, GELU, sigmoid, SiLU, tanh.

use kernels::{Activation, Element, activation};

use serde::{Deserialize, Serialize};

use crate::layer::{Ctx, Layer, Locality, Past, SavedMut, View, ViewMut, Weights};
use crate::shape::Shape;

/// Settings of a leaky ReLU.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LeakyReluConfig {
    /// Its slope below zero; default 0.01.
    pub negative_slope: f32,
}

impl Default for LeakyReluConfig {
    fn default() -> Self {
        LeakyReluConfig { negative_slope: 0.01 }
    }
}

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
            Activation::LeakyRelu(_) => "leaky_relu",
            Activation::Gelu => "gelu",
            Activation::Sigmoid => "sigmoid",
            Activation::Silu => "silu",
            Activation::Tanh => "tanh",
        }
    }

    fn settings(&self) -> String {
        match self.function {
            Activation::LeakyRelu(slope) => format!("slope {slope}"),
            _ => String::new(),
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
