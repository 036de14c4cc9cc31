//! From a picture's bytes to a model's input: the one copy of it in the house.
//!
//! Training, evaluation, prediction and serving all go through a [`Preprocess`], and it is stored with the weights,
//! so a model can't be fed otherwise than it was trained. It has two halves. *bytes → plane*: decode, gray or colour,
//! resize; the plane is `u8`, small, and kept. *plane → features*: standardized pixels or a histogram, `f32`, made
//! for each batch.

mod fit;
mod letterbox;

use crate::{
    decode::{DecodeError, Limits, decode},
    histogram::{BINS, Space, Transform, histogram},
    picture::{Colour, Picture},
    resize::resize_into,
};
use kernels::pixels::Levels;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

/// What a picture's pixels become.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Feature {
    /// `(x/255 − mean) / std`, one mean and one std a channel.
    Pixels {
        /// In [0, 1]; one a channel.
        mean: Vec<f32>,
        /// Greater than 0; one a channel.
        std: Vec<f32>,
    },
    /// `(x/255 − mean) / std` by the mean and std of the picture's own plane, one of each a channel: what is left is
    /// neither bright nor dark, neither faint nor strong. A std below one gray level counts as one.
    #[serde(rename = "picture-pixels")]
    PicturePixels,
    /// 64 shares of the pixels, transformed, then `(h − mean) / std`, one mean and one std a bin.
    Histogram {
        /// Gray levels or colours.
        space: Space,
        /// Plain, square root or logarithm.
        transform: Transform,
        /// One a bin.
        mean: Vec<f32>,
        /// Greater than 0; one a bin.
        std: Vec<f32>,
    },
}

impl Feature {
    /// `x/255`, nothing else.
    pub fn pixels(colour: Colour) -> Self {
        Self::Pixels { mean: vec![0.0; colour.channels()], std: vec![1.0; colour.channels()] }
    }

    /// The transformed histogram, not standardized.
    pub fn histogram(space: Space, transform: Transform) -> Self {
        Self::Histogram { space, transform, mean: vec![0.0; BINS], std: vec![1.0; BINS] }
    }
}

/// How a picture of another shape is brought to size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// Both axes are scaled on their own; the aspect ratio changes.
    #[default]
    Squash,
    /// Both are scaled alike; bars of the picture's mean fill what is left.
    Letterbox,
}

/// A model's view of a picture, as data.
///
/// # Examples
/// ```
/// use data::{Colour, Feature, Picture, Preprocess};
///
/// let preprocess = Preprocess::new(128, 128, Colour::Gray, Feature::pixels(Colour::Gray));
/// let picture = Picture { width: 2, height: 1, colour: Colour::Gray, data: vec![0, 255] };
/// let plane = preprocess.plane_of(picture);
/// let mut input = vec![0.0; preprocess.feature_len()];
/// preprocess.features(&plane, &mut input);
/// assert_eq!((input[0], input[127]), (0.0, 1.0));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocess {
    /// Gray or colour planes.
    pub colour: Colour,
    /// Of the plane, in pixels.
    pub height: usize,
    /// Of the plane, in pixels.
    pub width: usize,
    /// How another shape is brought to that size.
    #[serde(default)]
    pub fit: Fit,
    /// What the plane becomes.
    pub feature: Feature,
}

/// A stored preprocessing that can't be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("preprocessing: {what}")]
pub struct PreprocessError {
    /// What is wrong.
    pub what: String,
}

impl Preprocess {
    /// Largest side of a plane, in pixels; more is refused by [`Preprocess::check`].
    pub const MAX_SIDE: usize = 4096;

    /// A preprocessing that squashes to `height` × `width`.
    pub fn new(height: usize, width: usize, colour: Colour, feature: Feature) -> Self {
        Self { colour, height, width, fit: Fit::Squash, feature }
    }

