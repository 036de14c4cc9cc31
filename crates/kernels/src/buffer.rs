//! Zeroed memory that starts on a cache line, so that a 64-byte load never straddles two, and on Linux lies in huge pages if it is large:
//! a step goes through some fifty megabytes, each once, and finding their pages took a twentieth of the modified LeNet5's.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use memmap2::MmapMut;

use crate::Element;

/// Start of every [`Buffer`], in bytes: one cache line, one 512-bit register.
pub const ALIGN_BYTES: usize = 64;

/// A huge page, in bytes.
#[cfg(target_os = "linux")]
const HUGE: usize = 2 << 20;

/// A slice of numbers, zero at first, aligned to [`ALIGN_BYTES`].
///
/// # Examples
/// ```
/// let mut b = kernels::Buffer::<f32>::zeros(100);
/// b[3] = 1.0;
/// assert_eq!(b.iter().sum::<f32>(), 1.0);
/// assert_eq!(b.as_ptr() as usize % kernels::ALIGN_BYTES, 0);
/// ```
pub struct Buffer<T: Element> {
    start: NonNull<T>,
    len: usize,
    /// What holds it; none: the heap.
    map: Option<MmapMut>,
}

/// Zeros on huge pages of their own, if there are enough to fill one. The rest behind the last lies on small pages, so that it takes no
/// more memory than it needs.
#[cfg(target_os = "linux")]
fn on_huge_pages(bytes: usize) -> Option<(NonNull<u8>, MmapMut)> {
    if bytes < HUGE {
        return None;
    }
    let mut map = MmapMut::map_anon(bytes.checked_add(HUGE)?).ok()?;
    let skipped = (map.as_ptr() as usize).next_multiple_of(HUGE) - map.as_ptr() as usize;
    // A system that refuses is slower, not wrong.
    let _ = map.advise_range(memmap2::Advice::HugePage, skipped, bytes / HUGE * HUGE);
    NonNull::new(map[skipped..].as_mut_ptr()).map(|start| (start, map))
}

#[cfg(not(target_os = "linux"))]
fn on_huge_pages(_bytes: usize) -> Option<(NonNull<u8>, MmapMut)> {
    None
}

impl<T: Element> Buffer<T> {
    /// A buffer of `len` zeros.
    #[must_use]
    pub fn zeros(len: usize) -> Self {
        let layout = Self::layout(len);
        if layout.size() == 0 {
            return Buffer { start: NonNull::dangling(), len, map: None };
        }
        if let Some((start, map)) = on_huge_pages(layout.size()) {
            return Buffer { start: start.cast(), len, map: Some(map) };
        }
        // SAFETY: the layout's size is not zero. All-zero bytes are the number 0 in f32 and f64.
        let start = unsafe { alloc_zeroed(layout) };
        match NonNull::new(start.cast::<T>()) {
            Some(start) => Buffer { start, len, map: None },
            None => handle_alloc_error(layout),
        }
    }

    /// Grows to at least `len` numbers; what was held is lost when it has to move.
    pub fn reserve_zeroed(&mut self, len: usize) {
        if self.len < len {
            *self = Buffer::zeros(len);
        }
    }

    fn layout(len: usize) -> Layout {
        let bytes = len.saturating_mul(size_of::<T>());
        match Layout::from_size_align(bytes, ALIGN_BYTES) {
            Ok(layout) => layout,
            Err(_) => panic!("a buffer of {len} numbers does not fit the address space"),
        }
    }
}

impl<T: Element> Drop for Buffer<T> {
    fn drop(&mut self) {
        let layout = Self::layout(self.len);
        if layout.size() != 0 && self.map.is_none() {
            // SAFETY: `start` came from `alloc_zeroed` with this same layout.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) }
        }
    }
}

impl<T: Element> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        // SAFETY: `start` owns `len` initialised numbers, on the heap or in `map` (or is dangling with `len` 0).
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T: Element> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`, and `&mut self` makes the borrow unique.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<T: Element> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        Buffer::from(&**self)
    }
}

impl<T: Element> From<&[T]> for Buffer<T> {
    fn from(x: &[T]) -> Self {
        let mut buffer = Buffer::zeros(x.len());
        buffer.copy_from_slice(x);
        buffer
    }
}

impl<T: Element> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

// SAFETY: a `Buffer` owns its memory alone, like `Vec<T>`.
unsafe impl<T: Element> Send for Buffer<T> {}
// SAFETY: a shared `Buffer` only gives out `&[T]`.
unsafe impl<T: Element> Sync for Buffer<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_buffers_are_zero_aligned_and_their_owners_alone() {
        for len in [0, 1, 1000, (1 << 19) - 1, 1 << 19, (1 << 19) + 1, 3_000_001] {
            let mut buffer = Buffer::<f32>::zeros(len);
            assert!(buffer.len() == len && buffer.iter().all(|&x| x == 0.0), "{len}");
            assert!(len == 0 || (buffer.as_ptr() as usize).is_multiple_of(ALIGN_BYTES), "{len}");
            buffer.iter_mut().enumerate().for_each(|(i, x)| *x = i as f32);
            let copy = buffer.clone();
            buffer.fill(-1.0);
            assert!(copy.iter().enumerate().all(|(i, &x)| x == i as f32), "{len}");
            buffer.reserve_zeroed(len + 1);
            assert!(buffer.len() == len + 1 && buffer.iter().all(|&x| x == 0.0), "{len}");
        }
    }
}
