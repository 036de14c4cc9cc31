//! A split whose pictures are files below one folder.

use super::{Content, Sample, Source};
use crate::{cache::stamp_of_file, error::DataError};
use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
};

/// Largest picture file that is read, in bytes; no photo comes near it.
pub(super) const MAX_FILE_BYTES: u64 = 256 << 20;

/// Extensions of picture files in class folders, compared without case. (In list files any name may stand: what
/// counts is the content.)
const EXTENSIONS: [&str; 10] = ["jpg", "jpeg", "png", "ppm", "pgm", "bmp", "tif", "tiff", "webp", "gif"];

/// Whether a file in a class folder is taken for a picture, by its extension.
pub(super) fn is_picture_name(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
}

/// The list file that named the samples, and on which lines.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) list: PathBuf,
    pub(super) lines: Vec<u32>,
}

/// Samples named by their path relative to `root`.
#[derive(Clone, Debug)]
pub(super) struct FileSource {
    pub(super) root: PathBuf,
    pub(super) samples: Vec<Sample>,
    pub(super) listed: Option<Listed>,
}

impl Source for FileSource {
    fn samples(&self) -> &[Sample] {
        &self.samples
    }

    fn read(&self, index: usize) -> Result<Content, DataError> {
        let path = self.root.join(&self.samples[index].name);
        match read_capped(&path) {
            Ok(Some(bytes)) => Ok(Content::File(bytes)),
            Ok(None) => Err(DataError::BadFile {
                path: self.samples[index].name.clone(),
                reason: format!("over {} MiB", MAX_FILE_BYTES >> 20),
            }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                Err(DataError::MissingPicture { path, origin: self.origin(index) })
            }
            Err(e) => Err(DataError::io(path, e)),
        }
    }

    fn origin(&self, index: usize) -> String {
        match &self.listed {
            Some(Listed { list, lines }) => format!("{}:{}", list.display(), lines[index]),
            None => self.root.join(&self.samples[index].name).display().to_string(),
        }
    }

    fn stamp(&self, index: usize) -> Option<u64> {
        Some(stamp_of_file(&self.root.join(&self.samples[index].name)))
    }
}

/// The file's bytes, `None` if they are too many. Devices and pipes are read no further than the cap either.
fn read_capped(path: &std::path::Path) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    let expected = file.metadata()?.len().min(MAX_FILE_BYTES);
    let mut bytes = Vec::with_capacity(expected as usize + 1);
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= MAX_FILE_BYTES).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_count_in_any_case() {
        assert!(is_picture_name("a.JPEG") && is_picture_name("b.c.png") && is_picture_name("x.Tif"));
        assert!(!is_picture_name("jpg") && !is_picture_name("a.txt") && !is_picture_name("a.jpg.part"));
    }
}
