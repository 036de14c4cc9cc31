//! Sums in a fixed order.

use crate::simd::{Kernel, LANES, Simd};
use crate::{Element, isa};

/// `Σ x`: lane `l` of 16 adds the terms `l, l+16, …`, then the lanes are folded.
#[must_use]
pub fn sum(x: &[f32]) -> f32 {
    isa::run(Sum(x))
}

struct Sum<'a>(&'a [f32]);

impl Kernel for Sum<'_> {
    type Out = f32;
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> f32 {
        let mut acc = s.splat(0.0);
        for chunk in self.0.chunks(LANES) {
            // SAFETY: the chunk has as many numbers as are read.
            acc = s.add(acc, unsafe { s.load_first(chunk.as_ptr(), chunk.len()) });
        }
        s.sum(acc)
    }
}

/// Adds the sum of each column of `x [rows, n]` to `sums [n]`, rows in order.
///
/// # Panics
/// If `x` is no whole number of rows.
pub fn accumulate_column_sums<T: Element>(x: &[T], sums: &mut [T]) {
    assert!(!sums.is_empty() && x.len().is_multiple_of(sums.len()), "whole rows");
    for row in x.chunks_exact(sums.len()) {
        for (s, &v) in sums.iter_mut().zip(row) {
            *s += v;
        }
    }
}

/// `y += x`.
///
/// # Panics
/// If the lengths differ.
pub fn add_assign<T: Element>(y: &mut [T], x: &[T]) {
    assert_eq!(x.len(), y.len(), "lengths of x, y");
    for (y, &x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

/// `Σ x²`, summed in f64.
pub fn sum_squares<T: Element>(x: &[T]) -> f64 {
    x.iter().map(|v| v.to_f64() * v.to_f64()).sum()
}

/// Whether no number is NaN or infinite.
pub fn all_finite<T: Element>(x: &[T]) -> bool {
    x.iter().all(|v| v.to_f64().is_finite())
}
