//! Everything but JPEG, by the `image` crate with its limits set.

use super::{
    DecodeError, Limits,
    clock::{Clock, TimedCursor},
};
use crate::picture::{Colour, Picture};
use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, RgbImage,
    error::LimitErrorKind, metadata::Orientation,
};
use std::io;

pub(super) fn decode(bytes: &[u8], limits: &Limits, clock: &Clock) -> Result<Picture, DecodeError> {
    let mut reader = ImageReader::new(TimedCursor::new(bytes, clock))
        .with_guessed_format()
        .map_err(|e| reason(e.into(), limits))?;
    match reader.format() {
        None => return Err(DecodeError::UnknownFormat),
        // The pixels come first: without this, a cut photo would lose its orientation and nobody would know.
        Some(ImageFormat::WebP) if !riff_is_whole(bytes) => return Err(DecodeError::Truncated("WebP")),
        Some(_) => {}
    }
    let mut decoder_limits = image::Limits::no_limits();
    decoder_limits.max_alloc = Some(limits.bytes);
    reader.limits(decoder_limits);
    let reason = |error| reason(error, limits);
    let mut decoder = reader.into_decoder().map_err(reason)?;
    let (width, height) = decoder.dimensions();
    limits.check(u64::from(width), u64::from(height))?;
    if decoder.total_bytes() > limits.bytes {
        return Err(too_much_memory(limits));
    }
    let orientation = decoder.orientation().ok();
    let decoded = DynamicImage::from_decoder(decoder).map_err(reason)?;
    Ok(upright(eight_bits(decoded), orientation))
}

/// Whether a RIFF file is as long as it says.
fn riff_is_whole(bytes: &[u8]) -> bool {
    let size = bytes.get(4..8).and_then(|size| size.try_into().ok()).map(u32::from_le_bytes);
    size.is_some_and(|size| bytes.len() as u64 >= u64::from(size) + 8)
}

/// Gray stays gray, all else becomes RGB; transparency over white.
fn eight_bits(image: DynamicImage) -> Picture {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let colour = if image.color().has_color() { Colour::Rgb } else { Colour::Gray };
    let data = match (colour, image.color().has_alpha()) {
        (Colour::Gray, false) => image.into_luma8().into_raw(),
        (Colour::Rgb, false) => image.into_rgb8().into_raw(),
        (Colour::Gray, true) => over_white::<2>(image.into_luma_alpha8().as_raw()),
        (Colour::Rgb, true) => over_white::<4>(image.into_rgba8().as_raw()),
    };
    Picture { width, height, colour, data }
}

/// Lays pixels of `N` channels, the last of them alpha, over white and drops alpha.
fn over_white<const N: usize>(pixels: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(pixels.len() / N * (N - 1));
    for pixel in pixels.chunks_exact(N) {
        let alpha = u32::from(pixel[N - 1]);
        for &v in &pixel[..N - 1] {
            out.push(((u32::from(v) * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
        }
    }
    out
}

/// Turns a picture as its EXIF orientation asks.
pub(super) fn upright(picture: Picture, orientation: Option<Orientation>) -> Picture {
    let Some(orientation) = orientation.filter(|&o| o != Orientation::NoTransforms) else { return picture };
    let (w, h, colour) = (picture.width as u32, picture.height as u32, picture.colour);
    let image = match colour {
        Colour::Gray => GrayImage::from_raw(w, h, picture.data).map(DynamicImage::ImageLuma8),
        Colour::Rgb => RgbImage::from_raw(w, h, picture.data).map(DynamicImage::ImageRgb8),
    };
    // `from_raw` can't fail: the buffer has one byte a channel and pixel.
    let mut image = image.unwrap_or_default();
    image.apply_orientation(orientation);
    let (width, height) = (image.width() as usize, image.height() as usize);
    Picture { width, height, colour, data: image.into_bytes() }
}

fn too_much_memory(limits: &Limits) -> DecodeError {
    DecodeError::TooMuchMemory { limit_mib: limits.bytes >> 20 }
}

fn reason(error: ImageError, limits: &Limits) -> DecodeError {
    match error {
        ImageError::IoError(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            DecodeError::Truncated("picture")
        }
        ImageError::Unsupported(e) => DecodeError::Unsupported(e.to_string()),
        ImageError::Limits(e) if matches!(e.kind(), LimitErrorKind::InsufficientMemory) => {
            too_much_memory(limits)
        }
        other => DecodeError::Corrupt(other.to_string()),
    }
}
