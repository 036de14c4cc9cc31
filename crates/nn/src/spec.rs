//! A model as data: what is stored with the weights and read from a model file.

use kernels::{Activation, Element};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::BuildError;
use crate::layer::Layer;
use crate::layers::{
    Activate, BatchNorm2dConfig, Conv2dConfig, DropoutConfig, Flatten, LinearConfig, Pool2dConfig,
};
use crate::limits;
use crate::param::ParamSpec;
use crate::sequential::Sequential;
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
        limits::check_len("input", "numbers a sample", &shape.dims())?;
        if shape.dims().contains(&0) {
            return Err(BuildError::EmptyInput(shape));
        }
        let mut params = 0;
        let mut layers = Vec::with_capacity(self.layers.len());
        for (i, NamedLayer { name, layer }) in self.layers.iter().enumerate() {
            if self.layers[..i].iter().any(|other| other.name == *name) {
                return Err(BuildError::DuplicateName(name.clone()));
            }
            limits::check(name, layer, shape)?;
            let built = layer.build::<T>(name, shape)?;
            params += built.params().iter().map(ParamSpec::len).sum::<usize>();
            limits::check_len(name, "parameters with those before it", &[params])?;
            shape = built.output_shape();
            layers.push((name.clone(), built));
        }
        Ok(Sequential::new(layers).with_specs(self.layers.iter().map(|l| l.layer.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zoo;

    /// One layer of every kind, with settings that are not the default.
    fn every_kind() -> ModelSpec {
        let conv = Conv2dConfig { stride: 2, dilation: 2, groups: 2, bias: false, ..Conv2dConfig::new(4, 3) };
        let kinds = [
            LayerSpec::Conv2d(conv.with_padding(2)),
            LayerSpec::BatchNorm2d(BatchNorm2dConfig { eps: 1e-3, momentum: 0.2 }),
            LayerSpec::Relu,
            LayerSpec::MaxPool2d(Pool2dConfig { stride: Some(1), ..Pool2dConfig::new(3).with_padding(1) }),
            LayerSpec::Sigmoid,
            LayerSpec::AvgPool2d(Pool2dConfig::new(2)),
            LayerSpec::Silu,
            LayerSpec::Flatten,
            LayerSpec::Dropout(DropoutConfig { p: 0.25 }),
            LayerSpec::Linear(LinearConfig { out_features: 3, bias: false }),
            LayerSpec::Tanh,
        ];
        let layers =
            kinds.into_iter().enumerate().map(|(i, l)| NamedLayer::new(format!("l{i}"), l)).collect();
        ModelSpec { name: "all".into(), input: Shape::image(2, 16, 12), layers }
    }

    #[test]
    fn every_layer_comes_back_from_toml_and_json() {
        let image = Shape::image(1, 128, 128);
        let zoo = [zoo::perceptron(50), zoo::lenet5(image, 50), zoo::lenet5_modified(image, 50)];
        for spec in zoo.into_iter().chain([every_kind()]) {
            let text = toml::to_string(&spec).unwrap();
            assert_eq!(toml::from_str::<ModelSpec>(&text).unwrap(), spec, "{text}");
            let json = serde_json::to_string(&spec).unwrap();
            assert_eq!(serde_json::from_str::<ModelSpec>(&json).unwrap(), spec, "{json}");
        }
    }

    #[test]
    fn a_built_network_keeps_what_it_was_built_from() {
        let spec = every_kind();
        let net = spec.build::<f32>().unwrap();
        for (node, layer) in net.nodes().iter().zip(&spec.layers) {
            assert_eq!((&node.name, node.spec.as_ref()), (&layer.name, Some(&layer.layer)));
        }
    }

    #[test]
    fn defaults_need_not_be_written() {
        let text = "name = 'small'\ninput = [1, 8, 8]\n\
            layers = [{ name = 'c', kind = 'conv2d', out_channels = 2, kernel_size = 3 },\n\
                      { name = 'n', kind = 'batch_norm2d' }, { name = 'p', kind = 'max_pool2d', kernel_size = 2 }]";
        let spec: ModelSpec = toml::from_str(text).unwrap();
        assert_eq!(spec.layers[0].layer, LayerSpec::Conv2d(Conv2dConfig::new(2, 3)));
        assert_eq!(spec.build::<f32>().unwrap().output_shape(), Shape::image(2, 3, 3));
    }

    #[test]
    fn a_mistake_in_a_model_file_is_named_with_its_layer() {
        let cases = [
            (
                "name = 'a', kind = 'conv2d', out_channels = 2, kernel = 3",
                "layer 'a': unknown field `kernel`, expected one of",
            ),
            ("name = 'a', kind = 'conv2d', out_channels = 2", "layer 'a': missing field `kernel_size`"),
            ("name = 'a', kind = 'conv3d'", "layer 'a': unknown variant `conv3d`, expected one of"),
            ("name = 'a', kind = 'relu', slope = 0.1", "layer 'a': unknown field `slope`"),
            ("name = 'a', kind = 'linear', out_features = -1", "layer 'a': invalid value: integer `-1`"),
            ("name = 'a'", "layer 'a': missing field `kind`"),
            ("kind = 'relu'", "a layer without a `name`"),
            ("name = 5, kind = 'relu'", "a layer's name must be a string, not 5"),
        ];
        for (layer, expected) in cases {
            let text = format!("name = 'm'\ninput = [1, 8, 8]\nlayers = [{{ {layer} }}]");
            let error = toml::from_str::<ModelSpec>(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}\nshould say: {expected}");
            assert!(error.contains("line 3"), "{error}");
        }
    }

    #[test]
    fn an_input_without_numbers_or_with_too_many_is_refused() {
        let layers = || vec![NamedLayer::new("fc", LayerSpec::Linear(LinearConfig::new(4)))];
        let build = |input| ModelSpec { name: "m".into(), input, layers: layers() }.build::<f32>();
        assert_eq!(build(Shape::image(1, 0, 8)).unwrap_err(), BuildError::EmptyInput(Shape::image(1, 0, 8)));
        let error = build(Shape::image(usize::MAX, 2, 8)).unwrap_err().to_string();
        assert!(error.contains("'input' would have 18446744073709551615×2×8 numbers"), "{error}");
        for shape in ["[]", "[2, 3]", "[1, 2, 3, 4]", "[-1]"] {
            assert!(serde_json::from_str::<Shape>(shape).is_err(), "{shape}");
        }
    }

    #[test]
    fn a_model_that_cannot_work_is_refused_by_the_layer_that_cannot() {
        let build = |layers: Vec<NamedLayer>| {
            let spec = ModelSpec { name: "m".into(), input: Shape::image(1, 8, 8), layers };
            spec.build::<f32>().unwrap_err().to_string()
        };
        let linear = || LayerSpec::Linear(LinearConfig::new(4));
        let pool = |k, padding| LayerSpec::MaxPool2d(Pool2dConfig { padding, ..Pool2dConfig::new(k) });
        let conv = |config| LayerSpec::Conv2d(config);
        let cases = [
            (vec![], "the model has no layers"),
            (vec![("a", linear()), ("a", linear())], "two layers are named 'a'"),
            (vec![("f", linear()), ("p", pool(2, 0))], "layer 'p' (max_pool2d) needs an image"),
            (vec![("p", pool(9, 0))], "layer 'p' (max_pool2d) needs at least 9×9"),
            (vec![("p", pool(3, 2))], "padding 2 is more than half"),
            (vec![("c", conv(Conv2dConfig::new(1, 9)))], "layer 'c' (conv2d) needs at least 9×9"),
            (vec![("c", conv(Conv2dConfig::new(0, 3)))], "out_channels must be at least 1"),
            (
                vec![("c", conv(Conv2dConfig { groups: 2, ..Conv2dConfig::new(2, 3) }))],
                "groups = 2 must divide",
            ),
            (
                vec![("f", LayerSpec::Linear(LinearConfig::new(1 << 60)))],
                "'f' would have 1152921504606846976×64 weights",
            ),
            (vec![("c", conv(Conv2dConfig::new(usize::MAX, 3)))], "weights, more than 268435456"),
            (
                vec![("c", conv(Conv2dConfig::new(9, 3).with_padding(1 << 40)))],
                "9×2199023255558×2199023255558 numbers",
            ),
            (vec![("c", conv(Conv2dConfig::new(9, 3).with_padding(usize::MAX)))], "needs at least 3×3"),
            (
                vec![("c", conv(Conv2dConfig { stride: 0, ..Conv2dConfig::new(9, 3) }))],
                "stride must be at least 1",
            ),
            (vec![("d", LayerSpec::Dropout(DropoutConfig { p: 1.0 }))], "p = 1 must be"),
            (
                vec![("n", LayerSpec::BatchNorm2d(BatchNorm2dConfig { eps: 0.0, momentum: 0.1 }))],
                "eps = 0 must be positive",
            ),
        ];
        for (layers, expected) in cases {
            let error = build(layers.into_iter().map(|(n, l)| NamedLayer::new(n, l)).collect());
            assert!(error.contains(expected), "{error:?} should say {expected:?}");
        }
    }
}
