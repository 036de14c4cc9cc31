//! What becomes of a product's numbers when their sums are complete.

use crate::parallel::SharedMut;
use crate::simd::Simd;

/// Takes the numbers of a row-major product, 16 of a row at a time, each once.
pub(crate) trait Sink: Copy + Send + Sync {
    /// Whether [`Sink::put`] is more than an instruction or two.
    const IS_LONG: bool;

    /// How many numbers there is room for.
    fn len(&self) -> usize;

    /// Takes up to 16 numbers, the first of which is number `at` of the product.
    ///
    /// # Safety
    /// `at + min(lanes, 16)` is at most the length, and no other thread has these numbers.
    unsafe fn put<S: Simd>(&self, s: S, at: usize, lanes: usize, sums: S::F);

    /// Asks for the memory that [`Sink::put`] will need for `at`, which may lie outside.
    fn expect<S: Simd>(&self, s: S, at: usize);
}

/// Stores them.
#[derive(Clone, Copy)]
pub(super) struct Store<'a>(pub(super) SharedMut<'a>);

impl Sink for Store<'_> {
    const IS_LONG: bool = false;

    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    unsafe fn put<S: Simd>(&self, s: S, at: usize, lanes: usize, sums: S::F) {
        // SAFETY: the caller's promise.
        unsafe { s.store_first(self.0.at(at), lanes, sums) }
    }

    #[inline(always)]
    fn expect<S: Simd>(&self, s: S, at: usize) {
        s.prefetch(self.0.start().wrapping_add(at));
    }
}
