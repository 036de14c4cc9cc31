//! LeNet5 with max pools before the sigmoids.

use crate::layers::{Conv2dConfig, LinearConfig, Pool2dConfig};
use crate::named_layer::NamedLayer;
use crate::shape::Shape;
use crate::spec::{LayerSpec, ModelSpec};

/// LeNet5: two 5×5 convolutions, each followed by a 2×2 max pool and a sigmoid, then 120, 84 and `num_classes` units.
///
/// 128×128 pixels become 124, 62, 58, 29; the smallest image is 16×16.
///
/// # Source
/// LeCun et al. 1998, 'Gradient-based learning applied to document recognition', with max for average pools.
#[must_use]
pub fn lenet5(input: Shape, num_classes: usize) -> ModelSpec {
    ModelSpec {
        name: "lenet5".to_owned(),
        input,
        layers: vec![
            NamedLayer::new("conv1", LayerSpec::Conv2d(Conv2dConfig::new(6, 5))),
            NamedLayer::new("pool1", LayerSpec::MaxPool2d(Pool2dConfig::new(2))),
            NamedLayer::new("act1", LayerSpec::Sigmoid),
            NamedLayer::new("conv2", LayerSpec::Conv2d(Conv2dConfig::new(16, 5))),
            NamedLayer::new("pool2", LayerSpec::MaxPool2d(Pool2dConfig::new(2))),
            NamedLayer::new("act2", LayerSpec::Sigmoid),
            NamedLayer::new("flatten", LayerSpec::Flatten),
            NamedLayer::new("fc1", LayerSpec::Linear(LinearConfig::new(120))),
            NamedLayer::new("act3", LayerSpec::Sigmoid),
            NamedLayer::new("fc2", LayerSpec::Linear(LinearConfig::new(84))),
            NamedLayer::new("act4", LayerSpec::Sigmoid),
            NamedLayer::new("fc3", LayerSpec::Linear(LinearConfig::new(num_classes))),
        ],
    }
}
