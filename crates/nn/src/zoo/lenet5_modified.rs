//! The modified LeNet5: SiLU, padding, a third convolution.

use crate::layers::{Conv2dConfig, LinearConfig, Pool2dConfig};
use crate::named_layer::NamedLayer;
use crate::shape::Shape;
use crate::spec::{LayerSpec, ModelSpec};

/// The modified LeNet5: SiLU for the sigmoid, padding 1 in the second stage, a third convolution 3×3 to 32 planes.
///
/// 128×128 pixels become 124, 62, 60, 31, 29. The pools stand before the activation, which for SiLU (falling, then
/// rising) is not the same as behind it.
#[must_use]
pub fn lenet5_modified(input: Shape, num_classes: usize) -> ModelSpec {
    ModelSpec {
        name: "lenet5-modified".to_owned(),
        input,
        layers: vec![
            NamedLayer::new("conv1", LayerSpec::Conv2d(Conv2dConfig::new(6, 5))),
            NamedLayer::new("pool1", LayerSpec::MaxPool2d(Pool2dConfig::new(2))),
            NamedLayer::new("act1", LayerSpec::Silu),
            NamedLayer::new("conv2", LayerSpec::Conv2d(Conv2dConfig::new(16, 5).with_padding(1))),
            NamedLayer::new("pool2", LayerSpec::MaxPool2d(Pool2dConfig::new(2).with_padding(1))),
            NamedLayer::new("act2", LayerSpec::Silu),
            NamedLayer::new("conv3", LayerSpec::Conv2d(Conv2dConfig::new(32, 3))),
            NamedLayer::new("act3", LayerSpec::Silu),
            NamedLayer::new("flatten", LayerSpec::Flatten),
            NamedLayer::new("fc1", LayerSpec::Linear(LinearConfig::new(120))),
            NamedLayer::new("act4", LayerSpec::Silu),
            NamedLayer::new("fc2", LayerSpec::Linear(LinearConfig::new(84))),
            NamedLayer::new("act5", LayerSpec::Silu),
            NamedLayer::new("fc3", LayerSpec::Linear(LinearConfig::new(num_classes))),
        ],
    }
}
