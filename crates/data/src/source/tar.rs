//! WebDataset shards: tar files whose members of one name (`000001.jpg`, `000001.cls`) are one sample.
//!
//! Only headers are read on opening, and pictures one by one, so a shard is never in memory. Nothing is ever unpacked
//! to disk.

use super::{
    Content, Sample, Source,
    dataset::{Dataset, Split, TEST, TRAIN, VAL},
    files::{MAX_FILE_BYTES, is_picture_name},
    list_file::{ListClasses, RawList, shorten},
    positioned::Positioned,
    subset::{DIVIDED, divided, split_named},
};
use crate::error::DataError;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::BufReader,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

/// Largest member with a label, in bytes.
const MAX_LABEL_BYTES: u64 = 4096;
/// Name of shards that name no split.
const UNSPLIT: &str = "data";

/// Where a picture lies.
#[derive(Clone, Copy)]
struct Member {
    shard: u32,
    offset: u64,
    size: u64,
}

/// What was found of a sample so far.
#[derive(Default)]
struct Parts {
    picture: Option<(Member, String)>,
    label: Option<String>,
}

/// Samples of several shards.
struct TarSource {
    shards: Vec<Positioned>,
    members: Vec<Member>,
    samples: Vec<Sample>,
}

impl Source for TarSource {
    fn samples(&self) -> &[Sample] {
        &self.samples
    }

    fn read(&self, index: usize) -> Result<Content, DataError> {
        let Member { shard, offset, size } = self.members[index];
        if size > MAX_FILE_BYTES {
            let reason = format!("over {} MiB", MAX_FILE_BYTES >> 20);
            return Err(DataError::BadFile { path: self.samples[index].name.clone(), reason });
        }
        self.shards[shard as usize].read(offset, size as usize).map(Content::File)
    }

    fn origin(&self, index: usize) -> String {
        let shard = &self.shards[self.members[index].shard as usize];
        format!("{} member {}", shard.path().display(), self.samples[index].name)
    }

    fn stamp(&self, index: usize) -> Option<u64> {
        let Member { shard, offset, .. } = self.members[index];
        Some(self.shards[shard as usize].stamp().wrapping_add(offset.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }
}

/// The shards in a folder, and in its folders `train/`, `val/`, `test/`: name of the split, file; in the order of names.
pub(super) fn shards(folder: &Path) -> Result<Vec<(String, PathBuf)>, DataError> {
    let mut found = Vec::new();
    for path in listed(folder)? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() && [TRAIN, VAL, TEST].contains(&split_named(&name).as_str()) {
            let inside = listed(&path)?.into_iter().filter(|path| is_tar(path));
            found.extend(inside.map(|path| (split_named(&name), path)));
        } else if path.is_file() && is_tar(&path) {
            found.push((split_in(&name), path));
        }
    }
    found.sort();
    Ok(found)
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let io = |error| DataError::io(folder, error);
    fs::read_dir(folder).map_err(io)?.map(|entry| Ok(entry.map_err(io)?.path())).collect()
}

pub(super) fn is_tar(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tar"))
}

/// The split that one of the words in a shard's name means: `imagenet-val-0001.tar`.
pub(super) fn split_in(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphabetic()).map(split_named);
    words
        .into_iter()
        .find(|word| [TRAIN, VAL, TEST].contains(&word.as_str()))
        .unwrap_or_else(|| UNSPLIT.into())
}

