//! The layers that the larger nets are made of.

use crate::layers::{BatchNorm2dConfig, Conv2dConfig};
use crate::named_layer::NamedLayer;
use crate::spec::LayerSpec;

/// A convolution that a normalisation follows: padded to keep its size at stride 1, no bias.
pub(super) fn conv(
    name: impl Into<String>,
    channels: usize,
    kernel_size: usize,
    stride: usize,
) -> NamedLayer {
    let config = Conv2dConfig { stride, bias: false, ..Conv2dConfig::new(channels, kernel_size) };
    NamedLayer::new(name, LayerSpec::Conv2d(config.with_padding(kernel_size / 2)))
}

/// The same, of every channel alone.
pub(super) fn grouped(name: String, channels: usize, kernel_size: usize, stride: usize) -> NamedLayer {
    let config = Conv2dConfig {
        stride,
        bias: false,
        groups: channels,
        ..Conv2dConfig::new(channels, kernel_size).with_padding(kernel_size / 2)
    };
    NamedLayer::new(name, LayerSpec::Conv2d(config))
}

/// Batch normalisation with the usual settings.
pub(super) fn norm(name: impl Into<String>) -> NamedLayer {
    NamedLayer::new(name, LayerSpec::BatchNorm2d(BatchNorm2dConfig::default()))
}
