//! CSV files: a picture and its label a row, perhaps its split too.

use super::{
    dataset::{Dataset, Split, TEST, TRAIN, VAL},
    list_file::{Lines, ListClasses, RawList, bad, shorten},
    subset::{DIVIDED, divided, split_named},
};
use crate::error::DataError;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Headings of the column with the pictures, in the order of preference; compared without case.
const PATHS: [&str; 9] =
    ["path", "filepath", "file_path", "file", "filename", "file_name", "image_path", "image", "img"];
const LABELS: [&str; 7] = ["label", "class", "class_name", "category", "target", "labels", "y"];
const SPLITS: [&str; 5] = ["split", "set", "subset", "partition", "fold"];

/// Which column is what.
#[derive(Clone, Copy)]
struct Columns {
    path: usize,
    label: usize,
    split: Option<usize>,
}

/// The CSV files of a folder that define a data set: `train.csv` and its kin, or a single other one.
pub(super) fn csv_files(folder: &Path) -> Result<Vec<(String, PathBuf)>, DataError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| DataError::io(folder, e))? {
        let path = entry.map_err(|e| DataError::io(folder, e))?.path();
        let Some(stem) = stem(&path).filter(|_| path.is_file()) else { continue };
        let split = split_named(stem);
        let usual = [TRAIN, VAL, TEST].contains(&split.as_str());
        if usual || columns_of(&path).is_ok() {
            files.push((split, path));
        }
    }
    files.sort();
    let usual = |(split, _): &(String, PathBuf)| [TRAIN, VAL, TEST].contains(&split.as_str());
    if files.iter().any(usual) {
        files.retain(usual);
    }
    Ok(files)
}

/// The name without `.csv` or `.tsv`; none if it has neither.
pub(super) fn stem(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let (stem, extension) = name.rsplit_once('.')?;
    ["csv", "tsv"].iter().any(|known| known.eq_ignore_ascii_case(extension)).then_some(stem)
}

/// The data set of one or more CSV files; pictures lie relative to `root`.
pub(super) fn open_csv(root: &Path, files: &[(String, PathBuf)]) -> Result<Dataset, DataError> {
    let mut lists: BTreeMap<String, RawList> = BTreeMap::new();
    let mut any_split = false;
    for (file_split, path) in files {
        let columns = columns_of(path)?;
        any_split |=
            columns.split.is_some() || files.len() > 1 || [TRAIN, VAL, TEST].contains(&file_split.as_str());
        read_rows(root, path, columns, file_split, &mut lists)?;
    }
    let train: Vec<&RawList> = lists.get(TRAIN).into_iter().collect();
    let deciding = if train.is_empty() { lists.values().collect() } else { train };
    let classes = ListClasses::of_folder(root, &deciding)?;
    let mut splits = Vec::new();
    for (split, list) in lists {
        splits.push((split, Split::Ready(Arc::new(list.resolve(&classes)?))));
    }
    let names = classes.names().to_vec();
    let data = match files {
        [(_, only)] => only.display().to_string(),
        _ => root.display().to_string(),
    };
    match &splits[..] {
        [(_, Split::Ready(only))] if !any_split => {
            Ok(Dataset::new(data, names, divided(Arc::clone(only))).with_notes(vec![DIVIDED.into()]))
        }
        _ => Ok(Dataset::new(data, names, splits)),
    }
}

fn read_rows(
    root: &Path,
    path: &Path,
    columns: Columns,
    file_split: &str,
    lists: &mut BTreeMap<String, RawList>,
) -> Result<(), DataError> {
    let mut rows = Rows::open(path)?;
    rows.next().transpose()?;
    let mut found = false;
    for row in rows {
        let (line, row) = row?;
        let field = |column: usize, what: &str| match row.get(column).map(|field| field.trim()) {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(bad(path, line, format!("no {what} in this row"))),
        };
        let split = match columns.split {
            Some(column) => split_named(&field(column, "split")?),
            None => file_split.to_owned(),
        };
        let list = lists.entry(split).or_insert_with(|| RawList::empty(root, path));
        list.push(field(columns.path, "path")?, field(columns.label, "label")?, line);
        found = true;
    }
    if found { Ok(()) } else { Err(bad(path, 1, "no row below the headings".into())) }
}

fn columns_of(path: &Path) -> Result<Columns, DataError> {
    let Some(first) = Rows::open(path)?.next() else { return Err(bad(path, 1, "the file is empty".into())) };
    let headings: Vec<String> = first?.1.iter().map(|heading| heading.trim().to_lowercase()).collect();
    let find =
        |known: &[&str]| known.iter().find_map(|name| headings.iter().position(|heading| heading == name));
    match (find(&PATHS), find(&LABELS)) {
        (Some(path), Some(label)) => Ok(Columns { path, label, split: find(&SPLITS) }),
        _ => {
            let what = format!(
                "headings are '{}'; expected a column path (or file, filename, image) and a column label (or class), \
                 perhaps a column split",
                shorten(&headings.join(","))
            );
            Err(bad(path, 1, what))
        }
    }
}

/// The rows of a file, one in memory at a time; a field does not go over several lines.
struct Rows {
    path: PathBuf,
    lines: Lines,
    delimiter: Option<u8>,
}

impl Rows {
    fn open(path: &Path) -> Result<Self, DataError> {
        Ok(Self { path: path.into(), lines: Lines::open(path)?, delimiter: None })
    }

    fn parse(&mut self, line: &str) -> Option<csv::StringRecord> {
        let delimiter = *self.delimiter.get_or_insert_with(|| {
            let count = |delimiter: u8| line.bytes().filter(|&b| b == delimiter).count();
            [b',', b';', b'\t'].into_iter().rev().max_by_key(|&d| count(d)).unwrap_or(b',')
        });
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(line.len().max(16))
            .from_reader(line.as_bytes());
        let mut record = csv::StringRecord::new();
        reader.read_record(&mut record).ok()?.then_some(record)
    }
}

impl Iterator for Rows {
    type Item = Result<(usize, csv::StringRecord), DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (number, line) = match self.lines.next()? {
            Ok(line) => line,
            Err(error) => return Some(Err(error)),
        };
        let row = self.parse(&line).ok_or_else(|| bad(&self.path, number, "not a row of a CSV file".into()));
        Some(row.map(|row| (number, row)))
    }
}
