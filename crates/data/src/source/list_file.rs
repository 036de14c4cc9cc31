//! List files: `train.txt val.txt test.txt` and others, one `path label` a line, and `classes.txt`.

use super::{
    Sample,
    dataset::{Dataset, Split, TEST, TRAIN, VAL},
    files::{FileSource, Listed},
};
use crate::error::DataError;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

/// File with the class names: `id<TAB>name` or a name a line; the line's number is the class index.
const CLASSES: &str = "classes.txt";
/// Longest line that is read, in bytes: a path can't be longer, a binary file can.
const MAX_LINE_BYTES: u64 = 8192;
/// Largest class number in lists without names; a larger one is no class number.
const MAX_NUMBERED_CLASS: usize = 65_535;

/// Lines of one list file, labels still as written.
pub(super) struct RawList {
    root: PathBuf,
    list: PathBuf,
    paths: Vec<String>,
    labels: Vec<String>,
    lines: Vec<u32>,
}

impl RawList {
    /// Without a line yet.
    pub(super) fn empty(root: &Path, list: &Path) -> Self {
        Self { root: root.into(), list: list.into(), paths: vec![], labels: vec![], lines: vec![] }
    }

    /// Adds a picture that stands on line `number`.
    pub(super) fn push(&mut self, path: String, label: String, number: usize) {
        self.paths.push(path);
        self.labels.push(label);
        self.lines.push(number as u32);
    }
}

/// What a label in a list file may say, and which class it means.
#[derive(Debug)]
pub(super) struct ListClasses {
    names: Vec<String>,
    by_text: BTreeMap<String, u32>,
    defined_in: String,
}

/// Names of the splits that list files in `folder` define: those of the three usual names, and any other `NAME.txt`
/// whose first line names a picture that is there (so that a `README.txt` is no split).
pub(super) fn split_lists(folder: &Path) -> Result<Vec<(String, PathBuf)>, DataError> {
    let mut lists = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| DataError::io(folder, e))? {
        let path = entry.map_err(|e| DataError::io(folder, e))?.path();
        let Some(name) = path.file_name().and_then(|n| n.to_str()) else { continue };
        let Some(split) = name.strip_suffix(".txt") else { continue };
        let usual = [TRAIN, VAL, TEST].contains(&split);
        if name != CLASSES && path.is_file() && (usual || names_a_picture(folder, &path)) {
            lists.push((split.to_owned(), path));
        }
    }
    lists.sort();
    Ok(lists)
}

fn names_a_picture(folder: &Path, list: &Path) -> bool {
    let first = Lines::open(list).ok().and_then(|mut lines| lines.next()?.ok());
    first.and_then(|(_, line)| Some(folder.join(split_label(&line)?.0).is_file())).unwrap_or(false)
}

/// The data set that the list files of `folder` define.
pub(super) fn open_lists(folder: &Path, lists: Vec<(String, PathBuf)>) -> Result<Dataset, DataError> {
    let (usual, others): (Vec<_>, Vec<_>) =
        lists.into_iter().partition(|(name, _)| [TRAIN, VAL, TEST].contains(&name.as_str()));
    let mut raw = Vec::new();
    for (name, path) in usual {
        raw.push((name, read_list(folder, &path)?));
    }
    // The training list alone decides, so that a stray label in another is found.
    let train: Vec<_> = raw.iter().filter(|(name, _)| name == TRAIN).map(|(_, list)| list).collect();
    let deciding = if train.is_empty() { raw.iter().map(|(_, list)| list).collect() } else { train };
    let classes = Arc::new(ListClasses::of_folder(folder, &deciding)?);
    let mut splits = Vec::new();
    for (name, list) in raw {
        splits.push((name, Split::Ready(Arc::new(list.resolve(&classes)?))));
    }
    for (name, list) in others {
        splits.push((name, Split::List { root: folder.into(), list, classes: Arc::clone(&classes) }));
    }
    Ok(Dataset::new(folder.display().to_string(), classes.names.clone(), splits))
}

