//! Parquet files as the Hugging Face hub has them: a column `image` with `bytes`, and a column `label` whose class names
//! stand in the file's metadata.

use super::{
    Content, Sample, Source,
    dataset::{Dataset, Split},
    subset::{DIVIDED, divided},
    tar::split_in,
};
use crate::{cache::stamp_of_file, error::DataError};
use parquet::{
    errors::ParquetError,
    file::reader::{FileReader, SerializedFileReader},
    record::{Field, Row},
    schema::types::{Type, TypePtr},
};
use std::{
    collections::{BTreeMap, VecDeque},
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// Largest row group, in bytes before packing: some of them are in memory at a time.
const MAX_GROUP_BYTES: i64 = 256 << 20;
/// Names of the column with pictures, and of that with labels.
const IMAGES: [&str; 3] = ["image", "img", "pixel_values"];
const LABELS: [&str; 3] = ["label", "fine_label", "labels"];

pub(super) fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
}

/// The data set of the parquet files in a folder, or in its folder `data/`; none if there are none.
pub(super) fn open_folder(folder: &Path) -> Result<Option<Dataset>, DataError> {
    for place in [folder.to_path_buf(), folder.join("data")] {
        let entries = if place.is_dir() {
            fs::read_dir(&place).map_err(|e| DataError::io(&place, e))?
        } else {
            continue;
        };
        let mut files: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| is_parquet(path)).collect();
        files.sort();
        if !files.is_empty() {
            return open(folder, files).map(Some);
        }
    }
    Ok(None)
}

pub(super) fn open_file(path: &Path) -> Result<Dataset, DataError> {
    open(path, vec![path.into()])
}

fn open(data: &Path, files: Vec<PathBuf>) -> Result<Dataset, DataError> {
    let mut splits: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let single = files.len() == 1;
    for path in files {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        splits.entry(split_in(&name)).or_default().push(path);
    }
    let mut names: Option<Vec<String>> = None;
    let mut largest = 0;
    let mut sources: Vec<(String, Arc<dyn Source>)> = Vec::new();
    for (split, paths) in splits {
        let mut source = ParquetSource::default();
        for path in paths {
            names = names.or(source.add(&path, &split)?);
        }
        largest = source.samples.iter().map(|sample| sample.label).fold(largest, u32::max);
        sources.push((split, Arc::new(source)));
    }
    let names = names.unwrap_or_else(|| (0..=largest).map(|i| i.to_string()).collect());
    for (_, source) in &sources {
        let origin = |index: usize| source.origin(index);
        super::raw::check_labels(source.samples(), names.len(), origin, "the file's own list of names")?;
    }
    let name = data.display().to_string();
    Ok(match &sources[..] {
        [(split, only)] if single && split == "data" => {
            Dataset::new(name, names, divided(Arc::clone(only))).with_notes(vec![DIVIDED.into()])
        }
        _ => {
            let ready = sources.into_iter().map(|(split, source)| (split, Split::Ready(source))).collect();
            Dataset::new(name, names, ready)
        }
    })
}

/// A row group: its file, its number in it, its first sample.
struct Group {
    path: PathBuf,
    stamp: u64,
    column: TypePtr,
    number: usize,
    first: usize,
}

type Pictures = Arc<OnceLock<Result<Vec<Vec<u8>>, String>>>;

/// Samples of several files; of the row groups the latest few are in memory.
#[derive(Default)]
struct ParquetSource {
    groups: Vec<Group>,
    samples: Vec<Sample>,
    latest: Mutex<VecDeque<(usize, Pictures)>>,
}

