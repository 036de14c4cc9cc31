//! Small pictures for pages and sheets.

use crate::{
    decode::{Limits, decode},
    error::DataError,
    picture::{Colour, Picture},
    resize::resize,
    source::{Content, Source},
};
use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder, codecs::png::PngEncoder};

/// A sample's picture in colour, its longer side `side` pixels.
///
/// # Errors
/// As [`Source::read`]; [`DataError::BadFile`] if it is no picture.
pub fn thumbnail(source: &dyn Source, index: usize, side: usize) -> Result<Picture, DataError> {
    let picture = match source.read(index)? {
        Content::Picture(picture) => picture,
        Content::File(bytes) => decode(&bytes, Colour::Rgb, &Limits::default()).map_err(|error| {
            DataError::BadFile { path: source.samples()[index].name.clone(), reason: error.to_string() }
        })?,
    };
    let picture = picture.into_colour(Colour::Rgb);
    let longer = picture.width.max(picture.height);
    let scaled = |length: usize| (length * side / longer).max(1);
    let (width, height) = (scaled(picture.width), scaled(picture.height));
    let data = resize(&picture, width, height);
    Ok(Picture { width, height, colour: Colour::Rgb, data })
}

/// The picture as the bytes of a JPEG file, of middling quality.
pub fn to_jpeg(picture: &Picture) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory fails for sizes over 65,535 alone; such a thumbnail is left blank.
    let encoder = JpegEncoder::new_with_quality(&mut bytes, 80);
    let _ = encoder.write_image(&picture.data, picture.width as u32, picture.height as u32, layout(picture));
    bytes
}

/// The picture as the bytes of a PNG file.
pub fn to_png(picture: &Picture) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new(&mut bytes);
    let _ = encoder.write_image(&picture.data, picture.width as u32, picture.height as u32, layout(picture));
    bytes
}

fn layout(picture: &Picture) -> ExtendedColorType {
    match picture.colour {
        Colour::Gray => ExtendedColorType::L8,
        Colour::Rgb => ExtendedColorType::Rgb8,
    }
}

/// Pictures in rows of `columns`, each in a cell of `side` pixels, on white.
pub fn sheet(pictures: &[Picture], columns: usize, side: usize) -> Picture {
    const GAP: usize = 4;
    let columns = columns.clamp(1, pictures.len().max(1));
    let (cell, rows) = (side + GAP, pictures.len().div_ceil(columns));
    let (width, height) = (columns * cell + GAP, rows * cell + GAP);
    let mut data = vec![255; width * height * 3];
    for (position, picture) in pictures.iter().enumerate() {
        let picture = picture.clone().into_colour(Colour::Rgb);
        let (left, top) = (GAP + position % columns * cell, GAP + position / columns * cell);
        let shown = picture.width.min(side) * 3;
        for (y, row) in picture.data.chunks_exact(picture.width * 3).take(side).enumerate() {
            data[((top + y) * width + left) * 3..][..shown].copy_from_slice(&row[..shown]);
        }
    }
    Picture { width, height, colour: Colour::Rgb, data }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_holds_each_picture_in_its_cell_and_can_be_read_back() {
        let flat = |level, width, height| Picture {
            width,
            height,
            colour: Colour::Gray,
            data: vec![level; width * height],
        };
        let sheet = sheet(&[flat(10, 8, 8), flat(20, 8, 4), flat(30, 20, 20)], 2, 8);
        assert_eq!((sheet.width, sheet.height), (28, 28));
        let at = |x: usize, y: usize| sheet.data[(y * 28 + x) * 3];
        assert_eq!([at(4, 4), at(16, 7), at(16, 8), at(11, 23), at(12, 23)], [10, 20, 255, 30, 255]);
        assert_eq!(decode(&to_png(&sheet), Colour::Rgb, &Limits::default()), Ok(sheet.clone()));
        assert!(decode(&to_jpeg(&sheet), Colour::Rgb, &Limits::default()).is_ok());
    }
}
