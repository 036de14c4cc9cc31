//! A net of depthwise and 1×1 convolutions.

use super::block::{conv, grouped, norm};
use crate::layers::LinearConfig;
use crate::named_layer::NamedLayer;
use crate::shape::Shape;
use crate::spec::{LayerSpec, ModelSpec};

/// Channels of the stem.
const STEM: usize = 12;
/// Channels and stride of each block.
const BLOCKS: [(usize, usize); 8] =
    [(32, 2), (32, 1), (64, 2), (64, 1), (64, 1), (128, 2), (128, 1), (128, 1)];

/// A net of depthwise blocks: 9.3 M multiply-adds and 66,000 parameters at 3×128×128 and 50 classes.
///
/// Each block is a 3×3 convolution of every channel alone, then a 1×1 convolution over all; one that keeps its shape adds
/// its input. Half the arithmetic of [`super::residual`] and a fifth of its weights, for slow machines and small files.
///
/// # Source
/// Howard et al. 2017, arXiv 1704.04861; the sums as in Sandler et al. 2018, arXiv 1801.04381.
#[must_use]
pub fn depthwise(input: Shape, num_classes: usize) -> ModelSpec {
    let silu = |name: String| NamedLayer::new(name, LayerSpec::Silu);
    let mut layers = vec![conv("stem.conv", STEM, 3, 2), norm("stem.norm"), silu("stem.act".into())];
    let (mut before, mut channels) = ("stem.act".to_owned(), STEM);
    for (i, (out, stride)) in BLOCKS.into_iter().enumerate() {
        let of = |part: &str| format!("block{}.{part}", i + 1);
        layers.extend([
            grouped(of("depth"), channels, 3, stride),
            norm(of("norm1")),
            silu(of("act1")),
            conv(of("point"), out, 1, 1),
            norm(of("norm2")),
        ]);
        if (stride, out) == (1, channels) {
            layers.push(NamedLayer::new(of("add"), LayerSpec::Add).reading([&of("norm2"), &before]));
        }
        layers.push(silu(of("act2")));
        (before, channels) = (of("act2"), out);
    }
    layers.extend([
        NamedLayer::new("pool", LayerSpec::GlobalAvgPool2d),
        NamedLayer::new("fc", LayerSpec::Linear(LinearConfig::new(num_classes))),
    ]);
    ModelSpec { name: "depthwise".to_owned(), input, layers }
}
