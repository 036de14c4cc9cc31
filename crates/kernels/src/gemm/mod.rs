//! Matrix products in the three orientations that a fully connected layer needs. Row-major, no padding.
//!
//! Large products are split over the current rayon pool by blocks of the output, so that no sum crosses a
//! thread and the bits do not depend on the number of threads.

mod dot;
mod reference;
mod strip;
#[cfg(test)]
mod tests;

pub use reference::{matmul_nn_reference, matmul_nt_reference, matmul_tn_reference};

use crate::Element;
use strip::Strides;

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
            strip::matmul(mnk, a, Strides { row: k, term: 1 }, b, c);
        }
        _ => matmul_nn_reference(mnk, a, b, c),
    }
}

/// `c = aᵀ · b`: `a [k, m]`, `b [k, n]`, `c [m, n]`, overwritten. The weight's gradient, `dw = dyᵀ · x`.
///
/// # Panics
/// If a slice's length does not match `(m, n, k)`.
pub fn matmul_tn<T: Element>(mnk: (usize, usize, usize), a: &[T], b: &[T], c: &mut [T]) {
    let (m, n, k) = mnk;
    assert_eq!((a.len(), b.len(), c.len()), (k * m, k * n, m * n), "lengths of a, b, c for {mnk:?}");
    match (T::as_f32(a), T::as_f32(b), T::as_f32_mut(c)) {
        (Some(a), Some(b), Some(c)) => {
            strip::matmul(mnk, a, Strides { row: 1, term: m }, b, c);
        }
        _ => matmul_tn_reference(mnk, a, b, c),
    }
}
