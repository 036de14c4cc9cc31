//! Sharing out work over the current rayon pool, by shape and never by the number of threads.

use std::marker::PhantomData;
use std::ops::Range;

use rayon::prelude::*;

/// Multiply-adds under which a kernel stays on its thread: handing over costs some microseconds.
const WORTH_SHARING: usize = 1 << 20;

/// Calls `work` for every block of `0..count`, in parallel if all of it is about `macs` multiply-adds and that
/// is worth it. Blocks must not depend on each other.
pub(crate) fn for_each_block(count: usize, block: usize, macs: usize, work: impl Fn(Range<usize>) + Sync) {
    if macs < WORTH_SHARING || rayon::current_num_threads() == 1 {
        return work(0..count);
    }
    let range = |i: usize| i * block..((i + 1) * block).min(count);
    (0..count.div_ceil(block)).into_par_iter().with_max_len(1).for_each(|i| work(range(i)));
}

/// A slice of which several threads write disjoint parts that are not contiguous (column strips of a matrix).
#[derive(Clone, Copy)]
pub(crate) struct SharedMut<'a> {
    start: *mut f32,
    len: usize,
    life: PhantomData<&'a mut [f32]>,
}

impl<'a> SharedMut<'a> {
    pub(crate) fn new(x: &'a mut [f32]) -> Self {
        SharedMut { start: x.as_mut_ptr(), len: x.len(), life: PhantomData }
    }

    /// `len` elements from `at` on.
    ///
    /// # Safety
    /// As of [`SharedMut::at`].
    pub(crate) unsafe fn part(self, at: usize, len: usize) -> SharedMut<'a> {
        assert!(at + len <= self.len);
        // SAFETY: the assertion.
        SharedMut { start: unsafe { self.start.add(at) }, len, life: PhantomData }
    }

    /// Number of elements.
    pub(crate) fn len(self) -> usize {
        self.len
    }

    /// Pointer to the first element, to reckon with.
    pub(crate) fn start(self) -> *const f32 {
        self.start
    }

    /// Pointer to element `at`.
    ///
    /// # Safety
    /// What is written through it must lie in the slice, and no other thread may touch it meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn at(self, at: usize) -> *mut f32 {
        debug_assert!(at <= self.len);
        // SAFETY: the caller stays inside the slice.
        unsafe { self.start.add(at) }
    }
}

// SAFETY: writing through it is `unsafe`, and there the caller promises that threads keep apart.
unsafe impl Send for SharedMut<'_> {}
// SAFETY: as above.
unsafe impl Sync for SharedMut<'_> {}
