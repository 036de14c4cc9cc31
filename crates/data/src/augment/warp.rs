//! Rotation, shift, zoom, shear and mirroring composed with the crop into one affine map, sampled once.

use super::{Augment, Border, Key, View};
use rng::Purpose;

/// What is done to a view beyond cropping and mirroring it left and right, about the middle of the result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warp {
    /// Clockwise.
    pub degrees: f32,
    /// Right and down, as shares of width and height.
    pub shift: [f32; 2],
    /// Over 1 enlarges.
    pub zoom: f32,
    /// The lean of the uprights, in degrees.
    pub shear: f32,
    /// Whether top and bottom are exchanged.
    pub flip: bool,
}

impl Warp {
    /// Changes nothing.
    pub const NONE: Self = Self { degrees: 0.0, shift: [0.0; 2], zoom: 1.0, shear: 0.0, flip: false };
}

impl Augment {
    /// The warp of the sample `key`; every number is uniform in its range.
    pub fn warp(&self, key: Key) -> Warp {
        if !self.warps() && self.vflip <= 0.0 {
            return Warp::NONE;
        }
        let mut random = key.stream(Purpose::Warp);
        let mut either = |limit: f32| random.range(-limit, limit);
        let (degrees, shear) = (either(self.degrees), either(self.shear));
        let shift = [either(self.translate), either(self.translate)];
        let [lo, hi] = self.zoom;
        Warp { degrees, shear, shift, zoom: random.range(lo, hi), flip: random.chance(self.vflip) }
    }
}

/// Where the pixels of the result lie in the source: pixel (i, j) of the result at
/// `(x0 + xx·i + xy·j, y0 + yx·i + yy·j)`, in pixels from the centre of the source's first one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Map {
    x0: f64,
    xx: f64,
    xy: f64,
    y0: f64,
    yx: f64,
    yy: f64,
}

impl Map {
    /// The result, `width` × `height`, is `view` of a source of the same size, warped by `warp`.
    pub(super) fn new(view: View, warp: Warp, width: usize, height: usize) -> Self {
        let (w, h) = (width as f64, height as f64);
        let (sin, cos) = sin_cos(f64::from(warp.degrees));
        let (lean_sin, lean_cos) = sin_cos(f64::from(warp.shear));
        let lean = lean_sin / lean_cos;
        // From result to view: the inverse of zoom · rotation · shear.
        let zoom = f64::from(warp.zoom);
        let back = [[(cos + lean * sin) / zoom, (sin - lean * cos) / zoom], [-sin / zoom, cos / zoom]];
        // From view to source: pixels of the view are so large, negative where it is mirrored.
        let size = |length: f32, side: f64, flip: bool| {
            let size = f64::from(length) / side;
            if flip { -size } else { size }
        };
        let (across, down) = (size(view.width, w, view.flip), size(view.height, h, warp.flip));
        let (xx, xy) = (across * back[0][0], across * back[0][1]);
        let (yx, yy) = (down * back[1][0], down * back[1][1]);
        // The first pixel's centre, seen from the middle of the result before it was shifted.
        let first_x = 0.5 - w / 2.0 - f64::from(warp.shift[0]) * w;
        let first_y = 0.5 - h / 2.0 - f64::from(warp.shift[1]) * h;
        let middle_x = f64::from(view.x) + f64::from(view.width) / 2.0 - 0.5;
        let middle_y = f64::from(view.y) + f64::from(view.height) / 2.0 - 0.5;
        Self {
            x0: middle_x + xx * first_x + xy * first_y,
            xx,
            xy,
            y0: middle_y + yx * first_x + yy * first_y,
            yx,
            yy,
        }
    }

