//! The built-in models: the three of the experiment, and two that are better.

mod block;
mod depthwise;
mod lenet5;
mod lenet5_modified;
mod perceptron;
mod residual;

pub use depthwise::depthwise;
pub use lenet5::lenet5;
pub use lenet5_modified::lenet5_modified;
pub use perceptron::{HISTOGRAM_BINS, perceptron};
pub use residual::residual;

use crate::shape::Shape;
use crate::spec::ModelSpec;

/// The models of the published experiment.
pub const NAMES: [&str; 3] = ["perceptron", "lenet5", "lenet5-modified"];

/// All names that [`by_name`] knows.
pub const ALL: [&str; 5] = ["perceptron", "lenet5", "lenet5-modified", "residual", "depthwise"];

/// Sides of the image that the convolutional models see, in pixels.
pub const IMAGE_SIZE: usize = 128;

/// The input that the built-in recipe of this model gives it: a histogram, or a gray or colour image of this size.
#[must_use]
pub fn usual_input(name: &str, size: usize) -> Shape {
    match name {
        "perceptron" => Shape::Flat(HISTOGRAM_BINS),
        "residual" | "depthwise" => Shape::image(3, size, size),
        _ => Shape::image(1, size, size),
    }
}

/// The built-in model of this name; none if there is no such name.
///
/// `input` is the shape of one sample: an image for the convolutional models, any for the perceptron, usually
/// [`HISTOGRAM_BINS`] numbers. Whether the sizes fit is checked by [`ModelSpec::build`].
///
/// # Examples
/// ```
/// let spec = nn::zoo::by_name("lenet5", nn::Shape::image(1, 128, 128), 50).unwrap();
/// assert_eq!(spec.build::<f32>()?.num_params(), 1_631_826);
/// assert!(nn::zoo::by_name("lenet6", nn::Shape::Flat(64), 50).is_none());
/// # Ok::<(), nn::BuildError>(())
/// ```
#[must_use]
pub fn by_name(name: &str, input: Shape, num_classes: usize) -> Option<ModelSpec> {
    match name {
        "perceptron" => Some(ModelSpec { input, ..perceptron(num_classes) }),
        "lenet5" => Some(lenet5(input, num_classes)),
        "lenet5-modified" => Some(lenet5_modified(input, num_classes)),
        "residual" => Some(residual(input, num_classes)),
        "depthwise" => Some(depthwise(input, num_classes)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(spec: &ModelSpec) -> Vec<String> {
        let net = spec.build::<f32>().unwrap();
        net.nodes().iter().map(|n| format!("{} {}", n.name, n.layer.output_shape())).collect()
    }

    #[test]
    fn every_model_has_the_shapes_of_the_report() {
        let image = Shape::image(1, IMAGE_SIZE, IMAGE_SIZE);
        assert_eq!(shapes(&perceptron(50)), ["fc1 50", "act1 50", "fc2 50"]);
        assert_eq!(
            shapes(&lenet5(image, 50)),
            [
                "conv1 6×124×124",
                "pool1 6×62×62",
                "act1 6×62×62",
                "conv2 16×58×58",
                "pool2 16×29×29",
                "act2 16×29×29",
                "flatten 13456",
                "fc1 120",
                "act3 120",
                "fc2 84",
                "act4 84",
                "fc3 50",
            ]
        );
        assert_eq!(
            shapes(&lenet5_modified(image, 50)),
            [
                "conv1 6×124×124",
                "pool1 6×62×62",
                "act1 6×62×62",
                "conv2 16×60×60",
                "pool2 16×31×31",
                "act2 16×31×31",
                "conv3 32×29×29",
                "act3 32×29×29",
                "flatten 26912",
                "fc1 120",
                "act4 120",
                "fc2 84",
                "act5 84",
                "fc3 50",
            ]
        );
    }

    #[test]
    fn other_sizes_and_channels_build() {
        for input in [Shape::image(1, 28, 28), Shape::image(1, 32, 32), Shape::image(3, 64, 48)] {
            for name in ["lenet5", "lenet5-modified"] {
                assert!(by_name(name, input, 10).unwrap().build::<f32>().is_ok(), "{name} on {input}");
            }
        }
        let too_small = by_name("lenet5", Shape::image(1, 8, 8), 10).unwrap().build::<f32>();
        assert!(too_small.unwrap_err().to_string().contains("conv2"));
    }

    #[test]
    fn every_name_is_known_and_is_the_name_of_its_model() {
        for name in ALL {
            assert_eq!(by_name(name, Shape::image(1, 32, 32), 50).unwrap().name, name);
        }
    }

    #[test]
    fn the_larger_nets_have_the_sizes_that_they_promise() {
        let of =
            |name: &str| by_name(name, usual_input(name, IMAGE_SIZE), 50).unwrap().build::<f32>().unwrap();
        let (residual, depthwise) = (of("residual"), of("depthwise"));
        assert_eq!((residual.macs(), residual.num_params()), (18_705_664, 372_870));
        assert_eq!((depthwise.macs(), depthwise.num_params()), (9_271_552, 68_802));
        assert!(2 * depthwise.macs() <= residual.macs());
    }
}