/// The names in the `classes.txt` of a folder, if there is one.
pub(super) fn class_file_names(folder: &Path) -> Result<Option<Vec<String>>, DataError> {
    let path = folder.join(CLASSES);
    if path.is_file() { ListClasses::from_file(&path).map(|classes| Some(classes.names)) } else { Ok(None) }
}

/// Reads a list file whose paths are relative to `root`.
pub(super) fn read_list(root: &Path, list: &Path) -> Result<RawList, DataError> {
    let mut raw = RawList::empty(root, list);
    for line in Lines::open(list)? {
        let (number, line) = line?;
        let Some((path, label)) = split_label(&line) else {
            return Err(bad(list, number, format!("'{}' is not 'path label'", shorten(&line))));
        };
        raw.push(path.to_owned(), label.to_owned(), number);
    }
    if raw.paths.is_empty() {
        return Err(bad(list, 1, "no line 'path label' in the file".into()));
    }
    Ok(raw)
}

/// Path and label of a line: the label is the last field. Fields are divided by a tab if there is one (then names of
/// classes may hold spaces too), else by blanks (then only the path may).
fn split_label(line: &str) -> Option<(&str, &str)> {
    let (path, label) = match line.rsplit_once('\t') {
        Some(fields) => fields,
        None => line.trim_end().rsplit_once(' ')?,
    };
    let (path, label) = (path.trim(), label.trim());
    (!path.is_empty() && !label.is_empty()).then_some((path, label))
}

impl RawList {
    pub(super) fn resolve(self, classes: &ListClasses) -> Result<FileSource, DataError> {
        let mut samples = Vec::with_capacity(self.paths.len());
        for ((name, label), &line) in self.paths.into_iter().zip(&self.labels).zip(&self.lines) {
            let Some(label) = classes.find(label) else {
                return Err(classes.unknown(label, format!("{}:{line}", self.list.display())));
            };
            samples.push(Sample { name, label });
        }
        let listed = Some(Listed { list: self.list, lines: self.lines });
        Ok(FileSource { root: self.root, samples, listed })
    }
}

impl ListClasses {
    /// As `classes.txt` in `folder` says, else as the labels of `lists` do.
    pub(super) fn of_folder(folder: &Path, lists: &[&RawList]) -> Result<Self, DataError> {
        let named = folder.join(CLASSES);
        if named.is_file() { Self::from_file(&named) } else { Self::from_labels(lists) }
    }

    /// In order.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The error for a label that is none of these.
    pub(super) fn unknown(&self, label: &str, origin: String) -> DataError {
        let (known, known_from) = (self.names.len(), self.defined_in.clone());
        DataError::UnknownClass { class: shorten(label), origin, known, known_from }
    }

    fn from_file(path: &Path) -> Result<Self, DataError> {
        let (mut ids, mut names) = (Vec::new(), Vec::new());
        for line in Lines::open(path)? {
            let (_, line) = line?;
            let (id, name) = line.split_once('\t').unwrap_or((&line, &line));
            ids.push(id.trim().to_owned());
            names.push(name.trim().to_owned());
        }
        // Two classes of one name ('crane' the bird, 'crane' the machine) are told apart by their ids.
        let mut occurs = BTreeMap::new();
        for name in &names {
            *occurs.entry(name.clone()).or_insert(0) += 1;
        }
        for (name, id) in names.iter_mut().zip(&ids) {
            if occurs[name] > 1 && id != name {
                *name = format!("{name} ({id})");
            }
        }
        let mut by_text = BTreeMap::new();
        for (label, text) in ids.iter().enumerate() {
            if by_text.insert(text.clone(), label as u32).is_some() {
                return Err(bad(path, label + 1, format!("class '{text}' for the second time")));
            }
        }
        for (label, text) in names.iter().enumerate() {
            by_text.entry(text.clone()).or_insert(label as u32);
        }
        if names.is_empty() {
            return Err(bad(path, 1, "no class in the file".into()));
        }
        Ok(Self { names, by_text, defined_in: path.display().to_string() })
    }

