//! Which form of data a folder holds.

use super::{
    cifar::open_cifar,
    csv::{self, csv_files, open_csv},
    dataset::{Dataset, TEST, TRAIN, VAL},
    folder::{open_splits, open_tree, split_folders},
    idx::{idx_pairs, open_idx},
    list_file::{open_lists, split_lists},
    parquet,
    subset::split_named,
    synthetic::open_synthetic,
    tar::{self, open_tar, shards},
};
use crate::{error::DataError, synthetic::Synthetic};
use std::path::Path;

/// The word that names the synthetic set in place of a folder. (A folder of that name is `./synthetic`.)
pub const SYNTHETIC: &str = "synthetic";

/// Opens data in whichever form it is, or the synthetic set; only names are read, no picture.
///
/// A folder, in this order: list files (`train.txt`, `val.txt`, `test.txt`, with others beside them), CSV files, IDX files,
/// CIFAR files, WebDataset shards (`.tar`), parquet files, split folders (`train/`, `val/`, `test/` and their usual other
/// names) of class folders, one tree of class folders. Or one file: CSV, tar or parquet. `synthetic` says how much of the
/// synthetic set is wanted, should `data` be the word [`SYNTHETIC`].
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
        return open_file(data);
    }
    let lists = split_lists(data)?;
    if lists.iter().any(|(name, _)| [TRAIN, VAL, TEST].contains(&name.as_str())) {
        return open_lists(data, lists);
    }
    let tables = csv_files(data)?;
    if !tables.is_empty() {
        return open_csv(data, &tables);
    }
    let pairs = idx_pairs(data)?;
    if !pairs.is_empty() {
        return open_idx(data, pairs);
    }
    if let Some(set) = open_cifar(data)? {
        return Ok(set);
    }
    let shards = shards(data)?;
    if !shards.is_empty() {
        return open_tar(data, shards);
    }
    if let Some(set) = parquet::open_folder(data)? {
        return Ok(set);
    }
    let folders = split_folders(data)?;
    if !folders.is_empty() {
        return open_splits(data, folders);
    }
    open_tree(data)?.ok_or(DataError::Unrecognised { path: data.into(), what: "no pictures found here" })
}

/// A data set in one file.
fn open_file(data: &Path) -> Result<Dataset, DataError> {
    let folder = data.parent().unwrap_or(data);
    if let Some(stem) = csv::stem(data) {
        return open_csv(folder, &[(split_named(stem), data.into())]);
    }
    if tar::is_tar(data) {
        return open_tar(data, vec![(tar::split_in(""), data.into())]);
    }
    if parquet::is_parquet(data) {
        return parquet::open_file(data);
    }
    Err(DataError::Unrecognised { path: data.into(), what: "a file that is no CSV, tar or parquet" })
}
