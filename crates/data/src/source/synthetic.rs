//! The synthetic set as a source: pictures are drawn when they are read.

use super::{
    Content, Sample, Source,
    dataset::{Dataset, Split, TEST, TRAIN, VAL},
};
use crate::{
    cache::stamp_of_text,
    error::DataError,
    synthetic::{Part, Synthetic, class_names, draw, label},
};
use std::sync::Arc;

struct SyntheticSource {
    seed: u64,
    part: Part,
    samples: Vec<Sample>,
}

impl Source for SyntheticSource {
    fn samples(&self) -> &[Sample] {
        &self.samples
    }

    fn read(&self, index: usize) -> Result<Content, DataError> {
        Ok(Content::Picture(draw(self.seed, self.part, index as u64)))
    }

    fn origin(&self, index: usize) -> String {
        format!("synthetic {}", self.samples[index].name)
    }

    fn stamp(&self, index: usize) -> Option<u64> {
        // What the code draws is part of every key already.
        Some(stamp_of_text(&format!("synthetic {} {:?}", self.seed, self.part), index as u64))
    }
}

/// The synthetic set as a data set; splits of zero pictures are left out.
pub(super) fn open_synthetic(set: &Synthetic) -> Dataset {
    let parts = [(TRAIN, Part::Train, set.train), (VAL, Part::Val, set.val), (TEST, Part::Test, set.test)];
    let splits = parts.into_iter().filter(|&(_, _, n)| n > 0).map(|(name, part, n)| {
        let sample = |i| Sample { name: part.picture_name(i), label: label(i) };
        let source =
            SyntheticSource { seed: set.seed, part, samples: (0..u64::from(n)).map(sample).collect() };
        (name.to_owned(), Split::Ready(Arc::new(source)))
    });
    let splits = splits.collect();
    Dataset::new(super::SYNTHETIC.into(), class_names(), splits)
}
