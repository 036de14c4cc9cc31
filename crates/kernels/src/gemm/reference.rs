//! The textbook triple loops: what every faster form is tested against.

use crate::Element;

/// `c[m, n] = Σ_k a[m, k] · b[n, k]`.
pub fn matmul_nt_reference<T: Element>((m, n, k): (usize, usize, usize), a: &[T], b: &[T], c: &mut [T]) {
    for i in 0..m {
        for j in 0..n {
            c[i * n + j] = (0..k).map(|p| a[i * k + p] * b[j * k + p]).sum();
        }
    }
}

/// `c[m, n] = Σ_k a[m, k] · b[k, n]`.
pub fn matmul_nn_reference<T: Element>((m, n, k): (usize, usize, usize), a: &[T], b: &[T], c: &mut [T]) {
    for i in 0..m {
        for j in 0..n {
            c[i * n + j] = (0..k).map(|p| a[i * k + p] * b[p * n + j]).sum();
        }
    }
}

/// `c[m, n] = Σ_k a[k, m] · b[k, n]`.
pub fn matmul_tn_reference<T: Element>((m, n, k): (usize, usize, usize), a: &[T], b: &[T], c: &mut [T]) {
    for i in 0..m {
        for j in 0..n {
            c[i * n + j] = (0..k).map(|p| a[p * m + i] * b[p * n + j]).sum();
        }
    }
}
