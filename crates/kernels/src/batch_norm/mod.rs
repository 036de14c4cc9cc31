//! Batch normalisation: sums over the batch, and the two affine passes that use them.
//!
//! Images `[batch, channels, plane]`. Channels are shared out over the current rayon pool; the sums of a channel
//! run over the samples in order, so that the bits do not depend on the number of threads. Here is the plain form in
//! sixteen lanes of f64; `vector.rs` has the loops for f32.

mod vector;

use rayon::prelude::*;

use self::vector::{Affine, BLOCK, InputGradient, Moments, Sums};
use crate::{Element, isa};

/// Sizes of the images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the field's own")]
pub struct BatchNormGeom {
    pub batch: usize,
    pub channels: usize,
    /// Pixels of one channel of one sample.
    pub plane: usize,
}

impl BatchNormGeom {
    fn check(&self, lens: &[usize]) {
        let len = self.batch * self.channels * self.plane;
        assert!(lens.iter().all(|&l| l == len), "lengths {lens:?} for {self:?}");
    }

    /// The planes of one channel, sample by sample.
    fn planes<'a, T>(&self, x: &'a [T], channel: usize) -> impl Iterator<Item = &'a [T]> {
        x.chunks_exact(self.plane.max(1)).skip(channel).step_by(self.channels.max(1))
    }

    fn numbers_per_channel(&self) -> f64 {
        (self.batch * self.plane).max(1) as f64
    }
}

/// Writes each channel's mean and (biased) variance over batch and plane.
///
/// # Panics
/// If a length does not match the sizes.
pub fn moments<T: Element>(g: &BatchNormGeom, x: &[T], mean: &mut [T], variance: &mut [T]) {
    g.check(&[x.len()]);
    assert_eq!((mean.len(), variance.len()), (g.channels, g.channels), "one mean and variance a channel");
    let n = g.numbers_per_channel();
    mean.par_iter_mut().zip(variance).enumerate().for_each(|(c, (mean, variance))| {
        if let Some(x) = T::as_f32(x) {
            let (m, squares) = moments_f32(g.planes(x, c));
            (*mean, *variance) = (T::from_f64(m), T::from_f64(squares / n));
            return;
        }
        let m = g.planes(x, c).map(|p| lane_sum(p, p, |v, _| v)).sum::<f64>() / n;
        let squares: f64 = g.planes(x, c).map(|p| lane_sum(p, p, |v, _| (v - m) * (v - m))).sum();
        *mean = T::from_f64(m);
        *variance = T::from_f64(squares / n);
    });
}

/// Mean and sum of squared deviations of some planes, block by block.
///
/// Source: Chan, Golub & LeVeque 1979, 'Updating formulae and a pairwise algorithm for computing sample variances'.
fn moments_f32<'a>(planes: impl Iterator<Item = &'a [f32]>) -> (f64, f64) {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for block in planes.flat_map(|p| p.chunks(BLOCK)) {
        let (more, (m, s)) = (block.len() as f64, isa::run(Moments(block)));
        let (all, delta) = (count + more, m - mean);
        mean += delta * more / all;
        squares += s + delta * delta * count * more / all;
        count = all;
    }
    (mean, squares)
}

/// `y = (x − mean) / √(variance + eps) · scale + shift`, channel by channel.
///
/// # Panics
/// If a length does not match the sizes.
pub fn normalize<T: Element>(g: &BatchNormGeom, x: &[T], norm: &Norm<'_, T>, shift: &[T], y: &mut [T]) {
    g.check(&[x.len(), y.len()]);
    norm.check(g);
    assert_eq!(shift.len(), g.channels, "one shift a channel");
    let plane = g.plane.max(1);
    y.par_chunks_mut(plane).zip(x.par_chunks(plane)).enumerate().for_each(|(k, (y, x))| {
        let c = k % g.channels;
        let (mean, factor) = (norm.mean[c], norm.scale[c] * norm.inverse_std(c));
        if let (Some(x), Some(y)) = (T::as_f32(x), T::as_f32_mut(y)) {
            let [mean, factor, shift] = [mean, factor, shift[c]].map(|v| v.to_f64() as f32);
            return isa::run(Affine { x, mean, factor, shift, y });
        }
        for (y, &x) in y.iter_mut().zip(x) {
            *y = (x - mean) * factor + shift[c];
        }
    });
}