impl ParquetSource {
    /// Adds a file's samples and gives the class names in it.
    fn add(&mut self, path: &Path, split: &str) -> Result<Option<Vec<String>>, DataError> {
        let bad = |what: String| DataError::BadArchive { path: path.into(), what };
        let broken = |error: ParquetError| bad(format!("no sound parquet file: {}", one_line(&error)));
        let file = File::open(path).map_err(|e| DataError::io(path, e))?;
        let reader = SerializedFileReader::new(file).map_err(broken)?;
        let schema = reader.metadata().file_metadata().schema();
        let column = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| schema.get_fields().iter().find(|field| field.name() == *name).cloned())
        };
        let (Some(image), Some(label)) = (column(&IMAGES), column(&LABELS)) else {
            return Err(bad("no columns 'image' and 'label' in it".into()));
        };
        let project = |column: &TypePtr| {
            Type::group_type_builder("schema").with_fields(vec![Arc::clone(column)]).build().map(Arc::new)
        };
        let image = project(&image).map_err(broken)?;
        let stamp = stamp_of_file(path);
        for number in 0..reader.num_row_groups() {
            let group = reader.get_row_group(number).map_err(broken)?;
            if group.metadata().total_byte_size() > MAX_GROUP_BYTES {
                return Err(bad(format!("row group {number} is over {} MiB", MAX_GROUP_BYTES >> 20)));
            }
            let (path, column, first) = (path.to_path_buf(), Arc::clone(&image), self.samples.len());
            self.groups.push(Group { path, stamp, column, number, first });
            let projection = project(&label).map_err(broken)?;
            for row in group.get_row_iter(Some((*projection).clone())).map_err(broken)? {
                let row = row.map_err(broken)?;
                let name = format!("{split}/{:06}", self.samples.len());
                let Some(label) = label_of(&row) else {
                    return Err(bad(format!("the label of picture {name} is no number from 0")));
                };
                self.samples.push(Sample { name, label });
            }
        }
        let entries = reader.metadata().file_metadata().key_value_metadata();
        let described = entries.into_iter().flatten().find(|entry| entry.key == "huggingface");
        Ok(described.and_then(|entry| class_names(entry.value.as_deref()?, label.name())))
    }

    fn group_of(&self, index: usize) -> usize {
        self.groups.partition_point(|group| group.first <= index) - 1
    }

    /// The pictures of a row group, decoded by whoever comes first while the others wait.
    fn pictures(&self, group: usize) -> Pictures {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pictures)) = latest.iter().find(|(other, _)| *other == group) {
            return Arc::clone(pictures);
        }
        if latest.len() > rayon::current_num_threads() {
            latest.pop_front();
        }
        let pictures = Pictures::default();
        latest.push_back((group, Arc::clone(&pictures)));
        pictures
    }
}

impl Source for ParquetSource {
    fn samples(&self) -> &[Sample] {
        &self.samples
    }

    fn read(&self, index: usize) -> Result<Content, DataError> {
        let number = self.group_of(index);
        let group = &self.groups[number];
        let bad = |reason: String| DataError::BadFile { path: self.samples[index].name.clone(), reason };
        let pictures = self.pictures(number);
        match pictures.get_or_init(|| group.read().map_err(|error| one_line(&error))) {
            Ok(all) => match all.get(index - group.first) {
                Some(bytes) => Ok(Content::File(bytes.clone())),
                None => Err(bad("its row group is shorter than it says".into())),
            },
            Err(reason) => Err(bad(format!("row group {}: {reason}", group.number))),
        }
    }

    fn origin(&self, index: usize) -> String {
        let group = &self.groups[self.group_of(index)];
        format!("{} picture {}", group.path.display(), self.samples[index].name)
    }

    fn stamp(&self, index: usize) -> Option<u64> {
        let stamp = self.groups[self.group_of(index)].stamp;
        Some(stamp.wrapping_add((index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }
}

impl Group {
    fn read(&self) -> Result<Vec<Vec<u8>>, ParquetError> {
        let reader = SerializedFileReader::new(File::open(&self.path)?)?;
        let group = reader.get_row_group(self.number)?;
        group.get_row_iter(Some((*self.column).clone()))?.map(|row| Ok(bytes_of(&row?))).collect()
    }
}

/// The bytes of a row's picture; none where it is null, which no decoder takes for a picture.
fn bytes_of(row: &Row) -> Vec<u8> {
    row.get_column_iter().find_map(|(_, field)| bytes_in(field)).unwrap_or_default()
}

fn bytes_in(field: &Field) -> Option<Vec<u8>> {
    match field {
        Field::Bytes(bytes) => Some(bytes.data().to_vec()),
        Field::Group(row) => {
            row.get_column_iter().find(|(name, _)| *name == "bytes").and_then(|(_, field)| bytes_in(field))
        }
        _ => None,
    }
}

fn label_of(row: &Row) -> Option<u32> {
    let (_, field) = row.get_column_iter().next()?;
    match *field {
        Field::Byte(v) => u32::try_from(v).ok(),
        Field::Short(v) => u32::try_from(v).ok(),
        Field::Int(v) => u32::try_from(v).ok(),
        Field::Long(v) => u32::try_from(v).ok(),
        Field::UByte(v) => Some(v.into()),
        Field::UShort(v) => Some(v.into()),
        Field::UInt(v) => Some(v),
        Field::ULong(v) => u32::try_from(v).ok(),
        _ => None,
    }
    .filter(|&label| label <= 65_535)
}

/// `{"info": {"features": {"label": {"names": [...]}}}}`.
fn class_names(json: &str, column: &str) -> Option<Vec<String>> {
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    let names = value["info"]["features"][column]["names"].as_array()?;
    names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

fn one_line(error: &ParquetError) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "parquet_tests.rs"]
mod tests;
