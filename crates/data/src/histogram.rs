//! The 64-bin histogram, the perceptron's feature.

use crate::picture::Colour;
use serde::{Deserialize, Serialize};

/// Number of bins in both spaces.
pub const BINS: usize = 64;

/// What the bins divide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Space {
    /// 64 equal ranges of the gray level, four levels each.
    #[default]
    Gray64,
    /// 4 × 4 × 4 equal boxes of the RGB cube; bin `16 r + 4 g + b`.
    Rgb444,
}

impl Space {
    /// The pictures that it counts.
    pub const fn colour(self) -> Colour {
        match self {
            Self::Gray64 => Colour::Gray,
            Self::Rgb444 => Colour::Rgb,
        }
    }
}

/// What is done with a bin's share `h` of the pixels, before it is standardized.
///
/// On photos the logarithm serves a perceptron best, the plain share worst: most bins are near zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transform {
    /// `h`, so that all bins sum to 1.
    #[default]
    Plain,
    /// `√h`.
    Sqrt,
    /// `ln(h + 1/pixels)`: one pixel more in each bin, so that an empty one is finite.
    Log,
}

impl Transform {
    fn apply(self, count: u32, pixels: usize) -> f32 {
        let pixels = pixels as f64;
        let share = f64::from(count) / pixels;
        // In f64 and rounded once, so that a last-bit difference between machines' `ln` does not show.
        match self {
            Self::Plain => share as f32,
            Self::Sqrt => share.sqrt() as f32,
            Self::Log => (share + 1.0 / pixels).ln() as f32,
        }
    }
}

/// Transformed shares of the 64 bins.
///
/// `plane` is `[channels, pixels]`, as [`crate::Preprocess::plane`] makes it.
pub fn histogram(plane: &[u8], space: Space, transform: Transform, out: &mut [f32]) {
    let pixels = plane.len() / space.colour().channels();
    let counts = match space {
        Space::Gray64 => count_gray(plane),
        Space::Rgb444 => count_rgb(plane, pixels),
    };
    for (value, count) in out.iter_mut().zip(counts) {
        *value = transform.apply(count, pixels);
    }
}

fn count_gray(plane: &[u8]) -> [u32; BINS] {
    // Four tables, so that runs of equal pixels don't wait for one counter.
    let mut tables = [[0_u32; BINS]; 4];
    let mut quads = plane.chunks_exact(4);
    for quad in &mut quads {
        for (table, &v) in tables.iter_mut().zip(quad) {
            table[usize::from(v >> 2)] += 1;
        }
    }
    for &v in quads.remainder() {
        tables[0][usize::from(v >> 2)] += 1;
    }
    std::array::from_fn(|bin| tables.iter().map(|t| t[bin]).sum())
}

fn count_rgb(plane: &[u8], pixels: usize) -> [u32; BINS] {
    let mut counts = [0; BINS];
    let (red, rest) = plane.split_at(pixels);
    let (green, blue) = rest.split_at(pixels);
    for ((&r, &g), &b) in red.iter().zip(green).zip(blue) {
        counts[usize::from((r >> 6) << 4 | (g >> 6) << 2 | b >> 6)] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(plane: &[u8], space: Space, transform: Transform) -> Vec<f32> {
        let mut out = vec![0.0; BINS];
        histogram(plane, space, transform, &mut out);
        out
    }

    #[test]
    fn gray_levels_fall_into_sixty_four_bins_of_four() {
        let every_level: Vec<u8> = (0..=255).collect();
        assert_eq!(of(&every_level, Space::Gray64, Transform::Plain), vec![1.0 / 64.0; 64]);
        let h = of(&[0, 3, 4, 255, 255], Space::Gray64, Transform::Plain);
        assert_eq!((h[0], h[1], h[63]), (0.4, 0.2, 0.4));
    }

    #[test]
    fn colours_fall_into_boxes() {
        // Planar: two pixels, (255, 64, 0) and (0, 0, 191).
        let h = of(&[255, 0, 64, 0, 0, 191], Space::Rgb444, Transform::Plain);
        assert_eq!((h[3 * 16 + 4], h[2], h.iter().sum::<f32>()), (0.5, 0.5, 1.0));
    }

    #[test]
    fn transforms_are_what_they_say() {
        let plane = [[0_u8; 4], [128; 4], [128; 4], [128; 4]].concat();
        assert_eq!(of(&plane, Space::Gray64, Transform::Sqrt)[0], 0.5);
        let log = of(&plane, Space::Gray64, Transform::Log);
        assert_eq!(log[0], (5.0_f64 / 16.0).ln() as f32);
        assert_eq!(log[1], (1.0_f64 / 16.0).ln() as f32);
    }
}
