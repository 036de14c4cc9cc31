//! The planes of a split: in memory of our own, or in a mapped file.

use kernels::MappedFile;
use std::{fmt, ops::Deref, sync::Arc};

/// Bytes of many planes, one after the other; cheap to clone where they are mapped.
#[derive(Clone)]
pub struct Planes(Place);

#[derive(Clone)]
enum Place {
    Owned(Vec<u8>),
    /// The first so many bytes of the file.
    Mapped(Arc<MappedFile>, usize),
}

impl Planes {
    /// The first `len` bytes of a file.
    pub(crate) fn mapped(file: MappedFile, len: usize) -> Self {
        let len = len.min(file.len());
        Self(Place::Mapped(Arc::new(file), len))
    }

    /// Whether they lie in a mapped file, of which the system keeps in memory what it likes.
    pub fn is_mapped(&self) -> bool {
        matches!(self.0, Place::Mapped(..))
    }
}

impl From<Vec<u8>> for Planes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Place::Owned(bytes))
    }
}

impl Deref for Planes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Place::Owned(bytes) => bytes,
            Place::Mapped(file, len) => &file[..*len],
        }
    }
}

impl PartialEq for Planes {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl Eq for Planes {}

impl fmt::Debug for Planes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Planes({} bytes{})", self.len(), if self.is_mapped() { ", mapped" } else { "" })
    }
}
