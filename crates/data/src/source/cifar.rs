//! CIFAR-10 and CIFAR-100 in their binary form: records of one or two label bytes and 3×32×32 pixels.

use super::{
    Sample, Source,
    dataset::{Dataset, Split, TEST, TRAIN},
    positioned::Positioned,
    raw::{Part, RawSource, Store, check_labels},
};
use crate::{error::DataError, picture::Colour};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

const SIDE: usize = 32;
const PIXELS: u64 = 3 * (SIDE * SIDE) as u64;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One label byte.
    Ten,
    /// A coarse and a fine label byte; the fine one counts.
    Hundred,
}

/// The data set, if the folder holds `data_batch_1.bin` (CIFAR-10) or `train.bin` (CIFAR-100) or their test files.
pub(super) fn open_cifar(folder: &Path) -> Result<Option<Dataset>, DataError> {
    let there = |names: &[&str]| -> Vec<PathBuf> {
        names.iter().map(|name| folder.join(name)).filter(|path| path.is_file()).collect()
    };
    let batches: Vec<String> = (1..=5).map(|i| format!("data_batch_{i}.bin")).collect();
    let batches: Vec<&str> = batches.iter().map(String::as_str).collect();
    let ten = [(TRAIN, there(&batches)), (TEST, there(&["test_batch.bin"]))];
    let hundred = [(TRAIN, there(&["train.bin"])), (TEST, there(&["test.bin"]))];
    let (kind, splits, names) = if ten.iter().any(|(_, files)| !files.is_empty()) {
        (Kind::Ten, ten, "batches.meta.txt")
    } else if hundred.iter().any(|(_, files)| !files.is_empty()) {
        (Kind::Hundred, hundred, "fine_label_names.txt")
    } else {
        return Ok(None);
    };
    let names_file = folder.join(names);
    let names = class_names(&names_file, kind)?;
    let mut sources = Vec::new();
    for (split, files) in splits.into_iter().filter(|(_, files)| !files.is_empty()) {
        let source = read_split(split, &files, kind)?;
        let origin = |index: usize| source.origin(index);
        check_labels(source.samples(), names.len(), origin, &names_file.display().to_string())?;
        sources.push((split.to_owned(), Split::Ready(Arc::new(source))));
    }
    Ok(Some(Dataset::new(folder.display().to_string(), names, sources)))
}

/// One name a line; numbers if the file is not there.
fn class_names(path: &Path, kind: Kind) -> Result<Vec<String>, DataError> {
    let count = if kind == Kind::Ten { 10 } else { 100 };
    if !path.is_file() {
        return Ok((0..count).map(|i| i.to_string()).collect());
    }
    if fs::metadata(path).is_ok_and(|meta| meta.len() > 1 << 16) {
        return Err(DataError::BadArchive {
            path: path.into(),
            what: "too large for a list of names".into(),
        });
    }
    let text = fs::read_to_string(path).map_err(|e| DataError::io(path, e))?;
    let names: Vec<String> =
        text.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if names.len() != count {
        let what = format!("{} names, expected {count}", names.len());
        return Err(DataError::BadArchive { path: path.into(), what });
    }
    Ok(names)
}

fn read_split(split: &str, files: &[PathBuf], kind: Kind) -> Result<RawSource, DataError> {
    let label_bytes = if kind == Kind::Ten { 1 } else { 2 };
    let step = label_bytes + PIXELS;
    let (mut parts, mut samples) = (Vec::new(), Vec::new());
    for path in files {
        let file = Positioned::open(path)?;
        if file.size() == 0 || !file.size().is_multiple_of(step) {
            let what = format!("{} bytes are no whole number of records of {step} bytes", file.size());
            return Err(DataError::BadArchive { path: path.clone(), what });
        }
        let count = (file.size() / step) as usize;
        for i in 0..count {
            let label = file.read(i as u64 * step + label_bytes - 1, 1)?[0].into();
            samples.push(Sample { name: format!("{split}/{:05}", samples.len()), label });
        }
        parts.push(Part { store: Store::File(file), first: label_bytes, step, count });
    }
    Ok(RawSource { width: SIDE, height: SIDE, colour: Colour::Rgb, parts, samples })
}
