//! A decoded picture.

use serde::{Deserialize, Serialize};

/// Gray or colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// One channel: luma.
    #[default]
    Gray,
    /// Three channels: red, green, blue.
    Rgb,
}

impl Colour {
    /// 1 or 3.
    pub const fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
        }
    }
}

/// A decoded picture, eight bits a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// Gray or colour.
    pub colour: Colour,
    /// `[height, width, channels]`, row by row from the top, channels interleaved.
    pub data: Vec<u8>,
}

impl Picture {
    /// The same picture in gray or colour; a gray one in colour has three equal channels.
    ///
    /// Gray is [`luma`] of each pixel.
    #[must_use]
    pub fn into_colour(self, colour: Colour) -> Self {
        let data = match (self.colour, colour) {
            (Colour::Rgb, Colour::Gray) => {
                self.data.chunks_exact(3).map(|p| luma(p[0], p[1], p[2])).collect()
            }
            (Colour::Gray, Colour::Rgb) => self.data.iter().flat_map(|&v| [v; 3]).collect(),
            _ => self.data,
        };
        Self { data, colour, ..self }
    }
}

/// Gray level of a colour: `(19595 R + 38470 G + 7471 B + 32768) / 65536`, rounded down.
///
/// # Source
/// ITU-R BT.601 (0.299, 0.587, 0.114) in 16-bit fixed point, bit for bit as Pillow's `convert("L")`.
#[inline]
pub fn luma(r: u8, g: u8, b: u8) -> u8 {
    ((19595 * u32::from(r) + 38470 * u32::from(g) + 7471 * u32::from(b) + 0x8000) >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luma_keeps_gray_and_knows_the_primaries() {
        assert!((0..=255).all(|v| luma(v, v, v) == v));
        // Image.new("RGB", (1, 1), colour).convert("L") in Pillow
        assert_eq!([luma(255, 0, 0), luma(0, 255, 0), luma(0, 0, 255)], [76, 150, 29]);
    }

    #[test]
    fn gray_in_colour_and_back_is_the_same() {
        let gray = Picture { width: 2, height: 1, colour: Colour::Gray, data: vec![3, 200] };
        let rgb = gray.clone().into_colour(Colour::Rgb);
        assert_eq!(rgb.data, [3, 3, 3, 200, 200, 200]);
        assert_eq!(rgb.into_colour(Colour::Gray), gray);
    }
}
