//! The shape of one sample, without the batch dimension.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Sizes of one sample: `[features]`, or `[channels, height, width]`.
///
/// # Examples
/// ```
/// use nn::Shape;
/// let image = Shape::image(1, 128, 128);
/// assert_eq!(image.len(), 16384);
/// assert_eq!(image.to_string(), "1×128×128");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "Vec<usize>")]
pub enum Shape {
    /// A vector of this many features.
    Flat(usize),
    /// An image or a stack of feature maps, channels first.
    Image {
        /// Number of planes.
        channels: usize,
        /// Rows of each plane.
        height: usize,
        /// Columns of each plane.
        width: usize,
    },
}

impl Shape {
    /// An image of `channels` planes of `height` rows and `width` columns.
    #[must_use]
    pub fn image(channels: usize, height: usize, width: usize) -> Self {
        Shape::Image { channels, height, width }
    }

    /// Numbers in one sample.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a shape has a size, it holds nothing")]
    pub fn len(&self) -> usize {
        match *self {
            Shape::Flat(features) => features,
            Shape::Image { channels, height, width } => channels * height * width,
        }
    }

    /// The sizes in order, as a torch `shape` without the batch.
    #[must_use]
    pub fn dims(&self) -> Vec<usize> {
        match *self {
            Shape::Flat(features) => vec![features],
            Shape::Image { channels, height, width } => vec![channels, height, width],
        }
    }
}

impl From<Vec<usize>> for Shape {
    /// One size is a vector, three are an image; anything else is a vector of the product.
    fn from(dims: Vec<usize>) -> Self {
        match dims[..] {
            [channels, height, width] => Shape::Image { channels, height, width },
            _ => Shape::Flat(dims.iter().product()),
        }
    }
}

impl<'de> Deserialize<'de> for Shape {
    /// Only one or three sizes: what a user wrote is not guessed at.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dims = Vec::<usize>::deserialize(deserializer)?;
        match dims.len() {
            1 | 3 => Ok(Shape::from(dims)),
            _ => Err(D::Error::custom(format!(
                "a shape is [features] or [channels, height, width], not {dims:?}"
            ))),
        }
    }
}

impl From<Shape> for Vec<usize> {
    fn from(shape: Shape) -> Self {
        shape.dims()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, size) in self.dims().iter().enumerate() {
            write!(f, "{}{size}", if i == 0 { "" } else { "×" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shape({self})")
    }
}
