//! Photos to batches: sources, decoding, preprocessing, augmentation, the synthetic set.
//!
//! The way of a picture: [`open`] finds out what a folder holds, a [`Source`] gives bytes, [`decode`](decode::decode)
//! makes a [`Picture`], [`Preprocess`] a plane and then features, [`prepare`] does so for a whole split, [`Order`] and
//! [`batches`] say which samples come next, and a [`Loader`] fills a [`Batch`]. What is learned from batches is left to
//! other crates.
//!
//! The user's data folder is only ever read.
#![forbid(unsafe_code)]

pub mod augment;
pub mod cache;
pub mod check;
mod data_spec;
pub mod decode;
mod error;
pub mod histogram;
mod loader;
pub mod picture;
mod planes;
mod prepared;
mod preprocess;
pub mod resize;
mod sampler;
mod seen;
pub mod source;
mod split;
pub mod synthetic;

pub use augment::Augment;
pub use cache::{Cache, prepare_cached};
pub use data_spec::{DataSpec, DataSpecError};
pub use decode::DecodeError;
pub use error::{DataError, ErrorKind};
pub use histogram::{Space, Transform};
pub use loader::{Batch, Loader};
pub use picture::{Colour, Picture};
pub use planes::Planes;
pub use prepared::{BadFile, OnBad, PreparedSet, prepare};
pub use preprocess::{Feature, Fit, Preprocess, PreprocessError};
pub use sampler::{LastBatch, Order, balanced, batches};
pub use source::{ClassOrder, Dataset, Source, open};
pub use synthetic::Synthetic;
