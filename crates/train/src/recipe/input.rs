//! From picture to input, as a recipe has it.

use data::{Colour, Feature, Fit, Preprocess, Space, Transform};
use nn::Shape;
use serde::{Deserialize, Serialize};

/// Size and form of a model's input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Of the resized picture, in pixels.
    pub height: usize,
    /// Of the resized picture, in pixels.
    pub width: usize,
    /// How pictures of another shape are brought to that size: `squash` (the default) or `letterbox`.
    #[serde(default)]
    pub fit: Fit,
    /// Whether inputs are shifted and scaled to mean 0 and variance 1.
    pub standardize: Standardize,
    /// What the model sees.
    pub feature: FeatureChoice,
}

/// Whether inputs are shifted and scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Standardize {
    /// By mean and standard deviation over the training split: one of each a channel, or a histogram's bin.
    #[default]
    Dataset,
    /// Pixels by mean and standard deviation of their own picture, one of each a channel; histograms as `Dataset`.
    Picture,
    /// Pixels are `x/255`, histograms as they are.
    None,
    /// By these numbers, for every channel or bin.
    Fixed {
        /// Subtracted first.
        mean: f32,
        /// Divided by; over 0.
        std: f32,
    },
}

impl Standardize {
    /// Whether it follows from the data, and not from numbers in the recipe.
    #[must_use]
    pub fn is_learned(self) -> bool {
        matches!(self, Self::Dataset | Self::Picture)
    }
}

/// What the model sees of a resized picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FeatureChoice {
    /// Its pixels.
    Pixels {
        /// Gray or colour.
        colour: Colour,
    },
    /// A histogram of 64 bins.
    Histogram {
        /// What the bins divide.
        space: Space,
        /// What is done with a bin's share of the pixels.
        transform: Transform,
    },
}

impl Input {
    /// The preprocessing, not yet fitted to data.
    #[must_use]
    pub fn preprocess(&self) -> Preprocess {
        let (colour, mut feature) = match self.feature {
            FeatureChoice::Pixels { colour } if self.standardize == Standardize::Picture => {
                (colour, Feature::PicturePixels)
            }
            FeatureChoice::Pixels { colour } => (colour, Feature::pixels(colour)),
            FeatureChoice::Histogram { space, transform } => {
                (space.colour(), Feature::histogram(space, transform))
            }
        };
        if let Standardize::Fixed { mean: shift, std: scale } = self.standardize
            && let Feature::Pixels { mean, std } | Feature::Histogram { mean, std, .. } = &mut feature
        {
            mean.fill(shift);
            std.fill(scale);
        }
        Preprocess { fit: self.fit, ..Preprocess::new(self.height, self.width, colour, feature) }
    }

    /// Shape of one sample as a model gets it.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match self.feature {
            FeatureChoice::Pixels { colour } => Shape::image(colour.channels(), self.height, self.width),
            FeatureChoice::Histogram { .. } => Shape::Flat(data::histogram::BINS),
        }
    }

    /// What feeds a model of this input shape: an image of 1 or 3 channels, or 64 bins of the gray levels.
    pub(crate) fn for_shape(shape: Shape, like: &Self) -> Option<Self> {
        match shape {
            Shape::Image { channels, height, width } => {
                let colour = match channels {
                    1 => Colour::Gray,
                    3 => Colour::Rgb,
                    _ => return None,
                };
                Some(Self { height, width, feature: FeatureChoice::Pixels { colour }, ..*like })
            }
            Shape::Flat(data::histogram::BINS) => {
                let feature = FeatureChoice::Histogram { space: Space::Gray64, transform: Transform::Log };
                Some(Self { feature, ..*like })
            }
            Shape::Flat(_) => None,
        }
    }
}