/// Given `dy = ∂L/∂y` of [`normalize`] with the batch's own moments, adds `∂L/∂scale` and `∂L/∂shift`, and
/// overwrites `dx` where it is asked for.
///
/// `dx = scale / √(variance + eps) · (dy − mean(dy) − x̂ · mean(dy · x̂))`
///
/// # Panics
/// If a length does not match the sizes.
pub fn backward<T: Element>(
    g: &BatchNormGeom,
    x: &[T],
    norm: &Norm<'_, T>,
    dy: &[T],
    dx: Option<&mut [T]>,
    dscale: &mut [T],
    dshift: &mut [T],
) {
    g.check(&[x.len(), dy.len()]);
    norm.check(g);
    assert_eq!((dscale.len(), dshift.len()), (g.channels, g.channels), "one scale and shift a channel");
    let sums: Vec<(f64, f64)> = (0..g.channels)
        .into_par_iter()
        .map(|c| {
            let (mean, inverse_std) = (norm.mean[c].to_f64(), norm.inverse_std(c).to_f64());
            if let (Some(x), Some(dy)) = (T::as_f32(x), T::as_f32(dy)) {
                let blocks = g.planes(dy, c).zip(g.planes(x, c));
                let mut sums = (0.0, 0.0);
                for (dy, x) in blocks.flat_map(|(dy, x)| dy.chunks(BLOCK).zip(x.chunks(BLOCK))) {
                    let (of_dy, of_both) = isa::run(Sums { x, dy, mean: mean as f32 });
                    sums = (sums.0 + of_dy, sums.1 + of_both);
                }
                return (sums.0, sums.1 * inverse_std);
            }
            let planes = || g.planes(dy, c).zip(g.planes(x, c));
            let of_dy: f64 = planes().map(|(dy, _)| lane_sum(dy, dy, |d, _| d)).sum();
            let of_both: f64 = planes().map(|(dy, x)| lane_sum(dy, x, |d, x| d * (x - mean))).sum();
            (of_dy, of_both * inverse_std)
        })
        .collect();
    for ((dscale, dshift), sums) in dscale.iter_mut().zip(dshift).zip(&sums) {
        *dscale += T::from_f64(sums.1);
        *dshift += T::from_f64(sums.0);
    }
    let Some(dx) = dx else { return };
    g.check(&[dx.len()]);
    let (n, plane) = (g.numbers_per_channel(), g.plane.max(1));
    dx.par_chunks_mut(plane).zip(dy.par_chunks(plane).zip(x.par_chunks(plane))).enumerate().for_each(
        |(k, (dx, (dy, x)))| {
            let c = k % g.channels;
            let inverse_std = norm.inverse_std(c);
            let factor = norm.scale[c] * inverse_std;
            let mean_dy = T::from_f64(sums[c].0 / n);
            let slope = T::from_f64(sums[c].1 / n) * inverse_std;
            if let (Some(x), Some(dy), Some(dx)) = (T::as_f32(x), T::as_f32(dy), T::as_f32_mut(dx)) {
                let numbers = [norm.mean[c], mean_dy, slope, factor];
                let [mean, mean_dy, slope, factor] = numbers.map(|v| v.to_f64() as f32);
                return isa::run(InputGradient { x, dy, mean, mean_dy, slope, factor, dx });
            }
            for ((dx, &dy), &x) in dx.iter_mut().zip(dy).zip(x) {
                *dx = factor * (dy - mean_dy - (x - norm.mean[c]) * slope);
            }
        },
    );
}

/// What one channel is normalised by, and scaled by after.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names are the field's own; all but `eps` one number a channel")]
pub struct Norm<'a, T> {
    pub mean: &'a [T],
    pub variance: &'a [T],
    pub scale: &'a [T],
    pub eps: f64,
}

impl<T: Element> Norm<'_, T> {
    fn check(&self, g: &BatchNormGeom) {
        let lens = [self.mean.len(), self.variance.len(), self.scale.len()];
        assert_eq!(lens, [g.channels; 3], "one mean, variance, scale a channel");
    }

    fn inverse_std(&self, channel: usize) -> T {
        T::from_f64(1.0 / (self.variance[channel].to_f64() + self.eps).sqrt())
    }
}

