//! Where pictures and labels come from: one file a form, all behind [`Source`].

mod cifar;
mod class_order;
mod csv;
mod dataset;
mod files;
mod folder;
mod idx;
mod list_file;
mod open;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(not(feature = "parquet"))]
#[path = "no_parquet.rs"]
mod parquet;
mod positioned;
mod raw;
mod subset;
mod synthetic;
mod tar;

pub use class_order::ClassOrder;
pub use dataset::{Dataset, TEST, TRAIN, VAL};
pub use folder::pictures_below;
pub use open::{SYNTHETIC, open};

use crate::{error::DataError, picture::Picture};

/// One labelled picture of a split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Path relative to the data folder, with `/`, or what its source calls it. Shown to users, stored in
    /// `predictions.csv`.
    pub name: String,
    /// Index into the class names.
    pub label: u32,
}

/// A picture as its source has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The bytes of a picture file.
    File(Vec<u8>),
    /// A picture that was never encoded.
    Picture(Picture),
}

/// One split: labelled pictures in a fixed order.
pub trait Source: Send + Sync {
    /// All samples, in order.
    fn samples(&self) -> &[Sample];

    /// The picture of sample `index`.
    ///
    /// # Errors
    /// [`DataError::MissingPicture`] if its file is not there, [`DataError::Io`] if it can't be read.
    fn read(&self, index: usize) -> Result<Content, DataError>;

    /// Who says that sample `index` exists: list file and line, or its path.
    fn origin(&self, index: usize) -> String;

    /// A number that changes when the picture of sample `index` does, found without reading it; none if that can't be
    /// told, then the split is not cached. A picture that is not there has a stamp too.
    fn stamp(&self, index: usize) -> Option<u64>;
}

#[cfg(test)]
mod forms_tests;