    /// The levels of one channel, bilinear.
    ///
    /// `plane` and `out` are `[height, width]`; `padded` is overwritten.
    pub(super) fn sample(
        &self,
        plane: &[u8],
        width: usize,
        border: Border,
        padded: &mut Vec<f32>,
        out: &mut [f32],
    ) {
        let height = plane.len() / width;
        pad(plane, width, border, padded);
        let stride = width + RIM;
        let (last_x, last_y) = (width as i64 * ONE, height as i64 * ONE);
        let [x0, xx, xy, y0, yx, yy] =
            [self.x0, self.xx, self.xy, self.y0, self.yx, self.yy].map(|v| (v * ONE as f64) as i64);
        for (j, row) in out.chunks_exact_mut(width).enumerate() {
            let (mut at_x, mut at_y) = (x0 + xy * j as i64, y0 + yy * j as i64);
            for out in row {
                let (x, y) = match border {
                    Border::Mean => (at_x, at_y),
                    Border::Reflect => (reflected(at_x, last_x), reflected(at_y, last_y)),
                };
                (at_x, at_y) = (at_x + xx, at_y + yx);
                // The rim is one pixel before the picture and two behind it.
                let (x, y) = (x.clamp(-ONE, last_x) + ONE, y.clamp(-ONE, last_y) + ONE);
                let near = &padded[(y >> 32) as usize * stride + (x >> 32) as usize..][..stride + 2];
                let (right, below) = (fraction(x), fraction(y));
                let top = near[0] + (near[1] - near[0]) * right;
                let bottom = near[stride] + (near[stride + 1] - near[stride]) * right;
                *out = top + (bottom - top) * below;
            }
        }
    }
}

/// Places are counted in 2⁻³² pixels: whole numbers are cheap to divide into pixel and rest, and stay exact over a row.
const ONE: i64 = 1 << 32;

#[inline]
fn fraction(place: i64) -> f32 {
    ((place as u32) >> 8) as i32 as f32 * (1.0 / (1 << 24) as f32)
}

/// Pixels added to each axis: one before, two behind.
const RIM: usize = 3;

/// The plane as numbers with a rim of what lies beyond its edge.
fn pad(plane: &[u8], width: usize, border: Border, padded: &mut Vec<f32>) {
    let height = plane.len() / width;
    let fill = mean(plane);
    padded.clear();
    for line in 0..height + RIM {
        let row = &plane[(line.max(1) - 1).min(height - 1) * width..][..width];
        let beyond = line == 0 || line > height;
        match border {
            Border::Mean if beyond => padded.extend(std::iter::repeat_n(fill, width + RIM)),
            Border::Mean => rimmed(row, [fill, fill], padded),
            Border::Reflect => rimmed(row, [f32::from(row[0]), f32::from(row[width - 1])], padded),
        }
    }
}

fn rimmed(row: &[u8], [left, right]: [f32; 2], padded: &mut Vec<f32>) {
    padded.push(left);
    padded.extend(row.iter().map(|&v| f32::from(v)));
    padded.extend([right, right]);
}

/// A place mirrored at both edges of an axis of `size` pixels; further out than that it is left to be clamped.
#[inline]
fn reflected(x: i64, size: i64) -> i64 {
    size - (size - (x + ONE / 2).abs()).abs() - ONE / 2
}

/// The mean level of a channel.
pub(super) fn mean(plane: &[u8]) -> f32 {
    let sum: u64 = plane.iter().map(|&v| u64::from(v)).sum();
    sum as f32 / plane.len().max(1) as f32
}

/// Sine and cosine of an angle in degrees, exact at multiples of 90.
///
/// # Exactness
/// Only `+ − × ÷` and rounding, so the same bits on every machine, which the system's functions do not promise.
fn sin_cos(degrees: f64) -> (f64, f64) {
    let quarters = (degrees / 90.0).round();
    let x = (degrees - quarters * 90.0) * (std::f64::consts::PI / 180.0);
    let x2 = x * x;
    // |x| ≤ π/4: the terms left out are below 1e-17.
    let series = |first: i32| {
        (0..8).rev().fold(1.0, |sum, k| {
            let n = f64::from(first + 2 * k);
            1.0 - x2 / (n * (n + 1.0)) * sum
        })
    };
    let (sin, cos) = (x * series(2), series(1));
    match (quarters as i64).rem_euclid(4) {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

#[cfg(test)]
#[path = "warp_tests.rs"]
mod tests;
