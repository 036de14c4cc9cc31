//! A gradient on its way back through an activation, from what a fused layer kept of it.

use super::{Activation, derivative};
use crate::simd::Simd;

/// Numbers of one sample, all of one length but `slope`.
#[derive(Clone, Copy)]
pub(crate) struct Kept<'a> {
    pub(crate) f: Option<Activation>,
    pub(crate) y: &'a [f32],
    /// `f'`; empty where it follows from `y`.
    pub(crate) slope: &'a [f32],
    pub(crate) dy: &'a [f32],
}

impl Kept<'_> {
    /// Panics if a length is not `len`.
    #[inline(always)]
    pub(crate) fn check(&self, len: usize) {
        assert!(self.dy.len() == len && self.y.len() == len);
        assert!(self.slope.is_empty() || self.slope.len() == len);
    }

    /// `dy · f'` of up to 16 numbers, zero behind them.
    ///
    /// # Safety
    /// [`Kept::check`] was called with at least `at + min(lanes, 16)`.
    #[inline(always)]
    pub(crate) unsafe fn pull<S: Simd>(&self, s: S, at: usize, lanes: usize) -> S::F {
        // SAFETY: the caller's promise.
        unsafe {
            let dy = load(s, self.dy, at, lanes);
            match self.f {
                None => dy,
                Some(_) if !self.slope.is_empty() => s.mul(dy, load(s, self.slope, at, lanes)),
                Some(f) => {
                    let y = load(s, self.y, at, lanes);
                    s.mul(dy, derivative(s, f, y, y))
                }
            }
        }
    }
}

/// Up to 16 numbers from `at` on, with what comes 4 KiB later asked for.
///
/// # Safety
/// `x` is as long as `at + min(lanes, 16)`.
#[inline(always)]
unsafe fn load<S: Simd>(s: S, x: &[f32], at: usize, lanes: usize) -> S::F {
    // SAFETY: the caller's promise; what is asked for is a hint.
    unsafe {
        let from = x.as_ptr().add(at);
        s.prefetch_ahead(from);
        s.load_first(from, lanes)
    }
}
