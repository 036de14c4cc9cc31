//! A picture at another size, bilinear: antialiased where it shrinks, two taps where it grows.
//!
//! Pixel centres lie at half-integers (as in Pillow, torchvision and OpenCV). Shrinking widens the triangle filter to
//! the scale, so that no source pixel is passed over; `fast_image_resize` does that. Enlarging needs two taps an axis
//! only, and the generic convolution costs more than decoding a small photo, so it has its own code here.

use crate::picture::Picture;
use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};

/// The pixels of `picture` at `width` × `height`, `[height, width, channels]` interleaved.
///
/// # Units and ranges
/// All sizes at least 1 pixel.
///
/// # Exactness
/// Within 2 grey levels of Pillow's `resize(…, BILINEAR)`, usually equal; integer arithmetic throughout.
pub fn resize(picture: &Picture, width: usize, height: usize) -> Vec<u8> {
    if (picture.width, picture.height) == (width, height) {
        return picture.data.clone();
    }
    if width >= picture.width && height >= picture.height {
        return enlarge(picture, width, height);
    }
    convolve(picture, width, height).unwrap_or_else(|| enlarge(picture, width, height))
}

/// Antialiased bilinear resize; `None` if the sizes contradict the buffers, which a [`Picture`] rules out.
fn convolve(picture: &Picture, width: usize, height: usize) -> Option<Vec<u8>> {
    let pixel = match picture.colour.channels() {
        1 => PixelType::U8,
        _ => PixelType::U8x3,
    };
    let source = ImageRef::new(picture.width as u32, picture.height as u32, &picture.data, pixel).ok()?;
    let mut target = Image::new(width as u32, height as u32, pixel);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize(&source, &mut target, &options).ok()?;
    Some(target.into_vec())
}

/// Where one output sample of an axis comes from: `(256 − weight)·source[first] + weight·source[second]`.
#[derive(Clone, Copy)]
struct Tap {
    first: usize,
    second: usize,
    weight: u16,
}

/// The taps of an axis of `from` samples stretched to `to`; samples beyond an edge are the edge's.
fn taps(from: usize, to: usize) -> Vec<Tap> {
    let last = from as i64 - 1;
    let tap = |i: usize| {
        // Position of the centre, in 1/256 of a source pixel, rounded: ((i + ½)·from/to − ½)·256.
        let numerator = (2 * i as i64 + 1) * from as i64 * 256 - to as i64 * 256;
        let position = (numerator + to as i64).div_euclid(2 * to as i64);
        let (whole, weight) = (position.div_euclid(256), position.rem_euclid(256) as u16);
        Tap { first: whole.clamp(0, last) as usize, second: (whole + 1).clamp(0, last) as usize, weight }
    };
    (0..to).map(tap).collect()
}

fn enlarge(picture: &Picture, width: usize, height: usize) -> Vec<u8> {
    match picture.colour.channels() {
        1 => enlarge_channels::<1>(picture, width, height),
        _ => enlarge_channels::<3>(picture, width, height),
    }
}

fn enlarge_channels<const C: usize>(picture: &Picture, width: usize, height: usize) -> Vec<u8> {
    let across = taps(picture.width, width);
    let stride = width * C;
    let mut wide = vec![0_u8; stride * picture.height];
    for (source, target) in picture.data.chunks_exact(picture.width * C).zip(wide.chunks_exact_mut(stride)) {
        for (tap, pixel) in across.iter().zip(target.chunks_exact_mut(C)) {
            for (c, v) in pixel.iter_mut().enumerate() {
                *v = mix(source[tap.first * C + c], source[tap.second * C + c], tap.weight);
            }
        }
    }
    let mut out = vec![0_u8; stride * height];
    for (tap, target) in taps(picture.height, height).iter().zip(out.chunks_exact_mut(stride)) {
        let first = &wide[tap.first * stride..][..stride];
        let second = &wide[tap.second * stride..][..stride];
        for ((v, &a), &b) in target.iter_mut().zip(first).zip(second) {
            *v = mix(a, b, tap.weight);
        }
    }
    out
}

#[inline(always)]
fn mix(a: u8, b: u8, weight: u16) -> u8 {
    ((u16::from(a) * (256 - weight) + u16::from(b) * weight + 128) >> 8) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Colour;
    use proptest::prelude::*;

    /// `[(x·37 + y·y·11 + x·y·5) mod 256]`, the picture of the golden values.
    fn pattern(width: usize, height: usize) -> Picture {
        let data = (0..width * height)
            .map(|i| {
                let (x, y) = (i % width, i / width);
                ((x * 37 + y * y * 11 + x * y * 5) % 256) as u8
            })
            .collect();
        Picture { width, height, colour: Colour::Gray, data }
    }

    fn naive(picture: &Picture, width: usize, height: usize) -> Vec<f64> {
        let at = |x: i64, y: i64| {
            let x = x.clamp(0, picture.width as i64 - 1) as usize;
            let y = y.clamp(0, picture.height as i64 - 1) as usize;
            f64::from(picture.data[y * picture.width + x])
        };
        let mut out = Vec::new();
        for i in 0..width * height {
            let x = ((i % width) as f64 + 0.5) * picture.width as f64 / width as f64 - 0.5;
            let y = ((i / width) as f64 + 0.5) * picture.height as f64 / height as f64 - 0.5;
            let (x0, y0) = (x.floor() as i64, y.floor() as i64);
            let (fx, fy) = (x - x.floor(), y - y.floor());
            let top = at(x0, y0) * (1.0 - fx) + at(x0 + 1, y0) * fx;
            let bottom = at(x0, y0 + 1) * (1.0 - fx) + at(x0 + 1, y0 + 1) * fx;
            out.push(top * (1.0 - fy) + bottom * fy);
        }
        out
    }

    proptest! {
        #[test]
        fn enlarging_is_two_tap_bilinear(w in 1_usize..20, h in 1_usize..20, dw in 0_usize..30, dh in 0_usize..30) {
            let source = pattern(w, h);
            let (width, height) = (w + dw, h + dh);
            let out = resize(&source, width, height);
            for (got, want) in out.iter().zip(naive(&source, width, height)) {
                prop_assert!((f64::from(*got) - want).abs() <= 2.0, "{got} for {want}");
            }
            prop_assert_eq!(out.len(), width * height);
        }

        #[test]
        fn a_flat_picture_stays_flat(v: u8, w in 1_usize..40, h in 1_usize..40, width in 1_usize..40, height in 1_usize..40) {
            let source = Picture { width: w, height: h, colour: Colour::Rgb, data: vec![v; w * h * 3] };
            prop_assert_eq!(resize(&source, width, height), vec![v; width * height * 3]);
        }

        #[test]
        fn channels_do_not_mix(w in 1_usize..12, h in 1_usize..12, width in 1_usize..24, height in 1_usize..24) {
            let gray = pattern(w, h);
            let data = gray.data.iter().flat_map(|&v| [v, 0, 255 - v]).collect();
            let out = resize(&Picture { data, colour: Colour::Rgb, ..gray.clone() }, width, height);
            let plain = resize(&gray, width, height);
            for (rgb, v) in out.chunks_exact(3).zip(plain) {
                prop_assert_eq!((rgb[0], rgb[1]), (v, 0));
            }
        }
    }
}
