//! Softmax, and cross-entropy with the gradient that the two have together.

use crate::Element;

/// `p = softmax(z)` for one row of logits: `p_j = e^(z_j − max z) / Σ_k e^(z_k − max z)`.
///
/// # Panics
/// If the lengths differ.
pub fn softmax<T: Element>(logits: &[T], probs: &mut [T]) {
    assert_eq!(logits.len(), probs.len(), "lengths of logits and probs");
    let max = logits.iter().copied().fold(T::NEG_INFINITY, |a, b| if b > a { b } else { a });
    let mut sum = T::ZERO;
    for (p, &z) in probs.iter_mut().zip(logits) {
        *p = (z - max).exp();
        sum += *p;
    }
    for p in probs {
        *p = *p / sum;
    }
}

/// `log softmax(z)_target` for one row, exact where the softmax itself would underflow.
///
/// # Panics
/// If `target` is not an index of `logits`.
pub fn log_softmax_at<T: Element>(logits: &[T], target: usize) -> T {
    let max = logits.iter().copied().fold(T::NEG_INFINITY, |a, b| if b > a { b } else { a });
    let sum: T = logits.iter().map(|&z| (z - max).exp()).sum();
    logits[target] - max - sum.ln()
}
