//! Which form of data a folder holds.

use super::{
    dataset::{Dataset, TEST, TRAIN, VAL},
    folder::{open_splits, open_tree, split_folders},
    list_file::{open_lists, split_lists},
    synthetic::open_synthetic,
};
use crate::{error::DataError, synthetic::Synthetic};
use std::path::Path;

/// The word that names the synthetic set in place of a folder. (A folder of that name is `./synthetic`.)
pub const SYNTHETIC: &str = "synthetic";

/// Opens a data folder in whichever form it is, or the synthetic set; only names are read, no picture.
///
/// In this order: list files (`train.txt`, `val.txt`, `test.txt`, with others beside them), split folders (`train/`,
/// `val/`, `test/` and their usual other names) of class folders, one tree of class folders. `synthetic` says how much
/// of the synthetic set is wanted, should `data` be the word [`SYNTHETIC`].
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::Unrecognised`], and whatever is wrong with lists, classes or folders.
///
/// # Examples
/// ```
/// use data::{Synthetic, open};
///
/// let set = open("synthetic".as_ref(), &Synthetic::default())?;
/// assert_eq!(set.class_names().len(), 50);
/// assert_eq!(set.split("test")?.samples().len(), 450);
/// # Ok::<(), data::DataError>(())
/// ```
pub fn open(data: &Path, synthetic: &Synthetic) -> Result<Dataset, DataError> {
    if data == Path::new(SYNTHETIC) {
        return Ok(open_synthetic(synthetic));
    }
    if !data.exists() {
        return Err(DataError::NotFound { path: data.into() });
    }
    if !data.is_dir() {
        return Err(DataError::Unrecognised { path: data.into(), what: "a file, not a folder" });
    }
    let lists = split_lists(data)?;
    if lists.iter().any(|(name, _)| [TRAIN, VAL, TEST].contains(&name.as_str())) {
        return open_lists(data, lists);
    }
    let folders = split_folders(data)?;
    if !folders.is_empty() {
        return open_splits(data, folders);
    }
    open_tree(data)?.ok_or(DataError::Unrecognised { path: data.into(), what: "no pictures found here" })
}
