//! A small residual net.

use super::block::{conv, norm};
use crate::layers::{DropoutConfig, LinearConfig};
use crate::named_layer::NamedLayer;
use crate::shape::Shape;
use crate::spec::{LayerSpec, ModelSpec};

/// Channels of the three blocks.
const BLOCKS: [usize; 3] = [40, 80, 128];

/// A residual net of 8 convolutions: 18.7 M multiply-adds and 371,000 parameters at 3×128×128 and 50 classes.
///
/// Two convolutions of stride 2 make 32×32 cells of the picture; each block halves them again. The skip of a block that
/// changes its shape is a 1×1 convolution; the activation is SiLU.
///
/// # Source
/// He et al. 2015, arXiv 1512.03385 (blocks of two 3×3 convolutions, skip 'B').
#[must_use]
pub fn residual(input: Shape, num_classes: usize) -> ModelSpec {
    let silu = |name: String| NamedLayer::new(name, LayerSpec::Silu);
    let mut layers = vec![
        conv("stem.conv1", 12, 3, 2),
        norm("stem.norm1"),
        silu("stem.act1".into()),
        conv("stem.conv2", 18, 3, 2),
        norm("stem.norm2"),
        silu("stem.act2".into()),
    ];
    let mut before = "stem.act2".to_owned();
    for (i, channels) in BLOCKS.into_iter().enumerate() {
        let of = |part: &str| format!("block{}.{part}", i + 1);
        layers.extend([
            conv(of("conv1"), channels, 3, 2),
            norm(of("norm1")),
            silu(of("act1")),
            conv(of("conv2"), channels, 3, 1),
            norm(of("norm2")),
            conv(of("skip"), channels, 1, 2).reading([&before]),
            norm(of("skip_norm")),
            NamedLayer::new(of("add"), LayerSpec::Add).reading([&of("norm2"), &of("skip_norm")]),
            silu(of("act2")),
        ]);
        before = of("act2");
    }
    layers.extend([
        NamedLayer::new("pool", LayerSpec::GlobalAvgPool2d),
        NamedLayer::new("drop", LayerSpec::Dropout(DropoutConfig { p: 0.1 })),
        NamedLayer::new("fc", LayerSpec::Linear(LinearConfig::new(num_classes))),
    ]);
    ModelSpec { name: "residual".to_owned(), input, layers }
}
