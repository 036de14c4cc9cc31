//! Pictures of one size that lie one after the other in a file, not encoded: IDX and CIFAR.

use super::{Content, Sample, Source, positioned::Positioned};
use crate::{
    error::DataError,
    picture::{Colour, Picture},
};

/// Where pictures' bytes are.
pub(super) enum Store {
    /// In a file that is read in parts.
    File(Positioned),
    /// In memory, as they came out of a packed file of this stamp.
    Unpacked(Vec<u8>, Positioned),
}

/// A part of a raw file: picture `i` begins at `first + i * step`.
pub(super) struct Part {
    pub(super) store: Store,
    pub(super) first: u64,
    pub(super) step: u64,
    pub(super) count: usize,
}

/// Pictures of one or more such files, in order.
pub(super) struct RawSource {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Channels stand one after the other, as planes.
    pub(super) colour: Colour,
    pub(super) parts: Vec<Part>,
    pub(super) samples: Vec<Sample>,
}

impl RawSource {
    fn part(&self, index: usize) -> (&Part, u64) {
        let mut at = index;
        for part in &self.parts {
            if at < part.count {
                return (part, at as u64);
            }
            at -= part.count;
        }
        unreachable!("a source has as many pictures as samples")
    }

    fn bytes(&self, index: usize) -> Result<Vec<u8>, DataError> {
        let (part, at) = self.part(index);
        let length = self.width * self.height * self.colour.channels();
        let begin = part.first + at * part.step;
        match &part.store {
            Store::File(file) => file.read(begin, length),
            Store::Unpacked(bytes, file) => {
                let found = usize::try_from(begin).ok().and_then(|begin| bytes.get(begin..begin + length));
                found.map(<[u8]>::to_vec).ok_or_else(|| DataError::BadArchive {
                    path: file.path().into(),
                    what: "it holds less than its header says".into(),
                })
            }
        }
    }
}

impl Source for RawSource {
    fn samples(&self) -> &[Sample] {
        &self.samples
    }

    fn read(&self, index: usize) -> Result<Content, DataError> {
        let planes = self.bytes(index)?;
        let data = match self.colour {
            Colour::Gray => planes,
            Colour::Rgb => {
                let area = self.width * self.height;
                (0..area).flat_map(|i| [planes[i], planes[area + i], planes[2 * area + i]]).collect()
            }
        };
        let Self { width, height, colour, .. } = *self;
        Ok(Content::Picture(Picture { width, height, colour, data }))
    }

    fn origin(&self, index: usize) -> String {
        let (part, at) = self.part(index);
        let (Store::File(file) | Store::Unpacked(_, file)) = &part.store;
        format!("{} picture {at}", file.path().display())
    }

    fn stamp(&self, index: usize) -> Option<u64> {
        let (part, at) = self.part(index);
        let (Store::File(file) | Store::Unpacked(_, file)) = &part.store;
        Some(file.stamp().wrapping_add(at.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }
}

/// Refuses labels beyond the classes, which `known_from` defines.
pub(super) fn check_labels(
    samples: &[Sample],
    known: usize,
    origin: impl Fn(usize) -> String,
    known_from: &str,
) -> Result<(), DataError> {
    match samples.iter().position(|sample| sample.label as usize >= known) {
        None => Ok(()),
        Some(index) => Err(DataError::UnknownClass {
            class: samples[index].label.to_string(),
            origin: origin(index),
            known,
            known_from: known_from.into(),
        }),
    }
}
