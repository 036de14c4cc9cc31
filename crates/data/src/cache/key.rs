//! What decides whether cached planes are of these pictures.

use super::CacheName;
use crate::{preprocess::Preprocess, source::Source};
use rayon::prelude::*;
use std::{
    fs::{self, Metadata},
    hash::{Hash, Hasher},
    path::Path,
    time::UNIX_EPOCH,
};
use twox_hash::XxHash3_64;

/// The code that makes planes, see `build.rs`.
const CODE: &str = env!("LENET_DATA_CODE");

/// Where a split lies in the cache: its data, its name, and the form of its planes.
pub(super) fn place_key(name: CacheName<'_>, preprocess: &Preprocess) -> u64 {
    hash_of(|hash| {
        (lasting(name.data), name.split).hash(hash);
        hash_form(preprocess, hash);
    })
}

/// All that decides the planes: which pictures in which order, what becomes of them, and the code that does it. None for
/// a source that can't tell whether its pictures have changed.
pub(super) fn content_key(source: &dyn Source, preprocess: &Preprocess) -> Option<u64> {
    let stamps: Option<Vec<u64>> =
        (0..source.samples().len()).into_par_iter().map(|index| source.stamp(index)).collect();
    let stamps = stamps?;
    Some(hash_of(|hash| {
        CODE.hash(hash);
        hash_form(preprocess, hash);
        stamps.hash(hash);
    }))
}

/// The stamp of a file: path, size and times of change. One that is not there has a stamp too, so that it is missed when
/// it comes back.
pub(crate) fn stamp_of_file(path: &Path) -> u64 {
    let times = fs::metadata(path).map(|meta| (meta.len(), modified(&meta), changed(&meta)));
    hash_of(|hash| (path, times.ok()).hash(hash))
}

/// The stamp of what follows from a text alone.
pub(crate) fn stamp_of_text(text: &str, index: u64) -> u64 {
    hash_of(|hash| (text, index).hash(hash))
}

/// The path from the root, so that a place is the same from any working folder.
pub(super) fn lasting(data: &str) -> String {
    let path = Path::new(data);
    path.canonicalize().map_or_else(|_| data.to_owned(), |path| path.display().to_string())
}

fn hash_form(preprocess: &Preprocess, hash: &mut XxHash3_64) {
    let Preprocess { colour, height, width, fit, feature: _ } = preprocess;
    (colour, height, width, fit).hash(hash);
}

fn hash_of(write: impl FnOnce(&mut XxHash3_64)) -> u64 {
    let mut hash = XxHash3_64::default();
    write(&mut hash);
    hash.finish()
}

fn modified(meta: &Metadata) -> Option<u128> {
    let since = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_nanos())
}

/// When name, owner or content last changed, which no program can set back.
#[cfg(unix)]
fn changed(meta: &Metadata) -> (i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (meta.ctime(), meta.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(_: &Metadata) -> (i64, i64) {
    (0, 0)
}
