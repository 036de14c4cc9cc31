//! JPEG by `zune-jpeg`, in its strict mode, and only the gray channel where gray is wanted.

use super::{
    DecodeError, Limits,
    clock::{Clock, JpegBytes},
    other::upright,
};
use crate::picture::{Colour, Picture};
use image::metadata::Orientation;
use memchr::memchr;
use zune_jpeg::{
    JpegDecoder,
    errors::DecodeErrors,
    zune_core::{colorspace::ColorSpace, options::DecoderOptions},
};

pub(super) fn decode(
    bytes: &[u8],
    colour: Colour,
    limits: &Limits,
    clock: &Clock,
    spare: Vec<u8>,
) -> Result<Picture, DecodeError> {
    if !reaches_end_marker(bytes) {
        return Err(DecodeError::Truncated("JPEG"));
    }
    let options =
        DecoderOptions::default().set_strict_mode(true).set_max_width(1 << 16).set_max_height(1 << 16);
    let mut decoder = JpegDecoder::new_with_options(JpegBytes::new(bytes, clock), options);
    decoder.decode_headers().map_err(reason)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    limits.check(width as u64, height as u64)?;
    let colour = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => Colour::Gray,
        Some(ColorSpace::YCbCr) => colour,
        _ => Colour::Rgb,
    };
    let output = match colour {
        Colour::Gray => ColorSpace::Luma,
        Colour::Rgb => ColorSpace::RGB,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(output));
    let length = width * height * colour.channels();
    if decoder.output_buffer_size() != Some(length) {
        return Err(DecodeError::Unsupported("JPEG with an unusual number of channels".into()));
    }
    let mut data = spare;
    data.clear();
    // Black, as if it were new: a decoder that stops early must not leave parts of another picture.
    data.resize(length, 0);
    decoder.decode_into(&mut data).map_err(reason)?;
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    Ok(upright(Picture { width, height, colour, data }, orientation))
}

fn reason(error: DecodeErrors) -> DecodeError {
    match error {
        DecodeErrors::ExhaustedData => DecodeError::Truncated("JPEG"),
        DecodeErrors::Unsupported(scheme) => DecodeError::Unsupported(format!("JPEG: {scheme:?}")),
        other => {
            // Its Debug form is its message; some of them span lines.
            let text = format!("{other:?}");
            DecodeError::Corrupt(format!("JPEG: {}", text.split_whitespace().collect::<Vec<_>>().join(" ")))
        }
    }
}

/// Whether the marker 'end of image' stands where the segments and scans lead to.
///
/// Segments carry their length; the entropy-coded data after a 'start of scan' has none and is searched for the
/// next marker (`FF 00` is data, `FF D0`…`FF D7` are restarts).
fn reaches_end_marker(bytes: &[u8]) -> bool {
    const END_OF_IMAGE: u8 = 0xD9;
    let mut at = 2;
    loop {
        let Some(skipped) = bytes.get(at..).and_then(|rest| memchr(0xFF, rest)) else {
            return false;
        };
        at += skipped + 1;
        match bytes.get(at) {
            None => return false,
            Some(&END_OF_IMAGE) => return true,
            Some(0xFF) => continue,
            Some(0x00 | 0x01 | 0xD0..=0xD8) => at += 1,
            // A segment, 'start of scan' among them; the data of a scan is passed over by the search above.
            Some(_) => {
                let Some(length) = bytes.get(at + 1..at + 3) else { return false };
                at += 1 + usize::from(u16::from_be_bytes([length[0], length[1]]));
                if at > bytes.len() {
                    return false;
                }
            }
        }
    }
}
