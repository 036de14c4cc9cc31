//! A model as data: what is stored with the weights and read from a model file.

use kernels::{Activation, Element};
use serde::{Deserialize, Serialize};

use crate::error::BuildError;
use crate::layer::Layer;
use crate::layers::{
    Activate, BatchNorm2dConfig, Conv2dConfig, DropoutConfig, Flatten, GlobalAvgPool2d, Joined,
    LayerNormConfig, LeakyReluConfig, LinearConfig, Pool2dConfig, Softmax,
};
use crate::limits;
use crate::named_layer::NamedLayer;
use crate::param::ParamSpec;
use crate::sequential::{Node, Sequential, Source};
use crate::shape::Shape;

/// A model: its name, the shape of one input sample, and its layers in order.
///
/// # Examples
/// ```
/// let spec: nn::ModelSpec = toml::from_str(
///     r#"
///     name = "small"
///     input = [1, 28, 28]
///
///     [[layers]]
///     name = "conv1"
///     kind = "conv2d"
///     out_channels = 8
///     kernel_size = 3
///
///     [[layers]]
///     name = "act1"
///     kind = "relu"
///
///     [[layers]]
///     name = "fc1"
///     kind = "linear"
///     out_features = 10
///     "#,
/// )?;
/// let net = spec.build::<f32>()?;
/// assert_eq!(net.num_params(), 8 * 9 + 8 + 8 * 26 * 26 * 10 + 10);
/// assert_eq!(net.params()[0].name, "conv1.weight");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// What it is called, e.g. `lenet5`.
    pub name: String,
    /// Shape of one input sample.
    pub input: Shape,
    /// The layers in order.
    pub layers: Vec<NamedLayer>,
}

/// One layer's kind and settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is the config of the layer of the same name")]
pub enum LayerSpec {
    Conv2d(Conv2dConfig),
    MaxPool2d(Pool2dConfig),
    AvgPool2d(Pool2dConfig),
    GlobalAvgPool2d,
    BatchNorm2d(BatchNorm2dConfig),
    LayerNorm(LayerNormConfig),
    Dropout(DropoutConfig),
    Flatten,
    Linear(LinearConfig),
    Relu,
    LeakyRelu(LeakyReluConfig),
    Gelu,
    Sigmoid,
    Silu,
    Tanh,
    Softmax,
    Add,
    Concat,
}

impl LayerSpec {
    pub(crate) fn has_settings(&self) -> bool {
        use LayerSpec::{Add, Concat, Flatten, Gelu, GlobalAvgPool2d, Relu, Sigmoid, Silu, Softmax, Tanh};
        let bare = matches!(
            self,
            Add | Concat | Flatten | Gelu | GlobalAvgPool2d | Relu | Sigmoid | Silu | Softmax | Tanh
        );
        !bare
    }

    /// Whether several layers are joined here.
    pub(crate) fn joins(&self) -> bool {
        matches!(self, LayerSpec::Add | LayerSpec::Concat)
    }

    /// The activation that this is, if it is one.
    pub(crate) fn activation(&self) -> Option<Activation> {
        Some(match self {
            LayerSpec::Relu => Activation::Relu,
            LayerSpec::LeakyRelu(config) => Activation::LeakyRelu(config.negative_slope),
            LayerSpec::Gelu => Activation::Gelu,
            LayerSpec::Sigmoid => Activation::Sigmoid,
            LayerSpec::Silu => Activation::Silu,
            LayerSpec::Tanh => Activation::Tanh,
            _ => return None,
        })
    }

    /// The layer for inputs of this shape.
    ///
    /// # Errors
    /// As the layer's own `build`; `name` is for the message.
    pub fn build<T: Element>(&self, name: &str, input: Shape) -> Result<Box<dyn Layer<T>>, BuildError> {
        self.build_for(name, &[input])
    }

