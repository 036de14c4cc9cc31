//! Means and standard deviations, learned from the training planes.

use super::{Feature, Preprocess};
use crate::histogram::{BINS, histogram};
use rayon::prelude::*;

/// Samples whose sums are added up before they meet the others'; fixed, so that the order of additions is.
const GROUP: usize = 256;

impl Preprocess {
    /// Sets means and standard deviations of the feature to those of `planes`.
    ///
    /// Nothing to learn where each picture is standardized by itself. Pixels: exact integer sums over all pixels of a channel. Histograms: sums of each bin in `f64`, by fixed groups
    /// of samples in order. A std of 0 (a bin or channel that never varies) becomes 1.
    ///
    /// # Shapes
    /// `planes` is `[samples, channels, height, width]`; without a sample nothing changes.
    ///
    /// # Exactness
    /// Equal bits for every number of threads.
    pub fn fit(&mut self, planes: &[u8]) {
        if planes.len() < self.plane_len() || self.plane_len() == 0 {
            return;
        }
        let moments = match &self.feature {
            Feature::PicturePixels => return,
            Feature::Pixels { .. } => pixel_moments(planes, self.colour.channels(), self.height * self.width),
            Feature::Histogram { .. } => self.bin_moments(planes),
        };
        let (means, stds) =
            moments.into_iter().map(|(m, s)| (m as f32, if s > 0.0 { s as f32 } else { 1.0 })).unzip();
        match &mut self.feature {
            Feature::Pixels { mean, std } | Feature::Histogram { mean, std, .. } => {
                *mean = means;
                *std = stds;
            }
            Feature::PicturePixels => {}
        }
    }

    fn bin_moments(&self, planes: &[u8]) -> Vec<(f64, f64)> {
        let Feature::Histogram { space, transform, .. } = self.feature else { return Vec::new() };
        let mut rows = vec![0.0_f32; planes.len() / self.plane_len() * BINS];
        rows.par_chunks_exact_mut(BINS)
            .zip(planes.par_chunks_exact(self.plane_len()))
            .for_each(|(row, plane)| histogram(plane, space, transform, row));
        let samples = (rows.len() / BINS) as f64;
        let mean = bin_sums(&rows, |_, v| v).map(|sum| sum / samples);
        // Around the mean, so that nothing cancels.
        let variance = bin_sums(&rows, |bin, v| (v - mean[bin]) * (v - mean[bin])).map(|sum| sum / samples);
        mean.into_iter().zip(variance.map(f64::sqrt)).collect()
    }
}

fn bin_sums(rows: &[f32], term: impl Fn(usize, f64) -> f64) -> [f64; BINS] {
    let mut total = [0.0; BINS];
    for group in rows.chunks(GROUP * BINS) {
        let mut sums = [0.0; BINS];
        for row in group.chunks_exact(BINS) {
            for (bin, (sum, &v)) in sums.iter_mut().zip(row).enumerate() {
                *sum += term(bin, f64::from(v));
            }
        }
        for (total, sum) in total.iter_mut().zip(sums) {
            *total += sum;
        }
    }
    total
}

/// Mean and standard deviation of `x/255`, one pair a channel.
fn pixel_moments(planes: &[u8], channels: usize, area: usize) -> Vec<(f64, f64)> {
    let samples = planes.len() / (channels * area);
    let moments = |channel: usize| {
        let (sum, squares) = planes
            .par_chunks_exact(channels * area)
            .map(|plane| sums(&plane[channel * area..][..area]))
            .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        moments_of(samples * area, sum, squares)
    };
    (0..channels).map(moments).collect()
}

/// Mean and standard deviation of one plane over 255.
pub(super) fn plane_moments(plane: &[u8]) -> (f64, f64) {
    let (sum, squares) = sums(plane);
    moments_of(plane.len().max(1), sum, squares)
}

/// `Σx` and `Σx²`.
fn sums(plane: &[u8]) -> (u64, u64) {
    // 4,096 squares of a byte fit 32 bits, which the compiler adds many at a time.
    plane.chunks(4096).fold((0, 0), |(sum, squares), part| {
        let own: u32 = part.iter().map(|&v| u32::from(v)).sum();
        let own_squares: u32 = part.iter().map(|&v| u32::from(v) * u32::from(v)).sum();
        (sum + u64::from(own), squares + u64::from(own_squares))
    })
}

fn moments_of(count: usize, sum: u64, squares: u64) -> (f64, f64) {
    let n = count as u128;
    // n·Σx² − (Σx)² is exact, so a flat set has a variance of exactly 0.
    let spread = n * u128::from(squares) - u128::from(sum) * u128::from(sum);
    let n = count as f64;
    (sum as f64 / n / 255.0, (spread as f64).sqrt() / n / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Colour, Space, Transform};

    #[test]
    fn fitted_pixels_have_mean_zero_and_variance_one() {
        let planes: Vec<u8> = (0..2 * 3 * 16_u32).map(|i| (i * i * 7 % 251) as u8).collect();
        let mut p = Preprocess::new(4, 4, Colour::Rgb, Feature::pixels(Colour::Rgb));
        p.fit(&planes);
        let mut values = [vec![], vec![], vec![]];
        let mut out = vec![0.0; 48];
        for plane in planes.chunks(48) {
            p.features(plane, &mut out);
            for (channel, v) in values.iter_mut().zip(out.chunks(16)) {
                channel.extend_from_slice(v);
            }
        }
        for channel in values {
            let mean: f32 = channel.iter().sum::<f32>() / 32.0;
            let variance: f32 = channel.iter().map(|v| v * v).sum::<f32>() / 32.0;
            assert!(mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-5, "{mean} {variance}");
        }
    }

    #[test]
    fn fitted_bins_have_mean_zero_and_variance_one_or_zero() {
        let planes: Vec<u8> = (0..600 * 16_u32).map(|i| (i * i * 13 % 127) as u8).collect();
        let mut p = Preprocess::new(4, 4, Colour::Gray, Feature::histogram(Space::Gray64, Transform::Sqrt));
        p.fit(&planes);
        let mut out = vec![0.0; 64];
        let (mut sum, mut squares) = ([0.0_f64; 64], [0.0_f64; 64]);
        for plane in planes.chunks(16) {
            p.features(plane, &mut out);
            for (bin, &v) in out.iter().enumerate() {
                sum[bin] += f64::from(v) / 600.0;
                squares[bin] += f64::from(v) * f64::from(v) / 600.0;
            }
        }
        assert!(sum.iter().all(|m| m.abs() < 1e-5), "{sum:?}");
        assert!(squares.iter().all(|&v| v == 0.0 || (v - 1.0).abs() < 1e-4), "{squares:?}");
        assert_eq!(squares[63], 0.0, "no pixel is that bright");
        assert!(squares[0] > 0.5);
    }

    #[test]
    fn a_flat_set_gets_std_one() {
        let mut p = Preprocess::new(2, 2, Colour::Gray, Feature::pixels(Colour::Gray));
        p.fit(&[51; 40]);
        assert_eq!(p.feature, Feature::Pixels { mean: vec![0.2], std: vec![1.0] });
        let before = p.clone();
        p.fit(&[]);
        assert_eq!(p, before);
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let planes: Vec<u8> =
            (0..5000 * 4_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let fit = |threads| {
            let mut p =
                Preprocess::new(2, 2, Colour::Gray, Feature::histogram(Space::Gray64, Transform::Log));
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| p.fit(&planes));
            p
        };
        assert_eq!(fit(1), fit(3));
    }
}
