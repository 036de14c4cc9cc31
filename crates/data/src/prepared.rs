//! A split in memory: every picture decoded and brought to size once.

use crate::{
    decode::{Limits, decode_into},
    error::DataError,
    planes::Planes,
    preprocess::Preprocess,
    source::{Content, Source},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::{
    cell::Cell,
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
};

/// What happens to a picture that can't be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnBad {
    /// It is left out and named in [`PreparedSet::skipped`].
    Skip,
    /// It ends the preparation with an error that names it.
    #[default]
    Fail,
}

/// A picture that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFile {
    /// As its source names it.
    pub path: String,
    /// One line.
    pub reason: String,
}

/// Planes and labels of a split, in the order of its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedSet {
    /// `[samples, channels, height, width]`, 8 bits each.
    pub planes: Planes,
    /// Shape of one plane: channels, height, width.
    pub shape: [usize; 3],
    /// Index of each sample's class.
    pub labels: Vec<u32>,
    /// Name of each sample: its path.
    pub names: Vec<String>,
    /// The samples that could not be used, in the order of the source.
    pub skipped: Vec<BadFile>,
    /// Why the planes are not in the cache though they should be; one line.
    pub cache_note: Option<String>,
}

impl PreparedSet {
    /// Puts labels and names beside the planes of all samples but the bad ones.
    pub(crate) fn assemble(
        source: &dyn Source,
        preprocess: &Preprocess,
        planes: Planes,
        bad: &[BadSample],
    ) -> Result<Self, DataError> {
        let samples = source.samples();
        let mut usable = vec![true; samples.len()];
        let mut skipped = Vec::with_capacity(bad.len());
        for (index, reason) in bad {
            usable[*index] = false;
            skipped.push(BadFile { path: samples[*index].name.clone(), reason: reason.clone() });
        }
        let kept = || samples.iter().zip(&usable).filter_map(|(sample, &usable)| usable.then_some(sample));
        let set = Self {
            planes,
            shape: [preprocess.colour.channels(), preprocess.height, preprocess.width],
            labels: kept().map(|sample| sample.label).collect(),
            names: kept().map(|sample| sample.name.clone()).collect(),
            skipped,
            cache_note: None,
        };
        if set.is_empty() {
            let first = set.skipped.first().map(|bad| format!("{}: {}", bad.path, bad.reason));
            return Err(DataError::NothingLeft { split: "data".into(), skipped: set.skipped.len(), first });
        }
        Ok(set)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Bytes of one plane.
    pub fn plane_len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The plane of sample `index`, `[channels, height, width]`.
    pub fn plane(&self, index: usize) -> &[u8] {
        &self.planes[index * self.plane_len()..][..self.plane_len()]
    }
}

/// Decodes and resizes every picture of `source`, on all threads of the current pool.
///
/// `progress` is told how many of how many are done; it is called from several threads at once, and the numbers may
/// come out of order by a few.
///
/// # Errors
/// With [`OnBad::Fail`] the first bad picture's error, in the order of the source and whatever the number of threads.
/// [`DataError::NothingLeft`] if not a single picture is usable.
pub fn prepare(
    source: &dyn Source,
    preprocess: &Preprocess,
    on_bad: OnBad,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<PreparedSet, DataError> {
    let samples = source.samples().len();
    let mut planes = vec![0; samples * preprocess.plane_len()];
    let done = AtomicUsize::new(0);
    let told = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, samples);
    let bad = decode_range(source, 0..samples, preprocess, on_bad, &mut planes, &told)?;
    planes.truncate((samples - bad.len()) * preprocess.plane_len());
    PreparedSet::assemble(source, preprocess, planes.into(), &bad)
}

/// A sample that can't be used: its index in the source, and why.
pub(crate) type BadSample = (usize, String);

/// Decodes the samples `range` into `planes`, those that can be used one after the other from its beginning, and gives
/// those that can't.
pub(crate) fn decode_range(
    source: &dyn Source,
    range: Range<usize>,
    preprocess: &Preprocess,
    on_bad: OnBad,
    planes: &mut [u8],
    told: &(dyn Fn() + Sync),
) -> Result<Vec<BadSample>, DataError> {
    let plane_len = preprocess.plane_len();
    // With `Fail`, all before the first bad picture are still tried, so that the same one is always reported.
    let first_bad = AtomicUsize::new(usize::MAX);
    let begin = range.start;
    let errors: Vec<Option<DataError>> = planes
        .par_chunks_exact_mut(plane_len)
        .zip(range)
        .map(|(plane, index)| {
            if on_bad == OnBad::Fail && index > first_bad.load(Ordering::Relaxed) {
                return None;
            }
            let result = write_plane(source, index, preprocess, plane);
            told();
            if result.is_err() {
                first_bad.fetch_min(index, Ordering::Relaxed);
            }
            result.err()
        })
        .collect();
    let mut bad = Vec::new();
    for (at, error) in errors.into_iter().enumerate() {
        match error {
            None if bad.is_empty() => {}
            None => planes.copy_within(at * plane_len..(at + 1) * plane_len, (at - bad.len()) * plane_len),
            Some(error) if on_bad == OnBad::Fail => return Err(error),
            Some(error) => bad.push((begin + at, reason(error))),
        }
    }
    Ok(bad)
}

/// What is kept of a picture's memory for the next.
const SPARE_BYTES: usize = 16 << 20;

thread_local! {
    /// The memory of the picture before.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Reads, decodes and brings to size the picture of sample `index`.
pub(crate) fn write_plane(
    source: &dyn Source,
    index: usize,
    preprocess: &Preprocess,
    plane: &mut [u8],
) -> Result<(), DataError> {
    let picture = match source.read(index)? {
        Content::Picture(picture) => picture,
        Content::File(bytes) => {
            decode_into(&bytes, preprocess.colour, &Limits::default(), SPARE.take()).map_err(|error| {
                DataError::BadFile { path: source.samples()[index].name.clone(), reason: error.to_string() }
            })?
        }
    };
    let picture = picture.into_colour(preprocess.colour);
    preprocess.write_plane(&picture, plane);
    if picture.data.capacity() <= SPARE_BYTES {
        SPARE.set(picture.data);
    }
    Ok(())
}

/// The cause alone: the path stands beside it.
pub(crate) fn reason(error: DataError) -> String {
    match error {
        DataError::BadFile { reason, .. } => reason,
        DataError::MissingPicture { origin, .. } => format!("no such file (listed in {origin})"),
        DataError::Io { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
#[path = "prepared_tests.rs"]
mod tests;
