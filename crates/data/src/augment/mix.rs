//! Two samples made into one, of which each keeps a share.

use super::{Augment, Key, Patch};
use rng::Purpose;

/// What is mixed into a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix {
    /// The other sample's number in the split.
    pub partner: u32,
    /// The other's share of the result, in [0, 1]; the sample itself keeps the rest.
    pub share: f32,
    /// Where the other is pasted; none: both are blended all over.
    pub patch: Option<Patch>,
}

impl Augment {
    /// What the sample `key` of a split of `samples` is mixed with, if it is.
    ///
    /// The partner is any sample of the split, all equally likely, augmented as it is itself in this epoch: not one of
    /// the same batch, so that a sample can be replayed without its batch. The share of a pasted patch is that of its
    /// pixels.
    ///
    /// # Source
    /// mixup: Zhang et al. 2017, arXiv 1710.09412; CutMix: Yun et al. 2019, arXiv 1905.04899.
    pub fn mix(&self, samples: usize, width: usize, height: usize, key: Key) -> Option<Mix> {
        if !self.mixes() {
            return None;
        }
        let mut random = key.stream(Purpose::Mix);
        if !random.chance(self.mixup_prob) {
            return None;
        }
        let partner = random.below(samples as u64) as u32;
        let paste = self.mixup <= 0.0 || self.cutmix > 0.0 && random.chance(0.5);
        if !paste {
            let share = random.beta(f64::from(self.mixup)) as f32;
            return Some(Mix { partner, share, patch: None });
        }
        let share = random.beta(f64::from(self.cutmix)) as f32;
        let patch = Patch::draw(&mut random, share, 1.0, width, height);
        let share = patch.area() as f32 / (width * height) as f32;
        Some(Mix { partner, share, patch: Some(patch) })
    }
}

impl Mix {
    /// Mixes the features of pixels, `[channels, height, width]` in channels of `area` and rows of `width`, of both
    /// samples into `own`.
    pub(crate) fn apply(&self, own: &mut [f32], other: &[f32], area: usize, width: usize) {
        match self.patch {
            Some(patch) => {
                for (own, other) in own.chunks_exact_mut(area).zip(other.chunks_exact(area)) {
                    for row in patch.rows(width) {
                        own[row.clone()].copy_from_slice(&other[row]);
                    }
                }
            }
            None => self.blend(own, other),
        }
    }

    /// Blends any features.
    pub(crate) fn blend(&self, own: &mut [f32], other: &[f32]) {
        for (own, other) in own.iter_mut().zip(other) {
            *own = *own * (1.0 - self.share) + other * self.share;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key { seed: 1, epoch: 2, index: 3 };

    fn mixes(augment: Augment) -> Vec<Mix> {
        (0..2000).filter_map(|index| augment.mix(50, 40, 30, Key { index, ..KEY })).collect()
    }

    #[test]
    fn shares_and_partners_fill_their_ranges() {
        let all = mixes(Augment { mixup: 0.2, ..Augment::NONE });
        assert_eq!(all.len(), 2000);
        assert!(all.iter().all(|m| (0.0..=1.0).contains(&m.share) && m.partner < 50 && m.patch.is_none()));
        let mean = all.iter().map(|m| m.share).sum::<f32>() / 2000.0;
        assert!((mean - 0.5).abs() < 0.03, "{mean}");
        // Beta(0.2, 0.2) is mostly near 0 and 1.
        assert!(all.iter().filter(|m| (0.1..0.9).contains(&m.share)).count() < 900);
    }

    #[test]
    fn with_both_each_is_done_half_of_the_time_and_with_a_probability_so_often() {
        let all = mixes(Augment { mixup: 1.0, cutmix: 1.0, mixup_prob: 0.5, ..Augment::NONE });
        let pasted = all.iter().filter(|m| m.patch.is_some()).count();
        assert!((900..1100).contains(&all.len()), "{}", all.len());
        assert!((420..580).contains(&pasted), "{pasted}");
    }

    #[test]
    fn a_patch_takes_its_share_of_the_pixels() {
        for mix in mixes(Augment { cutmix: 1.0, ..Augment::NONE }) {
            let mut own = vec![0.0; 2 * 1200];
            mix.apply(&mut own, &[1.0; 2400], 1200, 40);
            let share = own.iter().sum::<f32>() / 2400.0;
            assert!((share - mix.share).abs() < 1e-6, "{share} {mix:?}");
        }
    }

    #[test]
    fn a_blend_is_a_mean_under_both_shares() {
        let mix = Mix { partner: 0, share: 0.25, patch: None };
        let mut own = vec![1.0, 2.0];
        mix.apply(&mut own, &[5.0, 2.0], 2, 2);
        assert_eq!(own, [2.0, 2.0]);
    }
}
