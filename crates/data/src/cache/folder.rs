//! The cache folder, and what lies in it.

use super::file::read_footer;
use std::{
    env, fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// Names the cache folder, if the user does not want the usual one.
const VARIABLE: &str = "LENET_CACHE_DIR";
pub(super) const ENDING: &str = ".planes";
pub(super) const UNFINISHED: &str = "unfinished-";

/// A cache folder. It need not be there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
}

/// A file of the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheFile {
    /// Its path.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// What is in it; none if it is torn, unfinished, or of another version of this program.
    pub entry: Option<CacheEntry>,
}

/// What a file of the cache holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheEntry {
    /// The data folder.
    pub data: String,
    /// The split.
    pub split: String,
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// Pictures in the split.
    pub samples: usize,
}

impl Cache {
    /// `$LENET_CACHE_DIR`, else `$XDG_CACHE_HOME/lenet`, else `~/.cache/lenet`; on Windows `%LOCALAPPDATA%\lenet\cache`.
    /// None if no variable says where.
    pub fn of_user() -> Option<Self> {
        let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let xdg = || named("XDG_CACHE_HOME").filter(|path| path.is_absolute()).map(|path| path.join("lenet"));
        let local = || named("LOCALAPPDATA").filter(|_| cfg!(windows)).map(|path| path.join("lenet/cache"));
        let home = || named("HOME").map(|path| path.join(".cache/lenet"));
        named(VARIABLE).or_else(xdg).or_else(local).or_else(home).map(Self::at)
    }

    /// This folder.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn path_of(&self, place: u64) -> PathBuf {
        self.folder.join(format!("{place:016x}{ENDING}"))
    }

    /// Refuses a cache folder inside the data folder, which is only ever read.
    pub(super) fn outside_of(&self, data: &Path) -> io::Result<()> {
        let Ok(data) = data.canonicalize() else { return Ok(()) };
        let mut there = std::path::absolute(&self.folder)?;
        // What of the path exists already decides where the rest will lie.
        while !there.exists() && there.pop() {}
        if there.canonicalize()?.starts_with(&data) {
            return Err(io::Error::new(ErrorKind::InvalidInput, "it lies in the data folder"));
        }
        Ok(())
    }

    /// The files of the cache, by name; none if there is no folder.
    ///
    /// # Errors
    /// If the folder can't be read.
    pub fn list(&self) -> io::Result<Vec<CacheFile>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            // Whatever else lies in a folder that a user named stays there.
            if kind.is_file() && is_ours(&entry.file_name().to_string_lossy()) {
                files.push(CacheFile { bytes: entry.metadata()?.len(), entry: entry_of(&path), path });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Removes the files of the cache and gives their number and bytes. A program that has mapped one keeps it.
    ///
    /// # Errors
    /// At the first that can't be removed.
    pub fn clear(&self) -> io::Result<(usize, u64)> {
        let files = self.list()?;
        for file in &files {
            fs::remove_file(&file.path)?;
        }
        Ok((files.len(), files.iter().map(|file| file.bytes).sum()))
    }
}

/// Sixteen hexadecimal digits, or a file in the making, with our ending.
fn is_ours(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(ENDING) else { return false };
    stem.starts_with(UNFINISHED) || (stem.len() == 16 && stem.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn entry_of(path: &Path) -> Option<CacheEntry> {
    let footer = read_footer(path)?;
    Some(CacheEntry { data: footer.data, split: footer.split, shape: footer.shape, samples: footer.samples })
}
