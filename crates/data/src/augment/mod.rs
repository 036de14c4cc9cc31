//! Random changes of training pictures, each a pure function of (picture, seed, epoch, index).
//!
//! What happens to a picture is drawn first, from numbers alone; carrying it out is then plain arithmetic. So any
//! picture of any epoch can be replayed, whatever its batch and the threads, and what is drawn can be tested without a
//! picture. Each kind of change has a stream of random numbers of its own: to add one leaves the others as they were.
//!
//! In this order: `crop` (mirroring, random crop) and `warp` (rotation, shift, zoom, shear), composed into one
//! resampling; `colour` (brightness, contrast, saturation; noise); `erase`; and between two samples `mix`.

mod apply;
mod colour;
mod crop;
mod erase;
mod mix;
mod warp;

pub(crate) use apply::{Scratch, Source};
pub use colour::Jitter;
pub use crop::View;
pub use erase::Patch;
pub use mix::Mix;
pub use warp::Warp;

use rng::{Purpose, Stream};
use serde::{Deserialize, Serialize};

/// What is drawn at random for each picture of each epoch. The default changes nothing.
///
/// The words are those of timm and torchvision where they have one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augment {
    /// Probability of mirroring left and right, in [0, 1]; default 0.
    pub hflip: f32,
    /// Probability of mirroring top and bottom, in [0, 1]; default 0.
    pub vflip: f32,
    /// Smallest and largest share of the picture's area that a random crop keeps, in (0, 1]; default no crop.
    pub scale: Option<[f32; 2]>,
    /// Smallest and largest ratio of a crop's width to its height, both relative to the picture's own; over 0;
    /// default 3/4 to 4/3.
    pub ratio: [f32; 2],
    /// The picture is turned by up to so many degrees either way, in [0, 180]; default 0.
    pub degrees: f32,
    /// It is shifted by up to such a share of its width and height either way, in [0, 1]; default 0.
    pub translate: f32,
    /// Smallest and largest factor by which it is enlarged, over 0; default 1 to 1.
    pub zoom: [f32; 2],
    /// Its uprights lean by up to so many degrees either way, in [0, 60]; default 0.
    pub shear: f32,
    /// What is seen beyond the picture's edge; default its mean.
    pub border: Border,
    /// Brightness, contrast and saturation: each is multiplied by a factor of up to so much more or less than 1; each from
    /// 0; default 0. Saturation is for colour pictures.
    pub color_jitter: [f32; 3],
    /// Standard deviation of the Gaussian noise that is added, in [0, 1] where 1 is from black to white; default 0.
    pub noise: f32,
    /// Probability of erasing a rectangle of 2 to 33 % of the area, in [0, 1]; default 0.
    pub reprob: f32,
    /// Two pictures are blended, their shares drawn from Beta(`mixup`, `mixup`); default 0, never.
    pub mixup: f32,
    /// A rectangle of another picture is pasted, its share of the area drawn from Beta(`cutmix`, `cutmix`); default 0,
    /// never. With `mixup`, each is done half of the time.
    pub cutmix: f32,
    /// Probability that a picture is mixed at all, in [0, 1]; default 1.
    pub mixup_prob: f32,
}

/// What is seen beyond a picture's edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Border {
    /// The picture's own mean, of each channel.
    #[default]
    Mean,
    /// The picture again, mirrored at its edge.
    Reflect,
}

/// Which sample in which epoch of which run: all that random changes depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Of the run.
    pub seed: u64,
    /// From 0.
    pub epoch: u64,
    /// Of the sample in its split.
    pub index: u64,
}

impl Key {
    fn stream(self, purpose: Purpose) -> Stream {
        Stream::new(self.seed, purpose, self.epoch, self.index)
    }
}

impl Default for Augment {
    fn default() -> Self {
        Self::NONE
    }
}

impl Augment {
    /// No augmentation.
    pub const NONE: Self = Self {
        hflip: 0.0,
        vflip: 0.0,
        scale: None,
        ratio: [3.0 / 4.0, 4.0 / 3.0],
        degrees: 0.0,
        translate: 0.0,
        zoom: [1.0, 1.0],
        shear: 0.0,
        border: Border::Mean,
        color_jitter: [0.0; 3],
        noise: 0.0,
        reprob: 0.0,
        mixup: 0.0,
        cutmix: 0.0,
        mixup_prob: 1.0,
    };

    /// Whether every picture stays as it is.
    pub fn is_none(&self) -> bool {
        self.only_moves_pixels() && self.hflip <= 0.0 && self.vflip <= 0.0 && !self.mixes()
    }

    /// Whether pictures are mirrored at most, which a histogram does not see; mixing aside.
    pub fn only_moves_pixels(&self) -> bool {
        self.scale.is_none() && !self.warps() && !self.changes_levels()
    }

    /// Whether samples are mixed, so that a sample has two classes.
    pub fn mixes(&self) -> bool {
        self.mixup_prob > 0.0 && (self.mixup > 0.0 || self.cutmix > 0.0)
    }

    /// Whether pictures are turned, shifted, enlarged or sheared.
    pub(crate) fn warps(&self) -> bool {
        self.degrees > 0.0 || self.translate > 0.0 || self.zoom != [1.0, 1.0] || self.shear > 0.0
    }

    /// Whether pixels get other values than they had, other than by resampling.
    pub(crate) fn changes_levels(&self) -> bool {
        self.color_jitter != [0.0; 3] || self.noise > 0.0 || self.reprob > 0.0
    }

    /// What is wrong with the numbers, if anything.
    ///
    /// # Errors
    /// A line naming the field and its range.
    pub fn check(&self) -> Result<(), String> {
        let shares = [
            ("hflip", self.hflip),
            ("vflip", self.vflip),
            ("reprob", self.reprob),
            ("mixup_prob", self.mixup_prob),
        ];
        for (name, value) in shares {
            within(name, value, 0.0, 1.0, "a probability from 0 to 1")?;
        }
        if let Some([lo, hi]) = self.scale
            && !(lo > 0.0 && lo <= hi && hi <= 1.0)
        {
            return Err(format!("scale is {lo} to {hi}, expected 0 < smallest ≤ largest ≤ 1"));
        }
        for (name, [lo, hi]) in [("ratio", self.ratio), ("zoom", self.zoom)] {
            if !(lo > 0.0 && lo <= hi && hi <= 100.0) {
                return Err(format!("{name} is {lo} to {hi}, expected 0 < smallest ≤ largest ≤ 100"));
            }
        }
        within("degrees", self.degrees, 0.0, 180.0, "0 to 180 degrees")?;
        within("shear", self.shear, 0.0, 60.0, "0 to 60 degrees")?;
        within("translate", self.translate, 0.0, 1.0, "a share of the side from 0 to 1")?;
        within("noise", self.noise, 0.0, 1.0, "0 to 1, from black to white")?;
        for value in self.color_jitter {
            within("color_jitter", value, 0.0, 10.0, "three numbers from 0 to 10")?;
        }
        for (name, value) in [("mixup", self.mixup), ("cutmix", self.cutmix)] {
            within(name, value, 0.0, 100.0, "a number from 0 to 100")?;
        }
        Ok(())
    }
}

fn within(name: &str, value: f32, lo: f32, hi: f32, expected: &str) -> Result<(), String> {
    if (lo..=hi).contains(&value) { Ok(()) } else { Err(format!("{name} is {value}, expected {expected}")) }
}

#[cfg(test)]
mod tests;
