//! A picture at another size, bilinear: antialiased where it shrinks, two taps where it grows.
//!
//! Pixel centres lie at half-integers (as in Pillow, torchvision and OpenCV). Each output pixel is a weighted mean
//! under a triangle, two source pixels wide where the picture grows and as wide as the scale asks where it shrinks, so
//! that none is passed over. First across, then down, with eight bits in between.
//!
//! The arithmetic is that of Pillow, which prepared the published experiment's photos and most that networks are
//! compared on: the same fixed point, the same rounding, hence the same bits.

use crate::picture::Picture;
use kernels::pixels::{FRACTION_BITS, Pair, Spans, weigh_pairs, weigh_rows, weigh_spans};

/// The pixels of `picture` at `width` × `height`, `[height, width, channels]` interleaved.
///
/// # Units and ranges
/// All sizes at least 1 pixel.
///
/// # Exactness
/// Bit for bit as `resize((width, height), Image.BILINEAR)` of Pillow 11.3; golden files hold it to that. Pillow 13.0 goes
/// down before across for some shapes, where a pixel can differ by a grey level or two.
pub fn resize(picture: &Picture, width: usize, height: usize) -> Vec<u8> {
    match picture.colour.channels() {
        1 => resize_channels::<1>(picture, width, height),
        _ => resize_channels::<3>(picture, width, height),
    }
}

fn resize_channels<const C: usize>(picture: &Picture, width: usize, height: usize) -> Vec<u8> {
    let Picture { width: from_width, height: from_height, data, .. } = picture;
    // An axis that keeps its size would be copied pixel by pixel: each has a single weight of 1.
    if (*from_width, *from_height) == (width, height) {
        data.clone()
    } else if *from_width == width {
        down(data, *from_height, width * C, height)
    } else if *from_height == height {
        across::<C>(data, *from_width, width)
    } else {
        down(&across::<C>(data, *from_width, width), *from_height, width * C, height)
    }
}

/// Where the samples of one axis come from.
struct Axis {
    /// First source sample, and how many, of each output sample.
    spans: Vec<(usize, usize)>,
    /// Weights of all spans, one after the other; each span's add up to 1.
    weights: Vec<i32>,
}

impl Axis {
    /// `from` samples become `to`; samples beyond an edge do not count, the others share their weight.
    fn new(from: usize, to: usize) -> Self {
        let scale = from as f64 / to as f64;
        // Half the triangle's base.
        let support = scale.max(1.0);
        let mut axis = Self { spans: Vec::with_capacity(to), weights: Vec::new() };
        let mut span = Vec::new();
        for i in 0..to {
            let centre = (i as f64 + 0.5) * scale;
            // Truncated after the half is added: rounds a positive number.
            let first = (centre - support + 0.5).max(0.0) as usize;
            let end = ((centre + support + 0.5) as usize).min(from);
            span.clear();
            span.extend((first..end).map(|x| (1.0 - ((x as f64 - centre + 0.5) / support).abs()).max(0.0)));
            let sum: f64 = span.iter().sum();
            let fixed = |w: &f64| (w / sum * f64::from(1 << FRACTION_BITS) + 0.5) as i32;
            axis.weights.extend(span.iter().map(fixed));
            axis.spans.push((first, end - first));
        }
        axis
    }

    /// The same as pairs, where no span is longer: so it is where a picture of `from` samples grows.
    fn pairs(&self, from: usize) -> Option<Vec<Pair>> {
        let pair = |(first, weights): (usize, &[i32])| match *weights {
            [a, b] => Some(Pair { first: first as u32, weights: [a, b] }),
            // A pair at the end begins one sample sooner.
            [b] if first + 1 == from => Some(Pair { first: first.checked_sub(1)? as u32, weights: [0, b] }),
            [a] => Some(Pair { first: first as u32, weights: [a, 0] }),
            _ => None,
        };
        if from < 2 { None } else { self.iter().map(pair).collect() }
    }

    /// First source sample and weights of each output sample.
    fn iter(&self) -> impl Iterator<Item = (usize, &[i32])> {
        let mut rest = &self.weights[..];
        self.spans.iter().map(move |&(first, count)| {
            let (weights, after) = rest.split_at(count);
            rest = after;
            (first, weights)
        })
    }
}

/// Pixels of rows `from` wide become `to` a row.
fn across<const C: usize>(source: &[u8], from: usize, to: usize) -> Vec<u8> {
    let axis = Axis::new(from, to);
    let mut out = vec![0; source.len() / from * to];
    if let Some(pairs) = axis.pairs(from) {
        weigh_pairs::<C>(source, from, &pairs, &mut out);
        return out;
    }
    weigh_spans::<C>(source, from, Spans { runs: &axis.spans, weights: &axis.weights }, &mut out);
    out
}

/// Rows of `stride` bytes, `from` of them, become `to`.
fn down(source: &[u8], from: usize, stride: usize, to: usize) -> Vec<u8> {
    let axis = Axis::new(from, to);
    let mut out = vec![0; stride * to];
    for ((first, weights), out) in axis.iter().zip(out.chunks_exact_mut(stride)) {
        weigh_rows(&source[first * stride..], stride, weights, out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Colour;
    use proptest::prelude::*;

    fn pattern(width: usize, height: usize) -> Picture {
        let level = |(x, y)| ((x * 37 + y * y * 11 + x * y * 5) % 256) as u8;
        let data = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(level).collect();
        Picture { width, height, colour: Colour::Gray, data }
    }

    /// The definition, in `f64`, both axes at once.
    fn reference(picture: &Picture, width: usize, height: usize) -> Vec<f64> {
        let weights = |from: usize, to: usize, i: usize| -> Vec<f64> {
            let scale = from as f64 / to as f64;
            let centre = (i as f64 + 0.5) * scale - 0.5;
            let raw = (0..from).map(|x| (1.0 - ((x as f64 - centre) / scale.max(1.0)).abs()).max(0.0));
            let raw: Vec<f64> = raw.collect();
            let sum: f64 = raw.iter().sum();
            raw.iter().map(|w| w / sum).collect()
        };
        let mut out = Vec::new();
        for y in 0..height {
            let down = weights(picture.height, height, y);
            for x in 0..width {
                let across = weights(picture.width, width, x);
                let row = |y: usize| &picture.data[y * picture.width..][..picture.width];
                let mix = |y| row(y).iter().zip(&across).map(|(&v, w)| f64::from(v) * w).sum::<f64>();
                out.push(down.iter().enumerate().map(|(y, w)| w * mix(y)).sum());
            }
        }
        out
    }

    proptest! {
        #[test]
        fn every_pixel_is_a_mean_under_a_triangle(w in 1_usize..24, h in 1_usize..24, width in 1_usize..30, height in 1_usize..30) {
            let source = pattern(w, h);
            let out = resize(&source, width, height);
            prop_assert_eq!(out.len(), width * height);
            for (got, want) in out.iter().zip(reference(&source, width, height)) {
                prop_assert!((f64::from(*got) - want).abs() <= 1.01, "{got} for {want}");
            }
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
