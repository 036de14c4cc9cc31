//! The synthetic set: 50 classes, drawn on demand, so that a first run needs no download.
//!
//! A class is a shape with a texture ('striped star'). Place, size, angle, colours, light, contrast, clutter and noise are
//! random, and all shapes cover the same area. Shapes have favourite colours and textures mix two of them, so a histogram
//! tells something, as it does of photos, but little; what tells a star from a heart is its outline.
//!
//! # Exactness
//! The same bits on every machine: only integers and `+ − × ÷ √` in `f32`, which IEEE 754 rounds exactly. Directions are
//! drawn as points in a disc, not as angles, so no trigonometry is needed.

mod paint;
mod palette;
mod scene;
mod shape;
mod texture;
mod write;

pub use paint::SIDE;
pub use shape::Shape;
pub use texture::Texture;
pub use write::write;

use crate::picture::Picture;
use rng::{Purpose, Stream};

/// Number of classes: every shape with every texture.
pub const CLASSES: usize = Shape::ALL.len() * Texture::ALL.len();

/// How much of the synthetic set, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synthetic {
    /// Another seed gives other pictures of the same classes.
    pub seed: u64,
    /// Number of training pictures.
    pub train: u32,
    /// Number of validation pictures.
    pub val: u32,
    /// Number of test pictures.
    pub test: u32,
}

impl Synthetic {
    /// As many pictures as the photo set of the published experiment has.
    pub const FULL: Self = Self { seed: 0, train: 63_325, val: 450, test: 450 };
    /// Enough to tell the three models apart within minutes.
    pub const SMALL: Self = Self { train: 10_000, ..Self::FULL };
}

impl Default for Synthetic {
    /// [`Synthetic::SMALL`].
    fn default() -> Self {
        Self::SMALL
    }
}

/// One of the three splits, each with its own pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// To learn from.
    Train = 0,
    /// To choose by.
    Val = 1,
    /// To score once.
    Test = 2,
}

impl Part {
    /// `train`, `val` or `test`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }

    /// Name of picture `index`, also its path when the set is written to files.
    pub fn picture_name(self, index: u64) -> String {
        format!("images/{}/{index:06}.png", self.name())
    }
}

/// Names of the classes: 'plain circle', 'striped circle', …
pub fn class_names() -> Vec<String> {
    let of_shape = |shape: Shape| Texture::ALL.map(|texture| format!("{} {}", texture.name(), shape.name()));
    Shape::ALL.into_iter().flat_map(of_shape).collect()
}

/// Class of picture `index`: the classes take turns.
pub const fn label(index: u64) -> u32 {
    (index % CLASSES as u64) as u32
}

/// Draws picture `index` of a part, [`SIDE`] × [`SIDE`] pixels in colour.
///
/// # Examples
/// ```
/// use data::synthetic::{Part, class_names, draw, label};
///
/// let picture = draw(0, Part::Train, 21);
/// assert_eq!((picture.width, picture.height), (128, 128));
/// assert_eq!(class_names()[label(21) as usize], "striped star");
/// ```
pub fn draw(seed: u64, part: Part, index: u64) -> Picture {
    let class = label(index) as usize;
    let shape = Shape::ALL[class / Texture::ALL.len()];
    let texture = Texture::ALL[class % Texture::ALL.len()];
    let mut random = Stream::new(seed, Purpose::Synthetic, part as u64, index);
    let scene = scene::Scene::draw(shape, texture, &mut random);
    paint::paint(&scene, &mut random)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
