//! A model as data: what is stored with the weights and read from a model file.

use kernels::{Activation, Element};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::BuildError;
use crate::layer::Layer;
use crate::layers::{
    Activate, BatchNorm2dConfig, Conv2dConfig, DropoutConfig, Flatten, LinearConfig, Pool2dConfig,
};
use crate::sequential::Sequential;
use crate::shape::Shape;

/// A model: its name, the shape of one input sample, and its layers in order.
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

/// A layer and its name, which prefixes the names of its parameters.
///
/// Stored as one table, e.g. in TOML `name = "conv1"`, `kind = "conv2d"`, `out_channels = 6`, `kernel_size = 5`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedLayer {
    /// Unique in the model, e.g. `conv1`.
    pub name: String,
    /// What it computes.
    #[serde(flatten)]
    pub layer: LayerSpec,
}

impl NamedLayer {
    /// `layer` under this name.
    #[must_use]
    pub fn new(name: impl Into<String>, layer: LayerSpec) -> Self {
        NamedLayer { name: name.into(), layer }
    }
}

impl<'de> Deserialize<'de> for NamedLayer {
    /// Through a table of values, so that every message names the layer and no setting is silently ignored.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = serde_json::Map::deserialize(deserializer)?;
        let name = match table.remove("name") {
            Some(serde_json::Value::String(name)) => name,
            Some(other) => {
                return Err(D::Error::custom(format!("a layer's name must be a string, not {other}")));
            }
            None => return Err(D::Error::custom("a layer without a `name`")),
        };
        let settings: Vec<String> = table.keys().filter(|k| *k != "kind").cloned().collect();
        let layer: LayerSpec = serde_json::from_value(table.into())
            .map_err(|e| D::Error::custom(format!("layer '{name}': {e}")))?;
        match (layer.has_settings(), settings.first()) {
            (false, Some(unknown)) => Err(D::Error::custom(format!(
                "layer '{name}': unknown field `{unknown}`, this kind has no settings"
            ))),
            _ => Ok(NamedLayer { name, layer }),
        }
    }
}

/// One layer's kind and settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is the config of the layer of the same name")]
pub enum LayerSpec {
    Conv2d(Conv2dConfig),
    MaxPool2d(Pool2dConfig),
    AvgPool2d(Pool2dConfig),
    BatchNorm2d(BatchNorm2dConfig),
    Dropout(DropoutConfig),
    Flatten,
    Linear(LinearConfig),
    Relu,
    Sigmoid,
    Silu,
    Tanh,
}

impl LayerSpec {
    fn has_settings(&self) -> bool {
        use LayerSpec::{Flatten, Relu, Sigmoid, Silu, Tanh};
        !matches!(self, Flatten | Relu | Sigmoid | Silu | Tanh)
    }

    /// The layer for inputs of this shape.
    ///
    /// # Errors
    /// As the layer's own `build`; `name` is for the message.
    pub fn build<T: Element>(&self, name: &str, input: Shape) -> Result<Box<dyn Layer<T>>, BuildError> {
        let activate = |f| Box::new(Activate::new(f, input)) as Box<dyn Layer<T>>;
        Ok(match self {
            LayerSpec::Conv2d(config) => Box::new(config.build(name, input)?),
            LayerSpec::MaxPool2d(config) => Box::new(config.build_max(name, input)?),
            LayerSpec::AvgPool2d(config) => Box::new(config.build_avg(name, input)?),
            LayerSpec::BatchNorm2d(config) => Box::new(config.build(name, input)?),
            LayerSpec::Dropout(config) => Box::new(config.build(name, input)?),
            LayerSpec::Flatten => Box::new(Flatten::new(input)),
            LayerSpec::Linear(config) => Box::new(config.build(name, input)?),
            LayerSpec::Relu => activate(Activation::Relu),
            LayerSpec::Sigmoid => activate(Activation::Sigmoid),
            LayerSpec::Silu => activate(Activation::Silu),
            LayerSpec::Tanh => activate(Activation::Tanh),
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
        let mut shape = self.input;
        let mut layers = Vec::with_capacity(self.layers.len());
        for (i, NamedLayer { name, layer }) in self.layers.iter().enumerate() {
            if self.layers[..i].iter().any(|other| other.name == *name) {
                return Err(BuildError::DuplicateName(name.clone()));
            }
            let built = layer.build(name, shape)?;
            shape = built.output_shape();
            layers.push((name.clone(), built));
        }
        Ok(Sequential::new(layers).with_specs(self.layers.iter().map(|l| l.layer.clone())))
    }
}
