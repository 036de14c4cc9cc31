//! Brightness, contrast, saturation, and noise.

use super::{Augment, Key};
use rng::{Purpose, Stream};
use std::sync::OnceLock;

/// Factors by which a picture's looks are changed; 1 changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jitter {
    /// Of all levels.
    pub brightness: f32,
    /// Of a level's distance from the picture's mean.
    pub contrast: f32,
    /// Of a colour's distance from gray.
    pub saturation: f32,
}

impl Jitter {
    /// Changes nothing.
    pub const NONE: Self = Self { brightness: 1.0, contrast: 1.0, saturation: 1.0 };

    /// Changes levels from 0 to 255, `[channels, area]` with one channel or red, green and blue; they stay in that range.
    ///
    /// `v' = brightness · (contrast · (saturation · v + (1 − saturation) · gray) + (1 − contrast) · mean)`, where `gray` is
    /// `0.299 R + 0.587 G + 0.114 B` of the pixel and `mean` that of all its pixels; all three at once, and what is
    /// over 255 is 255.
    pub fn apply(&self, levels: &mut [f32], area: usize) {
        let Self { brightness, contrast, saturation } = *self;
        let tone = |mean: f32| (brightness * contrast, brightness * (1.0 - contrast) * mean);
        if let Some((red, rest)) = levels.split_at_mut_checked(area)
            && let Some((green, blue)) = rest.split_at_mut_checked(area)
            && blue.len() == area
        {
            let mean = 0.299 * mean(red) + 0.587 * mean(green) + 0.114 * mean(blue);
            let (gain, lift) = tone(mean);
            for ((r, g), b) in red.iter_mut().zip(green).zip(blue) {
                let gray = (0.299 * *r + 0.587 * *g + 0.114 * *b) * (1.0 - saturation);
                for v in [r, g, b] {
                    *v = ((saturation * *v + gray) * gain + lift).clamp(0.0, 255.0);
                }
            }
        } else {
            let (gain, lift) = tone(mean(levels));
            levels.iter_mut().for_each(|v| *v = (*v * gain + lift).clamp(0.0, 255.0));
        }
    }
}

impl Augment {
    /// The factors of the sample `key`, each uniform from 1 less to 1 more than what is set.
    pub fn jitter(&self, key: Key) -> Jitter {
        if self.color_jitter == [0.0; 3] {
            return Jitter::NONE;
        }
        let mut random = key.stream(Purpose::Colour);
        let [brightness, contrast, saturation] =
            self.color_jitter.map(|limit| random.range((1.0 - limit).max(0.0), 1.0 + limit));
        Jitter { brightness, contrast, saturation }
    }

    /// Adds noise to levels from 0 to 255, in rows of `width`; they stay in that range.
    ///
    /// Each row is a piece of one fixed table of normal numbers, begun anywhere: a normal number for each pixel would
    /// cost more than a training step of a small net.
    pub(super) fn add_noise(&self, levels: &mut [f32], width: usize, key: Key) {
        let table = normal_numbers();
        let strength = self.noise * 255.0;
        let mut random = key.stream(Purpose::Noise);
        for row in levels.chunks_mut(width) {
            for piece in row.chunks_mut(TABLE / 2) {
                let begin = random.below((TABLE - piece.len()) as u64) as usize;
                for (v, &z) in piece.iter_mut().zip(&table[begin..]) {
                    *v = (*v + z * strength).clamp(0.0, 255.0);
                }
            }
        }
    }
}

/// Numbers in the table of noise.
const TABLE: usize = 1 << 16;

fn normal_numbers() -> &'static [f32] {
    static NUMBERS: OnceLock<Vec<f32>> = OnceLock::new();
    NUMBERS.get_or_init(|| {
        let mut random = Stream::new(0, Purpose::Noise, u64::MAX, u64::MAX);
        (0..TABLE).map(|_| random.normal()).collect()
    })
}

/// Sixteen sums side by side, so that the order, and with it the bits, is fixed and quick.
fn mean(levels: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 16];
    let chunks = levels.chunks_exact(16);
    let rest: f32 = chunks.remainder().iter().sum();
    for chunk in chunks {
        for (sum, v) in sums.iter_mut().zip(chunk) {
            *sum += v;
        }
    }
    (sums.iter().sum::<f32>() + rest) / levels.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gray(n: usize) -> Vec<f32> {
        (0..n).map(|i| (i * 37 % 256) as f32).collect()
    }

    proptest! {
        #[test]
        fn levels_stay_levels(b in 0.0_f32..3.0, c in 0.0_f32..3.0, s in 0.0_f32..3.0, channels in 0_usize..2) {
            let mut levels = gray(90);
            Jitter { brightness: b, contrast: c, saturation: s }.apply(&mut levels, [90, 30][channels]);
            prop_assert!(levels.iter().all(|v| (0.0..=255.0).contains(v)), "{levels:?}");
        }
    }

    #[test]
    fn factors_of_one_change_nothing() {
        for area in [90, 30] {
            let mut levels = gray(90);
            Jitter::NONE.apply(&mut levels, area);
            for (a, b) in levels.iter().zip(gray(90)) {
                assert!((a - b).abs() < 1e-4, "{a} for {b}");
            }
        }
    }

    #[test]
    fn without_contrast_all_is_the_mean_and_without_saturation_all_is_gray() {
        let mut flat = vec![10.0, 20.0, 60.0];
        Jitter { contrast: 0.0, ..Jitter::NONE }.apply(&mut flat, 3);
        assert_eq!(flat, [30.0; 3]);
        let mut colours = vec![200.0, 0.0, 100.0, 0.0, 0.0, 255.0];
        Jitter { saturation: 0.0, ..Jitter::NONE }.apply(&mut colours, 2);
        let first = 0.299 * 200.0 + 0.587 * 100.0;
        for channel in colours.chunks(2) {
            assert!((channel[0] - first).abs() < 1e-3 && (channel[1] - 0.114 * 255.0).abs() < 1e-3);
        }
        let mut dark = vec![10.0, 20.0, 60.0];
        Jitter { brightness: 0.5, ..Jitter::NONE }.apply(&mut dark, 3);
        assert_eq!(dark, [5.0, 10.0, 30.0]);
    }

    #[test]
    fn noise_has_the_spread_that_was_asked_for_and_differs_from_epoch_to_epoch() {
        let augment = Augment { noise: 0.1, ..Augment::NONE };
        let noisy = |epoch| {
            let mut levels = vec![127.5; 128 * 128];
            augment.add_noise(&mut levels, 128, Key { seed: 3, epoch, index: 0 });
            levels
        };
        let levels = noisy(0);
        let mean = levels.iter().sum::<f32>() / levels.len() as f32;
        let spread =
            (levels.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / levels.len() as f32).sqrt();
        assert!((mean - 127.5).abs() < 1.0 && (spread - 25.5).abs() < 0.5, "{mean} {spread}");
        assert_eq!(levels, noisy(0));
        assert_ne!(levels, noisy(1));
        assert_ne!(levels[..128], levels[128..256]);
    }
}
