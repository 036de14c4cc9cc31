//! Files that are either the old or the new, never half of one.

use std::{
    fmt::Debug,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// The few calls by which files are replaced. Tests put one in its place that fails.
#[allow(clippy::missing_errors_doc, reason = "all give what the system says")]
pub trait Disk: Debug + Send + Sync {
    /// Makes a folder and those above it.
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    /// Makes a file, or empties it.
    fn create(&self, path: &Path) -> io::Result<File> {
        File::create(path)
    }

    /// Writes some of `bytes`; gives how many.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<usize> {
        file.write(bytes)
    }

    /// Brings a file to the disk.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    /// Gives a file another name, in place of the file that has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    /// Makes what was renamed in a folder last. Only Unix can open a folder for that.
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }
}

/// The machine's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SystemDisk;

impl Disk for SystemDisk {}

/// Replaces the file at `path` by `bytes`: written beside it, synced to disk, renamed over it, the folder synced.
/// A crash or a full disk leaves the old file whole.
///
/// # Errors
/// If the system refuses; then the new file is removed again.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(&SystemDisk, path, bytes, None)
}

/// [`write_atomic`] on any disk; the file that was there is kept as `previous`, if that is given.
///
/// # Errors
/// If the disk refuses; then `path` or `previous` has the old file, and the new one is removed again.
pub fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8], previous: Option<&Path>) -> io::Result<()> {
    let temporary = beside(path)?;
    let renamed = || match previous {
        Some(previous) if path.exists() => {
            disk.rename(path, previous).and_then(|()| disk.rename(&temporary, path))
        }
        _ => disk.rename(&temporary, path),
    };
    let result = write_synced(disk, &temporary, bytes).and_then(|()| renamed());
    if result.is_err() {
        // The first error is the one to report.
        let _ = disk.remove(&temporary);
        return result;
    }
    disk.sync_folder(folder(path))
}

/// Removes what writers that were killed have left in `folder`. Nobody may write there meanwhile.
pub fn sweep(disk: &dyn Disk, folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(TEMPORARY) {
            // What can't be removed is in nobody's way.
            let _ = disk.remove(&entry.path());
        }
    }
}

fn write_synced(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = disk.create(path)?;
    let mut rest = bytes;
    while !rest.is_empty() {
        match disk.write(&mut file, rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    disk.sync(&file)
}

/// How names of files that are still being written end.
const TEMPORARY: &str = ".lenet.tmp";

/// A name in the same folder that no other writer uses.
fn beside(path: &Path) -> io::Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
    };
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    hidden.push(format!(".{}-{count}{TEMPORARY}", std::process::id()));
    Ok(path.with_file_name(hidden))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
