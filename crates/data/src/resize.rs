//! A picture at another size, bilinear: antialiased where it shrinks, two taps where it grows.
//!
//! Pixel centres lie at half-integers (as in Pillow, torchvision and OpenCV). Each output pixel is a weighted mean
//! under a triangle, two source pixels wide where the picture grows and as wide as the scale asks where it shrinks, so
//! that none is passed over. First across, then down, with eight bits in between.
//!
//! The arithmetic is that of Pillow, which prepared the published experiment's photos and most that networks are
//! compared on: the same fixed point, the same rounding, hence the same bits.

use crate::picture::Picture;
use kernels::pixels::{Across, FRACTION_BITS, Spans, weigh_down};
use std::{cell::RefCell, rc::Rc};

/// The pixels of `picture` at `width` × `height`, `[height, width, channels]` interleaved.
///
/// # Units and ranges
/// All sizes at least 1 pixel.
///
/// # Exactness
/// Bit for bit as `resize((width, height), Image.BILINEAR)` of Pillow 11.3; golden files hold it to that. Pillow 13.0 goes
/// down before across for some shapes, where a pixel can differ by a grey level or two.
pub fn resize(picture: &Picture, width: usize, height: usize) -> Vec<u8> {
    let mut out = vec![0; width * height * picture.colour.channels()];
    resize_into(picture, width, height, &mut out);
    out
}

/// As [`resize`], written to `out`, which has just the room.
pub(crate) fn resize_into(picture: &Picture, width: usize, height: usize, out: &mut [u8]) {
    let Picture { width: from_width, height: from_height, data, colour } = picture;
    let channels = colour.channels();
    // An axis that keeps its size would be copied pixel by pixel: each has a single weight of 1.
    if (*from_width, *from_height) == (width, height) {
        out.copy_from_slice(data);
    } else if *from_width == width {
        plan_down(*from_height, height, |spans| weigh_down(data, width * channels, spans, out));
    } else if *from_height == height {
        plan_across(*from_width, width, channels, |across| across.run(data, out));
    } else {
        MIDDLE.with_borrow_mut(|middle| {
            middle.resize(width * channels * from_height, 0);
            plan_across(*from_width, width, channels, |across| across.run(data, middle));
            plan_down(*from_height, height, |spans| weigh_down(middle, width * channels, spans, out));
            // One giant must not keep its memory for all that come after.
            middle.truncate(MIDDLE_BYTES);
            middle.shrink_to(MIDDLE_BYTES);
        });
    }
}

/// What is kept from picture to picture of the buffer between the two halves.
const MIDDLE_BYTES: usize = 1 << 20;
/// Sizes whose plans are kept: those of a folder's usual formats.
const PLANS: usize = 8;

/// What was made of axes, the latest first: `(from, to, channels)`.
type Plans<T> = RefCell<Vec<([usize; 3], Rc<T>)>>;

thread_local! {
    static MIDDLE: RefCell<Vec<u8>> = RefCell::default();
    static ACROSS: Plans<Across> = RefCell::default();
    static DOWN: Plans<Spans> = RefCell::default();
}

fn plan_across(from: usize, to: usize, channels: usize, work: impl FnOnce(&Across)) {
    let plan = ACROSS
        .with(|plans| planned(plans, [from, to, channels], || Across::new(from, channels, spans(from, to))));
    work(&plan);
}

fn plan_down(from: usize, to: usize, work: impl FnOnce(&Spans)) {
    let plan = DOWN.with(|plans| planned(plans, [from, to, 1], || spans(from, to)));
    work(&plan);
}

fn planned<T>(plans: &Plans<T>, key: [usize; 3], make: impl FnOnce() -> T) -> Rc<T> {
    let mut plans = plans.borrow_mut();
    match plans.iter().position(|(known, _)| *known == key) {
        Some(at) => plans[..=at].rotate_right(1),
        None => {
            plans.truncate(PLANS - 1);
            plans.insert(0, (key, Rc::new(make())));
        }
    }
    Rc::clone(&plans[0].1)
}

/// Where the samples of an axis of `to` come from, of `from`; samples beyond an edge do not count, the others share their
/// weight, and each run's weights add up to 1.
fn spans(from: usize, to: usize) -> Spans {
    let scale = from as f64 / to as f64;
    // Half the triangle's base.
    let support = scale.max(1.0);
    let mut spans = Spans::default();
    let mut run = Vec::new();
    for i in 0..to {
        let centre = (i as f64 + 0.5) * scale;
        // Truncated after the half is added: rounds a positive number.
        let first = (centre - support + 0.5).max(0.0) as usize;
        let end = ((centre + support + 0.5) as usize).min(from);
        run.clear();
        run.extend((first..end).map(|x| (1.0 - ((x as f64 - centre + 0.5) / support).abs()).max(0.0)));
        let sum: f64 = run.iter().sum();
        let fixed = |w: &f64| (w / sum * f64::from(1 << FRACTION_BITS) + 0.5) as i32;
        spans.weights.extend(run.iter().map(fixed));
        spans.runs.push((first, end - first));
    }
    spans
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
