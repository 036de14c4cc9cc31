//! The packed cache: the planes of a split in one file, so that a picture is decoded once and not at every start.
//!
//! A split has one place in the cache folder, named by where its data lies and how it is prepared. What lies there is
//! used if it was made of the same list of the same files (path, size, times) by the same code and its checksums are right;
//! else it is made again. It is written under another name, synced and renamed, so no one ever sees half of it. Labels
//! and names are not in it: they come from the source at each start.

mod file;
mod folder;
mod key;

pub use folder::{Cache, CacheEntry, CacheFile};
pub(crate) use key::{stamp_of_file, stamp_of_text};

use crate::{
    error::DataError,
    prepared::{BadSample, OnBad, PreparedSet, decode_range, prepare, write_plane},
    preprocess::Preprocess,
    source::Source,
};
use file::{Footer, Writer};
use std::{
    io,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Bytes of planes that are decoded before they are written: two such blocks are in memory while a cache is made.
const BLOCK_BYTES: usize = 16 << 20;

/// What a split is called in the cache.
#[derive(Clone, Copy, Debug)]
pub struct CacheName<'a> {
    /// The data folder or file, as [`crate::Dataset::name`] has it.
    pub data: &'a str,
    /// Name of the split.
    pub split: &'a str,
}

/// As [`prepare`], by way of `cache`: the planes are mapped if they are there, else made and left there.
///
/// A cache that can't be used costs time and a line in [`PreparedSet::cache_note`], never an error. A source whose
/// pictures have no stamp is not cached.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_cached(
    source: &dyn Source,
    name: CacheName<'_>,
    preprocess: &Preprocess,
    on_bad: OnBad,
    cache: &Cache,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<PreparedSet, DataError> {
    let Some(key) = key::content_key(source, preprocess) else {
        return prepare(source, preprocess, on_bad, progress);
    };
    let path = cache.path_of(key::place_key(name, preprocess));
    if let Some(set) = stored(source, &path, key, preprocess, on_bad)? {
        progress(source.samples().len(), source.samples().len());
        return Ok(set);
    }
    let reason = match cache.outside_of(Path::new(name.data)).and_then(|()| Writer::create(cache, &path)) {
        Ok(writer) => {
            let footer = Footer::new(key, name, preprocess, source.samples().len());
            match build(source, writer, footer, preprocess, on_bad, progress) {
                Ok(set) => return Ok(set),
                Err(Stopped::Data(error)) => return Err(error),
                Err(Stopped::Disk(error)) => error,
            }
        }
        Err(error) => error,
    };
    let note = format!(
        "pictures will be decoded again at every start: the cache {} cannot be written: {reason}",
        cache.folder().display()
    );
    let set = prepare(source, preprocess, on_bad, progress)?;
    Ok(PreparedSet { cache_note: Some(note), ..set })
}

/// What lies at the place, if it is of these pictures and sound.
fn stored(
    source: &dyn Source,
    path: &Path,
    key: u64,
    preprocess: &Preprocess,
    on_bad: OnBad,
) -> Result<Option<PreparedSet>, DataError> {
    let samples = source.samples().len();
    let Some((footer, planes)) = file::open(path, key) else { return Ok(None) };
    let fits = footer.fits(samples, preprocess.plane_len()) && planes.len() == footer.planes_len();
    if !fits {
        return Ok(None);
    }
    if let (OnBad::Fail, Some((index, _))) = (on_bad, footer.bad.first()) {
        // The picture itself says what is wrong with it, as it would without a cache; if it is well again, all is made anew.
        let mut plane = vec![0; preprocess.plane_len()];
        return write_plane(source, *index, preprocess, &mut plane).map(|()| None);
    }
    PreparedSet::assemble(source, preprocess, planes, &footer.bad).map(Some)
}

enum Stopped {
    Data(DataError),
    Disk(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// Decodes block by block; while one is decoded, the one before is written.
fn build(
    source: &dyn Source,
    mut writer: Writer,
    mut footer: Footer,
    preprocess: &Preprocess,
    on_bad: OnBad,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<PreparedSet, Stopped> {
    let samples = source.samples().len();
    let plane_len = preprocess.plane_len();
    let block = (BLOCK_BYTES / plane_len.max(1)).clamp(1, samples.max(1));
    let done = AtomicUsize::new(0);
    let told = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, samples);
    let mut bad: Vec<BadSample> = Vec::new();
    let (mut ready, mut ready_len, mut next) = (Vec::new(), 0, vec![0; block * plane_len]);
    for begin in (0..samples).step_by(block) {
        let end = (begin + block).min(samples);
        let decode = || {
            let planes = &mut next[..(end - begin) * plane_len];
            decode_range(source, begin..end, preprocess, on_bad, planes, &told)
        };
        let (written, decoded) = rayon::join(|| writer.block(&ready[..ready_len]), decode);
        let found = decoded.map_err(Stopped::Data)?;
        written?;
        ready_len = (end - begin - found.len()) * plane_len;
        bad.extend(found);
        if ready.is_empty() {
            ready = vec![0; next.len()];
        }
        std::mem::swap(&mut ready, &mut next);
    }
    writer.block(&ready[..ready_len])?;
    footer.bad = bad;
    let planes = writer.finish(&mut footer)?;
    PreparedSet::assemble(source, preprocess, planes, &footer.bad).map_err(Stopped::Data)
}

#[cfg(test)]
mod tests;