    /// Numbers if all labels are numbers, else the sorted names.
    fn from_labels(lists: &[&RawList]) -> Result<Self, DataError> {
        let texts: BTreeSet<&str> = lists.iter().flat_map(|l| &l.labels).map(String::as_str).collect();
        let defined_in = lists.iter().map(|l| l.list.display().to_string()).collect::<Vec<_>>().join(", ");
        let numbers: Option<BTreeSet<usize>> = texts.iter().map(|text| number(text)).collect();
        let names: Vec<String> = match numbers.as_ref().and_then(BTreeSet::last) {
            Some(&largest) if largest > MAX_NUMBERED_CLASS => {
                let (list, line) = find_label(lists, largest);
                return Err(bad(
                    list,
                    line,
                    format!("class {largest}; numbers go up to {MAX_NUMBERED_CLASS}"),
                ));
            }
            Some(&largest) => (0..=largest).map(|i| i.to_string()).collect(),
            None => texts.iter().map(|&text| text.to_owned()).collect(),
        };
        let by_text = names.iter().enumerate().map(|(i, name)| (name.clone(), i as u32)).collect();
        Ok(Self { names, by_text, defined_in })
    }

    /// A name or id, else the number of a class.
    pub(super) fn find(&self, label: &str) -> Option<u32> {
        let by_number = || number(label).filter(|&i| i < self.names.len()).map(|i| i as u32);
        self.by_text.get(label).copied().or_else(by_number)
    }
}

fn find_label<'a>(lists: &[&'a RawList], class: usize) -> (&'a Path, usize) {
    let mut found = (Path::new(""), 0);
    for list in lists {
        if let Some(at) = list.labels.iter().position(|label| number(label) == Some(class)) {
            found = (&list.list, list.lines[at] as usize);
        }
    }
    found
}

fn number(text: &str) -> Option<usize> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

pub(super) fn bad(path: &Path, line: usize, what: String) -> DataError {
    DataError::BadList { path: path.into(), line, what }
}

/// At most 60 characters of a text, none of them a control character: for messages of one line.
pub(super) fn shorten(text: &str) -> String {
    let clean: String = text.chars().take(60).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    if text.chars().nth(60).is_some() { clean + "…" } else { clean }
}

/// The lines of a text file that are not blank, with their numbers; never more than one in memory.
pub(super) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    number: usize,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let file = File::open(path).map_err(|e| DataError::io(path, e))?;
        Ok(Self { path: path.into(), reader: BufReader::new(file), number: 0 })
    }

    fn read(&mut self) -> Result<Option<String>, DataError> {
        let mut bytes = Vec::new();
        let mut capped = self.reader.by_ref().take(MAX_LINE_BYTES + 1);
        let length = capped.read_until(b'\n', &mut bytes).map_err(|e| DataError::io(&self.path, e))?;
        self.number += 1;
        if length == 0 {
            return Ok(None);
        }
        if length as u64 > MAX_LINE_BYTES {
            return Err(bad(&self.path, self.number, format!("line longer than {MAX_LINE_BYTES} bytes")));
        }
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(bad(&self.path, self.number, "not UTF-8 text".into()));
        };
        let text = if self.number == 1 { text.trim_start_matches('\u{FEFF}') } else { &text };
        Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
    }
}

impl Iterator for Lines {
    type Item = Result<(usize, String), DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.read() {
                Ok(Some(line)) if line.trim().is_empty() => {}
                other => return other.map(|line| line.map(|l| (self.number, l))).transpose(),
            }
        }
    }
}

#[cfg(test)]
#[path = "list_file_tests.rs"]
mod tests;
