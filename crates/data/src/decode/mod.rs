//! Bytes to a picture: by content, never by name, within limits that the header must meet before memory is taken.
//!
//! JPEG goes straight to `zune-jpeg`, strictly: the usual wrapper fills the missing part of a truncated photo with
//! gray and says nothing. All other formats go through the `image` crate. (What no decoder at hand tells is a JPEG whose
//! scan was cut and then closed with an end marker: it is read as libjpeg reads it, the rest filled.)

mod clock;
mod jpeg;
mod other;
mod probe;

pub use probe::{Probe, probe};

use crate::picture::{Colour, Picture};
use clock::Clock;
use std::time::Duration;

/// What a picture may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Width times height.
    pub pixels: u64,
    /// Memory of the decoded picture and of what its decoder allocates.
    pub bytes: u64,
    /// Of decoding. The clock is looked at whenever the decoder asks for more of the file; what it does between two reads is
    /// bounded by `pixels`.
    pub time: Duration,
}

impl Default for Limits {
    /// 2²⁶ pixels (67 megapixels, more than a full-frame camera's), 512 MiB and 20 seconds.
    fn default() -> Self {
        Self { pixels: 1 << 26, bytes: 512 << 20, time: Duration::from_secs(20) }
    }
}

impl Limits {
    fn check(&self, width: u64, height: u64) -> Result<(), DecodeError> {
        let pixels = width.saturating_mul(height);
        if pixels == 0 {
            return Err(DecodeError::Corrupt(format!("{width}×{height} pixels")));
        }
        if pixels > self.pixels {
            return Err(DecodeError::TooLarge { width, height, limit: self.pixels });
        }
        Ok(())
    }
}

/// Why bytes are no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// None of the formats that this crate reads.
    #[error("not a picture in a known format (JPEG, PNG, BMP, GIF, TIFF, WebP, PNM)")]
    UnknownFormat,
    /// The file ends too soon.
    #[error("truncated {0}: the file ends before the picture does")]
    Truncated(&'static str),
    /// The header announces more than the limits allow.
    #[error("{width}×{height} pixels are more than the limit of {limit}")]
    TooLarge {
        /// As the header says.
        width: u64,
        /// As the header says.
        height: u64,
        /// [`Limits::pixels`].
        limit: u64,
    },
    /// Decoding would take more memory than the limits allow, as the header says.
    #[error("decoding it takes more memory than the limit of {limit_mib} MiB")]
    TooMuchMemory {
        /// [`Limits::bytes`], in MiB.
        limit_mib: u64,
    },
    /// Decoding took longer than the limits allow.
    #[error("decoding it takes longer than the limit of {} seconds", limit.as_secs_f64())]
    TooSlow {
        /// [`Limits::time`].
        limit: Duration,
    },
    /// A form of the format that the decoder does not know.
    #[error("unsupported picture: {0}")]
    Unsupported(String),
    /// The content contradicts itself.
    #[error("corrupt picture: {0}")]
    Corrupt(String),
}

/// Decodes a picture to gray or colour, upright.
///
/// - EXIF orientation is applied; 16 bits a channel become 8 by `round(v / 257)`; a palette is looked up.
/// - Transparent pixels are laid over white.
/// - Gray of a JPEG in YCbCr is its own Y channel (the BT.601 luma before any rounding, as OpenCV reads it), all
///   other gray is [`crate::picture::luma`]. An animation gives its first frame.
///
/// # Errors
/// [`DecodeError`] if the bytes are no picture, are incomplete, or exceed `limits`.
pub fn decode(bytes: &[u8], colour: Colour, limits: &Limits) -> Result<Picture, DecodeError> {
    decode_into(bytes, colour, limits, Vec::new())
}

/// As [`decode`], in the memory of `spare` where that can be.
pub(crate) fn decode_into(
    bytes: &[u8],
    colour: Colour,
    limits: &Limits,
    spare: Vec<u8>,
) -> Result<Picture, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    // A decoder's bug must cost one picture, not the run: third-party decoders may panic on hostile bytes.
    let decoded = std::panic::catch_unwind(|| {
        let clock = Clock::start(limits.time);
        let picture = if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
            jpeg::decode(bytes, colour, limits, &clock, spare)
        } else {
            other::decode(bytes, limits, &clock)
        };
        if clock.was_late() { Err(DecodeError::TooSlow { limit: limits.time }) } else { picture }
    });
    let picture = decoded.unwrap_or_else(|_| Err(DecodeError::Corrupt("its decoder gave up".into())))?;
    Ok(picture.into_colour(colour))
}

#[cfg(test)]
mod tests;
