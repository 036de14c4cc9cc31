//! Matrix products in the three orientations that a fully connected layer needs. Row-major, no padding.
//!
//! Large products are split over the current rayon pool by blocks of the output, so that no sum crosses a
//! thread and the bits do not depend on the number of threads.

pub mod bf16;
mod dot;
mod reference;
mod sink;
mod strip;
#[cfg(test)]
mod tests;

pub use reference::{matmul_nn_reference, matmul_nt_reference, matmul_tn_reference};

use crate::Element;
use crate::parallel::SharedMut;
pub(crate) use sink::Sink;
use sink::Store;
use strip::{Look, Strides};

/// `c = a · bᵀ`: `a [m, k]`, `b [n, k]`, `c [m, n]`, overwritten. The forward pass, `y = x · wᵀ`.
///
/// # Panics
/// If a slice's length does not match `(m, n, k)`.
pub fn matmul_nt<T: Element>(mnk: (usize, usize, usize), a: &[T], b: &[T], c: &mut [T]) {
    let (m, n, k) = mnk;
    assert_eq!((a.len(), b.len(), c.len()), (m * k, n * k, m * n), "lengths of a, b, c for {mnk:?}");
    match (T::as_f32(a), T::as_f32(b), T::as_f32_mut(c)) {
        (Some(a), Some(b), Some(c)) => dot::matmul_nt(mnk, a, b, c),
        _ => matmul_nt_reference(mnk, a, b, c),
    }
}

/// `c = a · b`: `a [m, k]`, `b [k, n]`, `c [m, n]`, overwritten. The input's gradient, `dx = dy · w`.
///
/// # Panics
/// If a slice's length does not match `(m, n, k)`.
pub fn matmul_nn<T: Element>(mnk: (usize, usize, usize), a: &[T], b: &[T], c: &mut [T]) {
    let (m, n, k) = mnk;
    assert_eq!((a.len(), b.len(), c.len()), (m * k, k * n, m * n), "lengths of a, b, c for {mnk:?}");
    match (T::as_f32(a), T::as_f32(b), T::as_f32_mut(c)) {
        (Some(a), Some(b), Some(c)) => {
            stored(mnk, a, Strides { row: k, term: 1 }, b, c, Look::No);
        }
        _ => matmul_nn_reference(mnk, a, b, c),
    }
}

/// `c = aᵀ · b`: `a [k, m]`, `b [k, n]`, `c [m, n]`, overwritten.
///
/// # Panics
/// If a slice's length does not match `(m, n, k)`.
pub fn matmul_tn<T: Element>(mnk: (usize, usize, usize), a: &[T], b: &[T], c: &mut [T]) {
    tn(mnk, a, b, c, Look::No);
}

/// The same, and whether all of `c` is finite, seen before it goes to memory. The weight's gradient, `dw = dyᵀ · x`.
///
/// # Panics
/// As [`matmul_tn`].
///
/// # Examples
/// ```
/// let mut c = [0.0_f32];
/// assert!(kernels::gemm::matmul_tn_checked((1, 1, 1), &[2.0], &[3.0], &mut c) && c == [6.0]);
/// assert!(!kernels::gemm::matmul_tn_checked((1, 1, 1), &[f32::INFINITY], &[0.0], &mut c));
/// ```
pub fn matmul_tn_checked<T: Element>(mnk: (usize, usize, usize), a: &[T], b: &[T], c: &mut [T]) -> bool {
    tn(mnk, a, b, c, Look::Yes)
}

fn tn<T: Element>((m, n, k): (usize, usize, usize), a: &[T], b: &[T], c: &mut [T], look: Look) -> bool {
    assert_eq!((a.len(), b.len(), c.len()), (k * m, k * n, m * n), "lengths of a, b, c for {:?}", (m, n, k));
    if let (Some(a), Some(b), Some(c)) = (T::as_f32(a), T::as_f32(b), T::as_f32_mut(c)) {
        return stored((m, n, k), a, Strides { row: 1, term: m }, b, c, look);
    }
    matmul_tn_reference((m, n, k), a, b, c);
    look == Look::No || crate::reduce::all_finite(c)
}

fn stored(
    mnk: (usize, usize, usize),
    a: &[f32],
    strides: Strides,
    b: &[f32],
    c: &mut [f32],
    look: Look,
) -> bool {
    if mnk.2 == 0 {
        c.fill(0.0);
    }
    strip::matmul(mnk, a, strides, b, &[], Store(SharedMut::new(c)), look)
}

/// `aᵀ · b` as [`matmul_tn`], at least one term a sum, of each row less its number in `less` (none: nothing), 16 numbers at a time to where the sink will have them.
pub(crate) fn matmul_tn_into<K: Sink>(
    (m, n, k): (usize, usize, usize),
    a: &[f32],
    b: &[f32],
    less: &[f32],
    sink: K,
) {
    strip::matmul((m, n, k), a, Strides { row: 1, term: m }, b, less, sink, Look::No);
}
