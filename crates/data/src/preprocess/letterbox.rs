//! A picture of another shape brought to size with its proportions kept.

use crate::{picture::Picture, resize::resize};

/// The pixels of `picture`, `[height, width, channels]`, as large as it fits into `width` × `height`, in the middle; the
/// bars beside it have the picture's mean, of each channel.
pub(super) fn letterbox(picture: &Picture, width: usize, height: usize, out: &mut [u8]) {
    let channels = picture.colour.channels();
    let (w, h) = fitted(picture, width, height);
    let inner = resize(picture, w, h);
    if (w, h) != (width, height) {
        let mean = mean(&inner, channels);
        out.chunks_exact_mut(channels).for_each(|pixel| pixel.copy_from_slice(&mean));
    }
    let (left, top) = ((width - w) / 2, (height - h) / 2);
    for (y, row) in inner.chunks_exact(w * channels).enumerate() {
        out[((top + y) * width + left) * channels..][..row.len()].copy_from_slice(row);
    }
}

/// The largest size of the picture's proportions within `width` × `height`, rounded to whole pixels.
fn fitted(picture: &Picture, width: usize, height: usize) -> (usize, usize) {
    let scaled = |side: usize, from: usize, to: usize| ((2 * side * to + from) / (2 * from)).max(1);
    if picture.width * height >= picture.height * width {
        (width, scaled(picture.height, picture.width, width).min(height))
    } else {
        (scaled(picture.width, picture.height, height).min(width), height)
    }
}

fn mean(pixels: &[u8], channels: usize) -> Vec<u8> {
    let area = pixels.len() / channels;
    let mean = |channel| {
        let sum: usize = pixels.iter().skip(channel).step_by(channels).map(|&v| usize::from(v)).sum();
        ((2 * sum + area) / (2 * area)) as u8
    };
    (0..channels).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Colour;
    use proptest::prelude::*;

    #[test]
    fn a_wide_picture_gets_bars_of_its_mean_above_and_below() {
        let picture =
            Picture { width: 4, height: 2, colour: Colour::Gray, data: vec![10, 10, 30, 30, 10, 10, 30, 30] };
        let mut out = [0; 16];
        letterbox(&picture, 4, 4, &mut out);
        assert_eq!(out[..4], [20; 4]);
        assert_eq!(out[4..12], picture.data);
        assert_eq!(out[12..], [20; 4]);
    }

    proptest! {
        #[test]
        fn proportions_are_kept_to_half_a_pixel(w in 1_usize..300, h in 1_usize..300, width in 1_usize..60, height in 1_usize..60) {
            let picture = Picture { width: w, height: h, colour: Colour::Rgb, data: vec![7; w * h * 3] };
            let (to_w, to_h) = fitted(&picture, width, height);
            prop_assert!(to_w == width || to_h == height);
            prop_assert!((1..=width).contains(&to_w) && (1..=height).contains(&to_h));
            let scale = (width as f64 / w as f64).min(height as f64 / h as f64);
            prop_assert!((to_w as f64 - w as f64 * scale).abs() <= 1.0 && (to_h as f64 - h as f64 * scale).abs() <= 1.0);
            let mut out = vec![0; width * height * 3];
            letterbox(&picture, width, height, &mut out);
            prop_assert_eq!(out, vec![7; width * height * 3]);
        }
    }
}