/// `Σ f(a, b)` in sixteen lanes, added up in order at the end: a fixed order that a compiler can vectorise.
fn lane_sum<T: Element>(a: &[T], b: &[T], f: impl Fn(f64, f64) -> f64) -> f64 {
    let mut lanes = [0.0_f64; 16];
    let (mut blocks_a, mut blocks_b) = (a.chunks_exact(16), b.chunks_exact(16));
    for (a, b) in blocks_a.by_ref().zip(blocks_b.by_ref()) {
        for (lane, (&a, &b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += f(a.to_f64(), b.to_f64());
        }
    }
    for (lane, (&a, &b)) in lanes.iter_mut().zip(blocks_a.remainder().iter().zip(blocks_b.remainder())) {
        *lane += f(a.to_f64(), b.to_f64());
    }
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::tests::same_on_each_isa;
    use crate::noise::{assert_close, noise};

    /// `mean, variance, y, dx, dscale, dshift`, one after the other.
    fn all<T: Element>(g: &BatchNormGeom, [x, dy, scale, shift]: [&[T]; 4]) -> Vec<T> {
        let (mut mean, mut variance) = (vec![T::ZERO; g.channels], vec![T::ZERO; g.channels]);
        moments(g, x, &mut mean, &mut variance);
        let norm = Norm { mean: &mean, variance: &variance, scale, eps: 1e-5 };
        let (mut y, mut dx) = (vec![T::ZERO; x.len()], vec![T::ZERO; x.len()]);
        normalize(g, x, &norm, shift, &mut y);
        let (mut dscale, mut dshift) = (vec![T::ONE; g.channels], vec![T::ONE; g.channels]);
        backward(g, x, &norm, dy, Some(&mut dx), &mut dscale, &mut dshift);
        [mean, variance, y, dx, dscale, dshift].concat()
    }

    #[test]
    fn the_vector_form_agrees_with_the_plain_one() {
        for (batch, channels, plane) in [(1, 1, 1), (2, 3, 15), (3, 2, 17), (2, 2, 5000), (5, 4, 64)] {
            let g = BatchNormGeom { batch, channels, plane };
            let len = batch * channels * plane;
            let inputs = [noise(1, len), noise(2, len), noise(3, channels), noise(4, channels)];
            let found = same_on_each_isa(|| all(&g, inputs.each_ref().map(|v| &v[..])));
            let wide = inputs.map(|v| v.iter().map(|&v| f64::from(v)).collect::<Vec<_>>());
            let expected = all(&g, wide.each_ref().map(|v| &v[..]));
            assert_close(&format!("{g:?}"), &found, &expected, 1e-5);
        }
    }

    #[test]
    fn normalized_channels_have_mean_zero_and_variance_one() {
        let g = BatchNormGeom { batch: 3, channels: 2, plane: 37 };
        let x: Vec<f64> = (0..3 * 2 * 37).map(|i| ((i * i) % 53) as f64 + 100.0).collect();
        let (mut mean, mut variance) = ([0.0; 2], [0.0; 2]);
        moments(&g, &x, &mut mean, &mut variance);
        let mut y = vec![0.0; x.len()];
        let norm = Norm { mean: &mean, variance: &variance, scale: &[1.0; 2], eps: 0.0 };
        normalize(&g, &x, &norm, &[0.0; 2], &mut y);
        let (mut mean, mut variance) = ([9.0; 2], [9.0; 2]);
        moments(&g, &y, &mut mean, &mut variance);
        assert!(mean.iter().all(|m: &f64| m.abs() < 1e-12), "{mean:?}");
        assert!(variance.iter().all(|v: &f64| (v - 1.0).abs() < 1e-12), "{variance:?}");
    }

    #[test]
    fn a_large_offset_does_not_spoil_the_variance() {
        let g = BatchNormGeom { batch: 2, channels: 1, plane: 1000 };
        let x: Vec<f32> = (0..2000).map(|i| 4096.0 + (i % 2) as f32).collect();
        let (mut mean, mut variance) = ([0.0; 1], [0.0; 1]);
        moments(&g, &x, &mut mean, &mut variance);
        assert_eq!((mean, variance), ([4096.5], [0.25]));
    }
}
