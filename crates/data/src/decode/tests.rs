use super::*;
use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder, codecs::png::PngEncoder};

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let pixels: Vec<u8> = (0..width * height * 3).map(|i| (i * i % 253) as u8).collect();
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 90)
        .encode(&pixels, width, height, ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = vec![7; (width * height) as usize];
    PngEncoder::new(&mut bytes).write_image(&pixels, width, height, ExtendedColorType::L8).unwrap();
    bytes
}

fn gray(bytes: &[u8]) -> Result<Picture, DecodeError> {
    decode(bytes, Colour::Gray, &Limits::default())
}

#[test]
fn a_truncated_jpeg_is_an_error_at_every_length() {
    let whole = jpeg(40, 30);
    assert_eq!(gray(&whole).map(|p| (p.width, p.height)), Ok((40, 30)));
    for length in 3..whole.len() {
        let reason = gray(&whole[..length]).unwrap_err();
        assert_eq!(reason, DecodeError::Truncated("JPEG"), "cut to {length} of {}", whole.len());
    }
}

#[test]
fn a_jpeg_filled_up_with_zeros_is_an_error() {
    let mut bytes = jpeg(40, 30);
    let half = bytes.len() / 2;
    bytes[half..].fill(0);
    assert_eq!(gray(&bytes), Err(DecodeError::Truncated("JPEG")));
}

#[test]
fn bytes_after_the_end_of_a_jpeg_are_ignored() {
    let mut bytes = jpeg(8, 8);
    let alone = gray(&bytes);
    bytes.extend_from_slice(b"a camera's own notes");
    assert_eq!(gray(&bytes), alone);
}

#[test]
fn what_is_no_picture_says_so() {
    assert_eq!(gray(b""), Err(DecodeError::Empty));
    assert_eq!(gray(b"hello, world: no picture at all"), Err(DecodeError::UnknownFormat));
}

#[test]
fn a_header_that_claims_too_much_is_refused_before_memory_is_taken() {
    // A PNG of 10×10 whose header claims 2³¹−1 in both directions; its checksum is set right again.
    let mut bytes = png(10, 10);
    bytes[16..24].copy_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]);
    let crc = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    let limit_mib = 512;
    assert_eq!(gray(&bytes), Err(DecodeError::TooMuchMemory { limit_mib }));
    let small = Limits { pixels: 99, ..Limits::default() };
    assert!(matches!(decode(&png(10, 10), Colour::Gray, &small), Err(DecodeError::TooLarge { .. })));
    assert!(matches!(decode(&jpeg(10, 10), Colour::Gray, &small), Err(DecodeError::TooLarge { .. })));
    assert!(decode(&png(9, 11), Colour::Gray, &small).is_ok());
}

/// A picture whose file is so long that the clock is looked at more than once; its decoder is not quick enough for a
/// limit of no time at all.
#[test]
fn a_picture_that_takes_longer_than_its_time_is_refused_in_every_format() {
    let level = |(i, seed): (u32, u32)| (i.wrapping_mul(seed).wrapping_mul(i) >> 13) as u8;
    let pixels: Vec<u8> = (0..1 << 18).map(|i| (i, 2_654_435_761)).map(level).collect();
    let no_time = Limits { time: Duration::ZERO, ..Limits::default() };
    let image = image::GrayImage::from_raw(512, 512, pixels).unwrap();
    use image::ImageFormat::{Bmp, Gif, Jpeg, Png, Pnm, Tiff, WebP};
    for format in [Jpeg, Png, Bmp, Gif, Tiff, WebP, Pnm] {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let image = image::DynamicImage::from(image.clone());
        // GIF and WebP have no plain gray.
        let image = if matches!(format, Gif | WebP) { image.into_rgb8().into() } else { image };
        image.write_to(&mut bytes, format).unwrap();
        let bytes = bytes.into_inner();
        assert!(gray(&bytes).is_ok(), "{format:?} in time");
        let error = decode(&bytes, Colour::Gray, &no_time).unwrap_err();
        assert_eq!(error, DecodeError::TooSlow { limit: Duration::ZERO }, "{format:?}");
        assert_eq!(error.to_string(), "decoding it takes longer than the limit of 0 seconds");
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &b| {
        (0..8).fold(crc ^ u32::from(b), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

proptest::proptest! {
    #[test]
    fn flipped_bytes_never_panic(at in 0_usize..4000, value: u8, kind in 0..2) {
        let mut bytes = if kind == 0 { jpeg(24, 16) } else { png(24, 16) };
        let at = at % bytes.len();
        bytes[at] = value;
        if let Ok(picture) = gray(&bytes) {
            proptest::prop_assert_eq!(picture.data.len(), picture.width * picture.height);
        }
    }
}
