//! Memory that a kernel needs for the length of a call, kept by the thread for the next one.

use std::cell::RefCell;

use crate::Buffer;

thread_local! {
    static POOL: RefCell<Vec<Buffer<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Lends `work` a buffer of at least `len` numbers, aligned, with whatever an earlier call left in it.
///
/// Calls may nest; each gets its own buffer. After the first step of a training run none is allocated.
pub(crate) fn with_scratch<R>(len: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut buffer = POOL.with_borrow_mut(Vec::pop).unwrap_or_else(|| Buffer::zeros(0));
    buffer.reserve_zeroed(len);
    let result = work(&mut buffer[..len]);
    POOL.with_borrow_mut(|pool| pool.push(buffer));
    result
}
