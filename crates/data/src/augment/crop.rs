//! Random crops and mirroring: upright views, drawn from numbers alone and sampled row by row.

use super::{Augment, Key};
use rng::{Purpose, Stream};

/// A part of a picture, in pixels of its plane, perhaps mirrored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Left edge, at least 0.
    pub x: f32,
    /// Upper edge, at least 0.
    pub y: f32,
    /// Over 0; `x + width` is at most the picture's.
    pub width: f32,
    /// Over 0; `y + height` is at most the picture's.
    pub height: f32,
    /// Whether left and right are exchanged.
    pub flip: bool,
}

impl Augment {
    /// The view of the sample `key`, of a plane of `width` × `height`.
    ///
    /// Area and place are uniform, wide crops are as likely as high ones where the limits of the aspect ratio are each
    /// other's inverse. A crop that would be wider or higher than the picture is cut to it.
    ///
    /// # Source
    /// Random resized crop: Szegedy et al. 2015, arXiv 1409.4842, section 6.
    pub fn view(&self, width: usize, height: usize, key: Key) -> View {
        let (full_w, full_h) = (width as f32, height as f32);
        let mut view = View { x: 0.0, y: 0.0, width: full_w, height: full_h, flip: false };
        if self.hflip <= 0.0 && self.scale.is_none() {
            return view;
        }
        let mut random = key.stream(Purpose::Augment);
        view.flip = random.chance(self.hflip);
        if let Some([lo, hi]) = self.scale {
            let side = random.range(lo, hi).sqrt();
            let stretch = stretch(&mut random, self.ratio).sqrt();
            view.width = (full_w * side * stretch).clamp(1.0_f32.min(full_w), full_w);
            view.height = (full_h * side / stretch).clamp(1.0_f32.min(full_h), full_h);
            view.x = random.range(0.0, full_w - view.width);
            view.y = random.range(0.0, full_h - view.height);
        }
        view
    }
}

/// A ratio between the limits; as often wide as high when they are each other's inverse. Uniform in the ratio on
/// the wide side and in its inverse on the high side, which needs no logarithm and hence has the same bits everywhere.
pub(super) fn stretch(random: &mut Stream, [lo, hi]: [f32; 2]) -> f32 {
    if lo >= 1.0 {
        return random.range(lo, hi);
    }
    if hi <= 1.0 {
        return 1.0 / random.range(1.0 / hi, 1.0 / lo);
    }
    let (high, wide) = (1.0 / lo - 1.0, hi - 1.0);
    let t = random.range(-high, wide);
    if t < 0.0 { 1.0 / (1.0 - t) } else { 1.0 + t }
}

/// Buffers of [`View::sample`], reused from picture to picture.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    taps: Vec<(u32, f32)>,
    rows: Vec<f32>,
}

impl View {
    /// Samples one channel of this view at the plane's own size, bilinear, as `scale · v + offset`.
    ///
    /// `plane` and `out` are `[height, width]` of the whole picture; samples beyond its edge are the edge's.
    pub(crate) fn sample(
        &self,
        plane: &[u8],
        width: usize,
        scale: f32,
        offset: f32,
        out: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let height = plane.len() / width;
        self.taps_across(width, &mut scratch.taps);
        // The two latest source rows, stretched across: rows of a view are visited downwards, each used once or twice.
        scratch.rows.resize(2 * width, 0.0);
        let mut held = [usize::MAX; 2];
        for (y, out) in out.chunks_exact_mut(width).enumerate() {
            let (row, weight) = tap(y, self.y, self.height, height);
            for source_row in [row, (row + 1).min(height - 1)] {
                let slot = source_row % 2;
                if held[slot] != source_row {
                    let source = &plane[source_row * width..][..width];
                    stretch_row(source, &scratch.taps, &mut scratch.rows[slot * width..][..width]);
                    held[slot] = source_row;
                }
            }
            let (even, odd) = scratch.rows.split_at(width);
            // At the lower edge both rows are the last one.
            let weight = if row + 1 < height { weight } else { 0.0 };
            let (top, bottom) = if row % 2 == 0 { (even, odd) } else { (odd, even) };
            let (a, b) = ((1.0 - weight) * scale, weight * scale);
            for ((v, &t), &u) in out.iter_mut().zip(top).zip(bottom) {
                *v = t * a + u * b + offset;
            }
        }
    }

    fn taps_across(&self, width: usize, taps: &mut Vec<(u32, f32)>) {
        taps.clear();
        taps.extend((0..width).map(|x| {
            let (first, weight) = tap(x, self.x, self.width, width);
            // The second tap is always the next pixel: at the right edge step back and take all of it.
            if first + 1 < width { (first as u32, weight) } else { (width.saturating_sub(2) as u32, 1.0) }
        }));
        if self.flip {
            taps.reverse();
        }
    }
}

/// First source pixel and weight of the second, for output pixel `i` of an axis of `size` pixels.
fn tap(i: usize, start: f32, length: f32, size: usize) -> (usize, f32) {
    let position = (start + (i as f32 + 0.5) * (length / size as f32) - 0.5).clamp(0.0, (size - 1) as f32);
    let first = position as usize;
    (first, position - first as f32)
}

fn stretch_row(source: &[u8], taps: &[(u32, f32)], out: &mut [f32]) {
    for (v, &(first, weight)) in out.iter_mut().zip(taps) {
        let first = first as usize;
        let a = f32::from(source[first]);
        let b = f32::from(source[(first + 1).min(source.len() - 1)]);
        *v = a + (b - a) * weight;
    }
}

#[cfg(test)]
#[path = "crop_tests.rs"]
mod tests;
