//! IDX files, the form of MNIST and its kin: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, the same with `t10k` or
//! `test`, each also with `.gz`.

use super::{
    Sample, Source,
    dataset::{Dataset, Split, TEST, TRAIN, VAL},
    list_file::class_file_names,
    positioned::Positioned,
    raw::{Part, RawSource, Store, check_labels},
};
use crate::{error::DataError, picture::Colour};
use flate2::read::GzDecoder;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Most that a packed file may hold: it is kept in memory. One that is not packed may be of any size.
const MAX_UNPACKED_BYTES: u64 = 256 << 20;
/// Largest side of a picture, in pixels.
const MAX_SIDE: u32 = 4096;
/// A byte each, three axes: pictures.
const PICTURES: u32 = 0x0803;
/// A byte each, one axis: labels.
const LABELS: u32 = 0x0801;

/// The pairs of files in a folder: name of the split, pictures, labels.
pub(super) fn idx_pairs(folder: &Path) -> Result<Vec<(String, PathBuf, PathBuf)>, DataError> {
    let mut pairs: BTreeMap<String, [Option<PathBuf>; 2]> = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|e| DataError::io(folder, e))? {
        let path = entry.map_err(|e| DataError::io(folder, e))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let stem = name.strip_suffix(".gz").unwrap_or(name).replace('.', "-");
        let found = [("-images-idx3-ubyte", 0), ("-labels-idx1-ubyte", 1)];
        let Some((set, kind)) = found.iter().find_map(|(end, kind)| Some((stem.strip_suffix(end)?, *kind)))
        else {
            continue;
        };
        let place = &mut pairs.entry(split_of(set)).or_default()[kind];
        // Packed or not, both hold the same; the one that needs no memory is taken.
        if place.is_none() || !name.ends_with(".gz") {
            *place = Some(path.clone());
        }
    }
    let mut complete = Vec::new();
    for (split, files) in pairs {
        match files {
            [Some(images), Some(labels)] => complete.push((split, images, labels)),
            [Some(alone), None] | [None, Some(alone)] => {
                let what = "pictures without labels, or labels without pictures; the other file is missing";
                return Err(DataError::BadArchive { path: alone, what: what.into() });
            }
            [None, None] => {}
        }
    }
    Ok(complete)
}

/// `emnist-letters-train` is train, `t10k` is test.
fn split_of(set: &str) -> String {
    let lower = set.to_lowercase();
    let ends = |words: &[&str]| words.iter().any(|word| lower.ends_with(word));
    match () {
        () if ends(&["train"]) => TRAIN.into(),
        () if ends(&["t10k", "test"]) => TEST.into(),
        () if ends(&["val", "valid", "validation"]) => VAL.into(),
        () => lower,
    }
}

/// The data set of these pairs. Classes are numbers, or as `classes.txt` calls them.
pub(super) fn open_idx(folder: &Path, pairs: Vec<(String, PathBuf, PathBuf)>) -> Result<Dataset, DataError> {
    let mut sources = Vec::new();
    for (split, images, labels) in pairs {
        sources.push((split, labels.clone(), read_pair(&images, &labels)?));
    }
    let deciding = sources.iter().filter(|(split, ..)| split == TRAIN).count() > 0;
    let largest = sources.iter().filter(|(split, ..)| !deciding || split == TRAIN);
    let largest = largest.flat_map(|(_, _, source)| source.samples()).map(|sample| sample.label).max();
    let names = match class_file_names(folder)? {
        Some(names) => names,
        None => (0..=largest.unwrap_or(0)).map(|i| i.to_string()).collect(),
    };
    let mut splits = Vec::new();
    for (split, labels, source) in sources {
        let origin = |index: usize| format!("{} label {index}", labels.display());
        check_labels(source.samples(), names.len(), origin, &format!("{}", folder.display()))?;
        splits.push((split, Split::Ready(Arc::new(source))));
    }
    Ok(Dataset::new(folder.display().to_string(), names, splits))
}

fn read_pair(images: &Path, labels: &Path) -> Result<RawSource, DataError> {
    let bad = |path: &Path, what: String| DataError::BadArchive { path: path.into(), what };
    let labels_file = Idx::open(labels, LABELS)?;
    let [count, ..] = labels_file.sizes;
    let label_bytes = labels_file.all()?;
    let pictures = Idx::open(images, PICTURES)?;
    let [pictures_count, height, width] = pictures.sizes;
    if pictures_count != count {
        return Err(bad(images, format!("{pictures_count} pictures, but {count} labels")));
    }
    if count == 0 || !(1..=MAX_SIDE).contains(&height) || !(1..=MAX_SIDE).contains(&width) {
        return Err(bad(
            images,
            format!("{count} pictures of {width}×{height} pixels; sides up to {MAX_SIDE}"),
        ));
    }
    let prefix = if images.to_string_lossy().contains("t10k") { "t10k" } else { "" };
    let split = images.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = split.split_once("-images").map_or(prefix, |(stem, _)| stem).to_owned();
    let sample = |(i, &label): (usize, &u8)| Sample { name: format!("{stem}/{i:05}"), label: label.into() };
    let samples = label_bytes.iter().enumerate().map(sample).collect();
    let step = u64::from(height) * u64::from(width);
    let (count, (first, store)) = (count as usize, pictures.into_store()?);
    Ok(RawSource {
        width: width as usize,
        height: height as usize,
        colour: Colour::Gray,
        parts: vec![Part { store, first, step, count }],
        samples,
    })
}

