//! Parquet files in a program that was built without the feature `parquet`: they are recognised and said to be what they are.

use super::dataset::Dataset;
use crate::error::DataError;
use std::{
    fs,
    path::{Path, PathBuf},
};

pub(super) fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
}

pub(super) fn open_file(path: &Path) -> Result<Dataset, DataError> {
    let what = "this program was built without parquet; build it with '--features parquet'".into();
    Err(DataError::BadArchive { path: path.into(), what })
}

pub(super) fn open_folder(folder: &Path) -> Result<Option<Dataset>, DataError> {
    let first = |folder: PathBuf| -> Option<PathBuf> {
        fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).find(|path| is_parquet(path))
    };
    match first(folder.into()).or_else(|| first(folder.join("data"))) {
        Some(path) => open_file(&path).map(Some),
        None => Ok(None),
    }
}
