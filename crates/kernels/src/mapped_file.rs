//! A file as a slice of bytes, without reading it: here because it takes `unsafe`.

use std::{fs::File, io, ops::Deref, path::Path};

/// A file that is mapped into memory, to be read only.
///
/// Only for files that nobody writes in place, such as those that are made under another name and renamed when complete:
/// the system keeps the old content for as long as it is mapped. A file that is cut short under a map ends the
/// process at the next look at the missing part.
///
/// # Examples
/// ```
/// let folder = std::env::temp_dir().join(format!("lenet-doc-{}", std::process::id()));
/// std::fs::write(&folder, b"planes")?;
/// let map = kernels::MappedFile::open(&folder)?;
/// assert_eq!(&map[..], b"planes");
/// std::fs::remove_file(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct MappedFile(memmap2::Mmap);

impl MappedFile {
    /// Maps the whole file.
    ///
    /// # Errors
    /// Whatever the system says of a file that can't be opened or mapped.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        // SAFETY: the bytes must not change while they are borrowed. The map is private to this process and read-only, and
        // the files it is used for are complete before they get their name and are replaced by renaming, never
        // written in place, as this type's documentation demands.
        let map = unsafe { memmap2::Mmap::map(&file) }?;
        Ok(Self(map))
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_holds_the_file_and_outlives_its_name() {
        let path = std::env::temp_dir().join(format!("lenet-map-{}", std::process::id()));
        std::fs::write(&path, [1, 2, 3]).unwrap();
        let map = MappedFile::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(map[..], [1, 2, 3]);
        assert!(MappedFile::open(&path).is_err());
    }

    #[test]
    fn an_empty_file_is_an_empty_slice() {
        let path = std::env::temp_dir().join(format!("lenet-empty-{}", std::process::id()));
        std::fs::write(&path, []).unwrap();
        let map = MappedFile::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(map.is_empty());
    }
}
