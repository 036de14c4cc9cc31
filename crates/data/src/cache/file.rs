//! One file of the cache: planes, then a footer in JSON, then its length, its checksum and the magic word.

use super::{Cache, CacheName};
use crate::{planes::Planes, prepared::BadSample, preprocess::Preprocess};
use kernels::MappedFile;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;
use twox_hash::XxHash3_64;

/// Ends every file; another format gets another number.
const MAGIC: [u8; 8] = *b"lenetpk1";
/// Bytes after the footer: its length, its checksum, the magic word.
const TAIL: usize = 24;
/// No footer comes near it.
const MAX_FOOTER_BYTES: u64 = 256 << 20;

/// What is known of the planes in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Footer {
    /// Hash of the list, the files and the preprocessing.
    pub(super) key: u64,
    /// The data folder, for people.
    pub(super) data: String,
    /// The split.
    pub(super) split: String,
    /// Channels, height, width.
    pub(super) shape: [usize; 3],
    /// In the source, the bad ones too.
    pub(super) samples: usize,
    /// Those without a plane.
    pub(super) bad: Vec<BadSample>,
    /// Length and checksum of each block of planes.
    blocks: Vec<(usize, u64)>,
}

impl Footer {
    pub(super) fn new(key: u64, name: CacheName<'_>, preprocess: &Preprocess, samples: usize) -> Self {
        let shape = [preprocess.colour.channels(), preprocess.height, preprocess.width];
        let (data, split) = (super::key::lasting(name.data), name.split.to_owned());
        Self { key, data, split, shape, samples, bad: Vec::new(), blocks: Vec::new() }
    }

    /// Bytes of all planes.
    pub(super) fn planes_len(&self) -> usize {
        self.blocks.iter().map(|(len, _)| len).sum()
    }

    /// Whether it is of so many samples of that size, and its numbers fit together.
    pub(super) fn fits(&self, samples: usize, plane_len: usize) -> bool {
        self.samples == samples
            && self.bad.iter().all(|(index, _)| *index < samples)
            && self.bad.is_sorted_by(|(a, _), (b, _)| a < b)
            && (samples - self.bad.len()).checked_mul(plane_len) == Some(self.planes_len())
    }
}

/// The footer and the planes of the file, if it is whole and has this key.
pub(super) fn open(path: &Path, key: u64) -> Option<(Footer, Planes)> {
    let footer = read_footer(path).filter(|footer| footer.key == key)?;
    let map = MappedFile::open(path).ok()?;
    let mut rest = map.get(..footer.planes_len())?;
    let mut blocks = Vec::with_capacity(footer.blocks.len());
    for &(len, sum) in &footer.blocks {
        let (block, after) = rest.split_at_checked(len)?;
        blocks.push((block, sum));
        rest = after;
    }
    let sound = blocks.par_iter().all(|(block, sum)| XxHash3_64::oneshot(block) == *sum);
    let len = footer.planes_len();
    sound.then(|| (footer, Planes::mapped(map, len)))
}

/// The footer of the file at `path`, if it ends as it should.
pub(super) fn read_footer(path: &Path) -> Option<Footer> {
    let mut file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    let mut tail = [0; TAIL];
    file.seek(SeekFrom::Start(size.checked_sub(TAIL as u64)?)).ok()?;
    file.read_exact(&mut tail).ok()?;
    let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| tail[at + i]));
    let (len, sum) = (number(0), number(8));
    if tail[16..] != MAGIC || len > MAX_FOOTER_BYTES {
        return None;
    }
    let begin = size.checked_sub(TAIL as u64 + len)?;
    file.seek(SeekFrom::Start(begin)).ok()?;
    let mut json = vec![0; len as usize];
    file.read_exact(&mut json).ok()?;
    let footer: Footer =
        (XxHash3_64::oneshot(&json) == sum).then(|| serde_json::from_slice(&json).ok())??;
    (footer.planes_len() as u64 == begin).then_some(footer)
}

/// A file that is being made; without [`Writer::finish`] it vanishes.
pub(super) struct Writer {
    file: NamedTempFile,
    path: PathBuf,
    blocks: Vec<(usize, u64)>,
}

impl Writer {
    pub(super) fn create(cache: &Cache, path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(cache.folder())?;
        let file = tempfile::Builder::new()
            .prefix(super::folder::UNFINISHED)
            .suffix(super::folder::ENDING)
            .tempfile_in(cache.folder())?;
        Ok(Self { file, path: path.into(), blocks: Vec::new() })
    }

    /// Adds planes.
    pub(super) fn block(&mut self, planes: &[u8]) -> io::Result<()> {
        if planes.is_empty() {
            return Ok(());
        }
        self.file.write_all(planes)?;
        self.blocks.push((planes.len(), XxHash3_64::oneshot(planes)));
        Ok(())
    }

    /// Writes the footer, syncs, gives the file its name and maps it.
    pub(super) fn finish(mut self, footer: &mut Footer) -> io::Result<Planes> {
        footer.blocks = self.blocks;
        let json = serde_json::to_vec(footer)?;
        self.file.write_all(&json)?;
        self.file.write_all(&(json.len() as u64).to_le_bytes())?;
        self.file.write_all(&XxHash3_64::oneshot(&json).to_le_bytes())?;
        self.file.write_all(&MAGIC)?;
        self.file.as_file().sync_all()?;
        self.file.persist(&self.path).map_err(|error| error.error)?;
        if let Some(folder) = self.path.parent() {
            // Windows can't open a folder; there a rename is lasting by itself.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(Planes::mapped(MappedFile::open(&self.path)?, footer.planes_len()))
    }
}
