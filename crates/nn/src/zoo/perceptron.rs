//! The two-layer perceptron on a histogram.

use crate::layers::LinearConfig;
use crate::named_layer::NamedLayer;
use crate::shape::Shape;
use crate::spec::{LayerSpec, ModelSpec};

/// Bins of the histogram that the perceptron reads.
pub const HISTOGRAM_BINS: usize = 64;

/// Hidden units of the perceptron, whatever the number of classes.
const HIDDEN: usize = 50;

/// The two-layer perceptron on a histogram of [`HISTOGRAM_BINS`] bins: Linear 64→50, ReLU, Linear 50→`num_classes`.
#[must_use]
pub fn perceptron(num_classes: usize) -> ModelSpec {
    ModelSpec {
        name: "perceptron".to_owned(),
        input: Shape::Flat(HISTOGRAM_BINS),
        layers: vec![
            NamedLayer::new("fc1", LayerSpec::Linear(LinearConfig::new(HIDDEN))),
            NamedLayer::new("act1", LayerSpec::Relu),
            NamedLayer::new("fc2", LayerSpec::Linear(LinearConfig::new(num_classes))),
        ],
    }
}