    /// Whether the numbers fit together; to be asked of one that was read from a file.
    ///
    /// # Errors
    /// [`PreprocessError`] for a size of 0 or over [`Preprocess::MAX_SIDE`], a wrong number of means, or a mean or std
    /// that is not finite, or a std that is not over 0.
    pub fn check(&self) -> Result<(), PreprocessError> {
        let fail = |what: String| Err(PreprocessError { what });
        for side in [self.height, self.width] {
            if !(1..=Self::MAX_SIDE).contains(&side) {
                return fail(format!(
                    "{}×{} pixels, sides from 1 to {}",
                    self.width,
                    self.height,
                    Self::MAX_SIDE
                ));
            }
        }
        let (mean, std, expected) = match &self.feature {
            Feature::Pixels { mean, std } => (mean, std, self.colour.channels()),
            Feature::PicturePixels => return Ok(()),
            Feature::Histogram { mean, std, space, .. } => {
                if space.colour() != self.colour {
                    return fail(format!("a {space:?} histogram of {:?} planes", self.colour));
                }
                (mean, std, BINS)
            }
        };
        if mean.len() != expected || std.len() != expected {
            return fail(format!("{} means and {} stds, expected {expected}", mean.len(), std.len()));
        }
        if !mean.iter().all(|v| v.is_finite()) || !std.iter().all(|&v| v.is_finite() && v > 0.0) {
            return fail("a mean or std is not a number, or a std is not over 0".into());
        }
        Ok(())
    }

    /// Bytes of a plane: `channels · height · width`.
    pub fn plane_len(&self) -> usize {
        self.colour.channels() * self.height * self.width
    }

    /// Shape of the features of one picture: `[channels, height, width]`, or `[64]` for a histogram.
    pub fn input_shape(&self) -> Vec<usize> {
        match self.feature {
            Feature::Pixels { .. } | Feature::PicturePixels => {
                vec![self.colour.channels(), self.height, self.width]
            }
            Feature::Histogram { .. } => vec![BINS],
        }
    }

    /// Number of features of one picture, the product of [`Preprocess::input_shape`].
    pub fn feature_len(&self) -> usize {
        match self.feature {
            Feature::Pixels { .. } | Feature::PicturePixels => self.plane_len(),
            Feature::Histogram { .. } => BINS,
        }
    }

    /// Whether both make the same planes, so that one prepared set serves both.
    pub fn same_planes(&self, other: &Self) -> bool {
        (self.colour, self.height, self.width, self.fit)
            == (other.colour, other.height, other.width, other.fit)
    }

    /// The plane of an encoded picture, `[channels, height, width]`.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are no picture; see [`decode`].
    pub fn plane(&self, bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
        Ok(self.plane_of(decode(bytes, self.colour, &Limits::default())?))
    }

    /// The plane of a decoded picture, `[channels, height, width]`.
    pub fn plane_of(&self, picture: Picture) -> Vec<u8> {
        let picture = picture.into_colour(self.colour);
        let mut plane = vec![0; self.plane_len()];
        self.write_plane(&picture, &mut plane);
        plane
    }

    /// Writes the plane of a picture in this colour.
    pub(crate) fn write_plane(&self, picture: &Picture, plane: &mut [u8]) {
        match self.colour {
            Colour::Gray => self.write_pixels(picture, plane),
            Colour::Rgb => {
                let mut pixels = vec![0; plane.len()];
                self.write_pixels(picture, &mut pixels);
                let (area, pixels) = (self.height * self.width, pixels.as_chunks::<3>().0);
                for (channel, plane) in plane.chunks_exact_mut(area).enumerate() {
                    for (v, pixel) in plane.iter_mut().zip(pixels) {
                        *v = pixel[channel];
                    }
                }
            }
        }
    }

    /// The picture at this size, its channels interleaved.
    fn write_pixels(&self, picture: &Picture, out: &mut [u8]) {
        match self.fit {
            Fit::Squash => resize_into(picture, self.width, self.height, out),
            Fit::Letterbox => letterbox::letterbox(picture, self.width, self.height, out),
        }
    }

    /// The features of a plane, written to `out`.
    ///
    /// # Shapes
    /// - `plane` `[channels, height, width]`, see [`Preprocess::plane_len`]
    /// - `out` [`Preprocess::feature_len`] numbers
    pub fn features(&self, plane: &[u8], out: &mut [f32]) {
        debug_assert_eq!((plane.len(), out.len()), (self.plane_len(), self.feature_len()));
        match &self.feature {
            Feature::Pixels { .. } | Feature::PicturePixels => {
                let area = self.height * self.width;
                let channels = plane.chunks_exact(area).zip(out.chunks_exact_mut(area));
                for (channel, (plane, out)) in channels.enumerate() {
                    let (mean, std) = self.scale_of(channel, plane);
                    with_levels(channel, mean, std, |levels| levels.write(plane, out));
                }
            }
            Feature::Histogram { space, transform, mean, std } => {
                histogram(plane, *space, *transform, out);
                for ((value, mean), std) in out.iter_mut().zip(mean).zip(std) {
                    *value = (*value - mean) / std;
                }
            }
        }
    }
}

