//! What a picture file is, from its header.

use super::DecodeError;
use image::{ExtendedColorType, ImageDecoder, ImageFormat, ImageReader};
use serde::Serialize;
use std::io::Cursor;
use zune_jpeg::{JpegDecoder, zune_core::bytestream::ZCursor};

/// Form of a picture file; no pixel was decoded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Probe {
    /// `JPEG`, `PNG`, …
    pub format: &'static str,
    /// Colours and depth, such as `gray 8` or `RGBA 16`.
    pub mode: String,
    /// As stored, before any turning, in pixels.
    pub width: u32,
    /// As stored, before any turning, in pixels.
    pub height: u32,
}

impl Probe {
    /// Whether files of this format usually end so; compared without case.
    pub fn has_extension(&self, extension: &str) -> bool {
        let usual: &[&str] = match self.format {
            "JPEG" => &["jpg", "jpeg", "jpe", "jfif"],
            "PNG" => &["png"],
            "TIFF" => &["tif", "tiff"],
            "PNM" => &["ppm", "pgm", "pbm", "pnm", "pam"],
            "GIF" => &["gif"],
            "BMP" => &["bmp", "dib"],
            "WebP" => &["webp"],
            _ => &[],
        };
        usual.iter().any(|known| known.eq_ignore_ascii_case(extension))
    }
}

/// Looks at the header alone; never panics.
///
/// # Errors
/// [`DecodeError`] if there is no header of a known format.
pub fn probe(bytes: &[u8]) -> Result<Probe, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    let read = || if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) { jpeg(bytes) } else { other(bytes) };
    std::panic::catch_unwind(read).unwrap_or_else(|_| Err(DecodeError::Corrupt("its decoder gave up".into())))
}

fn jpeg(bytes: &[u8]) -> Result<Probe, DecodeError> {
    let corrupt = |what: String| DecodeError::Corrupt(format!("JPEG: {what}"));
    let mut decoder = JpegDecoder::new(ZCursor::new(bytes));
    decoder.decode_headers().map_err(|error| corrupt(format!("{error:?}").replace('\n', " ")))?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    let mode = decoder.input_colorspace().map(|space| format!("{space:?} 8")).unwrap_or_default();
    Ok(Probe {
        format: "JPEG",
        mode: mode.replace("Luma", "gray"),
        width: width as u32,
        height: height as u32,
    })
}

fn other(bytes: &[u8]) -> Result<Probe, DecodeError> {
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| DecodeError::Corrupt(error.to_string()))?;
    let format = match reader.format() {
        Some(ImageFormat::Png) => "PNG",
        Some(ImageFormat::Tiff) => "TIFF",
        Some(ImageFormat::Pnm) => "PNM",
        Some(ImageFormat::Gif) => "GIF",
        Some(ImageFormat::Bmp) => "BMP",
        Some(ImageFormat::WebP) => "WebP",
        _ => return Err(DecodeError::UnknownFormat),
    };
    let decoder = reader.into_decoder().map_err(|error| DecodeError::Corrupt(error.to_string()))?;
    let (width, height) = decoder.dimensions();
    Ok(Probe { format, mode: mode(decoder.original_color_type()), width, height })
}

fn mode(colour: ExtendedColorType) -> String {
    use ExtendedColorType as Type;
    let name = match colour {
        Type::A8 => "alpha",
        Type::L1 | Type::L2 | Type::L4 | Type::L8 | Type::L16 => "gray",
        Type::La1 | Type::La2 | Type::La4 | Type::La8 | Type::La16 => "gray+alpha",
        Type::Cmyk8 | Type::Cmyk16 => "CMYK",
        Type::Rgba8 | Type::Rgba16 | Type::Rgba32F | Type::Bgra8 => "RGBA",
        Type::Rgb8 | Type::Rgb16 | Type::Rgb32F | Type::Bgr8 => "RGB",
        other => return format!("{other:?}"),
    };
    format!("{name} {}", colour.bits_per_pixel() / u16::from(colour.channel_count()).max(1))
}