/// An opened file whose header was read.
struct Idx {
    file: Positioned,
    packed: bool,
    /// Of up to three axes; 1 for those that it has not.
    sizes: [u32; 3],
    header: u64,
}

impl Idx {
    fn open(path: &Path, kind: u32) -> Result<Self, DataError> {
        let file = Positioned::open(path)?;
        let packed = file.size() >= 2 && file.read(0, 2)? == [0x1F, 0x8B];
        let axes = (kind & 0xFF) as usize;
        let header = 4 + 4 * axes as u64;
        let bytes = if packed {
            let mut bytes = Vec::new();
            unpack(path)?.take(header).read_to_end(&mut bytes).map_err(|e| packed_error(path, &e))?;
            bytes
        } else {
            file.read(0, header.min(file.size()) as usize)?
        };
        let number =
            |i: usize| bytes.get(4 * i..4 * i + 4).map(|b| u32::from_be_bytes(std::array::from_fn(|j| b[j])));
        let bad = |what: String| DataError::BadArchive { path: path.into(), what };
        match number(0) {
            Some(found) if found == kind => {}
            Some(found) => {
                return Err(bad(format!(
                    "begins with {found:#010x}, an IDX file of this name with {kind:#010x}"
                )));
            }
            None => return Err(bad("truncated: an IDX file begins with its sizes".into())),
        }
        let mut sizes = [1; 3];
        for (axis, size) in sizes.iter_mut().take(axes).enumerate() {
            *size =
                number(axis + 1).ok_or_else(|| bad("truncated: an IDX file begins with its sizes".into()))?;
        }
        let idx = Self { file, packed, sizes, header };
        let wanted = header.saturating_add(idx.content());
        if !packed && idx.file.size() < wanted {
            let what = format!("truncated: {} bytes, its header says {}", idx.file.size(), wanted);
            return Err(bad(what));
        }
        Ok(idx)
    }

    /// Bytes after the header, as it says.
    fn content(&self) -> u64 {
        self.sizes.iter().fold(1, |product: u64, &size| product.saturating_mul(size.into()))
    }

    /// Everything after the header.
    fn all(&self) -> Result<Vec<u8>, DataError> {
        if !self.packed {
            let bad = |what: String| DataError::BadArchive { path: self.file.path().into(), what };
            if self.content() > MAX_UNPACKED_BYTES {
                return Err(bad(format!("{} labels are too many", self.content())));
            }
            return self.file.read(self.header, self.content() as usize);
        }
        let path = self.file.path();
        let bad = |what: String| DataError::BadArchive { path: path.into(), what };
        if self.content() > MAX_UNPACKED_BYTES {
            let what = format!(
                "its header says {} MiB, and packed files are read up to {} MiB; unpack it with gunzip",
                self.content() >> 20,
                MAX_UNPACKED_BYTES >> 20
            );
            return Err(bad(what));
        }
        // Never more than the header says, however much the packed file would give.
        let mut bytes = Vec::new();
        let mut reader = unpack(path)?.take(self.header + self.content());
        reader.read_to_end(&mut bytes).map_err(|e| packed_error(path, &e))?;
        bytes.drain(..(self.header as usize).min(bytes.len()));
        if (bytes.len() as u64) < self.content() {
            return Err(bad(format!("truncated: {} bytes, its header says {}", bytes.len(), self.content())));
        }
        Ok(bytes)
    }

    /// Where the first picture begins, and the pictures.
    fn into_store(self) -> Result<(u64, Store), DataError> {
        if self.packed {
            let bytes = self.all()?;
            Ok((0, Store::Unpacked(bytes, self.file)))
        } else {
            Ok((self.header, Store::File(self.file)))
        }
    }
}

fn unpack(path: &Path) -> Result<GzDecoder<BufReader<File>>, DataError> {
    Ok(GzDecoder::new(BufReader::new(File::open(path).map_err(|e| DataError::io(path, e))?)))
}

fn packed_error(path: &Path, error: &io::Error) -> DataError {
    DataError::BadArchive { path: path.into(), what: format!("cannot be unpacked: {error}") }
}