impl Preprocess {
    /// Mean and std by which a channel's plane is standardized; of pixels only.
    pub(crate) fn scale_of(&self, channel: usize, plane: &[u8]) -> (f32, f32) {
        match &self.feature {
            Feature::Pixels { mean, std } => (mean[channel], std[channel]),
            Feature::PicturePixels => {
                let (mean, std) = fit::plane_moments(plane);
                (mean as f32, (std as f32).max(1.0 / 255.0))
            }
            Feature::Histogram { .. } => (0.0, 1.0),
        }
    }
}

/// Works with the levels of a channel: those of the picture before, where its mean and std are the same, since making them
/// takes a fifth of what writing a picture does.
pub(crate) fn with_levels(channel: usize, mean: f32, std: f32, work: impl FnOnce(&Levels)) {
    thread_local! {
        static KNOWN: RefCell<[Option<Levels>; 3]> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        let known = &mut known[channel];
        if known.as_ref().is_none_or(|levels| !levels.are_for(mean, std)) {
            *known = None;
        }
        work(known.get_or_insert_with(|| Levels::new(mean, std)));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(feature: Feature) -> Preprocess {
        Preprocess::new(4, 4, Colour::Gray, feature)
    }

    #[test]
    fn pixels_are_standardized() {
        let p = gray(Feature::Pixels { mean: vec![0.5], std: vec![0.25] });
        let mut out = vec![9.0; 16];
        p.features(&[0, 51, 102, 153, 204, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &mut out);
        assert_eq!(
            out[..6],
            [-2.0, (0.2_f32 - 0.5) / 0.25, (0.4 - 0.5) / 0.25, (0.6 - 0.5) / 0.25, (0.8 - 0.5) / 0.25, 2.0]
        );
    }

    #[test]
    fn a_picture_standardized_by_itself_has_mean_zero_and_variance_one() {
        let p = gray(Feature::PicturePixels);
        let mut out = vec![9.0; 16];
        p.features(&[10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160], &mut out);
        let mean: f32 = out.iter().sum::<f32>() / 16.0;
        let variance: f32 = out.iter().map(|v| v * v).sum::<f32>() / 16.0;
        assert!(mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-5, "{mean}, {variance}");
        p.features(&[7; 16], &mut out);
        assert_eq!(out, [0.0; 16], "a flat picture");
    }

    #[test]
    fn one_preprocessing_after_another_uses_its_own_mean_and_std() {
        let plane = [9; 16];
        let mut out = vec![0.0; 16];
        for (mean, std) in [(0.5, 0.25), (0.5, 0.5), (0.25, 0.5), (0.5, 0.25)] {
            gray(Feature::Pixels { mean: vec![mean], std: vec![std] }).features(&plane, &mut out);
            assert_eq!(out, [(9.0 / 255.0 - mean) / std; 16]);
        }
    }

    #[test]
    fn colour_planes_stand_one_after_the_other() {
        let p = Preprocess::new(1, 2, Colour::Rgb, Feature::pixels(Colour::Rgb));
        let picture = Picture { width: 2, height: 1, colour: Colour::Rgb, data: vec![1, 2, 3, 4, 5, 6] };
        assert_eq!(p.plane_of(picture), [1, 4, 2, 5, 3, 6]);
        assert_eq!(p.input_shape(), [3, 1, 2]);
    }

    #[test]
    fn check_names_what_is_wrong() {
        let pixels = |mean, std| gray(Feature::Pixels { mean, std }).check();
        assert_eq!(pixels(vec![0.5], vec![0.5]), Ok(()));
        assert!(pixels(vec![], vec![]).unwrap_err().to_string().contains("expected 1"));
        assert!(pixels(vec![0.5], vec![0.0]).is_err());
        assert!(pixels(vec![f32::NAN], vec![1.0]).is_err());
        assert!(gray(Feature::histogram(Space::Rgb444, Transform::Plain)).check().is_err());
        assert!(Preprocess { width: 0, ..gray(Feature::pixels(Colour::Gray)) }.check().is_err());
    }
}
