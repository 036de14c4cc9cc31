//! Sizes and modes of pictures, from their headers.

use super::Tally;
use crate::{
    decode::probe,
    error::DataError,
    picture::Colour,
    source::{Content, Dataset},
};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Counts the sizes (width × height, as stored) and modes of all pictures; no pixel is decoded.
///
/// # Errors
/// Whatever is wrong with a split's list. A picture without a known header counts as `unknown`.
pub fn forms(data: &Dataset) -> Result<(Tally, Tally), DataError> {
    let (mut sizes, mut modes) = (BTreeMap::new(), BTreeMap::new());
    for name in data.split_names() {
        let source = data.split(name)?;
        let form = |index: usize| match source.read(index) {
            Ok(Content::Picture(picture)) => {
                let mode = if picture.colour == Colour::Gray { "raw gray 8" } else { "raw RGB 8" };
                (format!("{}×{}", picture.width, picture.height), mode.to_owned())
            }
            Ok(Content::File(bytes)) => match probe(&bytes) {
                Ok(probe) => {
                    (format!("{}×{}", probe.width, probe.height), format!("{} {}", probe.format, probe.mode))
                }
                Err(_) => ("unknown".to_owned(), "unknown".to_owned()),
            },
            Err(_) => ("unknown".to_owned(), "unreadable".to_owned()),
        };
        let found: Vec<(String, String)> = (0..source.samples().len()).into_par_iter().map(form).collect();
        for (size, mode) in found {
            *sizes.entry(size).or_insert(0) += 1;
            *modes.entry(mode).or_insert(0) += 1;
        }
    }
    Ok((ranked(sizes), ranked(modes)))
}

/// The commonest first, among equals by name.
pub(super) fn ranked(counts: BTreeMap<String, usize>) -> Tally {
    let mut all: Tally = counts.into_iter().collect();
    all.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
    all
}
