//! A rectangle of a picture that is taken away.

use super::{Augment, Key, crop::stretch};
use rng::{Purpose, Stream};

/// Smallest and largest share of the area that is erased, and of width to height: timm's.
const AREA: [f32; 2] = [0.02, 1.0 / 3.0];
const RATIO: [f32; 2] = [0.3, 1.0 / 0.3];

/// A rectangle of whole pixels within a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patch {
    /// From the left edge.
    pub left: usize,
    /// From the upper edge.
    pub top: usize,
    /// At least 1.
    pub width: usize,
    /// At least 1.
    pub height: usize,
}

impl Patch {
    /// A patch of such a share of the area, of such a ratio of width to height relative to the picture's own, anywhere
    /// within it.
    pub(super) fn draw(random: &mut Stream, share: f32, ratio: f32, width: usize, height: usize) -> Self {
        let side = |size: usize, part: f32| ((size as f32 * part).round() as usize).clamp(1, size);
        let (w, h) = (side(width, (share * ratio).sqrt()), side(height, (share / ratio).sqrt()));
        let mut place = |room: usize| random.below(room as u64 + 1) as usize;
        Self { left: place(width - w), top: place(height - h), width: w, height: h }
    }

    /// Number of pixels.
    pub fn area(&self) -> usize {
        self.width * self.height
    }

    /// The patch's rows in a channel of rows of `row` pixels, as ranges.
    pub(super) fn rows(&self, row: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
        let Self { left, top, width, height } = *self;
        (top..top + height).map(move |y| y * row + left..y * row + left + width)
    }
}

impl Augment {
    /// The rectangle that is erased from the sample `key`, if one is.
    ///
    /// # Source
    /// Random erasing: Zhong et al. 2017, arXiv 1708.04896.
    pub fn erased(&self, width: usize, height: usize, key: Key) -> Option<Patch> {
        if self.reprob <= 0.0 {
            return None;
        }
        let mut random = key.stream(Purpose::Erase);
        random.chance(self.reprob).then(|| {
            let share = random.range(AREA[0], AREA[1]);
            let ratio = stretch(&mut random, RATIO);
            Patch::draw(&mut random, share, ratio, width, height)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_erased_patch_lies_within_the_picture(w in 1_usize..200, h in 1_usize..200, index: u64) {
            let augment = Augment { reprob: 1.0, ..Augment::NONE };
            let patch = augment.erased(w, h, Key { seed: 0, epoch: 0, index }).unwrap();
            prop_assert!(patch.width >= 1 && patch.height >= 1);
            prop_assert!(patch.left + patch.width <= w && patch.top + patch.height <= h, "{patch:?}");
            prop_assert_eq!(patch.rows(w).map(|row| row.len()).sum::<usize>(), patch.area());
        }
    }

    #[test]
    fn as_many_are_erased_as_was_asked_for_and_of_all_sizes() {
        let augment = Augment { reprob: 0.25, ..Augment::NONE };
        let patches: Vec<Patch> = (0..4000)
            .filter_map(|index| augment.erased(100, 100, Key { seed: 1, epoch: 0, index }))
            .collect();
        assert!((900..1100).contains(&patches.len()), "{}", patches.len());
        assert!(patches.iter().any(|p| p.area() < 400) && patches.iter().any(|p| p.area() > 3000));
        assert!(patches.iter().all(|p| p.area() < 3500));
    }
}