/// The data set of these shards.
pub(super) fn open_tar(data: &Path, shards: Vec<(String, PathBuf)>) -> Result<Dataset, DataError> {
    let mut splits: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (split, path) in shards {
        splits.entry(split).or_default().push(path);
    }
    let mut indexed = Vec::new();
    for (split, paths) in splits {
        indexed.push((split, index(paths)?));
    }
    let lists: Vec<(&str, RawList)> = indexed
        .iter()
        .map(|(split, (source, labels))| {
            let mut list = RawList::empty(data, data);
            for (i, (sample, label)) in source.samples.iter().zip(labels).enumerate() {
                list.push(sample.name.clone(), label.clone(), i + 1);
            }
            (split.as_str(), list)
        })
        .collect();
    let train: Vec<&RawList> =
        lists.iter().filter(|(split, _)| *split == TRAIN).map(|(_, list)| list).collect();
    let deciding = if train.is_empty() { lists.iter().map(|(_, list)| list).collect() } else { train };
    let folder = if data.is_dir() { data } else { data.parent().unwrap_or(data) };
    let classes = ListClasses::of_folder(folder, &deciding)?;
    drop(lists);
    let mut ready: Vec<(String, Arc<dyn Source>)> = Vec::new();
    for (split, (mut source, labels)) in indexed {
        for (i, label) in labels.iter().enumerate() {
            source.samples[i].label =
                classes.find(label).ok_or_else(|| classes.unknown(label, source.origin(i)))?;
        }
        ready.push((split, Arc::new(source)));
    }
    let (name, names) = (data.display().to_string(), classes.names().to_vec());
    Ok(match &ready[..] {
        [(split, only)] if split == UNSPLIT => {
            Dataset::new(name, names, divided(Arc::clone(only))).with_notes(vec![DIVIDED.into()])
        }
        _ => {
            let splits = ready.into_iter().map(|(split, source)| (split, Split::Ready(source))).collect();
            Dataset::new(name, names, splits)
        }
    })
}

/// The samples of shards, and their labels as written.
fn index(paths: Vec<PathBuf>) -> Result<(TarSource, Vec<String>), DataError> {
    let mut source = TarSource { shards: Vec::new(), members: Vec::new(), samples: Vec::new() };
    let mut labels = Vec::new();
    for path in paths {
        let shard = source.shards.len() as u32;
        let file = Positioned::open(&path)?;
        let bad = |what: String| DataError::BadArchive { path: path.clone(), what };
        let before = labels.len();
        for (key, parts) in members(&file, shard)? {
            // Other members (captions, masks) are none of our business.
            let Some((member, name)) = parts.picture else { continue };
            let folder = Path::new(&key).parent().and_then(|folder| folder.file_name());
            let label = parts.label.or_else(|| Some(folder?.to_string_lossy().into_owned()));
            let Some(label) = label.filter(|label| !label.is_empty()) else {
                let key = shorten(&key);
                return Err(bad(format!(
                    "'{key}' has no label: no member {key}.cls, and no folder that names a class"
                )));
            };
            source.members.push(member);
            source.samples.push(Sample { name, label: 0 });
            labels.push(label);
        }
        if labels.len() == before {
            return Err(bad("no picture in it".into()));
        }
        source.shards.push(file);
    }
    Ok((source, labels))
}

/// The members of a shard by key, in the order of their first.
fn members(file: &Positioned, shard: u32) -> Result<Vec<(String, Parts)>, DataError> {
    let path = file.path();
    let bad = |what: String| DataError::BadArchive { path: path.into(), what };
    let broken = |error: std::io::Error| bad(format!("no sound tar file: {}", shorten(&error.to_string())));
    let reader = BufReader::new(File::open(path).map_err(|e| DataError::io(path, e))?);
    let mut archive = tar::Archive::new(reader);
    let mut samples: Vec<(String, Parts)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for entry in archive.entries_with_seek().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path().map_err(broken)?.to_string_lossy().replace('\\', "/");
        let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if !Path::new(&name).components().all(inside) {
            return Err(bad(format!("its member '{}' points out of the archive", shorten(&name))));
        }
        let Some((key, kind)) = key_of(&name) else { continue };
        let at = *places.entry(key.to_owned()).or_insert_with(|| {
            samples.push((key.to_owned(), Parts::default()));
            samples.len() - 1
        });
        let member = Member { shard, offset: entry.raw_file_position(), size: entry.size() };
        let parts = &mut samples[at].1;
        if kind == "cls" {
            if member.size > MAX_LABEL_BYTES {
                return Err(bad(format!(
                    "its member '{}' is no label: {} bytes",
                    shorten(&name),
                    member.size
                )));
            }
            let bytes = file.read(member.offset, member.size as usize)?;
            parts.label = Some(String::from_utf8_lossy(&bytes).trim().to_owned());
        } else if is_picture_name(&name) && parts.picture.is_none() {
            parts.picture = Some((member, name.clone()));
        }
    }
    Ok(samples)
}

/// `a/b.c.jpg` is sample `a/b`, part `c.jpg`. Hidden members (as macOS adds) have none.
fn key_of(name: &str) -> Option<(&str, &str)> {
    let base = name.rfind('/').map_or(0, |slash| slash + 1);
    let dot = base + name[base..].find('.')?;
    (dot > base).then(|| (&name[..dot], &name[dot + 1..]))
}