    /// The layer for inputs of these shapes: one, or several for a layer that joins.
    ///
    /// # Errors
    /// As [`LayerSpec::build`].
    pub fn build_for<T: Element>(
        &self,
        name: &str,
        inputs: &[Shape],
    ) -> Result<Box<dyn Layer<T>>, BuildError> {
        let &[input, ..] = inputs else { return Err(BuildError::Empty) };
        if let Some(f) = self.activation() {
            return Ok(Box::new(Activate::new(f, input)));
        }
        Ok(match self {
            LayerSpec::Conv2d(config) => Box::new(config.build(name, input)?),
            LayerSpec::MaxPool2d(config) => Box::new(config.build_max(name, input)?),
            LayerSpec::AvgPool2d(config) => Box::new(config.build_avg(name, input)?),
            LayerSpec::GlobalAvgPool2d => Box::new(GlobalAvgPool2d::build(name, input)?),
            LayerSpec::BatchNorm2d(config) => Box::new(config.build(name, input)?),
            LayerSpec::LayerNorm(config) => Box::new(config.build(name, input)?),
            LayerSpec::Dropout(config) => Box::new(config.build(name, input)?),
            LayerSpec::Linear(config) => Box::new(config.build(name, input)?),
            LayerSpec::Softmax => Box::new(Softmax::build(name, input)?),
            LayerSpec::Add => Box::new(Joined::add(name, inputs)?),
            LayerSpec::Concat => Box::new(Joined::concat(name, inputs)?),
            // The activations are built above.
            _ => Box::new(Flatten::new(input)),
        })
    }
}

impl ModelSpec {
    /// Builds every layer for the output shape of the one before.
    ///
    /// # Errors
    /// The first layer that cannot be built, by name, with the shape it got and what it needs.
    pub fn build<T: Element>(&self) -> Result<Sequential<T>, BuildError> {
        if self.layers.is_empty() {
            return Err(BuildError::Empty);
        }
        limits::check_len("input", "numbers a sample", &self.input.dims())?;
        if self.input.dims().contains(&0) {
            return Err(BuildError::EmptyInput(self.input));
        }
        let mut params = 0;
        let mut shapes: Vec<Shape> = Vec::with_capacity(self.layers.len());
        let mut nodes = Vec::with_capacity(self.layers.len());
        for (i, NamedLayer { name, layer, .. }) in self.layers.iter().enumerate() {
            if self.layers[..i].iter().any(|other| other.name == *name) {
                return Err(BuildError::DuplicateName(name.clone()));
            }
            let sources = self.sources(i)?;
            let shape_of = |source: &Source| match *source {
                Source::Input => self.input,
                Source::Layer(before) => shapes[before],
            };
            let inputs: Vec<Shape> = sources.iter().map(shape_of).collect();
            limits::check(name, layer, inputs[0])?;
            let built = layer.build_for::<T>(name, &inputs)?;
            params += built.params().iter().map(ParamSpec::len).sum::<usize>();
            limits::check_len(name, "parameters with those before it", &[params])?;
            limits::check_len(name, "numbers a sample", &built.output_shape().dims())?;
            shapes.push(built.output_shape());
            nodes.push(Node::new(i, name.clone(), built, sources, layer.clone()));
        }
        self.refuse_dead_ends()?;
        Ok(Sequential::connect(nodes))
    }

    /// Where the layer at `i` reads.
    fn sources(&self, i: usize) -> Result<Vec<Source>, BuildError> {
        let NamedLayer { name, layer, from } = &self.layers[i];
        if from.is_empty() && !layer.joins() {
            return Ok(vec![i.checked_sub(1).map_or(Source::Input, Source::Layer)]);
        }
        if from.len() != 1 && !layer.joins() {
            return Err(BuildError::OneInput { layer: name.clone(), found: from.len() });
        }
        let mut sources = Vec::with_capacity(from.len());
        for word in from {
            let source = match self.layers[..i].iter().position(|l| l.name == *word) {
                Some(before) => Source::Layer(before),
                None if word == INPUT => Source::Input,
                None => return Err(BuildError::UnknownSource { layer: name.clone(), from: word.clone() }),
            };
            if sources.contains(&source) {
                return Err(BuildError::SameSource { layer: name.clone(), from: word.clone() });
            }
            sources.push(source);
        }
        if sources.len() < 2 && layer.joins() {
            return Err(BuildError::FewInputs { layer: name.clone() });
        }
        Ok(sources)
    }

    /// Refuses a layer, other than the last, that nobody reads.
    fn refuse_dead_ends(&self) -> Result<(), BuildError> {
        for (i, NamedLayer { name, .. }) in self.layers.iter().enumerate().take(self.layers.len() - 1) {
            let by_name = self.layers.iter().any(|l| l.from.contains(name));
            if !by_name && !self.layers[i + 1].from.is_empty() {
                return Err(BuildError::DeadEnd { layer: name.clone() });
            }
        }
        Ok(())
    }
}

/// What `from` calls the samples themselves.
const INPUT: &str = "input";

#[cfg(test)]
#[path = "spec_tests.rs"]
mod tests;
