//! Class folders: `train/ val/ test/` of them, or a single tree that is split here.

use super::{
    Sample,
    dataset::{Dataset, Split, TEST, TRAIN, VAL},
    files::{FileSource, is_picture_name},
};
use crate::{
    error::DataError,
    split::{Share, divide},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use walkdir::WalkDir;

/// Folder names of the splits.
const ALIASES: [(&str, &[&str]); 3] =
    [(TRAIN, &["train"]), (VAL, &["val", "valid", "validation", "dev"]), (TEST, &["test", "eval"])];

/// A class folder and its pictures, paths relative to the data folder, sorted.
struct Class {
    name: String,
    folder: PathBuf,
    pictures: Vec<String>,
}

/// The split folders of `root`: name of the split, folder.
pub(super) fn split_folders(root: &Path) -> Result<Vec<(&'static str, PathBuf)>, DataError> {
    let mut found = Vec::new();
    for (split, names) in ALIASES {
        let folders: Vec<_> = names.iter().map(|name| root.join(name)).filter(|p| p.is_dir()).collect();
        if folders.len() > 1 {
            return Err(DataError::Unrecognised {
                path: root.into(),
                what: "two folders for one split (as val/ and valid/)",
            });
        }
        found.extend(folders.into_iter().map(|folder| (split, folder)));
    }
    Ok(found)
}

/// The data set of `train/ val/ test/` folders. The classes are those of `train`, without it those of all splits. A missing
/// `val/` is made of a tenth of `train/`.
pub(super) fn open_splits(root: &Path, folders: Vec<(&'static str, PathBuf)>) -> Result<Dataset, DataError> {
    let mut notes = Vec::new();
    let mut splits = Vec::new();
    for (split, folder) in folders {
        splits.push((split, classes_in(root, &folder, &mut notes)?));
    }
    hold_out(&mut splits, &mut notes);
    let train = splits.iter().find(|(split, _)| *split == TRAIN);
    if let Some(empty) = train.and_then(|(_, classes)| classes.iter().find(|c| c.pictures.is_empty())) {
        return Err(DataError::EmptyClass { path: empty.folder.clone() });
    }
    let deciding = train.map_or(&splits[..], std::slice::from_ref);
    let mut names: Vec<String> = deciding.iter().flat_map(|(_, c)| c).map(|c| c.name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    let known_from = deciding.iter().map(|(split, _)| format!("{split}/")).collect::<Vec<_>>().join(", ");
    let mut sources = Vec::new();
    for (split, classes) in splits {
        let mut samples = Vec::new();
        for class in classes.into_iter().filter(|c| !c.pictures.is_empty()) {
            let Ok(label) = names.binary_search(&class.name) else {
                return Err(DataError::UnknownClass {
                    class: class.name,
                    origin: class.folder.display().to_string(),
                    known: names.len(),
                    known_from,
                });
            };
            samples.extend(class.pictures.into_iter().map(|name| Sample { name, label: label as u32 }));
        }
        if samples.is_empty() {
            return Err(DataError::NothingLeft { split: split.into(), skipped: 0, first: None });
        }
        sources.push((split.to_owned(), source(root, samples)));
    }
    Ok(Dataset::new(root.display().to_string(), names, sources).with_notes(notes))
}

/// Without a folder for validation, a tenth of each class of `train` becomes that split; classes of one or two pictures
/// stay whole.
fn hold_out(splits: &mut Vec<(&'static str, Vec<Class>)>, notes: &mut Vec<String>) {
    let has = |name| splits.iter().any(|(split, _)| *split == name);
    let Some(train) = splits.iter().position(|(split, _)| *split == TRAIN).filter(|_| !has(VAL)) else {
        return;
    };
    let mut held = Vec::new();
    for class in &mut splits[train].1 {
        let shares = divide(&class.pictures);
        let all = std::mem::take(&mut class.pictures).into_iter().zip(shares);
        let (val, train): (Vec<_>, Vec<_>) = all.partition(|(_, share)| *share == Share::Val);
        class.pictures = train.into_iter().map(|(name, _)| name).collect();
        let pictures: Vec<String> = val.into_iter().map(|(name, _)| name).collect();
        if !pictures.is_empty() {
            held.push(Class { name: class.name.clone(), folder: class.folder.clone(), pictures });
        }
    }
    if !held.is_empty() {
        splits.push((VAL, held));
        let note =
            "no folder val/: a tenth of each class of train/ is held out as 'val', by a hash of the path";
        notes.push(note.into());
    }
}

/// The data set of one tree of class folders, split 80/10/10 within each class; `None` if there is no class folder.
pub(super) fn open_tree(root: &Path) -> Result<Option<Dataset>, DataError> {
    let mut notes = Vec::new();
    let classes = classes_in(root, root, &mut notes)?;
    if classes.iter().all(|class| class.pictures.is_empty()) {
        return Ok(None);
    }
    let mut shares = [(TRAIN, Vec::new()), (VAL, Vec::new()), (TEST, Vec::new())];
    let mut names = Vec::new();
    for (label, class) in classes.into_iter().enumerate() {
        if class.pictures.is_empty() {
            return Err(DataError::EmptyClass { path: class.folder });
        }
        let divided = divide(&class.pictures);
        for (name, share) in class.pictures.into_iter().zip(divided) {
            let part = match share {
                Share::Train => 0,
                Share::Val => 1,
                Share::Test => 2,
            };
            shares[part].1.push(Sample { name, label: label as u32 });
        }
        names.push(class.name);
    }
    notes.push("one tree of class folders: split 80/10/10 within each class by a hash of the path".into());
    let splits = shares.into_iter().filter(|(_, samples)| !samples.is_empty());
    let splits = splits.map(|(split, samples)| (split.to_owned(), source(root, samples))).collect();
    Ok(Some(Dataset::new(root.display().to_string(), names, splits).with_notes(notes)))
}

fn source(root: &Path, samples: Vec<Sample>) -> Split {
    Split::Ready(Arc::new(FileSource { root: root.into(), samples, listed: None }))
}

/// The class folders directly in `folder`, by name. Hidden files and folders don't count.
fn classes_in(root: &Path, folder: &Path, notes: &mut Vec<String>) -> Result<Vec<Class>, DataError> {
    let mut classes = Vec::new();
    let mut stray = 0;
    for entry in fs::read_dir(folder).map_err(|e| DataError::io(folder, e))? {
        let entry = entry.map_err(|e| DataError::io(folder, e))?;
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else {
            return Err(DataError::Unrecognised { path, what: "a name that is not UTF-8" });
        };
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            classes.push(Class { name, pictures: pictures_in(root, &path)?, folder: path });
        } else if is_picture_name(&name) {
            stray += 1;
        }
    }
    if stray > 0 && !classes.is_empty() {
        notes.push(format!("{}: {stray} pictures outside any class folder are not used", folder.display()));
    }
    classes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(classes)
}

/// The picture files below a folder of any form, by extension: paths relative to it, with `/`, sorted. Hidden files and
/// folders don't count, links are followed.
///
/// # Errors
/// [`DataError::NotFound`] or [`DataError::Io`] if it can't be read, [`DataError::Unrecognised`] for a name that is not
/// UTF-8.
pub fn pictures_below(folder: &Path) -> Result<Vec<String>, DataError> {
    pictures_in(folder, folder)
}

/// All pictures below `class`, relative to `root`, sorted. Links are followed: data is often linked together.
fn pictures_in(root: &Path, class: &Path) -> Result<Vec<String>, DataError> {
    let mut pictures = Vec::new();
    let hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
    let walk = WalkDir::new(class).follow_links(true).into_iter();
    for entry in walk.filter_entry(|e| e.depth() == 0 || !hidden(e.file_name())) {
        let entry = entry.map_err(|e| DataError::io(class, e.into()))?;
        if !entry.file_type().is_file() {
            continue;
        }
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let Some(relative) = relative.to_str() else {
            return Err(DataError::Unrecognised {
                path: entry.into_path(),
                what: "a name that is not UTF-8",
            });
        };
        if is_picture_name(relative) {
            pictures.push(relative.replace(std::path::MAIN_SEPARATOR, "/"));
        }
    }
    pictures.sort_unstable();
    Ok(pictures)
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
