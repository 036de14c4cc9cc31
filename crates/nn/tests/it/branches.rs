//! A net in which branches part and meet in every way there is.

use nn::layers::{BatchNorm2dConfig, Conv2dConfig, LinearConfig};
use nn::{LayerSpec, ModelSpec, NamedLayer, Shape};

/// A residual block with an identity, one with a convolution for its skip, a sum of three, a concatenation that reads the
/// samples too, and an output that a `Batch` layer, a `Sample` layer and a join read.
pub(crate) fn branches(input: Shape, classes: usize) -> ModelSpec {
    let conv = |channels, k| LayerSpec::Conv2d(Conv2dConfig::new(channels, k).with_padding(k / 2));
    // No bias where a normalisation follows: it would have no gradient.
    let bare = |channels| {
        LayerSpec::Conv2d(Conv2dConfig { bias: false, ..Conv2dConfig::new(channels, 3).with_padding(1) })
    };
    let norm = || LayerSpec::BatchNorm2d(BatchNorm2dConfig::default());
    let layers = vec![
        NamedLayer::new("stem", conv(4, 3)),
        NamedLayer::new("a.conv", bare(4)),
        NamedLayer::new("a.norm", norm()),
        NamedLayer::new("a.add", LayerSpec::Add).reading(["a.norm", "stem"]),
        NamedLayer::new("a.act", LayerSpec::Silu),
        NamedLayer::new("b.conv", bare(6)),
        NamedLayer::new("b.norm", norm()),
        NamedLayer::new("b.skip", conv(6, 1)).reading(["a.act"]),
        NamedLayer::new("b.norm2", norm()).reading(["b.skip"]),
        NamedLayer::new("b.add", LayerSpec::Add).reading(["b.norm", "b.norm2", "b.skip"]),
        NamedLayer::new("b.act", LayerSpec::Relu),
        NamedLayer::new("c.norm", norm()).reading(["a.act"]),
        NamedLayer::new("c.conv", conv(2, 3)),
        NamedLayer::new("all", LayerSpec::Concat).reading(["c.conv", "b.act", "input", "stem"]),
        NamedLayer::new("act", LayerSpec::Gelu),
        NamedLayer::new("pool", LayerSpec::GlobalAvgPool2d),
        NamedLayer::new("fc", LayerSpec::Linear(LinearConfig::new(classes))),
    ];
    ModelSpec { name: "branches".into(), input, layers }
}
